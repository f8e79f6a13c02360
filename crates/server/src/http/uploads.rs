//! Uploads by the ChartMuseum API (chartmuseum.md 1.5 and 1.6): a body that is the file, or a form with files.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{RawQuery, Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use chandlery_core::{Error, Result};
use chandlery_store::FinishedBlob;
use futures_util::{Stream, StreamExt, TryStreamExt};
use http::{HeaderMap, StatusCode, header};
use multer::Multipart;
use serde_json::json;

use crate::app::{App, Scope, SharedApp};
use crate::config::ChartMuseumConfig;
use crate::error::{ChartMuseumError, chartmuseum_json};
use crate::service::publish::{Upload, publish};

/// `POST …/charts`
pub(crate) async fn upload_package(
    State(app): State<SharedApp>,
    scope: Scope,
    RawQuery(query): RawQuery,
    request: Request,
) -> Response {
    let in_form = is_form(request.headers());
    match receive_package(&app, &scope, is_forced(query.as_deref()), request).await {
        Ok(()) => saved(),
        Err(Error::AlreadyExists(_)) => exists(if in_form { "chart" } else { "file" }),
        Err(error) => ChartMuseumError(error).into_response(),
    }
}

async fn receive_package(app: &App, scope: &Scope, force: bool, request: Request) -> Result<()> {
    let boundary = content_type(request.headers()).and_then(|value| multer::parse_boundary(value).ok());
    let upload = match (is_form(request.headers()), boundary) {
        (false, _) => {
            Upload { package: Some(receive(app, bounded(app, request)?).await?), provenance: None, force }
        }
        (true, Some(boundary)) => Upload { force, ..receive_form(app, request, boundary).await? },
        (true, None) => Upload::default(),
    };
    if upload.package.is_none() && upload.provenance.is_none() {
        return Err(nothing_found(&app.config.chartmuseum));
    }
    publish(app, scope, upload).await
}

/// `POST …/prov`
pub(crate) async fn upload_provenance(
    State(app): State<SharedApp>,
    scope: Scope,
    RawQuery(query): RawQuery,
    request: Request,
) -> Response {
    match receive_provenance(&app, &scope, is_forced(query.as_deref()), request).await {
        Ok(()) => saved(),
        Err(Error::AlreadyExists(_)) => exists("file"),
        Err(Error::Invalid { field, reason }) if !field.is_empty() => {
            chartmuseum_json(StatusCode::INTERNAL_SERVER_ERROR, &json!({ "error": reason }))
        }
        Err(error) => ChartMuseumError(error).into_response(),
    }
}

async fn receive_provenance(app: &App, scope: &Scope, force: bool, request: Request) -> Result<()> {
    let provenance = Some(receive(app, bounded(app, request)?).await?);
    publish(app, scope, Upload { provenance, force, package: None }).await
}

fn saved() -> Response {
    chartmuseum_json(StatusCode::CREATED, &json!({ "saved": true }))
}

fn exists(what: &str) -> Response {
    chartmuseum_json(StatusCode::CONFLICT, &json!({ "error": format!("{what} already exists") }))
}

fn nothing_found(config: &ChartMuseumConfig) -> Error {
    let chart = config.chart_field.as_deref().unwrap_or(CHART_FIELD);
    let provenance = config.provenance_field.as_deref().unwrap_or(PROVENANCE_FIELD);
    Error::invalid("", format!("no package or provenance file found in form fields {chart} and {provenance}"))
}

/// The presence of the key decides, whatever its value.
fn is_forced(query: Option<&str>) -> bool {
    let query = query.unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "force")
}

pub(super) fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok())
}

pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let media_type = content_type(headers).unwrap_or_default().split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("multipart/form-data")
}

pub(super) type Chunks = std::pin::Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>;

/// The body as chunks, refused when it is too large, and when nothing comes for too long.
pub(super) fn bounded(app: &App, request: Request) -> Result<Chunks> {
    let limit = app.config.max_upload_size;
    let too_large = move || Error::TooLarge { what: "the request body".to_owned(), limit };
    let announced =
        request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > limit) {
        return Err(too_large());
    }
    let mut seen = 0;
    let chunks = patient(request.into_body(), app.config.timeouts.body).map(move |chunk| {
        let chunk = chunk?;
        seen += chunk.len() as u64;
        if seen > limit { Err(too_large()) } else { Ok(chunk) }
    });
    Ok(Box::pin(chunks))
}

