//! `/api/v1/group-roles` and `/api/v1/workspaces/{workspace}/group-roles`.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chandlery_api::{GroupRole, GroupRoleQuery, PageQuery};
use chandlery_core::Result;
use http::StatusCode;

use super::pages::{after_of, limit_of, page_of_first, page_response};
use super::{Json, Query, json};
use crate::app::{App, SharedApp, WorkspaceScope};
use crate::error::ApiError;
use crate::routes::Caller;
use crate::service::group_roles as service;
use crate::service::roles::Roles;

type Answer = Result<Response, ApiError>;

async fn list(app: &App, roles: Roles<'_>, path: &str, query: &PageQuery) -> Answer {
    let limit = limit_of(query.limit)?;
    let items = service::list(app, &roles, after_of(query)?, limit + 1).await?;
    Ok(page_response(path, query, &page_of_first(items, limit, |given| given.group.clone())))
}

async fn create(app: &App, roles: Roles<'_>, request: GroupRole) -> Answer {
    Ok(json(StatusCode::CREATED, &service::create(app, &roles, request).await?))
}

async fn delete(app: &App, roles: Roles<'_>, query: GroupRoleQuery) -> Answer {
    service::delete(app, &roles, query.group).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET /api/v1/group-roles`
pub(crate) async fn list_group_roles(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Query(query): Query<PageQuery>,
) -> Answer {
    list(&app, Roles::of_platform(&actor), "/api/v1/group-roles", &query).await
}

/// `POST /api/v1/group-roles`
pub(crate) async fn create_group_role(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Json(request): Json<GroupRole>,
) -> Answer {
    create(&app, Roles::of_platform(&actor), request).await
}

/// `DELETE /api/v1/group-roles`
pub(crate) async fn delete_group_role(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Query(query): Query<GroupRoleQuery>,
) -> Answer {
    delete(&app, Roles::of_platform(&actor), query).await
}

/// `GET /api/v1/workspaces/{workspace}/group-roles`
pub(crate) async fn list_workspace_group_roles(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Query(query): Query<PageQuery>,
) -> Answer {
    let path = format!("/api/v1/workspaces/{}/group-roles", scope.workspace.name);
    list(&app, Roles::of_workspace(&scope), &path, &query).await
}

/// `POST /api/v1/workspaces/{workspace}/group-roles`
pub(crate) async fn create_workspace_group_role(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Json(request): Json<GroupRole>,
) -> Answer {
    create(&app, Roles::of_workspace(&scope), request).await
}

/// `DELETE /api/v1/workspaces/{workspace}/group-roles`
pub(crate) async fn delete_workspace_group_role(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Query(query): Query<GroupRoleQuery>,
) -> Answer {
    delete(&app, Roles::of_workspace(&scope), query).await
}
