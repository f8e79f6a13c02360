//! Search: our own API, and the one `helm search hub --endpoint` speaks.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chandlery_api::{AppQuery, Page, SearchHit, SearchQuery};
use http::StatusCode;
use serde_json::{Value, json};

use super::pages::{limit_of, link_to_next};
use super::{Query, json as json_answer};
use crate::app::SharedApp;
use crate::error::{ApiError, ChartMuseumError};
use crate::routes::Caller;
use crate::service::search::search;
use crate::service::storefront;

/// `GET /api/v1/search`
pub(crate) async fn search_charts(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Query(query): Query<SearchQuery>,
) -> Result<Response, ApiError> {
    let items = search(&app, &actor, &query, limit_of(query.limit)?).await?;
    Ok(json_answer(StatusCode::OK, &Page { items, next: None }))
}

/// `GET /api/v1/apps`: in the workspaces that the caller may see.
pub(crate) async fn search_apps(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Query(query): Query<AppQuery>,
) -> Result<Response, ApiError> {
    let page = storefront::search_apps(&app, &actor, &query, limit_of(query.limit)?).await?;
    let mut response = json_answer(StatusCode::OK, &page);
    if let Some(next) = &page.next {
        link_to_next(&mut response, "/api/v1/apps", &query, next);
    }
    Ok(response)
}

/// `GET /api/chartsvc/v1/charts/search?q=…`, Monocular's call (helm.md section 5).
pub(crate) async fn search_hub(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    axum::extract::Query(query): axum::extract::Query<SearchHub>,
) -> Result<Response, ChartMuseumError> {
    const MOST: u32 = 500;
    let query = SearchQuery { q: query.q, limit: None };
    let hits = search(&app, &actor, &query, MOST).await?;
    let data: Vec<Value> = hits.iter().map(|hit| hub_entry(&app, hit)).collect();
    Ok(axum::Json(json!({ "data": data })).into_response())
}

/// The parameters of Monocular's search.
#[derive(serde::Deserialize)]
pub(crate) struct SearchHub {
    #[serde(default)]
    q: String,
}

fn hub_entry(app: &SharedApp, hit: &SearchHit) -> Value {
    let id = format!("{}/{}", hit.repository, hit.name);
    let url = app.indexes.links().repository_url(&hit.repository);
    let metadata = |key: &str| hit.metadata.get(key).cloned().unwrap_or(Value::Null);
    json!({
        "id": id,
        "type": "chart",
        "artifactHub": { "packageUrl": hit.urls.first() },
        "attributes": {
            "name": hit.name,
            "repo": { "name": hit.repository, "url": url },
            "description": hit.description,
            "home": metadata("home"),
            "keywords": metadata("keywords"),
            "maintainers": metadata("maintainers"),
            "sources": metadata("sources"),
            "icon": hit.icon,
        },
        "links": { "self": url },
        "relationships": {
            "latestChartVersion": {
                "data": {
                    "version": hit.version,
                    "app_version": hit.app_version,
                    "created": hit.created,
                    "digest": hit.digest,
                    "urls": hit.urls,
                },
                "links": { "self": hit.urls.first() },
            },
        },
    })
}
