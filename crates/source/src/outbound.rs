//! The one client for URLs that somebody else wrote.
//!
//! [`Outbound::send`] reads the URL strictly, resolves its host, checks every address against the [`AllowList`],
//! connects to what was checked, and does the same again for each redirect. Credentials and client certificates belong
//! to one scheme, host and port; time, redirects, headers and body are bounded by [`Limits`]. Errors name the stage.

mod address;
mod error;
mod request;
mod resolver;
mod response;
mod settings;
mod transport;
mod url;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use reqwest::Url;
use reqwest::dns::Resolve;

pub use address::{AddressKind, AllowList};
pub use error::{OutboundError, Result};
pub use request::{Credentials, Request};
pub use response::Response;
pub use settings::{Limits, OutboundSettings, Proxies, TlsSettings};

use resolver::{CheckingResolver, SystemResolver};
use response::Deadline;
use transport::Transport;

/// How long a name is looked up that a proxy will look up again: without any name server this is lost time.
const LOOK_UP_BEFORE_PROXY: Duration = Duration::from_secs(2);

/// The client. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Outbound {
    settings: Arc<OutboundSettings>,
    resolver: CheckingResolver,
    /// Certificate authorities to trust besides the system's, PEM.
    authorities: Option<Arc<[u8]>>,
    /// For the scheme, host and port of the request.
    own: Arc<Transport>,
    /// For where it redirects: without the client certificate.
    other: Arc<Transport>,
}

