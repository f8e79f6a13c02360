//! The connections: one HTTP client for each way that a request can go.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::dns::Resolve;
use reqwest::{Certificate, Client, ClientBuilder, Identity, Url};

use super::resolver::{CheckingResolver, SystemResolver};
use super::{OutboundError, OutboundSettings, Proxies, Result, TlsSettings};

/// How many headers an answer may have.
const MAX_HEADERS: usize = 100;
/// How long a connection is kept for the next request to the same server.
const IDLE: Duration = Duration::from_secs(30);
const IDLE_PER_HOST: usize = 4;

/// A client that is made when it is first needed: reading the system's certificates takes longer than a server needs to
/// start.
type Lazy = LazyLock<Result<Client>, Box<dyn FnOnce() -> Result<Client> + Send>>;

/// The clients of one pair of outbound and TLS settings.
pub(super) struct Transport {
    direct: Lazy,
    proxied: Option<(Matcher, Lazy)>,
}

impl Transport {
    pub(super) fn new(
        settings: &Arc<OutboundSettings>,
        tls: &TlsSettings,
        resolver: &CheckingResolver,
    ) -> Result<Self> {
        let trust = Trust::read(tls)?;
        let (rules, resolver, shown) = (settings.clone(), resolver.clone(), trust.clone());
        let direct = move || shown.build(|| builder(&rules).no_proxy().dns_resolver(resolver.clone()));
        let proxied = matcher(&settings.proxies)?.map(|matcher| {
            let settings = settings.clone();
            (matcher, Lazy::new(Box::new(move || trust.build(|| through(&settings)))))
        });
        Ok(Self { direct: Lazy::new(Box::new(direct)), proxied })
    }

    /// The client for `url`, and whether it goes through a proxy.
    pub(super) fn client(&self, url: &Url) -> Result<(&Client, bool)> {
        let uri = url.as_str().parse::<Uri>().ok();
        let (client, is_proxied) = match (&self.proxied, uri) {
            (Some((matcher, client)), Some(uri)) if matcher.intercept(&uri).is_some() => (client, true),
            _ => (&self.direct, false),
        };
        client.as_ref().map(|client| (client, is_proxied)).map_err(Clone::clone)
    }
}

fn builder(settings: &OutboundSettings) -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("chandlery/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .tls_info(true)
        .http1_only()
        .http1_max_headers(MAX_HEADERS)
        .connect_timeout(settings.connect_timeout)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .no_zstd()
}

/// A client all of whose requests go through a proxy, so that the only name it resolves is the proxy's.
fn through(settings: &OutboundSettings) -> ClientBuilder {
    let proxies = &settings.proxies;
    let http = proxies.http.iter().filter_map(|url| reqwest::Proxy::http(url).ok());
    let https = proxies.https.iter().filter_map(|url| reqwest::Proxy::https(url).ok());
    let resolver: Arc<dyn Resolve> = Arc::new(SystemResolver);
    http.chain(https).fold(builder(settings).no_proxy().dns_resolver(resolver), ClientBuilder::proxy)
}

/// Which URLs go through a proxy; `None` if there is none.
fn matcher(proxies: &Proxies) -> Result<Option<Matcher>> {
    for text in proxies.http.iter().chain(&proxies.https) {
        let url =
            Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if url.is_none_or(|url| reqwest::Proxy::all(url).is_err()) {
            return Err(OutboundError::url("a proxy is set as http://host:port or https://host:port"));
        }
    }
    if proxies.http.is_none() && proxies.https.is_none() {
        return Ok(None);
    }
    let text = |url: &Option<String>| url.clone().unwrap_or_default();
    let matcher = Matcher::builder().http(text(&proxies.http)).https(text(&proxies.https));
    Ok(Some(matcher.no(proxies.except.clone()).build()))
}

/// What TLS settings say, read.
#[derive(Clone)]
struct Trust {
    authorities: Vec<Certificate>,
    identity: Option<Identity>,
    skip_verification: bool,
}

impl Trust {
    fn read(tls: &TlsSettings) -> Result<Self> {
        let identity = tls.identity.as_ref().map(|pem| Identity::from_pem(pem.expose().as_bytes()));
        let identity = identity.transpose().map_err(|_| {
            OutboundError::url("its client certificate is not a chain and a private key in PEM form")
        })?;
        Ok(Self { authorities: authorities(tls)?, identity, skip_verification: tls.skip_verification })
    }

    /// Adds what TLS needs and builds.
    fn build(&self, base: impl Fn() -> ClientBuilder) -> Result<Client> {
        // The only failure is that a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let base = || {
            let base = base().tls_danger_accept_invalid_certs(self.skip_verification);
            self.identity.iter().cloned().fold(base, ClientBuilder::identity)
        };
        // A system without any certificate authority (a container from scratch) has only those of the settings, and
        // still speaks http.
        let with_system = base().tls_certs_merge(self.authorities.clone()).build();
        with_system
            .or_else(|_| base().tls_certs_only(self.authorities.clone()).build())
            .map_err(|error| OutboundError::url(format!("its TLS settings cannot be used: {error}")))
    }
}

fn authorities(tls: &TlsSettings) -> Result<Vec<Certificate>> {
    let Some(pem) = &tls.authorities else { return Ok(Vec::new()) };
    Certificate::from_pem_bundle(pem)
        .ok()
        .filter(|bundle| !bundle.is_empty())
        .ok_or_else(|| OutboundError::url("its certificate authorities are not certificates in PEM form"))
}
