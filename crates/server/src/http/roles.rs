//! `/api/v1/permissions`, `/api/v1/roles` and `/api/v1/workspaces/{workspace}/roles`.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use chandlery_api::{CreateRole, Page, PageQuery, UpdateRole};
use chandlery_core::{Error, Result, RoleName};
use http::StatusCode;

use super::pages::{after_of, limit_of, page_of_first, page_response};
use super::{Json, Query, json};
use crate::app::{App, SharedApp, WorkspaceScope};
use crate::error::ApiError;
use crate::routes::Caller;
use crate::service::roles::{self as service, Roles};

type Answer = Result<Response, ApiError>;

/// A name from the path: one that breaks the rule names nothing.
fn named(name: &str) -> Result<RoleName> {
    name.parse().map_err(|_| Error::not_found("role"))
}

async fn list(app: &App, roles: Roles<'_>, path: &str, query: &PageQuery) -> Answer {
    let limit = limit_of(query.limit)?;
    let items = service::list(app, &roles, after_of(query)?, limit + 1).await?;
    Ok(page_response(path, query, &page_of_first(items, limit, |role| role.name.to_string())))
}

/// `GET /api/v1/permissions`
pub(crate) async fn list_permissions(Caller(actor): Caller) -> Answer {
    let page = Page { items: service::permissions(&actor)?, next: None };
    Ok(json(StatusCode::OK, &page))
}

/// `GET /api/v1/roles`
pub(crate) async fn list_roles(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Query(query): Query<PageQuery>,
) -> Answer {
    list(&app, Roles::of_platform(&actor), "/api/v1/roles", &query).await
}

/// `POST /api/v1/roles`
pub(crate) async fn create_role(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Json(request): Json<CreateRole>,
) -> Answer {
    let role = service::create(&app, &Roles::of_platform(&actor), request).await?;
    Ok(json(StatusCode::CREATED, &role))
}

/// `GET /api/v1/roles/{role}`
pub(crate) async fn get_role(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Path(name): Path<String>,
) -> Answer {
    Ok(json(StatusCode::OK, &service::get(&app, &Roles::of_platform(&actor), &named(&name)?).await?))
}

/// `PATCH /api/v1/roles/{role}`
pub(crate) async fn update_role(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    Json(request): Json<UpdateRole>,
) -> Answer {
    let role = service::update(&app, &Roles::of_platform(&actor), &named(&name)?, request).await?;
    Ok(json(StatusCode::OK, &role))
}

/// `DELETE /api/v1/roles/{role}`
pub(crate) async fn delete_role(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Path(name): Path<String>,
) -> Answer {
    service::delete(&app, &Roles::of_platform(&actor), &named(&name)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET /api/v1/workspaces/{workspace}/roles`
pub(crate) async fn list_workspace_roles(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Query(query): Query<PageQuery>,
) -> Answer {
    let path = format!("/api/v1/workspaces/{}/roles", scope.workspace.name);
    list(&app, Roles::of_workspace(&scope), &path, &query).await
}

/// `POST /api/v1/workspaces/{workspace}/roles`
pub(crate) async fn create_workspace_role(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Json(request): Json<CreateRole>,
) -> Answer {
    let role = service::create(&app, &Roles::of_workspace(&scope), request).await?;
    Ok(json(StatusCode::CREATED, &role))
}

/// `GET /api/v1/workspaces/{workspace}/roles/{role}`
pub(crate) async fn get_workspace_role(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Path((_, name)): Path<(String, String)>,
) -> Answer {
    Ok(json(StatusCode::OK, &service::get(&app, &Roles::of_workspace(&scope), &named(&name)?).await?))
}

/// `PATCH /api/v1/workspaces/{workspace}/roles/{role}`
pub(crate) async fn update_workspace_role(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Path((_, name)): Path<(String, String)>,
    Json(request): Json<UpdateRole>,
) -> Answer {
    let role = service::update(&app, &Roles::of_workspace(&scope), &named(&name)?, request).await?;
    Ok(json(StatusCode::OK, &role))
}

/// `DELETE /api/v1/workspaces/{workspace}/roles/{role}`
pub(crate) async fn delete_workspace_role(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Path((_, name)): Path<(String, String)>,
) -> Answer {
    service::delete(&app, &Roles::of_workspace(&scope), &named(&name)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
