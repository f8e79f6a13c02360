//! What an operator sets, and what one request may need.

use std::fmt;
use std::time::Duration;

use chandlery_core::Secret;

use super::AllowList;

/// What holds for every exchange of one [`super::Outbound`].
#[derive(Clone, Debug)]
pub struct OutboundSettings {
    /// Which addresses besides the public ones may be reached; none unless the operator lists them.
    pub allowed: AllowList,
    /// Proxies to go through; none unless the operator names them.
    pub proxies: Proxies,
    /// How long a connection may take, with its name resolution and TLS.
    pub connect_timeout: Duration,
    /// The limits of a request that sets none.
    pub limits: Limits,
}

impl Default for OutboundSettings {
    fn default() -> Self {
        Self {
            allowed: AllowList::default(),
            proxies: Proxies::default(),
            connect_timeout: Duration::from_secs(10),
            limits: Limits::default(),
        }
    }
}

/// What one exchange may cost at most, redirects included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the first name resolution to the last byte.
    pub total: Duration,
    /// Bytes of the body of the answer, as they come over the connection: nothing is decompressed.
    pub body: u64,
    /// Bytes of the names and values of the answer's headers.
    pub headers: u64,
    /// How often a `GET` or `HEAD` follows a redirect. Other methods never do.
    pub redirects: u32,
}

impl Default for Limits {
    /// 60 s, 16 MiB, 64 KiB of headers, 5 redirects.
    fn default() -> Self {
        Self { total: Duration::from_secs(60), body: 16 << 20, headers: 64 << 10, redirects: 5 }
    }
}

/// Through which proxies requests go. No environment variable is read unless [`Proxies::from_environment`] is called.
///
/// The proxy's own host is the operator's and may have any address. Hosts behind a proxy are checked as far as this
/// machine can resolve them; a name that only the proxy knows is left to the proxy and its rules.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// For `http://` URLs: `http://proxy:3128`, with user information if it asks for some.
    pub http: Option<String>,
    /// For `https://` URLs, by `CONNECT`.
    pub https: Option<String>,
    /// What goes directly, as `NO_PROXY` lists it: names with their subdomains, addresses, ranges, `*`.
    pub except: String,
}

impl Proxies {
    /// What `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` say, in upper or lower case.
    #[must_use]
    pub fn from_environment() -> Self {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    fn from_variables(read: impl Fn(&str) -> Option<String>) -> Self {
        let first =
            |names: [&str; 2]| names.into_iter().find_map(|name| read(name).filter(|text| !text.is_empty()));
        let all = first(["ALL_PROXY", "all_proxy"]);
        Self {
            http: first(["HTTP_PROXY", "http_proxy"]).or_else(|| all.clone()),
            https: first(["HTTPS_PROXY", "https_proxy"]).or(all),
            except: first(["NO_PROXY", "no_proxy"]).unwrap_or_default(),
        }
    }
}

impl fmt::Debug for Proxies {
    /// The URLs hold passwords.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |proxy: &Option<String>| proxy.as_ref().map(|_| "…");
        let (http, https) = (shown(&self.http), shown(&self.https));
        formatter.debug_struct("Proxies").field("http", &http).field("https", &https).finish_non_exhaustive()
    }
}

/// How to trust a server, and how to prove who we are. The default trusts the authorities of the system and shows no
/// certificate.
#[derive(Clone, Debug, Default)]
pub struct TlsSettings {
    /// Certificate authorities to trust besides the system's, PEM.
    pub authorities: Option<Vec<u8>>,
    /// A certificate chain and its private key to show, PEM, one after the other. It is shown to the scheme, host and
    /// port of the request only, not to where that redirects.
    pub identity: Option<Secret>,
    /// Trust whoever answers. For tests of a set-up, never for what matters.
    pub skip_verification: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_proxies() {
        let read = |set: &[(&str, &str)]| {
            Proxies::from_variables(|name| {
                set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(read(&[]), Proxies::default());
        let proxies =
            read(&[("ALL_PROXY", "http://all"), ("HTTPS_PROXY", ""), ("http_proxy", "http://one:two@h")]);
        assert_eq!(proxies.http.as_deref(), Some("http://one:two@h"));
        assert_eq!(proxies.https.as_deref(), Some("http://all"));
        assert!(!format!("{proxies:?}").contains("two"));
        assert_eq!(read(&[("no_proxy", "a,b")]).except, "a,b");
    }
}