fn patient(body: Body, patience: Duration) -> impl Stream<Item = Result<Bytes>> + Send {
    futures_util::stream::unfold(Some(body.into_data_stream()), move |stream| async move {
        let mut stream = stream?;
        match tokio::time::timeout(patience, stream.next()).await {
            Err(_) => Some((Err(cut("the client sent nothing for too long")), None)),
            Ok(None) => None,
            Ok(Some(Err(error))) => Some((Err(cut(&error.to_string())), None)),
            Ok(Some(Ok(chunk))) => Some((Ok(chunk), Some(stream))),
        }
    })
}

fn cut(reason: &str) -> Error {
    Error::invalid("", format!("the request body ended early: {reason}"))
}

/// Writes chunks to a temporary blob.
pub(super) async fn receive(
    app: &App,
    mut chunks: impl Stream<Item = Result<Bytes>> + Unpin,
) -> Result<FinishedBlob> {
    let mut blob = app.store.blobs().begin(app.config.max_upload_size);
    while let Some(chunk) = chunks.try_next().await? {
        blob.write(chunk).await?;
    }
    blob.finish().await
}

const CHART_FIELD: &str = "chart";
const PROVENANCE_FIELD: &str = "prov";

/// The files of a form: the first part with a file name of each field, the default field before the configured one.
async fn receive_form(app: &App, request: Request, boundary: String) -> Result<Upload> {
    let config = &app.config.chartmuseum;
    let ranks = |default: &'static str, configured: &Option<String>| {
        let configured = configured.clone();
        move |name: &str| match name {
            _ if name == default => Some(0_usize),
            _ if Some(name) == configured.as_deref() => Some(1),
            _ => None,
        }
    };
    let chart_rank = ranks(CHART_FIELD, &config.chart_field);
    let provenance_rank = ranks(PROVENANCE_FIELD, &config.provenance_field);
    let mut charts = [None, None];
    let mut provenances = [None, None];
    let mut form = Multipart::new(bounded(app, request)?, boundary);
    while let Some(field) = next_field(&mut form).await? {
        if field.file_name().is_none() {
            continue;
        }
        let name = field.name().unwrap_or_default().to_owned();
        let place = match (chart_rank(&name), provenance_rank(&name)) {
            (Some(rank), _) => &mut charts[rank],
            (None, Some(rank)) => &mut provenances[rank],
            (None, None) => continue,
        };
        if place.is_none() {
            *place = receive_field(app, field).await?;
        }
    }
    Ok(Upload {
        package: charts.into_iter().flatten().next(),
        provenance: provenances.into_iter().flatten().next(),
        force: false,
    })
}

/// The next part. A form that ends early or has another boundary has no more parts; a limit is still an error.
pub(super) async fn next_field(form: &mut Multipart<'static>) -> Result<Option<multer::Field<'static>>> {
    match form.next_field().await {
        Ok(field) => Ok(field),
        Err(multer::Error::StreamReadFailed(source)) => Err(stream_error(source)),
        Err(_) => Ok(None),
    }
}

/// A part's file, or nothing if the form ends inside of it.
async fn receive_field(app: &App, field: multer::Field<'static>) -> Result<Option<FinishedBlob>> {
    let incomplete = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let seen = incomplete.clone();
    let chunks = field.map_err(move |error| match error {
        multer::Error::StreamReadFailed(source) => stream_error(source),
        other => {
            seen.store(true, std::sync::atomic::Ordering::Relaxed);
            Error::invalid("", other.to_string())
        }
    });
    match receive(app, chunks).await {
        Ok(blob) => Ok(Some(blob)),
        Err(_) if incomplete.load(std::sync::atomic::Ordering::Relaxed) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Our own error, which travelled through the form's reader.
pub(super) fn stream_error(source: Box<dyn std::error::Error + Send + Sync>) -> Error {
    match source.downcast::<Error>() {
        Ok(error) => *error,
        Err(source) => cut(&source.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_told_by_their_media_type() {
        let cases = [
            ("multipart/form-data; boundary=x", true),
            ("Multipart/Form-Data", true),
            ("application/x-www-form-urlencoded", false),
            ("application/gzip", false),
            ("", false),
        ];
        for (text, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, text.parse().unwrap());
            assert_eq!(is_form(&headers), expected, "{text}");
        }
    }

    #[test]
    fn force_is_a_key() {
        for (query, expected) in [
            ("force", true),
            ("force=false", true),
            ("a=b&force=", true),
            ("Force", false),
            ("", false),
            ("forced", false),
        ] {
            assert_eq!(is_forced(Some(query)), expected, "{query}");
        }
    }
}
