//! Addresses of servers and repositories.

use anyhow::{Result, bail};
use chandlery_core::RepositoryPath;
use reqwest::Url;

use crate::error::usage;

/// What a credential belongs to: scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Origin(String);

impl Origin {
    /// The origin of an http or https URL.
    pub(crate) fn of(url: &Url) -> Self {
        Self(url.origin().ascii_serialization())
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The address of a server: its root, always with a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerAddress(Url);

impl ServerAddress {
    /// Reads `https://HOST[:PORT][/PREFIX]`; a host alone means https.
    ///
    /// # Errors
    /// A usage error if the text is no http or https URL, or has a user, query or fragment.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let full = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let url = parse_http_url(&full)?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(usage(format!("{text:?} is not a server address: leave out '?' and '#'")));
        }
        Ok(Self(with_trailing_slash(url)))
    }

    /// The root.
    pub(crate) fn root(&self) -> &Url {
        &self.0
    }

    /// The address as it is stored and shown: without the trailing slash.
    pub(crate) fn as_key(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// What its credentials belong to.
    pub(crate) fn origin(&self) -> Origin {
        Origin::of(&self.0)
    }

    /// An address below the root, from plain segments.
    pub(crate) fn below(&self, segments: &[&str]) -> Url {
        join_segments(&self.0, segments)
    }
}

/// Appends segments to a URL, escaping what a segment may not have.
pub(crate) fn join_segments(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    url.path_segments_mut().expect("http and https URLs have a path").pop_if_empty().extend(segments);
    url
}

fn with_trailing_slash(mut url: Url) -> Url {
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    url
}

/// Reads an http or https URL without a user in it.
///
/// # Errors
/// A usage error otherwise: a password in a URL ends up in histories, process lists and logs.
pub(crate) fn parse_http_url(text: &str) -> Result<Url> {
    let url = Url::parse(text).map_err(|error| usage(format!("{text:?} is not a URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(usage(format!("{text:?} is not an http or https URL")));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(usage(
            "a URL with a user or password in it is not accepted: use `chandlery login`, or CHANDLERY_USERNAME and \
             CHANDLERY_PASSWORD_FILE",
        ));
    }
    Ok(url)
}

/// Whether an argument is meant as a URL.
pub(crate) fn is_url(text: &str) -> bool {
    text.contains("://")
}

/// A repository as the user names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RepositoryTarget {
    /// The server's default repository.
    Default,
    /// A repository of the server.
    Named(RepositoryPath),
    /// A Helm repository anywhere, without a trailing slash.
    Remote(Url),
}

impl RepositoryTarget {
    /// Reads `default`, `WORKSPACE/REPOSITORY` or a URL.
    ///
    /// # Errors
    /// A usage error for anything else.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        if is_url(text) {
            let mut url = parse_http_url(text)?;
            let path = url.path().trim_end_matches('/').to_owned();
            url.set_path(&path);
            return Ok(Self::Remote(url));
        }
        if text == "default" {
            return Ok(Self::Default);
        }
        text.parse().map(Self::Named).map_err(|error| {
            usage(format!("{error}; name a repository as WORKSPACE/REPOSITORY, `default` or a URL"))
        })
    }
}

/// The addresses of one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RepositoryUrls {
    /// The address for `helm repo add`, without a trailing slash unless it is a root.
    pub(crate) repository: Url,
    /// `…/api/…`, what `charts` and `prov` are below.
    pub(crate) api: Url,
}

impl RepositoryUrls {
    /// The addresses of a repository of `server`.
    pub(crate) fn on_server(server: &ServerAddress, path: Option<&RepositoryPath>) -> Self {
        let segments: Vec<&str> =
            path.map_or_else(Vec::new, |path| vec![path.workspace.as_str(), path.repository.as_str()]);
        let api_segments: Vec<&str> = ["api"].into_iter().chain(segments.iter().copied()).collect();
        Self { repository: server.below(&segments), api: server.below(&api_segments) }
    }

