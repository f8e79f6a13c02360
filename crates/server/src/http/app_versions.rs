//! `/api/v1/workspaces/{workspace}/apps/{app}/versions`: versions, and what is done to them.

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use chandlery_api::{
    ActOnVersion, AppVersionView, AuditQuery, CompareQuery, PackageFileQuery, PageQuery, UpdateAppVersion,
};
use chandlery_core::{Action, Result};
use http::{HeaderValue, StatusCode, header};

use super::app_uploads::{self, PackageRequest, Sent};
use super::conditional::{IfMatch, with_revision};
use super::pages::next_page;
use super::{Json, Query, json};
use crate::app::SharedApp;
use crate::error::ApiError;
use crate::service::app_versions::{self as service, Edit};
use crate::service::apps::AppScope;
use crate::service::{audit, lifecycle, reviews};

type Answer = Result<Response, ApiError>;

/// The parts of the path: workspace and app are in the scope.
type Parts = Path<(String, String, String)>;

fn version_answer(status: StatusCode, view: &AppVersionView) -> Response {
    with_revision(json(status, view), view.revision)
}

/// `GET …/versions`
pub(crate) async fn list_app_versions(
    State(app): State<SharedApp>,
    scope: AppScope,
    Query(query): Query<PageQuery>,
    request: Request,
) -> Answer {
    Ok(next_page(request.uri(), &service::list(&app, &scope, &query).await?))
}

/// `POST …/versions`
pub(crate) async fn create_app_version(
    State(app): State<SharedApp>,
    scope: AppScope,
    request: PackageRequest,
) -> Answer {
    let Sent { version, .. } = app_uploads::receive(&app, &scope.actor, request).await?;
    Ok(version_answer(StatusCode::CREATED, &service::create(&app, &scope, version).await?))
}

/// `GET …/versions/{version}`
pub(crate) async fn get_app_version(
    State(app): State<SharedApp>,
    scope: AppScope,
    Path((_, _, version)): Parts,
) -> Answer {
    Ok(version_answer(StatusCode::OK, &service::get(&app, &scope, &version).await?))
}

/// `PATCH …/versions/{version}`
pub(crate) async fn update_app_version(
    State(app): State<SharedApp>,
    scope: AppScope,
    Path((_, _, version)): Parts,
    if_match: IfMatch,
    Json(request): Json<UpdateAppVersion>,
) -> Answer {
    let edit = Edit::UpdateLog(request.update_log);
    Ok(version_answer(StatusCode::OK, &service::edit(&app, &scope, &version, &if_match, edit).await?))
}

/// `PUT …/versions/{version}/package`
pub(crate) async fn replace_package(
    State(app): State<SharedApp>,
    scope: AppScope,
    Path((_, _, version)): Parts,
    if_match: IfMatch,
    request: PackageRequest,
) -> Answer {
    let Sent { version: sent, .. } = app_uploads::receive(&app, &scope.actor, request).await?;
    let edit = Edit::Package(Box::new(sent.package));
    Ok(version_answer(StatusCode::OK, &service::edit(&app, &scope, &version, &if_match, edit).await?))
}

/// `GET …/versions/{version}/package`
pub(crate) async fn get_package(
    State(app): State<SharedApp>,
    scope: AppScope,
    Path((_, _, version)): Parts,
) -> Answer {
    let row = scope.version(&app, &version).await?;
    let bytes = service::bytes(&app, &row).await?;
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/gzip"));
    let etag = format!("\"{}\"", row.package.digest);
    headers.insert(header::ETAG, HeaderValue::from_str(&etag).expect("hex digits and quotes"));
    Ok(response)
}

/// `GET …/versions/{version}/files`
pub(crate) async fn list_files(
    State(app): State<SharedApp>,
    scope: AppScope,
    Path((_, _, version)): Parts,
) -> Answer {
    Ok(json(StatusCode::OK, &service::files(&app, &scope, &version).await?))
}

/// `GET …/versions/{version}/file`
pub(crate) async fn get_file(
    State(app): State<SharedApp>,
    scope: AppScope,
    Path((_, _, version)): Parts,
    Query(query): Query<PackageFileQuery>,
) -> Answer {
    let file = service::file(&app, &scope, &version, query.path).await?;
    let mut response = Response::new(Body::from(file.data));
    let headers = response.headers_mut();
    // What somebody uploaded is never a page of this origin.
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    Ok(response)
}

/// `GET …/versions/{version}/diff`
pub(crate) async fn compare_app_versions(
    State(app): State<SharedApp>,
    scope: AppScope,
    Path((_, _, version)): Parts,
    Query(query): Query<CompareQuery>,
) -> Answer {
    Ok(json(StatusCode::OK, &service::difference(&app, &scope, &version, &query.from).await?))
}

/// `GET …/versions/{version}/report`
pub(crate) async fn get_report(
    State(app): State<SharedApp>,
    scope: AppScope,
    Path((_, _, version)): Parts,
) -> Answer {
    let report = reviews::report(&app, &scope, &version).await?;
    let mut response = Response::new(Body::from(report));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// `GET …/versions/{version}/audit`
pub(crate) async fn list_app_version_audit(
    State(app): State<SharedApp>,
    scope: AppScope,
    Path((_, _, version)): Parts,
    Query(query): Query<AuditQuery>,
    request: Request,
) -> Answer {
    Ok(next_page(request.uri(), &audit::of_app(&app, &scope, Some(&version), &query).await?))
}

/// `DELETE …/versions/{version}`
pub(crate) async fn delete_app_version(
    State(app): State<SharedApp>,
    scope: AppScope,
    Path((_, _, version)): Parts,
) -> Answer {
    lifecycle::delete(&app, &scope, &version).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

macro_rules! actions {
    ($($(#[$doc:meta])* $function:ident $action:ident),*) => {
        $($(#[$doc])*
        pub(crate) async fn $function(
            State(app): State<SharedApp>,
            scope: AppScope,
            Path((_, _, version)): Parts,
            Json(request): Json<ActOnVersion>,
        ) -> Answer {
            let view = lifecycle::act(&app, &scope, &version, Action::$action, request).await?;
            Ok(version_answer(StatusCode::OK, &view))
        })*
    };
}

actions!(
    /// `POST …/versions/{version}/submit`
    submit_app_version Submit,
    /// `POST …/versions/{version}/cancel`
    cancel_app_version Cancel,
    /// `POST …/versions/{version}/start-review`
    start_review StartReview,
    /// `POST …/versions/{version}/pass`
    pass_app_version Pass,
    /// `POST …/versions/{version}/reject`
    reject_app_version Reject,
    /// `POST …/versions/{version}/override-pass`
    override_pass OverridePass,
    /// `POST …/versions/{version}/override-reject`
    override_reject OverrideReject,
    /// `POST …/versions/{version}/release`
    release_app_version Release,
    /// `POST …/versions/{version}/suspend`
    suspend_app_version Suspend,
    /// `POST …/versions/{version}/recover`
    recover_app_version Recover
);
