//! `/api/v1/workspaces/{workspace}/projects`

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use chandlery_api::{CreateProject, PageQuery, UpdateProject};
use chandlery_core::{Error, ProjectName, Result};
use http::StatusCode;

use super::pages::{after_of, limit_of, page_of_first, page_response};
use super::{Json, Query, json};
use crate::app::{SharedApp, WorkspaceScope};
use crate::error::ApiError;
use crate::service::projects as service;

type Answer = Result<Response, ApiError>;

/// A name from the path: one that breaks the rule names nothing.
fn named(name: &str) -> Result<ProjectName> {
    name.parse().map_err(|_| Error::not_found("project"))
}

/// `GET /api/v1/workspaces/{workspace}/projects`
pub(crate) async fn list_projects(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Query(query): Query<PageQuery>,
) -> Answer {
    let limit = limit_of(query.limit)?;
    let items = service::list(&app, &scope, after_of(&query)?, limit + 1).await?;
    let page = page_of_first(items, limit, |project| project.name.to_string());
    let path = format!("/api/v1/workspaces/{}/projects", scope.workspace.name);
    Ok(page_response(&path, &query, &page))
}

/// `POST /api/v1/workspaces/{workspace}/projects`
pub(crate) async fn create_project(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Json(request): Json<CreateProject>,
) -> Answer {
    Ok(json(StatusCode::CREATED, &service::create(&app, &scope, request).await?))
}

/// `GET /api/v1/workspaces/{workspace}/projects/{project}`
pub(crate) async fn get_project(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Path((_, name)): Path<(String, String)>,
) -> Answer {
    Ok(json(StatusCode::OK, &service::get(&app, &scope, &named(&name)?).await?))
}

/// `PATCH /api/v1/workspaces/{workspace}/projects/{project}`
pub(crate) async fn update_project(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Path((_, name)): Path<(String, String)>,
    Json(request): Json<UpdateProject>,
) -> Answer {
    Ok(json(StatusCode::OK, &service::update(&app, &scope, &named(&name)?, request).await?))
}

/// `DELETE /api/v1/workspaces/{workspace}/projects/{project}`
pub(crate) async fn delete_project(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Path((_, name)): Path<(String, String)>,
) -> Answer {
    service::delete(&app, &scope, &named(&name)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
