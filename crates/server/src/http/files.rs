//! The Helm repository: its index, its packages, and the file Artifact Hub looks for.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use chandlery_core::Error;
use chandlery_store::BlobReader;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::not_found;
use crate::app::{Scope, SharedApp};
use crate::body::{Part, body_of};
use crate::error::{ChartMuseumError, chartmuseum_json};
use crate::index::{Document, Encoding};
use crate::range::{Requested, requested_range};
use crate::service::packages::{self, StoredFile};
use crate::transport::{FileRange, FileSender};

/// Anyone may keep an answer, but has to ask whether it still is the newest.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// Whether `If-None-Match` names this entity tag (RFC 9110 13.1.2, weak comparison).
fn matches_etag(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let matches = |listed: &HeaderValue| {
        listed == etag
            || listed.to_str().is_ok_and(|listed| {
                listed.split(',').any(|item| {
                    let item = item.trim();
                    item == "*" || item.strip_prefix("W/").unwrap_or(item).as_bytes() == etag.as_bytes()
                })
            })
    };
    headers.get_all(header::IF_NONE_MATCH).iter().any(matches)
}

/// `GET …/index.yaml`
pub(crate) async fn get_index(
    State(app): State<SharedApp>,
    scope: Scope,
    sender: Option<Extension<FileSender>>,
    headers: HeaderMap,
) -> Result<Response, ChartMuseumError> {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let encoding = Encoding::accepted(accepted);
    let document = app.indexes.document(&app, &scope.repository, encoding).await?;
    if matches_etag(&headers, document.etag()) {
        return Ok(not_modified(&document));
    }
    let body = body_of(document.parts().to_vec(), sender.map(|Extension(sender)| sender));
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-yaml"));
    headers.insert(header::CONTENT_LENGTH, document.length().into());
    if let Some(name) = encoding.name() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    describe(headers, &document);
    Ok(response)
}

fn not_modified(document: &Arc<Document>) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    describe(response.headers_mut(), document);
    response
}

fn describe(headers: &mut HeaderMap, document: &Document) {
    headers.insert(header::ETAG, document.etag().clone());
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding, Authorization"));
    headers.insert(header::CACHE_CONTROL, REVALIDATE);
}

/// `GET …/charts/{file}`
pub(crate) async fn get_file(
    State(app): State<SharedApp>,
    scope: Scope,
    sender: Option<Extension<FileSender>>,
    path: Path<std::collections::HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<Response, ChartMuseumError> {
    let name = path.get("file").map_or("", String::as_str);
    let Some(content_type) = content_type_of(name) else {
        let body = serde_json::json!({ "error": "unsupported file extension" });
        return Ok(chartmuseum_json(StatusCode::INTERNAL_SERVER_ERROR, &body));
    };
    let file = packages::find_file(&app, &scope, name).await?;
    if matches_etag(&headers, &file.etag()) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response.headers_mut().insert(header::ETAG, file.etag());
        return Ok(response);
    }
    let mut response = match requested_range(&headers, &file.etag(), file.size) {
        Requested::Whole => send(&app, &file, None, sender).await?,
        Requested::Part { first, last } => send(&app, &file, Some((first, last)), sender).await?,
        Requested::Unsatisfiable => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
            insert_text(response.headers_mut(), header::CONTENT_RANGE, &format!("bytes */{}", file.size));
            response
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::ETAG, file.etag());
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CACHE_CONTROL, REVALIDATE);
    Ok(response)
}

/// ChartMuseum tells the kinds apart by the end of the name alone.
fn content_type_of(name: &str) -> Option<&'static str> {
    if name.ends_with("tgz.prov") {
        Some("application/pgp-signature")
    } else if name.ends_with("tgz") {
        Some("application/x-tar")
    } else {
        None
    }
}

async fn send(
    app: &SharedApp,
    file: &StoredFile,
    range: Option<(u64, u64)>,
    sender: Option<Extension<FileSender>>,
) -> Result<Response, ChartMuseumError> {
    let bounds = range.map(|(first, last)| first..last + 1);
    let length = bounds.as_ref().map_or(file.size, |bounds| bounds.end - bounds.start);
    let body = match app.store.blobs().open_blob(&file.digest, file.size, bounds).await? {
        BlobReader::File { file, offset, length } => {
            let part = Part::File(FileRange { file: Arc::new(file), offset, length });
            body_of([part], sender.map(|Extension(sender)| sender))
        }
        BlobReader::Stream { stream, .. } => Body::from_stream(stream),
    };
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    if let Some((first, last)) = range {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let text = format!("bytes {first}-{last}/{}", file.size);
        insert_text(response.headers_mut(), header::CONTENT_RANGE, &text);
    } else {
        app.metrics.downloads.inc();
    }
    Ok(response)
}

fn insert_text(headers: &mut HeaderMap, name: header::HeaderName, text: &str) {
    if let Ok(value) = text.parse() {
        headers.insert(name, value);
    }
}

/// `GET …/artifacthub-repo.yml`
pub(crate) async fn get_artifacthub_repository(scope: Scope) -> Result<Response, ChartMuseumError> {
    match &scope.repository.settings.artifacthub_repository_id {
        None if scope.repository.is_default => Ok(not_found().await),
        None => Err(Error::not_found("Artifact Hub repository ID").into()),
        Some(id) => {
            let content_type = [(header::CONTENT_TYPE, "application/x-yaml")];
            Ok((content_type, format!("repositoryID: {id}\n")).into_response())
        }
    }
}
