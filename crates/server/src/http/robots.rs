//! `/api/v1/workspaces/{workspace}/robots`

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use chandlery_api::{CreateRobot, PageQuery, RotateRobot};
use chandlery_core::{Error, Result, RobotName};
use http::StatusCode;

use super::pages::{after_of, limit_of, page_of_first, page_response};
use super::{Json, Query, json};
use crate::app::{SharedApp, WorkspaceScope};
use crate::error::ApiError;
use crate::service::robots as service;

type Answer = Result<Response, ApiError>;

/// A name from the path: one that breaks the rule names nothing.
fn named(name: &str) -> Result<RobotName> {
    name.parse().map_err(|_| Error::not_found("robot"))
}

/// `GET /api/v1/workspaces/{workspace}/robots`
pub(crate) async fn list_robots(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Query(query): Query<PageQuery>,
) -> Answer {
    let limit = limit_of(query.limit)?;
    let items = service::list(&app, &scope, after_of(&query)?, limit + 1).await?;
    let page = page_of_first(items, limit, |robot| robot.name.to_string());
    let path = format!("/api/v1/workspaces/{}/robots", scope.workspace.name);
    Ok(page_response(&path, &query, &page))
}

/// `POST /api/v1/workspaces/{workspace}/robots`
pub(crate) async fn create_robot(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Json(request): Json<CreateRobot>,
) -> Answer {
    Ok(json(StatusCode::CREATED, &service::create(&app, &scope, request).await?))
}

/// `GET /api/v1/workspaces/{workspace}/robots/{robot}`
pub(crate) async fn get_robot(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Path((_, name)): Path<(String, String)>,
) -> Answer {
    Ok(json(StatusCode::OK, &service::get(&app, &scope, &named(&name)?).await?))
}

/// `POST /api/v1/workspaces/{workspace}/robots/{robot}/rotate`
pub(crate) async fn rotate_robot(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Path((_, name)): Path<(String, String)>,
    Json(request): Json<RotateRobot>,
) -> Answer {
    Ok(json(StatusCode::OK, &service::rotate(&app, &scope, &named(&name)?, request).await?))
}

/// `DELETE /api/v1/workspaces/{workspace}/robots/{robot}`
pub(crate) async fn delete_robot(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Path((_, name)): Path<(String, String)>,
) -> Answer {
    service::delete(&app, &scope, &named(&name)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
