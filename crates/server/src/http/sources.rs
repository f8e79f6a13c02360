//! `/api/v1/repositories/{workspace}/{repository}/source`

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use chandlery_api::{AcceptDigest, PageQuery, SourceRequest, ValidateSource};
use http::StatusCode;

use super::pages::page_response;
use super::{Json, Query, json};
use crate::app::{Scope, SharedApp, WorkspaceScope};
use crate::error::ApiError;
use crate::service::sources as service;

type Answer = Result<Response, ApiError>;

/// `GET …/source`
pub(crate) async fn get_source(State(app): State<SharedApp>, scope: Scope) -> Answer {
    Ok(json(StatusCode::OK, &service::get(&app, &scope).await?))
}

/// `PUT …/source`
pub(crate) async fn replace_source(
    State(app): State<SharedApp>,
    scope: Scope,
    Json(request): Json<SourceRequest>,
) -> Answer {
    Ok(json(StatusCode::OK, &service::replace(&app, &scope, request).await?))
}

/// `POST …/source/sync`
pub(crate) async fn sync_source(State(app): State<SharedApp>, scope: Scope) -> Answer {
    service::request_sync(&app, &scope).await?;
    Ok(json(StatusCode::OK, &service::get(&app, &scope).await?))
}

/// `GET …/source/runs`
pub(crate) async fn list_source_runs(
    State(app): State<SharedApp>,
    scope: Scope,
    Query(query): Query<PageQuery>,
) -> Answer {
    let page = service::runs(&app, &scope, &query).await?;
    let path = format!("/api/v1/repositories/{}/source/runs", scope.repository.path);
    Ok(page_response(&path, &query, &page))
}

/// `POST …/source/validate`
pub(crate) async fn validate_source(
    State(app): State<SharedApp>,
    scope: Scope,
    Json(request): Json<ValidateSource>,
) -> Answer {
    Ok(json(StatusCode::OK, &service::validate(&app, &scope, request.source).await?))
}

/// `POST /api/v1/workspaces/{workspace}/sources/validate`
pub(crate) async fn validate_new_source(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Json(request): Json<SourceRequest>,
) -> Answer {
    Ok(json(StatusCode::OK, &service::validate_new(&app, &scope, request).await?))
}

/// `POST …/source/digests`
pub(crate) async fn accept_digest(
    State(app): State<SharedApp>,
    scope: Scope,
    Json(request): Json<AcceptDigest>,
) -> Answer {
    service::accept_digest(&app, &scope, request).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST …/source/hook`
pub(crate) async fn create_hook(State(app): State<SharedApp>, scope: Scope) -> Answer {
    Ok(json(StatusCode::CREATED, &service::create_hook(&app, &scope).await?))
}

/// `DELETE …/source/hook`
pub(crate) async fn delete_hook(State(app): State<SharedApp>, scope: Scope) -> Answer {
    service::delete_hook(&app, &scope).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /api/v1/hooks/{secret}`
pub(crate) async fn run_hook(State(app): State<SharedApp>, Path(secret): Path<String>) -> Answer {
    service::run_hook(&app, &secret).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET /api/v1/repositories/{workspace}/{repository}/removal`
pub(crate) async fn get_removal_impact(State(app): State<SharedApp>, scope: Scope) -> Answer {
    Ok(json(StatusCode::OK, &service::removal_impact(&app, &scope).await?))
}
