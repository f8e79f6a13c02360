//! `/api/v1/workspaces/{workspace}/apps`: what workspaces publish.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use chandlery_api::{ActOnVersion, AppListQuery, AppView, AuditQuery, UpdateApp};
use chandlery_core::{Action, Result};
use http::StatusCode;

use super::app_uploads::{self, PackageRequest, Sent};
use super::conditional::{IfMatch, with_revision};
use super::pages::next_page;
use super::{Json, Query, json};
use crate::app::{SharedApp, WorkspaceScope};
use crate::error::ApiError;
use crate::service::apps::{self as service, AppScope};
use crate::service::{audit, lifecycle};

type Answer = Result<Response, ApiError>;

/// An app, with the tag of its revision.
pub(super) fn app_answer(status: StatusCode, view: &AppView) -> Response {
    with_revision(json(status, view), view.revision)
}

/// `GET /api/v1/workspaces/{workspace}/apps`
pub(crate) async fn list_apps(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Query(query): Query<AppListQuery>,
    request: Request,
) -> Answer {
    Ok(next_page(request.uri(), &service::list(&app, &scope, &query).await?))
}

/// `POST /api/v1/workspaces/{workspace}/apps`
pub(crate) async fn create_app(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    request: PackageRequest,
) -> Answer {
    let Sent { name, version } = app_uploads::receive(&app, &scope.actor, request).await?;
    Ok(app_answer(StatusCode::CREATED, &service::create(&app, &scope, name, version).await?))
}

/// `GET /api/v1/workspaces/{workspace}/apps/{app}`
pub(crate) async fn get_app(State(app): State<SharedApp>, scope: AppScope) -> Answer {
    Ok(app_answer(StatusCode::OK, &service::view(&app, &scope).await?))
}

/// `PATCH /api/v1/workspaces/{workspace}/apps/{app}`
pub(crate) async fn update_app(
    State(app): State<SharedApp>,
    scope: AppScope,
    if_match: IfMatch,
    Json(request): Json<UpdateApp>,
) -> Answer {
    Ok(app_answer(StatusCode::OK, &service::update(&app, &scope, &if_match, request).await?))
}

/// `DELETE /api/v1/workspaces/{workspace}/apps/{app}`
pub(crate) async fn delete_app(State(app): State<SharedApp>, scope: AppScope) -> Answer {
    service::delete(&app, &scope).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /api/v1/workspaces/{workspace}/apps/{app}/suspend`
pub(crate) async fn suspend_app(
    State(app): State<SharedApp>,
    scope: AppScope,
    Json(request): Json<ActOnVersion>,
) -> Answer {
    let view = lifecycle::act_on_app(&app, &scope, Action::Suspend, request).await?;
    Ok(app_answer(StatusCode::OK, &view))
}

/// `POST /api/v1/workspaces/{workspace}/apps/{app}/recover`
pub(crate) async fn recover_app(
    State(app): State<SharedApp>,
    scope: AppScope,
    Json(request): Json<ActOnVersion>,
) -> Answer {
    let view = lifecycle::act_on_app(&app, &scope, Action::Recover, request).await?;
    Ok(app_answer(StatusCode::OK, &view))
}

/// `GET /api/v1/workspaces/{workspace}/apps/{app}/audit`
pub(crate) async fn list_app_audit(
    State(app): State<SharedApp>,
    scope: AppScope,
    Query(query): Query<AuditQuery>,
    request: Request,
) -> Answer {
    Ok(next_page(request.uri(), &audit::of_app(&app, &scope, None, &query).await?))
}
