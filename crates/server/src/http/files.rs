//! The Helm repository: its index, its packages, and the file Artifact Hub looks for.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use chandlery_core::{Error, Result};
use chandlery_store::BlobReader;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::conditional::{REVALIDATE, content_type_of, empty, file_answer, matches_etag};
use super::not_found;
use crate::app::{App, Scope, SharedApp};
use crate::body::{body_of, body_of_file, body_of_stream};
use crate::error::{ChartMuseumError, chartmuseum_json};
use crate::index::{Document, Encoding};
use crate::service::packages::{self, StoredFile};
use crate::service::virtual_repositories::Merged;
use crate::transport::{FileRange, FileSender, Receipt};

/// The connection's way to send files, where it has one.
type Sender = Option<Extension<FileSender>>;

/// `GET …/index.yaml`
pub(crate) async fn get_index(
    State(app): State<SharedApp>,
    scope: Scope,
    sender: Sender,
    headers: HeaderMap,
) -> Result<Response, ChartMuseumError> {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let encoding = Encoding::accepted(accepted);
    let document = match Merged::of(&app, &scope).await? {
        Some(merged) => app.indexes.merged(&app, &merged, encoding).await?,
        None => app.indexes.document(&app, &scope.repository, encoding).await?,
    };
    if matches_etag(&headers, document.etag()) {
        let mut response = empty(StatusCode::NOT_MODIFIED);
        describe(response.headers_mut(), &document);
        return Ok(response);
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

fn describe(headers: &mut HeaderMap, document: &Document) {
    headers.insert(header::ETAG, document.etag().clone());
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding, Authorization"));
    headers.insert(header::CACHE_CONTROL, REVALIDATE);
}

/// `GET …/charts/{file}`
pub(crate) async fn get_file(
    State(app): State<SharedApp>,
    scope: Scope,
    sender: Sender,
    path: Path<HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<Response, ChartMuseumError> {
    let name = path.get("file").map_or("", String::as_str);
    let Some(content_type) = content_type_of(name) else {
        let body = serde_json::json!({ "error": "unsupported file extension" });
        return Ok(chartmuseum_json(StatusCode::INTERNAL_SERVER_ERROR, &body));
    };
    let (repository, file) = packages::find_file(&app, &scope, name).await?;
    let counts = repository.is_store && name.ends_with(".tgz");
    let open = |range: Range<u64>| {
        let receipt = (counts && range == (0..file.size)).then(|| downloaded(&app, name));
        open(&app, &file, range, sender, receipt)
    };
    let response = file_answer(&headers, file.etag(), file.size, content_type, open).await?;
    if response.status() == StatusCode::OK {
        app.metrics.downloads.inc();
    }
    Ok(response)
}

/// Counts a download once it is one: who goes away in the middle has none.
fn downloaded(app: &SharedApp, file_name: &str) -> Receipt {
    let (app, file_name) = (app.clone(), file_name.to_owned());
    Receipt::new(move || app.downloads.count(&file_name))
}

/// A part of a stored file, with a receipt for its last byte.
pub(super) async fn open(
    app: &App,
    file: &StoredFile,
    range: Range<u64>,
    sender: Sender,
    receipt: Option<Receipt>,
) -> Result<Body> {
    let wanted = range.end - range.start;
    Ok(match app.store.blobs().open_blob(&file.digest, file.size, Some(range)).await? {
        BlobReader::File { file, offset, length } => {
            let range = FileRange { file: Arc::new(file), offset, length };
            body_of_file(range, sender.map(|Extension(sender)| sender), receipt)
        }
        BlobReader::Stream { stream, .. } => body_of_stream(stream, wanted, receipt),
    })
}

/// `GET …/artifacthub-repo.yml`
pub(crate) async fn get_artifacthub_repository(scope: Scope) -> Result<Response, ChartMuseumError> {
    match &scope.repository.settings.artifacthub_repository_id {
        None if scope.repository.is_default => Ok(not_found()),
        None => Err(Error::not_found("Artifact Hub repository ID").into()),
        Some(id) => {
            let content_type = [(header::CONTENT_TYPE, "application/x-yaml")];
            Ok((content_type, format!("repositoryID: {id}\n")).into_response())
        }
    }
}
