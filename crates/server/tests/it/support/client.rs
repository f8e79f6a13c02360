//! HTTP clients.

use base64::Engine;
use bytes::Bytes;
use chandlery_chart::IndexFile;
use http::{HeaderMap, Method, header};
use serde_json::Value;

use super::archive::Form;

/// Somebody who talks to a server.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    authorization: Option<String>,
}

/// A whole answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) version: http::Version,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Client {
    /// An HTTP client that goes nowhere else and takes any certificate.
    pub(crate) fn builder() -> reqwest::ClientBuilder {
        // Another test may have been quicker.
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::builder()
            .no_proxy()
            .tls_danger_accept_invalid_certs(true)
            .redirect(reqwest::redirect::Policy::none())
    }

    /// Nobody in particular.
    pub(crate) fn new(base: &str) -> Self {
        let http = Self::builder().build().unwrap();
        Self { http, base: base.to_owned(), authorization: None }
    }

    /// The same with another HTTP client.
    pub(crate) fn over(&self, http: reqwest::Client) -> Self {
        Self { http, ..self.clone() }
    }

    /// The same address with a password.
    pub(crate) fn with_password(&self, name: &str, password: &str) -> Self {
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{name}:{password}"));
        Self { authorization: Some(format!("Basic {pair}")), ..self.clone() }
    }

    /// The same address with a token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { authorization: Some(format!("Bearer {token}")), ..self.clone() }
    }

    /// The same credentials below another path or at another server.
    pub(crate) fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    /// What it sends as `Authorization`.
    pub(crate) fn authorization(&self) -> &str {
        self.authorization.as_deref().unwrap_or_default()
    }

    /// A request to be completed.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.authorization {
            Some(value) => request.header(header::AUTHORIZATION, value),
            None => request,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::GET, path)).await
    }

    /// As [`Self::get`], for closures.
    pub(crate) async fn get_owned(self, path: String) -> Answer {
        self.get(&path).await
    }

    /// A GET with one more header.
    pub(crate) async fn get_with(&self, path: &str, name: &str, value: &str) -> Answer {
        Answer::to(self.request(Method::GET, path).header(name, value)).await
    }

    pub(crate) async fn head(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::HEAD, path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<Bytes>) -> Answer {
        Answer::to(self.request(Method::POST, path).body(body.into())).await
    }

    /// Posts a form that ends as it should.
    pub(crate) async fn post_form(&self, path: &str, form: Form) -> Answer {
        let request = self.request(Method::POST, path).header(header::CONTENT_TYPE, Form::content_type());
        Answer::to(request.body(form.finish(true))).await
    }

    /// Sends JSON by any method.
    pub(crate) async fn send_json(&self, method: Method, path: &str, body: &Value) -> Answer {
        Answer::to(self.request(method, path).json(body)).await
    }

    /// Makes a token of this account; see `chandlery_api::CreateToken` for what `request` holds.
    pub(crate) async fn create_token(&self, request: &Value) -> Self {
        let created = self.send_json(Method::POST, "/api/v1/tokens", request).await.expect(201).json();
        self.with_token(created["secret"].as_str().unwrap())
    }

    /// Makes a repository with these settings.
    pub(crate) async fn create_repository(&self, path: &str, settings: &Value) {
        let body = serde_json::json!({ "path": path, "settings": settings });
        self.send_json(Method::POST, "/api/v1/repositories", &body).await.expect(201);
    }

    /// Changes settings of a repository.
    pub(crate) async fn set(&self, path: &str, settings: &Value) {
        let url = format!("/api/v1/repositories/{path}");
        self.send_json(Method::PATCH, &url, settings).await.expect(200);
    }

    /// The index at `path`, read as strictly as Helm reads it.
    pub(crate) async fn index(&self, path: &str) -> IndexFile {
        self.get(path).await.expect(200).index()
    }
}

impl Answer {
    /// Sends a request and reads the answer to its end.
    pub(crate) async fn to(request: reqwest::RequestBuilder) -> Self {
        Self::or_error(request).await.unwrap()
    }

    /// As [`Self::to`], for connections that may end early.
    pub(crate) async fn or_error(request: reqwest::RequestBuilder) -> Result<Self, reqwest::Error> {
        let mut response = request.send().await?;
        let (version, status) = (response.version(), response.status().as_u16());
        let headers = std::mem::take(response.headers_mut());
        Ok(Self { version, status, headers, body: response.bytes().await? })
    }

    /// Itself, if it has this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// As [`Self::expect`], without taking it.
    #[track_caller]
    pub(crate) fn expect_ref(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// Checks status and body.
    #[track_caller]
    pub(crate) fn is(&self, status: u16, body: &str) {
        assert_eq!((self.status, self.text().as_str()), (status, body));
    }

    /// Checks an error in ChartMuseum's words.
    #[track_caller]
    pub(crate) fn is_error(&self, status: u16, text: &str) {
        self.is(status, &serde_json::json!({ "error": text }).to_string());
        assert_eq!(self.header("content-type"), "application/json; charset=utf-8");
    }

    /// Checks a problem+json.
    #[track_caller]
    pub(crate) fn is_problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(problem["request_id"], self.header("x-request-id"), "{problem}");
        problem
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body as an index, read as strictly as Helm reads it.
    #[track_caller]
    pub(crate) fn index(&self) -> IndexFile {
        let loaded = IndexFile::read(&self.body, &chandlery_yaml::Limits::default()).unwrap();
        assert_eq!(loaded.warnings, Vec::<String>::new());
        loaded.index
    }

    /// A header's text; empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}
