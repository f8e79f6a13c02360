//! One request to a foreign server.

use bytes::Bytes;
use chandlery_core::Secret;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use super::{Limits, OutboundError, Result};

/// Who we are to a foreign server. Sent to the scheme, host and port of the request, never to where it redirects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// `Authorization: Basic …`.
    Basic {
        /// The user name.
        user: String,
        /// The password.
        password: Secret,
    },
    /// `Authorization: Bearer …`.
    Bearer(Secret),
    /// A header of the server's own, such as `X-Api-Key` or `Private-Token`.
    Header(HeaderName, Secret),
}

impl Credentials {
    /// A user name and a password.
    #[must_use]
    pub fn basic(user: String, password: String) -> Self {
        Self::Basic { user, password: Secret::new(password) }
    }

    /// The header that carries them.
    pub(super) fn to_header(&self) -> Result<(HeaderName, HeaderValue)> {
        use base64::Engine as _;
        let (name, text) = match self {
            Self::Basic { user, .. } if user.contains(':') => {
                return Err(OutboundError::url("a user name cannot hold a colon"));
            }
            Self::Basic { user, password } => {
                let pair = format!("{user}:{}", password.expose());
                let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
                (header::AUTHORIZATION, format!("Basic {encoded}"))
            }
            Self::Bearer(token) => (header::AUTHORIZATION, format!("Bearer {}", token.expose())),
            Self::Header(name, secret) => (name.clone(), secret.expose().to_owned()),
        };
        let mut value = HeaderValue::try_from(text)
            .map_err(|_| OutboundError::url("its credentials hold characters that no header can carry"))?;
        value.set_sensitive(true);
        Ok((name, value))
    }
}

/// A request. The URL is checked when it is sent.
#[derive(Clone, Debug)]
pub struct Request {
    pub(super) method: Method,
    pub(super) url: Secret,
    pub(super) credentials: Option<Credentials>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) limits: Option<Limits>,
}

impl Request {
    /// A request with `method` for `url`, which may hold a user name and a password.
    #[must_use]
    pub fn new(method: Method, url: &str) -> Self {
        Self {
            method,
            url: Secret::new(url.to_owned()),
            credentials: None,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            limits: None,
        }
    }

    /// A `GET`.
    #[must_use]
    pub fn get(url: &str) -> Self {
        Self::new(Method::GET, url)
    }

    /// A `HEAD`.
    #[must_use]
    pub fn head(url: &str) -> Self {
        Self::new(Method::HEAD, url)
    }

    /// A `POST` of `body`. It follows no redirect.
    #[must_use]
    pub fn post(url: &str, body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..Self::new(Method::POST, url) }
    }

    /// Sets the credentials; the URL may then hold none.
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Sets a header that is no secret; those go by [`Request::credentials`]. Only the headers that every server may
    /// see (`Accept`, `Range`, conditions) follow a redirect to another server.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets other limits than the client's.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }

    /// Whether a redirect is followed: only where asking twice does no harm.
    pub(super) fn follows_redirects(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD)
    }
}

/// The headers that may go to a server other than the one that the request names.
const HARMLESS_HEADERS: [HeaderName; 8] = [
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::ACCEPT_LANGUAGE,
    header::IF_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_NONE_MATCH,
    header::IF_RANGE,
    header::RANGE,
];

/// What remains of `headers` for another server.
pub(super) fn harmless(headers: &HeaderMap) -> HeaderMap {
    let kept = HARMLESS_HEADERS.iter().filter_map(|name| Some((name.clone(), headers.get(name)?.clone())));
    kept.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_credentials() {
        let basic = Credentials::basic("user".to_owned(), "pass".to_owned());
        let (name, value) = basic.to_header().unwrap();
        assert_eq!((name, value.to_str().unwrap()), (header::AUTHORIZATION, "Basic dXNlcjpwYXNz"));
        assert!(value.is_sensitive());
        let bearer = Credentials::Bearer(Secret::new("tok".to_owned()));
        assert_eq!(bearer.to_header().unwrap().1, "Bearer tok");
        let own = Credentials::Header(HeaderName::from_static("x-api-key"), Secret::new("k".to_owned()));
        assert_eq!(own.to_header().unwrap().0, "x-api-key");
        for bad in [
            Credentials::Bearer(Secret::new("a\r\nb: c".to_owned())),
            Credentials::basic("a:b".to_owned(), String::new()),
        ] {
            assert!(bad.to_header().is_err());
        }
    }

    #[test]
    fn debug_output_shows_no_secret() {
        let request = Request::get("https://user:hunter2@example.org/hunter2")
            .credentials(Credentials::basic("user".to_owned(), "hunter2".to_owned()));
        assert!(!format!("{request:?}").contains("hunter2"));
    }
}
