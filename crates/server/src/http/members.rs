//! `/api/v1/workspaces/{workspace}/members`

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use chandlery_api::{CreateMember, PageQuery, UpdateMember};
use chandlery_core::{AccountName, Error, Result};
use http::StatusCode;

use super::pages::{after_of, limit_of, page_of_first, page_response};
use super::{Json, Query, json};
use crate::app::{SharedApp, WorkspaceScope};
use crate::error::ApiError;
use crate::service::members as service;

type Answer = Result<Response, ApiError>;

/// A name from the path: one that breaks the rule names nothing.
fn named(name: &str) -> Result<AccountName> {
    name.parse().map_err(|_| Error::not_found("member"))
}

/// `GET /api/v1/workspaces/{workspace}/members`
pub(crate) async fn list_members(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Query(query): Query<PageQuery>,
) -> Answer {
    let limit = limit_of(query.limit)?;
    let items = service::list(&app, &scope, after_of(&query)?, limit + 1).await?;
    let page = page_of_first(items, limit, |member| member.account.to_string());
    let path = format!("/api/v1/workspaces/{}/members", scope.workspace.name);
    Ok(page_response(&path, &query, &page))
}

/// `POST /api/v1/workspaces/{workspace}/members`
pub(crate) async fn create_member(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Json(request): Json<CreateMember>,
) -> Answer {
    Ok(json(StatusCode::CREATED, &service::create(&app, &scope, request).await?))
}

/// `GET /api/v1/workspaces/{workspace}/members/{account}`
pub(crate) async fn get_member(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Path((_, name)): Path<(String, String)>,
) -> Answer {
    Ok(json(StatusCode::OK, &service::get(&app, &scope, &named(&name)?).await?))
}

/// `PATCH /api/v1/workspaces/{workspace}/members/{account}`
pub(crate) async fn update_member(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Path((_, name)): Path<(String, String)>,
    Json(request): Json<UpdateMember>,
) -> Answer {
    Ok(json(StatusCode::OK, &service::update(&app, &scope, &named(&name)?, request).await?))
}

/// `DELETE /api/v1/workspaces/{workspace}/members/{account}`
pub(crate) async fn delete_member(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Path((_, name)): Path<(String, String)>,
) -> Answer {
    service::delete(&app, &scope, &named(&name)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
