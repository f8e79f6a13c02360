//! Reading URLs that somebody else wrote.

use std::net::IpAddr;

use reqwest::Url;

use super::{AllowList, Credentials, OutboundError, Result};

/// The longest URL that is read, in bytes: what servers accept at most.
const MAX_URL_LENGTH: usize = 8 << 10;

/// A URL without user information that may be asked for, as far as its text tells.
pub(super) struct Target {
    pub(super) url: Url,
    /// What stood before the `@`.
    pub(super) credentials: Option<Credentials>,
}

/// Reads a URL. The address behind a name is not checked here.
pub(super) fn parse(text: &str, allowed: &AllowList) -> Result<Target> {
    check_spelling(text)?;
    let url = Url::parse(text).map_err(|error| OutboundError::url(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(OutboundError::url("it must begin with https:// or http://"));
    }
    check_spelling_of_address(text, &url)?;
    check_literal(&url, allowed)?;
    lift_credentials(url)
}

/// The URL standard repairs much that has no place in a setting and that other readers understand differently.
fn check_spelling(text: &str) -> Result<()> {
    if text.len() > MAX_URL_LENGTH {
        return Err(OutboundError::url(format!("it is longer than {MAX_URL_LENGTH} bytes")));
    }
    if text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\') {
        return Err(OutboundError::url("it holds white space, control characters or backslashes"));
    }
    let after_scheme = text.split_once(':').map(|(_, rest)| rest);
    if after_scheme.is_some_and(|rest| !rest.starts_with("//") || rest.starts_with("///")) {
        return Err(OutboundError::url("two slashes and a host must follow the scheme"));
    }
    Ok(())
}

