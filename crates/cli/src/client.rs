//! The client: which server, with which credentials, and what its answers mean.

pub(crate) mod address;
pub(crate) mod answer;
pub(crate) mod credentials;
pub(crate) mod logins;
pub(crate) mod upload;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use chandlery_api::Page;
use reqwest::header::LOCATION;
use reqwest::{Method, RequestBuilder, Response, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::address::{Origin, RepositoryTarget, RepositoryUrls, ServerAddress};
use self::answer::expect_success;
use self::credentials::{Credentials, process_variable};
use self::logins::{LoginFile, Logins};
use crate::error::usage;

/// How many redirects are followed.
const MOST_REDIRECTS: usize = 5;

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Flags of every command that talks to a server.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct ClientArguments {
    /// The server; without it the one of the last login.
    #[arg(long, value_name = "URL", env = "CHANDLERY_SERVER", help_heading = "Server")]
    pub(crate) server: Option<String>,
    /// Trust these certificate authorities as well (PEM).
    #[arg(long, value_name = "FILE", env = "CHANDLERY_CA_FILE", help_heading = "Server")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Do not check the server's certificate. Whoever is in between reads your credentials.
    #[arg(long, help_heading = "Server")]
    pub(crate) insecure_skip_tls_verify: bool,
    /// Give up when the server is silent for this many seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, help_heading = "Server")]
    pub(crate) timeout: u64,
}

/// A client of a server, or of repositories anywhere.
#[derive(Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    /// Without a limit on the time to an answer, which comes only after the whole upload.
    uploads: reqwest::Client,
    /// How long the other side may be silent.
    patience: Duration,
    server: Option<ServerAddress>,
    logins: Logins,
    /// Credentials of the environment, and the only origin they are sent to.
    credentials: Option<(Origin, Credentials)>,
}

impl Client {
    /// A client for the server of the flags, the environment or the last login.
    ///
    /// # Errors
    /// The CA file, the login file or the credentials of the environment are not valid.
    pub(crate) fn new(arguments: &ClientArguments) -> Result<Self> {
        Self::for_target(arguments, None)
    }

