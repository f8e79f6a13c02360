//! Paths for probes, Prometheus and people who open the address in a browser.

use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use chandlery_store::repositories;
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
    let reader = app.store.database().reader();
    let counted = async {
        let repositories = repositories::generations(reader).await?;
        app.repositories.counts.of(reader, &repositories).await
    };
    if let Ok(counts) = counted.await {
        let charts = counts.iter().map(|counts| counts.charts).sum();
        app.metrics.set_counts(charts, counts.iter().map(|counts| counts.versions).sum());
    }
    let (text, content_type) = app.metrics.render();
    ([(header::CONTENT_TYPE, content_type)], text).into_response()
}
