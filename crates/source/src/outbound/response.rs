//! The answer of a foreign server.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use reqwest::Url;
use tokio::time::Instant;

use super::{Limits, OutboundError, Result, url};

/// When an exchange must be over.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    pub(super) at: Instant,
    pub(super) limit: Duration,
}

impl Deadline {
    pub(super) fn after(limit: Duration) -> Self {
        // What no clock can express is far enough.
        let far = Duration::from_secs(365 * 24 * 3600);
        Self { at: Instant::now() + limit.min(far), limit }
    }

    /// Waits for `work` until the time is over.
    pub(super) async fn hold<T>(self, origin: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
        let late = || OutboundError::TooSlow { origin: origin.to_owned(), limit: self.limit };
        tokio::time::timeout_at(self.at, work).await.unwrap_or_else(|_| Err(late()))
    }
}

/// An answer whose body has not been read yet.
#[derive(Debug)]
pub struct Response {
    inner: reqwest::Response,
    deadline: Deadline,
    limit: u64,
    read: u64,
}

impl std::fmt::Debug for Deadline {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:?}", self.limit)
    }
}

impl Response {
    pub(super) fn new(inner: reqwest::Response, deadline: Deadline, limits: &Limits) -> Result<Self> {
        let response = Self { inner, deadline, limit: limits.body, read: 0 };
        let headers = response.headers().iter();
        let size: usize = headers.map(|(name, value)| name.as_str().len() + value.len()).sum();
        if size as u64 > limits.headers {
            return Err(OutboundError::TooLarge { origin: response.origin(), limit: limits.headers });
        }
        Ok(response)
    }

    /// The status, whatever it is.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.inner.status()
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.inner.headers()
    }

    /// Where the answer comes from after all redirects, without user information.
    #[must_use]
    pub fn url(&self) -> &Url {
        self.inner.url()
    }

    /// The certificate that the server showed, DER, if TLS is spoken.
    #[must_use]
    pub fn certificate(&self) -> Option<&[u8]> {
        self.inner.extensions().get::<reqwest::tls::TlsInfo>()?.peer_certificate()
    }

    fn origin(&self) -> String {
        url::origin(self.url())
    }

    /// The answer, if its status is one of success.
    ///
    /// # Errors
    ///
    /// [`OutboundError::Status`] for all others, `304` included.
    pub fn success(self) -> Result<Self> {
        if self.status().is_success() {
            return Ok(self);
        }
        Err(OutboundError::Status { origin: self.origin(), status: self.status().as_u16() })
    }

    /// The next bytes of the body, `None` at its end.
    ///
    /// # Errors
    ///
    /// [`OutboundError::TooLarge`] before more than the limit is returned (at once where the server announces it),
    /// [`OutboundError::TooSlow`], [`OutboundError::Broken`].
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        let origin = self.origin();
        let too_large = || OutboundError::TooLarge { origin: origin.clone(), limit: self.limit };
        if self.read == 0 && self.inner.content_length().is_some_and(|length| length > self.limit) {
            return Err(too_large());
        }
        let next = async {
            self.inner.chunk().await.map_err(|error| OutboundError::from_transport(&error, &origin))
        };
        let Some(bytes) = self.deadline.hold(&origin, next).await? else { return Ok(None) };
        self.read += bytes.len() as u64;
        if self.read > self.limit {
            return Err(OutboundError::TooLarge { origin, limit: self.limit });
        }
        Ok(Some(bytes))
    }

    /// The whole body.
    ///
    /// # Errors
    ///
    /// Those of [`Response::chunk`].
    pub async fn bytes(mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        while let Some(bytes) = self.chunk().await? {
            body.extend_from_slice(&bytes);
        }
        Ok(body)
    }

    /// The first `length` bytes of the body, or what came of them before an error: the rest is not read, and the
    /// connection is closed.
    pub async fn beginning(mut self, length: usize) -> Vec<u8> {
        // The caller's bound is the only one that counts, not the length that the server announces.
        self.limit = u64::MAX;
        let mut body = Vec::new();
        while body.len() < length {
            let Ok(Some(bytes)) = self.chunk().await else { break };
            body.extend_from_slice(&bytes[..bytes.len().min(length - body.len())]);
        }
        body
    }
}
