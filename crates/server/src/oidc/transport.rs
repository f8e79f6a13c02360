//! How the provider is asked: by the outbound client, so that time, size and redirects are bounded and the client's
//! secret goes nowhere else.
//!
//! The operator names the issuer, so it may be in any network of theirs: private addresses and this machine are open to
//! it, whatever is open to the URLs of users. Metadata services stay closed, to redirects and endpoints as well.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use chandlery_core::{Error, Result, Secret};
use chandlery_source::outbound::{
    Credentials, Limits, Outbound, OutboundError, OutboundSettings, Proxies, Request, TlsSettings,
};
use http::{HeaderValue, Method, header};
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

/// Where an operator's own provider may be.
const OWN_NETWORKS: &str =
    "10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 172.16.0.0/12 192.168.0.0/16 ::1/128 fc00::/7";

/// What one question may cost: somebody waits for the answer, and documents of providers are small.
const LIMITS: Limits =
    Limits { total: Duration::from_secs(10), body: 1 << 20, headers: 64 << 10, redirects: 3 };

/// The way to the provider.
pub(super) struct Transport(Outbound);

impl Transport {
    /// Trusts these authorities besides the system's, PEM, and goes by the operator's proxies.
    ///
    /// # Errors
    /// [`Error::Invalid`] for authorities or a proxy that cannot be used.
    pub(super) fn new(authorities: Option<Vec<u8>>, proxies: Proxies) -> Result<Self> {
        let settings = OutboundSettings {
            allowed: OWN_NETWORKS.parse()?,
            proxies,
            connect_timeout: Duration::from_secs(5),
            limits: LIMITS,
        };
        let tls = TlsSettings { authorities, ..TlsSettings::default() };
        let outbound = Outbound::new(settings).and_then(|outbound| outbound.with_tls(&tls));
        outbound.map(Self).map_err(|error| Error::invalid("oidc-ca", error.to_string()))
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, OutboundError> {
        let answer = self.0.send(outgoing(request)).await?;
        let (status, content_type) = (answer.status(), answer.headers().get(header::CONTENT_TYPE).cloned());
        let mut response = HttpResponse::new(answer.bytes().await?);
        *response.status_mut() = status;
        if let Some(content_type) = content_type {
            response.headers_mut().insert(header::CONTENT_TYPE, content_type);
        }
        Ok(response)
    }
}

fn outgoing(request: HttpRequest) -> Request {
    let (parts, body) = request.into_parts();
    let url = parts.uri.to_string();
    let mut outgoing = match parts.method {
        Method::POST => Request::post(&url, body),
        method => Request::new(method, &url),
    };
    for (name, value) in &parts.headers {
        outgoing = match name {
            &header::AUTHORIZATION => {
                outgoing.credentials(Credentials::Header(name.clone(), secret_of(value)))
            }
            name => outgoing.header(name.clone(), value.clone()),
        };
    }
    outgoing
}

fn secret_of(value: &HeaderValue) -> Secret {
    Secret::new(value.to_str().unwrap_or_default().to_owned())
}

impl<'c> AsyncHttpClient<'c> for Transport {
    type Error = OutboundError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, OutboundError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.exchange(request))
    }
}
