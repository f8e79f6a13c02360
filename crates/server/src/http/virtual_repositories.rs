//! `/api/v1/repositories/{workspace}/{repository}/virtual`

use axum::extract::State;
use axum::response::Response;
use chandlery_api::{ResolveQuery, VirtualRequest};
use http::StatusCode;

use super::conditional::{IfMatch, with_revision};
use super::{Json, Query, json};
use crate::app::{Scope, SharedApp};
use crate::error::ApiError;
use crate::service::virtual_repositories as service;

type Answer = Result<Response, ApiError>;

/// `GET …/virtual`
pub(crate) async fn get_virtual_members(State(app): State<SharedApp>, scope: Scope) -> Answer {
    let view = service::get(&app, &scope).await?;
    Ok(with_revision(json(StatusCode::OK, &view), view.revision))
}

/// `PUT …/virtual`
pub(crate) async fn replace_virtual_members(
    State(app): State<SharedApp>,
    scope: Scope,
    if_match: IfMatch,
    Json(request): Json<VirtualRequest>,
) -> Answer {
    let view = service::replace(&app, &scope, &if_match, &request).await?;
    Ok(with_revision(json(StatusCode::OK, &view), view.revision))
}

/// `GET …/virtual/resolve`
pub(crate) async fn resolve_chart(
    State(app): State<SharedApp>,
    scope: Scope,
    Query(query): Query<ResolveQuery>,
) -> Answer {
    Ok(json(StatusCode::OK, &service::resolve(&app, &scope, &query).await?))
}
