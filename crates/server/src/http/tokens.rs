//! `/api/v1/tokens`: the caller's own.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use chandlery_api::{CreateToken, PageQuery};
use chandlery_core::Error;
use http::StatusCode;

use super::pages::{page_of, page_response};
use super::{Json, Query, json};
use crate::app::SharedApp;
use crate::error::ApiError;
use crate::routes::Caller;
use crate::service::tokens as service;

type Answer = Result<Response, ApiError>;

/// `GET /api/v1/tokens`
pub(crate) async fn list_tokens(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Query(query): Query<PageQuery>,
) -> Answer {
    let page = page_of(service::list(&app, &actor).await?, &query, |token| token.name.to_string())?;
    Ok(page_response("/api/v1/tokens", &query, &page))
}

/// `POST /api/v1/tokens`
pub(crate) async fn create_token(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Json(request): Json<CreateToken>,
) -> Answer {
    Ok(json(StatusCode::CREATED, &service::create(&app, &actor, request).await?))
}

/// `DELETE /api/v1/tokens/{token}`
pub(crate) async fn delete_token(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Path(name): Path<String>,
) -> Answer {
    let name = name.parse().map_err(|_| Error::not_found("token"))?;
    service::delete(&app, &actor, &name).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
