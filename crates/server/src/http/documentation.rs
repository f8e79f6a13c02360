//! `/api/v1/openapi.json` and `/api/docs`: what the REST API is.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use chandlery_core::Digest;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use utoipa::openapi::OpenApi;

use super::conditional::{REVALIDATE, empty, matches_etag};
use crate::app::{App, SharedApp};
use crate::config::Config;
use crate::openapi::{document, page};
use crate::routes::documented;

/// The page loads nothing and runs nothing.
const PAGE_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");

/// The document in both forms.
pub(crate) struct Documentation {
    json: File,
    page: File,
}

/// Text that does not change, with its entity tag.
struct File {
    text: Bytes,
    etag: HeaderValue,
}

impl File {
    fn new(text: String) -> Self {
        let etag = format!("\"{}\"", Digest::of(text.as_bytes()));
        let etag = HeaderValue::from_str(&etag).expect("digests are hex digits");
        Self { text: text.into(), etag }
    }

    fn answer(&self, request: &HeaderMap, content_type: &'static str) -> Response {
        let mut response = match matches_etag(request, &self.etag) {
            true => empty(StatusCode::NOT_MODIFIED),
            false => Response::new(Body::from(self.text.clone())),
        };
        let headers = response.headers_mut();
        headers.insert(header::ETAG, self.etag.clone());
        headers.insert(header::CACHE_CONTROL, REVALIDATE);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        response
    }
}

impl App {
    fn documentation(&self) -> &Documentation {
        self.documentation.get_or_init(|| {
            let document = document(&documented(), &server_of(&self.config));
            Documentation { json: File::new(text_of(&document)), page: File::new(page(&document)) }
        })
    }
}

/// Where clients find the paths of the document.
fn server_of(config: &Config) -> String {
    let origin = config.public_url.as_deref().unwrap_or_default().trim_end_matches('/');
    let server = format!("{origin}{}", config.context_path);
    if server.is_empty() { "/".to_owned() } else { server }
}

/// The document as it is served and committed.
pub(crate) fn text_of(document: &OpenApi) -> String {
    let text = document.to_pretty_json().expect("the document is plain data");
    text + "\n"
}

/// `GET /api/v1/openapi.json`
pub(crate) async fn get_openapi(State(app): State<SharedApp>, headers: HeaderMap) -> Response {
    app.documentation().json.answer(&headers, "application/json")
}

/// `GET /api/docs`
pub(crate) async fn get_page(State(app): State<SharedApp>, headers: HeaderMap) -> Response {
    let mut response = app.documentation().page.answer(&headers, "text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, PAGE_POLICY);
    response
}
