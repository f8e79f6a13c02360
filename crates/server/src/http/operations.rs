//! Paths for probes, Prometheus and people who open the address in a browser.

use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use chandlery_store::charts;
use http::{StatusCode, header};
use serde_json::json;

use crate::app::SharedApp;
use crate::error::chartmuseum_json;

/// `GET /`
pub(crate) async fn welcome() -> Html<&'static str> {
    Html(include_str!("welcome.html"))
}

/// `GET /health`, in ChartMuseum's words.
pub(crate) async fn health() -> Response {
    chartmuseum_json(StatusCode::OK, &json!({ "healthy": true }))
}

/// `GET /info`, in ChartMuseum's words.
pub(crate) async fn info() -> Response {
    chartmuseum_json(StatusCode::OK, &json!({ "version": concat!("v", env!("CARGO_PKG_VERSION")) }))
}

/// `GET /livez`: the process answers.
pub(crate) async fn livez() -> &'static str {
    "ok"
}

/// `GET /readyz`: the database answers too.
pub(crate) async fn readyz(State(app): State<SharedApp>) -> Response {
    match app.store.database().check().await {
        Ok(()) => "ok".into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer").into_response()
        }
    }
}

/// `GET /metrics`
pub(crate) async fn metrics(State(app): State<SharedApp>) -> Response {
    if let Ok(counts) = charts::counts(app.store.database().reader()).await {
        let total =
            |count: fn(&charts::Counts) -> u64| counts.iter().map(|(_, counts)| count(counts)).sum::<u64>();
        app.metrics.set_counts(total(|counts| counts.charts), total(|counts| counts.versions));
    }
    let (text, content_type) = app.metrics.render();
    ([(header::CONTENT_TYPE, content_type)], text).into_response()
}