    /// The addresses of a repository known by its URL: the API is below `/api` of the server, after its context path
    /// (ChartMuseum's layout, which is also ours).
    ///
    /// # Errors
    /// The URL is not below the context path.
    pub(crate) fn of_url(url: &Url, context_path: &str) -> Result<Self> {
        let prefix: Vec<&str> = context_path.split('/').filter(|segment| !segment.is_empty()).collect();
        let segments: Vec<&str> = url.path().split('/').filter(|segment| !segment.is_empty()).collect();
        let Some(rest) = segments.strip_prefix(prefix.as_slice()) else {
            bail!("{url} is not below the context path {context_path}");
        };
        let mut api = url.clone();
        api.set_query(None);
        let path: Vec<&str> = prefix.iter().copied().chain(["api"]).chain(rest.iter().copied()).collect();
        // The segments are still escaped as the user wrote them.
        api.set_path(&format!("/{}", path.join("/")));
        Ok(Self { repository: url.clone(), api })
    }

    /// `…/index.yaml`, with the query of the repository's address, as Helm does.
    pub(crate) fn index(&self) -> Url {
        join_segments(&self.repository, &["index.yaml"])
    }

    /// `…/charts/FILE`.
    pub(crate) fn file(&self, name: &str) -> Url {
        join_segments(&self.repository, &["charts", name])
    }

    /// `…/api/…/charts`.
    pub(crate) fn charts(&self) -> Url {
        join_segments(&self.api, &["charts"])
    }

    /// `…/api/…/charts/NAME/VERSION`.
    pub(crate) fn version(&self, name: &str, version: &str) -> Url {
        join_segments(&self.api, &["charts", name, version])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_addresses() {
        let cases = [
            ("https://c.example", Some("https://c.example")),
            ("c.example:8443", Some("https://c.example:8443")),
            ("HTTP://C.example:80/", Some("http://c.example")),
            ("http://c.example/x/", Some("http://c.example/x")),
            ("ftp://c.example", None),
            ("https://u:p@c.example", None),
            ("https://c.example/?a", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let address = ServerAddress::parse(text).ok();
            assert_eq!(address.as_ref().map(ServerAddress::as_key), expected, "{text:?}");
        }
    }

    #[test]
    fn origins_are_scheme_host_and_port() {
        let origin = |text: &str| Origin::of(&Url::parse(text).unwrap());
        assert_eq!(origin("https://a.example/x"), origin("https://A.example:443/y"));
        for other in
            ["http://a.example", "https://a.example:8443", "https://b.a.example", "http://a.example:443"]
        {
            assert_ne!(origin("https://a.example"), origin(other), "{other}");
        }
    }

    #[test]
    fn repositories_have_addresses() {
        let server = ServerAddress::parse("http://h:1/ctx").unwrap();
        let path: RepositoryPath = "team/charts".parse().unwrap();
        let named = RepositoryUrls::on_server(&server, Some(&path));
        assert_eq!(named.index().as_str(), "http://h:1/ctx/team/charts/index.yaml");
        assert_eq!(named.charts().as_str(), "http://h:1/ctx/api/team/charts/charts");
        assert_eq!(named.file("a b+1?.tgz").as_str(), "http://h:1/ctx/team/charts/charts/a%20b+1%3F.tgz");
        let default = RepositoryUrls::on_server(&server, None);
        assert_eq!(default.index().as_str(), "http://h:1/ctx/index.yaml");
        assert_eq!(default.charts().as_str(), "http://h:1/ctx/api/charts");
        let url = Url::parse("http://h/x/org/my%20repo?key=1").unwrap();
        let remote = RepositoryUrls::of_url(&url, "/x").unwrap();
        assert_eq!(remote.index().as_str(), "http://h/x/org/my%20repo/index.yaml?key=1");
        assert_eq!(remote.version("a", "1.0.0").as_str(), "http://h/x/api/org/my%20repo/charts/a/1.0.0");
        assert!(RepositoryUrls::of_url(&url, "/y").is_err());
        let root = RepositoryUrls::of_url(&Url::parse("http://h").unwrap(), "").unwrap();
        assert_eq!(root.charts().as_str(), "http://h/api/charts");
    }

    #[test]
    fn targets() {
        assert_eq!(RepositoryTarget::parse("default").unwrap(), RepositoryTarget::Default);
        assert!(matches!(RepositoryTarget::parse("a/b").unwrap(), RepositoryTarget::Named(_)));
        assert!(matches!(RepositoryTarget::parse("http://h/a/").unwrap(), RepositoryTarget::Remote(_)));
        for bad in ["", "a", "a/b/c", "oci://h/a", "http://u@h/a"] {
            assert!(RepositoryTarget::parse(bad).is_err(), "{bad:?}");
        }
    }
}
