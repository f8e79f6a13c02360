//! Answers with a file: whole, a range of it, or not at all because the client has it.

use std::ops::Range;

use axum::body::Body;
use axum::response::Response;
use chandlery_core::Result;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::range::{Requested, requested_range};

/// Anyone may keep an answer, but has to ask whether it still is the newest.
pub(crate) const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// Whether `If-None-Match` names this entity tag (RFC 9110 13.1.2, weak comparison).
pub(crate) fn matches_etag(headers: &HeaderMap, etag: &HeaderValue) -> bool {
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

/// An empty answer.
pub(crate) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// What the request asks for of a file of `size` bytes, which `body` opens at a range.
///
/// # Errors
/// Those of `body`.
pub(crate) async fn file_answer<F>(
    request: &HeaderMap,
    etag: HeaderValue,
    size: u64,
    content_type: &'static str,
    body: impl FnOnce(Range<u64>) -> F,
) -> Result<Response>
where
    F: Future<Output = Result<Body>>,
{
    if matches_etag(request, &etag) {
        let mut response = empty(StatusCode::NOT_MODIFIED);
        response.headers_mut().insert(header::ETAG, etag);
        return Ok(response);
    }
    let (status, range) = match requested_range(request, &etag, size) {
        Requested::Whole => (StatusCode::OK, 0..size),
        Requested::Part { first, last } => (StatusCode::PARTIAL_CONTENT, first..last + 1),
        Requested::Unsatisfiable => {
            let mut response = empty(StatusCode::RANGE_NOT_SATISFIABLE);
            insert_text(&mut response, header::CONTENT_RANGE, &format!("bytes */{size}"));
            return Ok(response);
        }
    };
    let mut response = Response::new(body(range.clone()).await?);
    *response.status_mut() = status;
    if status == StatusCode::PARTIAL_CONTENT {
        let text = format!("bytes {}-{}/{size}", range.start, range.end - 1);
        insert_text(&mut response, header::CONTENT_RANGE, &text);
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, (range.end - range.start).into());
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::ETAG, etag);
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CACHE_CONTROL, REVALIDATE);
    Ok(response)
}

fn insert_text(response: &mut Response, name: HeaderName, text: &str) {
    if let Ok(value) = text.parse() {
        response.headers_mut().insert(name, value);
    }
}

/// ChartMuseum tells the kinds of files apart by the end of the name alone.
pub(crate) fn content_type_of(name: &str) -> Option<&'static str> {
    if name.ends_with("tgz.prov") {
        Some("application/pgp-signature")
    } else if name.ends_with("tgz") {
        Some("application/x-tar")
    } else {
        None
    }
}
