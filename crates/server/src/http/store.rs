//! `/api/v1/store`

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use chandlery_api::{PackageFileQuery, PageQuery, StoreQuery};
use chandlery_core::{Error, Result, Visibility};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::attachments::{Audience, send};
use super::feeds::Feed;
use super::pages::{limit_of, link_to_next, page_response};
use super::{Query, json};
use crate::app::{Scope, SharedApp};
use crate::error::ApiError;
use crate::service::storefront::{self as service, AppPath};

type Answer = Result<Response, ApiError>;

/// Names from the path: those that break the rule name nothing.
fn named(workspace: &str, name: &str) -> Result<AppPath> {
    let missing = |_| Error::not_found("app");
    Ok((workspace.parse().map_err(missing)?, name.parse().map_err(missing)?))
}

fn url_of((workspace, name): &AppPath) -> String {
    service::app_path(workspace, name)
}

/// `GET /api/v1/store/apps`
pub(crate) async fn list_store_apps(
    State(app): State<SharedApp>,
    scope: Scope,
    Query(query): Query<StoreQuery>,
) -> Answer {
    let page = service::list(&app, &scope, &query, limit_of(query.limit)?).await?;
    let mut response = json(StatusCode::OK, &page);
    if let Some(next) = &page.next {
        link_to_next(&mut response, "/api/v1/store/apps", &query, next);
    }
    Ok(response)
}

/// `GET /api/v1/store/apps/{workspace}/{app}`
pub(crate) async fn get_store_app(
    State(app): State<SharedApp>,
    scope: Scope,
    Path((workspace, name)): Path<(String, String)>,
) -> Answer {
    Ok(json(StatusCode::OK, &service::get(&app, &scope, &named(&workspace, &name)?).await?))
}

/// `GET /api/v1/store/apps/{workspace}/{app}/versions`
pub(crate) async fn list_store_versions(
    State(app): State<SharedApp>,
    scope: Scope,
    Path((workspace, name)): Path<(String, String)>,
    Query(query): Query<PageQuery>,
) -> Answer {
    let path = named(&workspace, &name)?;
    let page = service::versions(&app, &scope, &path, &query, limit_of(query.limit)?).await?;
    Ok(page_response(&format!("{}/versions", url_of(&path)), &query, &page))
}

/// `GET /api/v1/store/apps/{workspace}/{app}/versions/{version}`
pub(crate) async fn get_store_version(
    State(app): State<SharedApp>,
    scope: Scope,
    Path((workspace, name, version)): Path<(String, String, String)>,
) -> Answer {
    let path = named(&workspace, &name)?;
    Ok(json(StatusCode::OK, &service::version(&app, &scope, &path, &version).await?))
}

/// `GET /api/v1/store/apps/{workspace}/{app}/versions/{version}/file`
pub(crate) async fn get_store_file(
    State(app): State<SharedApp>,
    scope: Scope,
    Path((workspace, name, version)): Path<(String, String, String)>,
    Query(query): Query<PackageFileQuery>,
) -> Answer {
    let path = named(&workspace, &name)?;
    let content = service::file(&app, &scope, &path, &version, query.path).await?;
    // Whatever a browser makes of a publisher's file, it is not a page of this server.
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'")),
    ];
    Ok((headers, content).into_response())
}

/// `GET /api/v1/store/apps/{workspace}/{app}/pictures/{picture}`
pub(crate) async fn get_store_picture(
    State(app): State<SharedApp>,
    scope: Scope,
    Path((workspace, name, picture)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Answer {
    let picture = service::picture(&app, &scope, &named(&workspace, &name)?, &picture).await?;
    let audience = match scope.repository.settings.visibility {
        Visibility::Public => Audience::Everybody,
        Visibility::Internal | Visibility::Private => Audience::Caller,
    };
    Ok(send(&app, &headers, &picture, audience).await?)
}

/// `GET /api/v1/store/apps/{workspace}/{app}/feed.json`
pub(crate) async fn get_store_json_feed(
    State(app): State<SharedApp>,
    scope: Scope,
    Path((workspace, name)): Path<(String, String)>,
) -> Answer {
    let path = named(&workspace, &name)?;
    let (view, versions) = service::releases(&app, &scope, &path).await?;
    let url = app.indexes.links().absolute(&format!("{}/feed.json", url_of(&path)));
    Ok(Feed { url, app: &view, versions: &versions }.json())
}

/// `GET /api/v1/store/apps/{workspace}/{app}/feed.rss`
pub(crate) async fn get_store_rss_feed(
    State(app): State<SharedApp>,
    scope: Scope,
    Path((workspace, name)): Path<(String, String)>,
) -> Answer {
    let path = named(&workspace, &name)?;
    let (view, versions) = service::releases(&app, &scope, &path).await?;
    let url = app.indexes.links().absolute(&format!("{}/feed.rss", url_of(&path)));
    Ok(Feed { url, app: &view, versions: &versions }.rss()?)
}
