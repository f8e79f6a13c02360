//! The console's cookie: its name, its limits, and which requests it counts for.

use chandlery_core::{Error, Result};
use http::{HeaderMap, HeaderValue, Method, Uri, header};

use crate::config::Config;

/// What the console's requests carry instead of an `Authorization` header.
#[derive(Clone, Debug)]
pub(crate) struct Cookies {
    /// Whether clients come by HTTPS.
    secure: bool,
    /// `scheme://host[:port]` of the address that clients see, if the operator said it.
    public_origin: Option<String>,
}

impl Cookies {
    /// As the configuration says.
    pub(crate) fn new(config: &Config) -> Self {
        let public = config.public_url.as_deref().and_then(|url| url.parse::<Uri>().ok());
        let secure =
            config.tls.is_some() || public.as_ref().is_some_and(|url| url.scheme_str() == Some("https"));
        let public_origin =
            public.and_then(|url| Some(format!("{}://{}", url.scheme_str()?, url.authority()?)));
        Self { secure, public_origin }
    }

    /// The name: with HTTPS one that no other host of the domain can set (RFC 6265bis, cookie name prefixes).
    fn name(&self) -> &'static str {
        if self.secure { "__Host-chandlery" } else { "chandlery" }
    }

    /// The name of the cookie of a login by the identity provider.
    fn attempt_name(&self) -> &'static str {
        if self.secure { "__Host-chandlery-login" } else { "chandlery-login" }
    }

    /// The secret that a request carries.
    pub(crate) fn secret<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        value_of(headers, self.name())
    }

    /// The login by the identity provider that a request carries.
    pub(crate) fn attempt<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        value_of(headers, self.attempt_name())
    }

    /// The header that sets the cookie, or with an empty secret removes it.
    pub(crate) fn header(&self, secret: &str, seconds: i64) -> Result<HeaderValue> {
        self.setting(self.name(), secret, seconds, "Strict")
    }

    /// The same for a login by the identity provider. Its cookie has to come with a browser that another site sends
    /// here, so it is laxer; it opens nothing by itself.
    pub(crate) fn attempt_header(&self, attempt: &str, seconds: i64) -> Result<HeaderValue> {
        self.setting(self.attempt_name(), attempt, seconds, "Lax")
    }

    fn setting(&self, name: &str, value: &str, seconds: i64, same_site: &str) -> Result<HeaderValue> {
        let secure = if self.secure { "; Secure" } else { "" };
        let text =
            format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite={same_site}{secure}");
        HeaderValue::from_str(&text).map_err(Error::internal)
    }

    /// Refuses a request that changes something and does not come from our own pages. Browsers say where one comes from,
    /// and no page can make them say something else.
    pub(crate) fn check_origin(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<()> {
        if method.is_safe() || self.is_own(uri, headers) {
            return Ok(());
        }
        Err(Error::Forbidden(
            "a session changes things only from the console's own pages: use a token elsewhere".to_owned(),
        ))
    }

    fn is_own(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        if let Some(site) = headers.get("sec-fetch-site") {
            return site == "same-origin";
        }
        let Some(origin) = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()) else {
            return false;
        };
        let host = uri.authority().map(http::uri::Authority::as_str);
        let host = host.or_else(|| headers.get(header::HOST)?.to_str().ok());
        let of_host = origin.split_once("://").is_some_and(|(scheme, authority)| {
            matches!(scheme, "http" | "https")
                && host.is_some_and(|host| host.eq_ignore_ascii_case(authority))
        });
        of_host || self.public_origin.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(origin))
    }

    /// Whether the request comes from a browser's page: a challenge for Basic would open its password dialogue there.
    pub(crate) fn is_page(&self, headers: &HeaderMap) -> bool {
        headers.contains_key("sec-fetch-site") || self.secret(headers).is_some()
    }
}

/// The value of a cookie that a request carries.
fn value_of<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    fn cookies(public_url: Option<&str>) -> Cookies {
        let config =
            Config { public_url: public_url.map(ToOwned::to_owned), ..Config::embedded("unused".into()) };
        Cookies::new(&config)
    }

    #[test]
    fn only_own_pages_change_something() {
        let cases: &[(&[(&str, &str)], bool)] = &[
            (&[], false),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "none")], false),
            (
                &[("sec-fetch-site", "cross-site"), ("origin", "https://store.example.org"), ("host", "x")],
                false,
            ),
            (&[("origin", "https://store.example.org"), ("host", "store.example.org")], true),
            (&[("origin", "http://Store.example.org"), ("host", "store.example.org")], true),
            (&[("origin", "https://store.example.org"), ("host", "10.0.0.1:8080")], true),
            (&[("origin", "https://store.example.org:8443"), ("host", "10.0.0.1:8080")], false),
            (&[("origin", "https://evil.example.org"), ("host", "store.example.org")], false),
            (&[("origin", "null"), ("host", "store.example.org")], false),
            (&[("host", "store.example.org")], false),
        ];
        let cookies = cookies(Some("https://store.example.org/ctx"));
        let uri = Uri::from_static("/api/v1/password");
        for (pairs, own) in cases {
            let pairs: Vec<_> = pairs.to_vec();
            let headers: HeaderMap = pairs
                .iter()
                .map(|(name, value)| (name.parse::<header::HeaderName>().unwrap(), value.parse().unwrap()))
                .collect();
            assert_eq!(cookies.check_origin(&Method::PUT, &uri, &headers).is_ok(), *own, "{pairs:?}");
            assert!(cookies.check_origin(&Method::GET, &uri, &headers).is_ok());
        }
    }

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        let plain = cookies(None);
        let found = headers(&[("cookie", "xchandlery=no; chandlery=chs_a; other=b")]);
        assert_eq!(plain.secret(&found), Some("chs_a"));
        assert_eq!(cookies(Some("https://a.example.org")).secret(&found), None);
        let set = cookies(Some("https://a.example.org")).header("chs_a", 5).unwrap();
        let expected = "__Host-chandlery=chs_a; Path=/; Max-Age=5; HttpOnly; SameSite=Strict; Secure";
        assert_eq!(set, expected);
        assert!(!plain.header("chs_a", 5).unwrap().to_str().unwrap().contains("Secure"));
    }
}
