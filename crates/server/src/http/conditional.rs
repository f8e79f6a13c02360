//! Answers with a file: whole, a range of it, or not at all because the client has it.

use std::convert::Infallible;
use std::ops::Range;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::response::Response;
use chandlery_core::{Error, Result};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::openapi::Reads;
use crate::openapi::input::{Input, header_parameter};
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

/// The entity tag of a thing whose changes are counted.
fn revision_tag(revision: i64) -> String {
    format!("\"{revision}\"")
}

/// The answer with the entity tag of a thing whose changes are counted.
pub(crate) fn with_revision(mut response: Response, revision: i64) -> Response {
    insert_text(&mut response, header::ETAG, &revision_tag(revision));
    response
}

/// What `If-Match` says (RFC 9110 13.1.1): the states in which the request is to be done, or nothing for any.
pub(crate) struct IfMatch(Vec<String>);

impl IfMatch {
    /// Checks the state of what the request is about.
    pub(crate) fn check(&self, revision: i64) -> Result<()> {
        let tag = revision_tag(revision);
        let matches =
            |header: &String| header.split(',').map(str::trim).any(|item| item == "*" || item == tag);
        if self.0.is_empty() || self.0.iter().any(matches) {
            return Ok(());
        }
        Err(Error::PreconditionFailed(format!(
            "it was changed since you read it: it is at revision {revision} now; read it again"
        )))
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut http::request::Parts, _: &S) -> Result<Self, Infallible> {
        let headers = parts.headers.get_all(header::IF_MATCH).iter();
        // Text that is none matches nothing.
        Ok(Self(headers.map(|value| value.to_str().unwrap_or_default().to_owned()).collect()))
    }
}

impl Input for IfMatch {
    fn describe(reads: &mut Reads) {
        let description =
            "The `ETag` of the state in which this is to be done; in any other it is refused with 412.";
        reads.parameters.push(header_parameter("If-Match", description));
        reads.errors.extend([StatusCode::CONFLICT, StatusCode::PRECONDITION_FAILED]);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions() {
        let cases: [(&[&str], bool); 8] = [
            (&[], true),
            (&["\"3\""], true),
            (&["*"], true),
            (&["\"1\", \"3\""], true),
            (&["\"1\"", "\"3\""], true),
            (&["\"1\""], false),
            (&["W/\"3\""], false),
            (&[""], false),
        ];
        for (headers, expected) in cases {
            let condition = IfMatch(headers.iter().map(ToString::to_string).collect());
            assert_eq!(condition.check(3).is_ok(), expected, "{headers:?}");
        }
    }
}