impl fmt::Debug for Outbound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Outbound").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Outbound {
    /// A client that resolves names as the operating system does.
    ///
    /// # Errors
    ///
    /// [`OutboundError::Url`] if a proxy cannot be used.
    pub fn new(settings: OutboundSettings) -> Result<Self> {
        Self::with_resolver(settings, Arc::new(SystemResolver))
    }

    /// A client that resolves names by `resolver`. What it answers is checked all the same.
    ///
    /// # Errors
    ///
    /// Those of [`Outbound::new`].
    pub fn with_resolver(settings: OutboundSettings, resolver: Arc<dyn Resolve>) -> Result<Self> {
        let allowed = Arc::new(settings.allowed.clone());
        let resolver = CheckingResolver { inner: resolver, allowed };
        let settings = Arc::new(settings);
        let own = Arc::new(Transport::new(&settings, &TlsSettings::default(), &resolver)?);
        Ok(Self { settings, resolver, authorities: None, other: own.clone(), own })
    }

    /// A client with the same rules and other TLS settings, for a repository that has its own; the authorities that this
    /// client trusts are trusted as well. If the settings say anything, it has its own connections: keep it for the
    /// requests that belong together.
    ///
    /// # Errors
    ///
    /// [`OutboundError::Url`] if the PEM texts cannot be read.
    pub fn with_tls(&self, tls: &TlsSettings) -> Result<Self> {
        // Reading the system's certificates costs more than asking whether a repository has changed.
        if tls.authorities.is_none() && tls.identity.is_none() && !tls.skip_verification {
            return Ok(self.clone());
        }
        let authorities = match (&self.authorities, &tls.authorities) {
            (Some(known), Some(more)) => Some([known, b"\n".as_slice(), more].concat()),
            (known, more) => more.clone().or_else(|| known.as_deref().map(<[u8]>::to_vec)),
        };
        let tls = TlsSettings { authorities, ..tls.clone() };
        let transport = |tls: &TlsSettings| Transport::new(&self.settings, tls, &self.resolver).map(Arc::new);
        let own = transport(&tls)?;
        let other = match tls.identity {
            Some(_) => transport(&TlsSettings { identity: None, ..tls.clone() })?,
            None => own.clone(),
        };
        Ok(Self { own, other, authorities: tls.authorities.map(Arc::from), ..self.clone() })
    }

    /// Checks a URL as far as that needs no network: its form, and its host if that is an address. For a setting when
    /// it is made; every request checks again.
    ///
    /// # Errors
    ///
    /// [`OutboundError::Url`] or [`OutboundError::AddressRefused`].
    pub fn check_url(&self, url: &str) -> Result<()> {
        url::parse(url, &self.settings.allowed).map(drop)
    }

    /// The addresses that the host of a URL has now, all of which may be reached. A request looks them up anew.
    ///
    /// # Errors
    ///
    /// [`OutboundError::Dns`] and [`OutboundError::AddressRefused`].
    pub async fn addresses(&self, url: &Url) -> Result<Vec<IpAddr>> {
        let host = url.host_str().unwrap_or_default();
        if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
            let refuse = |kind| OutboundError::AddressRefused { host: host.to_owned(), address, kind };
            return self.settings.allowed.check(address).map(|()| vec![address]).map_err(refuse);
        }
        let unknown = |reason: String| OutboundError::Dns { host: host.to_owned(), reason };
        let name = host.parse().map_err(|_| unknown("it is no name of a host".to_owned()))?;
        let resolving = tokio::time::timeout(self.settings.connect_timeout, self.resolver.resolve(name));
        match resolving.await {
            Ok(Ok(addresses)) => Ok(addresses.map(|address| address.ip()).collect()),
            Ok(Err(error)) => match error.downcast::<OutboundError>() {
                Ok(error) => Err(*error),
                Err(error) => Err(unknown(error.to_string())),
            },
            Err(_) => Err(unknown("the name servers do not answer in time".to_owned())),
        }
    }

    /// Checks a URL as [`Outbound::check_url`] does, and the addresses of its host as they are now. Nothing is connected.
    /// A name that cannot be resolved passes: it may be known later, or to the proxy.
    ///
    /// # Errors
    ///
    /// [`OutboundError::Url`] or [`OutboundError::AddressRefused`].
    pub async fn check_host(&self, url: &str) -> Result<()> {
        let target = url::parse(url, &self.settings.allowed)?;
        self.check_before_proxy(&target.url).await
    }

    /// Sends a request and follows its redirects. An answer of any status is an `Ok`.
    ///
    /// # Errors
    ///
    /// Every [`OutboundError`] but [`OutboundError::Status`].
    pub async fn send(&self, request: Request) -> Result<Response> {
        let limits = request.limits.unwrap_or(self.settings.limits);
        let deadline = Deadline::after(limits.total);
        let redirects = if request.follows_redirects() { limits.redirects } else { 0 };
        let follows = request.follows_redirects();
        let mut hop = Hop::first(request, &self.settings.allowed)?;
        for _ in 0..=redirects {
            let origin = url::origin(&hop.url);
            let answer = deadline.hold(&origin, self.exchange(&hop, &origin)).await?;
            let Some(location) = location(&answer).filter(|_| follows) else {
                return Response::new(answer, deadline, &limits);
            };
            hop.follow(url::redirect(&hop.url, location.as_bytes(), &self.settings.allowed)?);
        }
        Err(OutboundError::TooManyRedirects { origin: url::origin(&hop.url), limit: redirects })
    }

    async fn exchange(&self, hop: &Hop, origin: &str) -> Result<reqwest::Response> {
        let transport = if hop.elsewhere { &self.other } else { &self.own };
        let (client, proxied) = transport.client(&hop.url)?;
        if proxied {
            self.check_before_proxy(&hop.url).await?;
        }
        let request = client.request(hop.method.clone(), hop.url.clone()).headers(hop.headers.clone());
        let request = if hop.body.is_empty() && hop.method != Method::POST {
            request
        } else {
            request.body(hop.body.clone())
        };
        request.send().await.map_err(|error| OutboundError::from_transport(&error, origin))
    }

    /// Refuses a name that this machine resolves to a refused address. A name that it cannot resolve is the proxy's.
    async fn check_before_proxy(&self, url: &Url) -> Result<()> {
        let Some(Ok(name)) = url.domain().map(str::parse) else { return Ok(()) };
        match tokio::time::timeout(LOOK_UP_BEFORE_PROXY, self.resolver.resolve(name)).await {
            Ok(Err(error)) => match error.downcast_ref::<OutboundError>() {
                Some(refusal @ OutboundError::AddressRefused { .. }) => Err(refusal.clone()),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

/// One request of the chain that redirects make.
struct Hop {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: bytes::Bytes,
    /// Whether a redirect has led away from the first scheme, host and port.
    elsewhere: bool,
}

impl Hop {
    fn first(request: Request, allowed: &AllowList) -> Result<Self> {
        let target = url::parse(request.url.expose(), allowed)?;
        let credentials = match (target.credentials, request.credentials) {
            (Some(_), Some(_)) => {
                return Err(OutboundError::url("it holds credentials, and there are others for it"));
            }
            (lifted, given) => lifted.or(given),
        };
        let mut headers = request.headers;
        if let Some(credentials) = credentials {
            let (name, value) = credentials.to_header()?;
            headers.insert(name, value);
        }
        Ok(Self { method: request.method, url: target.url, headers, body: request.body, elsewhere: false })
    }

    /// Goes on to `url`. What belongs to the first server is gone for good once another one is asked.
    fn follow(&mut self, url: Url) {
        if url.origin() != self.url.origin() {
            self.elsewhere = true;
            self.headers = request::harmless(&self.headers);
        }
        self.url = url;
    }
}

/// Where an answer redirects to, if it does.
fn location(answer: &reqwest::Response) -> Option<&HeaderValue> {
    const REDIRECTS: [StatusCode; 5] = [
        StatusCode::MOVED_PERMANENTLY,
        StatusCode::FOUND,
        StatusCode::SEE_OTHER,
        StatusCode::TEMPORARY_REDIRECT,
        StatusCode::PERMANENT_REDIRECT,
    ];
    if !REDIRECTS.contains(&answer.status()) {
        return None;
    }
    answer.headers().get(header::LOCATION)
}
