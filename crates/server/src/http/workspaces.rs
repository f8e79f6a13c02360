//! `/api/v1/workspaces`

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chandlery_api::{CreateWorkspace, PageQuery, UpdateWorkspace};
use http::StatusCode;

use super::pages::{after_of, limit_of, page_of_first, page_response};
use super::{Json, Query, json};
use crate::app::{SharedApp, WorkspaceScope};
use crate::error::ApiError;
use crate::routes::Caller;
use crate::service::workspaces as service;

type Answer = Result<Response, ApiError>;

/// `GET /api/v1/workspaces`: the caller's, or all for those who manage them.
pub(crate) async fn list_workspaces(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Query(query): Query<PageQuery>,
) -> Answer {
    let limit = limit_of(query.limit)?;
    let items = service::list(&app, &actor, after_of(&query)?, limit + 1).await?;
    let page = page_of_first(items, limit, |workspace| workspace.name.to_string());
    Ok(page_response("/api/v1/workspaces", &query, &page))
}

/// `POST /api/v1/workspaces`
pub(crate) async fn create_workspace(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Json(request): Json<CreateWorkspace>,
) -> Answer {
    Ok(json(StatusCode::CREATED, &service::create(&app, &actor, request).await?))
}

/// `GET /api/v1/workspaces/{workspace}`
pub(crate) async fn get_workspace(scope: WorkspaceScope) -> Answer {
    Ok(json(StatusCode::OK, &service::get(&scope)?))
}

/// `PATCH /api/v1/workspaces/{workspace}`
pub(crate) async fn update_workspace(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Json(request): Json<UpdateWorkspace>,
) -> Answer {
    Ok(json(StatusCode::OK, &service::update(&app, &scope, request).await?))
}

/// `DELETE /api/v1/workspaces/{workspace}`
pub(crate) async fn delete_workspace(State(app): State<SharedApp>, scope: WorkspaceScope) -> Answer {
    service::delete(&app, &scope).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