    /// A client for a target that may be a URL; without a server by flag or environment, the URL's server is meant.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub(crate) fn for_target(arguments: &ClientArguments, target: Option<&RepositoryTarget>) -> Result<Self> {
        // Without a home directory there is no login file, and nothing to read.
        let logins = LoginFile::locate().map_or_else(|_| Ok(Logins::default()), |file| file.read())?;
        let named = arguments.server.as_deref().map(ServerAddress::parse).transpose()?;
        let owner = match (&named, target) {
            (None, Some(RepositoryTarget::Remote(url))) => Some(Origin::of(url)),
            _ => None,
        };
        let server = match (named, &logins.current) {
            (Some(server), _) => Some(server),
            (None, Some(current)) => Some(ServerAddress::parse(current)?),
            (None, None) => None,
        };
        let owner = owner.or_else(|| server.as_ref().map(ServerAddress::origin));
        let credentials = owner.zip(Credentials::from_environment(process_variable)?);
        let patience = patience(arguments);
        Ok(Self {
            http: build_http(arguments, Some(patience))?,
            uploads: build_http(arguments, None)?,
            patience,
            server,
            logins,
            credentials,
        })
    }

    /// A client for one server with given credentials, as `login` needs it before anything is stored.
    ///
    /// # Errors
    /// The CA file is not valid.
    pub(crate) fn with_credentials(
        arguments: &ClientArguments,
        server: &ServerAddress,
        credentials: Credentials,
    ) -> Result<Self> {
        let patience = patience(arguments);
        Ok(Self {
            http: build_http(arguments, Some(patience))?,
            uploads: build_http(arguments, None)?,
            patience,
            server: Some(server.clone()),
            logins: Logins::default(),
            credentials: Some((server.origin(), credentials)),
        })
    }

    /// The server.
    ///
    /// # Errors
    /// A usage error if none is known.
    pub(crate) fn server(&self) -> Result<&ServerAddress> {
        self.server.as_ref().ok_or_else(|| {
            usage("no server is known: log in with `chandlery login URL`, or give --server URL or CHANDLERY_SERVER")
        })
    }

    /// The addresses of a repository.
    ///
    /// # Errors
    /// A usage error if a server is needed and none is known.
    pub(crate) fn repository(&self, target: &RepositoryTarget) -> Result<RepositoryUrls> {
        match target {
            RepositoryTarget::Default => Ok(RepositoryUrls::on_server(self.server()?, None)),
            RepositoryTarget::Named(path) => Ok(RepositoryUrls::on_server(self.server()?, Some(path))),
            RepositoryTarget::Remote(url) => RepositoryUrls::of_url(url, &self.context_path_of(url)),
        }
    }

    /// The context path of a known server that the URL is on.
    fn context_path_of(&self, url: &Url) -> String {
        let stored = self.logins.servers.keys().filter_map(|key| ServerAddress::parse(key).ok());
        self.server
            .clone()
            .into_iter()
            .chain(stored)
            .find(|server| is_below(url, server))
            .map_or_else(String::new, |server| server.root().path().to_owned())
    }

    /// The credentials for a URL: only those that belong to its scheme, host and port.
    fn credentials_for(&self, url: &Url) -> Option<Credentials> {
        let origin = Origin::of(url);
        if let Some((owner, credentials)) = &self.credentials
            && *owner == origin
        {
            return Some(credentials.clone());
        }
        let stored = |key: &String| ServerAddress::parse(key).is_ok_and(|server| is_below(url, &server));
        let (_, login) = self.logins.servers.iter().find(|(key, _)| stored(key))?;
        Some(Credentials::Token(login.token.clone()))
    }

    /// The connections, without any credentials.
    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// A request with the credentials that belong to its URL.
    pub(crate) fn request(&self, method: Method, url: &Url) -> RequestBuilder {
        self.with_credentials_for(url, self.http.request(method, url.clone()))
    }

    fn with_credentials_for(&self, url: &Url, request: RequestBuilder) -> RequestBuilder {
        match self.credentials_for(url) {
            Some(credentials) => credentials.add_to(request),
            None => request,
        }
    }

    /// A request with a long body; send it with [`Client::send_upload`].
    pub(crate) fn upload(&self, method: Method, url: &Url) -> RequestBuilder {
        self.with_credentials_for(url, self.uploads.request(method, url.clone()))
    }

    /// Sends an upload and expects success. It may take as long as `sent`, the number of bytes on their way, grows.
    ///
    /// # Errors
    /// As [`Client::send`]; also when nothing moves any more.
    pub(crate) async fn send_upload(&self, request: RequestBuilder, sent: &AtomicU64) -> Result<Response> {
        let mut sending = std::pin::pin!(self.send(request));
        let mut before = 0;
        loop {
            if let Ok(result) = tokio::time::timeout(self.patience, &mut sending).await {
                return result;
            }
            let now = sent.load(Ordering::Relaxed);
            if now == before {
                bail!("the server took nothing and answered nothing for {} seconds", self.patience.as_secs());
            }
            before = now;
        }
    }

    /// Sends a request and expects success.
    ///
    /// # Errors
    /// The server cannot be reached or refuses.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Response> {
        let response = request.send().await.map_err(|error| explain_transport(&error))?;
        if response.status().is_redirection()
            && let Some(location) = response.headers().get(LOCATION)
        {
            let location = String::from_utf8_lossy(location.as_bytes()).into_owned();
            bail!("the server moved to {location}: use that address");
        }
        expect_success(response).await
    }

    /// Gets a URL, following redirects; credentials go only where they belong.
    ///
    /// # Errors
    /// The server cannot be reached or refuses, or redirects too often or from https to http.
    pub(crate) async fn get(&self, url: &Url) -> Result<Response> {
        let mut url = url.clone();
        for _ in 0..=MOST_REDIRECTS {
            let response =
                self.request(Method::GET, &url).send().await.map_err(|error| explain_transport(&error))?;
            let Some(location) = redirect_target(&response) else {
                return expect_success(response).await;
            };
            let next =
                url.join(&location).with_context(|| format!("{url} redirects to {location:?}, no URL"))?;
            if url.scheme() == "https" && next.scheme() != "https" {
                bail!("{url} redirects to {next}, which is not https: not followed");
            }
            url = next;
        }
        bail!("{url}: more than {MOST_REDIRECTS} redirects")
    }

    /// Gets a whole body of at most `limit` bytes.
    ///
    /// # Errors
    /// As [`Client::get`], and for a larger body.
    pub(crate) async fn get_bytes(&self, url: &Url, limit: usize) -> Result<Vec<u8>> {
        let mut response = self.get(url).await?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| explain_transport(&error))? {
            body.extend_from_slice(&chunk);
            if body.len() > limit {
                bail!("{url} has more than {limit} bytes");
            }
        }
        Ok(body)
    }

    /// Gets JSON.
    ///
    /// # Errors
    /// As [`Client::get`], and for an answer of another shape.
    pub(crate) async fn get_json<T: DeserializeOwned>(&self, url: &Url) -> Result<T> {
        read_json(self.get(url).await?).await
    }

    /// Sends JSON and reads JSON.
    ///
    /// # Errors
    /// As [`Client::send`], and for an answer of another shape.
    pub(crate) async fn send_json<T: DeserializeOwned>(
        &self,
        method: Method,
        url: &Url,
        body: &impl Serialize,
    ) -> Result<T> {
        self.send_for_json(self.request(method, url).json(body)).await
    }

    /// Sends a request and reads JSON.
    ///
    /// # Errors
    /// As [`Client::send`], and for an answer of another shape.
    pub(crate) async fn send_for_json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T> {
        read_json(self.send(request).await?).await
    }

    /// Deletes a thing.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub(crate) async fn delete(&self, url: &Url) -> Result<()> {
        self.send(self.request(Method::DELETE, url)).await.map(drop)
    }

    /// The address of something in the REST API.
    ///
    /// # Errors
    /// As [`Client::server`].
    pub(crate) fn api(&self, segments: &[&str]) -> Result<Url> {
        let full: Vec<&str> = ["api", "v1"].into_iter().chain(segments.iter().copied()).collect();
        Ok(self.server()?.below(&full))
    }

    /// Gets all pages of a list.
    ///
    /// # Errors
    /// As [`Client::get_json`].
    pub(crate) async fn list<T: DeserializeOwned>(&self, segments: &[&str]) -> Result<Vec<T>> {
        self.list_at(&self.api(segments)?).await
    }

    /// As [`Client::list`], of an address that may have filters.
    ///
    /// # Errors
    /// As [`Client::get_json`].
    pub(crate) async fn list_at<T: DeserializeOwned>(&self, base: &Url) -> Result<Vec<T>> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let mut url = base.clone();
            url.query_pairs_mut().append_pair("limit", "500");
            if let Some(cursor) = &cursor {
                url.query_pairs_mut().append_pair("cursor", cursor);
            }
            let page: Page<T> = self.get_json(&url).await?;
            items.extend(page.items);
            match page.next {
                Some(next) if Some(&next) != cursor.as_ref() => cursor = Some(next),
                _ => return Ok(items),
            }
        }
    }
}