/// Refuses `http://2130706433`, `http://0x7f.1`, `http://0177.0.0.1`, `http://127.1` and the like: whoever means an
/// address writes it as one.
fn check_spelling_of_address(text: &str, url: &Url) -> Result<()> {
    let Some(IpAddr::V4(address)) = literal_address(url) else { return Ok(()) };
    let rest = text.split_once("//").map_or(text, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host_and_port = authority.rsplit('@').next().unwrap_or(authority);
    let host = host_and_port.split(':').next().unwrap_or(host_and_port);
    if host == address.to_string() {
        return Ok(());
    }
    Err(OutboundError::url(format!("write the address as {address}")))
}

/// Checks a host that is an address: no resolver sees it.
fn check_literal(url: &Url, allowed: &AllowList) -> Result<()> {
    let Some(address) = literal_address(url) else { return Ok(()) };
    let host = url.host_str().unwrap_or_default().to_owned();
    allowed.check(address).map_err(|kind| OutboundError::AddressRefused { host, address, kind })
}

fn literal_address(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn lift_credentials(mut url: Url) -> Result<Target> {
    let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().map(String::from).ok();
    let (user, password) = (decode(url.username()), decode(url.password().unwrap_or_default()));
    let (Some(user), Some(password)) = (user, password) else {
        return Err(OutboundError::url("its user name and password are not UTF-8"));
    };
    let credentials = (!user.is_empty() || !password.is_empty()).then(|| Credentials::basic(user, password));
    let removed = url.set_username("").and_then(|()| url.set_password(None));
    removed.map_err(|()| OutboundError::url("it has no host"))?;
    Ok(Target { url, credentials })
}

/// `scheme://host:port`, the port only where it is not the scheme's own.
pub(super) fn origin(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    }
}

/// Where a redirect leads from `url`.
pub(super) fn redirect(url: &Url, location: &[u8], allowed: &AllowList) -> Result<Url> {
    let from = origin(url);
    let refuse =
        |reason: &str| OutboundError::url(format!("{from} redirects to one that is refused: {reason}"));
    let location = str::from_utf8(location).ok().filter(|location| location.is_ascii());
    let location = location.ok_or_else(|| refuse("it is not ASCII"))?;
    let joined = url.join(location).map_err(|error| refuse(&error.to_string()))?;
    // A location that names a host is read as strictly as a URL of a setting; a path is what was joined.
    let is_absolute = location.contains("//") && Url::parse(location).is_ok();
    let text = if is_absolute { location } else { joined.as_str() };
    let target = parse(text, allowed).map_err(|error| match error {
        OutboundError::Url { reason } => refuse(&reason),
        other => other,
    })?;
    if target.credentials.is_some() {
        return Err(refuse("it holds a user name or password"));
    }
    if url.scheme() == "https" && target.url.scheme() == "http" {
        return Err(refuse("it leads from https to http"));
    }
    Ok(target.url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read() {
        let cases = [
            ("https://example.org", "https://example.org/", "https://example.org"),
            ("HTTP://Example.ORG:80/a?b=c", "http://example.org/a?b=c", "http://example.org"),
            ("https://example.org:8443/%2e", "https://example.org:8443/", "https://example.org:8443"),
            ("https://8.8.8.8/", "https://8.8.8.8/", "https://8.8.8.8"),
            ("https://[2606:4700::1111]/", "https://[2606:4700::1111]/", "https://[2606:4700::1111]"),
            ("http://127.0.0.1:99/x", "http://127.0.0.1:99/x", "http://127.0.0.1:99"),
            ("https://bücher.example/", "https://xn--bcher-kva.example/", "https://xn--bcher-kva.example"),
        ];
        let allowed = "127.0.0.0/8".parse().unwrap();
        for (text, url, from) in cases {
            let target = parse(text, &allowed).unwrap();
            assert_eq!((target.url.as_str(), origin(&target.url).as_str()), (url, from), "{text}");
            assert!(target.credentials.is_none());
        }
    }

    #[test]
    fn user_information_becomes_credentials() {
        let target = parse("https://us%40er:p%3Aw@example.org/x", &AllowList::default()).unwrap();
        assert_eq!(target.url.as_str(), "https://example.org/x");
        assert_eq!(target.credentials, Some(Credentials::basic("us@er".to_owned(), "p:w".to_owned())));
        assert!(parse("https://%ff@example.org/", &AllowList::default()).is_err());
    }

    #[test]
    fn what_is_refused() {
        let cases = [
            ("", "url"),
            ("example.org", "url"),
            ("ftp://example.org/", "url"),
            ("file:///etc/passwd", "url"),
            ("gopher://example.org/", "url"),
            ("data:text/plain,x", "url"),
            ("https:/example.org", "url"),
            ("https:example.org", "url"),
            ("https:///example.org", "url"),
            ("https://", "url"),
            ("https://example.org:99999/", "url"),
            (" https://example.org", "url"),
            ("https://exam\tple.org", "url"),
            ("https://example.org/\r\nx-y: z", "url"),
            ("https:\\\\example.org", "url"),
            ("https://example.org\\@10.0.0.1/", "url"),
            // Odd spellings of 127.0.0.1, of a public address, and digits that look like others.
            ("http://2130706433/", "url"),
            ("http://0x7f000001/", "url"),
            ("http://0177.0.0.1/", "url"),
            ("http://0x7f.1/", "url"),
            ("http://127.1/", "url"),
            ("http://127.0.0.1./", "url"),
            ("http://user@127.1/", "url"),
            ("http://8.8.2056/", "url"),
            ("http://①②⑦.0.0.1/", "url"),
            ("http://%31%32%37.0.0.1/", "url"),
            ("http://1.2.3.4.5/", "url"),
            ("http://[fe80::1%25eth0]/", "url"),
            ("http://127.0.0.1/", "address_refused"),
            ("http://user:pass@127.0.0.1/", "address_refused"),
            ("http://169.254.169.254/latest/meta-data/", "address_refused"),
            ("http://10.0.0.1/", "address_refused"),
            ("http://0.0.0.0/", "address_refused"),
            ("http://[::1]/", "address_refused"),
            ("http://[::]/", "address_refused"),
            ("http://[::ffff:127.0.0.1]/", "address_refused"),
            ("http://[::ffff:a00:1]/", "address_refused"),
            ("http://[64:ff9b::a9fe:a9fe]/", "address_refused"),
            ("http://[fd00:ec2::254]/", "address_refused"),
        ];
        for (text, stage) in cases {
            let error = parse(text, &AllowList::default()).err().unwrap_or_else(|| panic!("{text} is read"));
            assert_eq!(error.stage(), stage, "{text}: {error}");
        }
    }

    #[test]
    fn texts_hold_no_secrets() {
        for text in ["https://u:hunter2@127.0.0.1/hunter2", "https://u:hunter2@h:hunter2/", "hunter2://x"] {
            let error = parse(text, &AllowList::default()).err().unwrap();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn redirects() {
        let from = Url::parse("https://example.org/a/b?c").unwrap();
        let read = |location: &str| redirect(&from, location.as_bytes(), &AllowList::default());
        let cases = [
            ("d", "https://example.org/a/d"),
            ("/d", "https://example.org/d"),
            ("?e", "https://example.org/a/b?e"),
            ("//other.example/x", "https://other.example/x"),
            ("https://other.example/x", "https://other.example/x"),
            ("/x?to=http://y", "https://example.org/x?to=http://y"),
        ];
        for (location, url) in cases {
            assert_eq!(read(location).unwrap().as_str(), url, "{location}");
        }
        let refused = [
            ("http://example.org/", "from https to http"),
            ("file:///etc/passwd", "two slashes"),
            ("ftp://example.org/", "must begin with"),
            ("\u{e9}", "not ASCII"),
            ("javascript:alert(1)", "two slashes"),
            ("https://u:p@other.example/", "user name or password"),
            ("//u:p@other.example/", "user name or password"),
            ("https://2130706433/", "write the address as"),
            ("https://169.254.169.254/", "metadata"),
            ("//[::1]/", "loopback"),
            ("//10.1/", "a private address"),
        ];
        for (location, reason) in refused {
            let error = read(location).unwrap_err().to_string();
            assert!(error.contains(reason), "{location}: {error}");
        }
    }
}
