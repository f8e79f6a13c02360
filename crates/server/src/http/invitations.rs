//! `/api/v1/workspaces/{workspace}/invitations` and `/api/v1/invitations/accept`.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use chandlery_api::{AcceptInvitation, CreateInvitation, PageQuery};
use chandlery_core::{Error, Result};
use http::StatusCode;

use super::pages::{limit_of, number_after_of, page_of_first, page_response};
use super::{Json, Query, json};
use crate::app::{SharedApp, WorkspaceScope};
use crate::error::ApiError;
use crate::routes::Caller;
use crate::service::invitations as service;

type Answer = Result<Response, ApiError>;

/// `GET /api/v1/workspaces/{workspace}/invitations`
pub(crate) async fn list_invitations(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Query(query): Query<PageQuery>,
) -> Answer {
    let limit = limit_of(query.limit)?;
    let items = service::list(&app, &scope, number_after_of(&query)?, limit + 1).await?;
    let page = page_of_first(items, limit, |invitation| invitation.id.to_string());
    let path = format!("/api/v1/workspaces/{}/invitations", scope.workspace.name);
    Ok(page_response(&path, &query, &page))
}

/// `POST /api/v1/workspaces/{workspace}/invitations`
pub(crate) async fn create_invitation(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Json(request): Json<CreateInvitation>,
) -> Answer {
    Ok(json(StatusCode::CREATED, &service::create(&app, &scope, request).await?))
}

/// `DELETE /api/v1/workspaces/{workspace}/invitations/{invitation}`
pub(crate) async fn delete_invitation(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Path((_, id)): Path<(String, String)>,
) -> Answer {
    let id = id.parse().map_err(|_| Error::not_found("invitation"))?;
    service::delete(&app, &scope, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /api/v1/invitations/accept`
pub(crate) async fn accept_invitation(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Json(request): Json<AcceptInvitation>,
) -> Answer {
    Ok(json(StatusCode::OK, &service::accept(&app, &actor, request).await?))
}