/// Whether a URL is on a server, that is, has its origin and lies below its root.
fn is_below(url: &Url, server: &ServerAddress) -> bool {
    let path = format!("{}/", url.path().trim_end_matches('/'));
    server.origin() == Origin::of(url) && path.starts_with(server.root().path())
}

fn redirect_target(response: &Response) -> Option<String> {
    if !response.status().is_redirection() {
        return None;
    }
    response.headers().get(LOCATION)?.to_str().ok().map(str::to_owned)
}

async fn read_json<T: DeserializeOwned>(response: Response) -> Result<T> {
    let url = response.url().clone();
    let body = response.bytes().await.map_err(|error| explain_transport(&error))?;
    serde_json::from_slice(&body)
        .with_context(|| format!("{url} did not answer as a Chandlery server does; is the address right?"))
}

fn patience(arguments: &ClientArguments) -> Duration {
    Duration::from_secs(arguments.timeout.max(1))
}

fn build_http(arguments: &ClientArguments, read_timeout: Option<Duration>) -> Result<reqwest::Client> {
    let mut extra = Vec::new();
    if let Some(path) = &arguments.ca_file {
        let pem = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        extra = reqwest::Certificate::from_pem_bundle(&pem)
            .ok()
            .filter(|bundle| !bundle.is_empty())
            .with_context(|| format!("{} has no certificate in PEM form", path.display()))?;
    }
    let builder = || {
        let builder = reqwest::Client::builder()
            .user_agent(concat!("chandlery/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT);
        match read_timeout {
            Some(limit) => builder.read_timeout(limit),
            None => builder,
        }
    };
    let verified = builder()
        .tls_certs_merge(extra)
        .tls_danger_accept_invalid_certs(arguments.insecure_skip_tls_verify)
        .build();
    // A system without any certificate authority (a container from scratch) still speaks http, and https fails with
    // a clear error of its own.
    verified.or_else(|_| {
        let config = rustls::ClientConfig::builder()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        builder().tls_backend_preconfigured(config).build().context("cannot set up the HTTP client")
    })
}

/// Says what is behind a failed request without reqwest's wrapping.
pub(crate) fn explain_transport(error: &reqwest::Error) -> anyhow::Error {
    let url = error.url().map_or_else(|| "the server".to_owned(), ToString::to_string);
    if error.is_timeout() {
        return anyhow!("{url} did not answer in time; raise --timeout if it is slow");
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let advice = if error.is_connect() { "; is the address right, and does the server run?" } else { "" };
    anyhow!("cannot talk to {url}: {cause}{advice}")
}

#[cfg(test)]
mod tests {
    use super::logins::Login;
    use super::*;

    fn client(server: &str, credentials: bool, logins: &[(&str, &str)]) -> Client {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let server = ServerAddress::parse(server).unwrap();
        let mut stored = Logins::default();
        for (address, token) in logins {
            let login =
                Login { account: "a".to_owned(), token_name: "n".to_owned(), token: (*token).to_owned() };
            stored.add(&ServerAddress::parse(address).unwrap(), login);
        }
        Client {
            http: build_http(&ClientArguments::default(), None).unwrap(),
            uploads: build_http(&ClientArguments::default(), None).unwrap(),
            patience: Duration::from_secs(1),
            credentials: credentials.then(|| (server.origin(), Credentials::Token("env".to_owned()))),
            server: Some(server),
            logins: stored,
        }
    }

    #[test]
    fn credentials_go_only_where_they_belong() {
        let client = client(
            "https://c.example/ctx",
            true,
            &[("https://d.example/x", "d"), ("http://e.example:8080", "e")],
        );
        let cases = [
            ("https://c.example/ctx/a", Some("env")),
            ("https://c.example:443/other", Some("env")),
            ("http://c.example/ctx/a", None),
            ("https://c.example:8443/ctx/a", None),
            ("https://c.example.evil.example/ctx", None),
            ("https://d.example/x", Some("d")),
            ("https://d.example/x/y", Some("d")),
            ("https://d.example/xy", None),
            ("https://d.example/", None),
            ("http://e.example:8080/charts/a.tgz", Some("e")),
            ("http://e.example/charts/a.tgz", None),
        ];
        for (url, expected) in cases {
            let found = client.credentials_for(&Url::parse(url).unwrap());
            assert_eq!(found, expected.map(|token| Credentials::Token(token.to_owned())), "{url}");
        }
    }

    #[test]
    fn a_repository_url_on_a_known_server_uses_its_context_path() {
        let client = client("https://c.example/ctx", false, &[]);
        let api = |url: &str| {
            let target = RepositoryTarget::parse(url).unwrap();
            client.repository(&target).unwrap().api.to_string()
        };
        assert_eq!(api("https://c.example/ctx/team/charts"), "https://c.example/ctx/api/team/charts");
        assert_eq!(api("https://other.example/ctx/team"), "https://other.example/api/ctx/team");
        assert_eq!(api("default"), "https://c.example/ctx/api");
    }
}
