//! `/api/v1/repositories`

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chandlery_api::{CreateRepository, PageQuery, UpdateRepository};
use chandlery_core::Error;
use http::StatusCode;

use super::pages::{limit_of, page_of_first, page_response};
use super::{Json, Query, json};
use crate::app::{Scope, SharedApp};
use crate::error::ApiError;
use crate::routes::Caller;
use crate::service::repositories as service;

type Answer = Result<Response, ApiError>;

/// `GET /api/v1/repositories`: those the caller may read.
pub(crate) async fn list_repositories(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Query(query): Query<PageQuery>,
) -> Answer {
    let limit = limit_of(query.limit)?;
    let cursor = query.cursor.as_deref().filter(|cursor| !cursor.is_empty());
    let after = cursor.map(str::parse).transpose();
    let after = after.map_err(|_| Error::invalid("cursor", "is not one that a page gave"))?;
    let repositories = service::list(&app, &actor, after, limit + 1).await?;
    let page = page_of_first(repositories, limit, |repository| repository.path.to_string());
    Ok(page_response("/api/v1/repositories", &query, &page))
}

/// `POST /api/v1/repositories`
pub(crate) async fn create_repository(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Json(request): Json<CreateRepository>,
) -> Answer {
    Ok(json(StatusCode::CREATED, &service::create(&app, &actor, request).await?))
}

/// `GET /api/v1/repositories/{workspace}/{repository}`
pub(crate) async fn get_repository(State(app): State<SharedApp>, scope: Scope) -> Answer {
    Ok(json(StatusCode::OK, &service::get(&app, &scope).await?))
}

/// `PATCH /api/v1/repositories/{workspace}/{repository}`
pub(crate) async fn update_repository(
    State(app): State<SharedApp>,
    scope: Scope,
    Json(request): Json<UpdateRepository>,
) -> Answer {
    Ok(json(StatusCode::OK, &service::update(&app, &scope, request).await?))
}

/// `DELETE /api/v1/repositories/{workspace}/{repository}`
pub(crate) async fn delete_repository(State(app): State<SharedApp>, scope: Scope) -> Answer {
    service::delete(&app, &scope).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
