//! URLs taken apart and put together, as Go's `net/url` does.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;

use super::support::made;
use crate::error::Error;
use crate::exec::Call;
use crate::format::quote;
use crate::functions::Functions;
use crate::value::{Map, MapType, Text, Value};

pub(super) fn add(functions: &mut Functions) {
    functions.add("urlParse", url_parse);
    functions.add("urlJoin", url_join);
}

/// A part of a URL, with the characters that stand for themselves in it beside letters, digits and `-_.~`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Part {
    plain: &'static [u8],
    is_host: bool,
}

const PATH: Part = Part { plain: b"$&+,/:;=@", is_host: false };
const USER: Part = Part { plain: b"$&+,;=", is_host: false };
const FRAGMENT: Part = Part { plain: b"$&+,/:;=?@!()*", is_host: false };
const HOST: Part = Part { plain: b"!$&'()*+,;=:[]<>\"", is_host: true };

impl Part {
    fn must_escape(self, byte: u8) -> bool {
        !(byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || self.plain.contains(&byte))
    }

    fn escape(self, text: &[u8]) -> Vec<u8> {
        let mut escaped = Vec::with_capacity(text.len());
        for &byte in text {
            if self.must_escape(byte) {
                escaped.extend_from_slice(format!("%{byte:02X}").as_bytes());
            } else {
                escaped.push(byte);
            }
        }
        escaped
    }

    fn unescape(self, text: &[u8]) -> Result<Vec<u8>, String> {
        let mut plain = Vec::with_capacity(text.len());
        let mut at = 0;
        while let Some(&byte) = text.get(at) {
            if byte != b'%' {
                if self.is_host && byte.is_ascii() && self.must_escape(byte) {
                    return Err(format!("invalid character {} in host name", quote(&[byte])));
                }
                plain.push(byte);
                at += 1;
                continue;
            }
            let escape = &text[at..text.len().min(at + 3)];
            let value =
                hex_escape(escape).filter(|value| !(self.is_host && *value < 0x80 && escape != b"%25"));
            plain.push(value.ok_or_else(|| format!("invalid URL escape {}", quote(escape)))?);
            at += 3;
        }
        Ok(plain)
    }
}

/// The byte that `%` and two digits stand for.
fn hex_escape(escape: &[u8]) -> Option<u8> {
    let [b'%', high, low] = escape else { return None };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[derive(Debug, Default)]
struct Url {
    scheme: Vec<u8>,
    opaque: Vec<u8>,
    /// As it is printed: escaped.
    user: Option<Vec<u8>>,
    host: Vec<u8>,
    path: Vec<u8>,
    query: Vec<u8>,
    fragment: Vec<u8>,
}

/// The parts before and after the first separator; without one, all is before it.
fn cut(text: &[u8], separator: u8) -> (&[u8], &[u8]) {
    match memchr::memchr(separator, text) {
        Some(place) => (&text[..place], &text[place + 1..]),
        None => (text, &[]),
    }
}

impl Url {
    fn parse(text: &[u8]) -> Result<Self, String> {
        let failed = |text: &[u8], reason| format!("parse {}: {reason}", quote(text));
        let (before, fragment) = cut(text, b'#');
        let mut url = Self::parse_without_fragment(before).map_err(|reason| failed(before, reason))?;
        url.fragment = FRAGMENT.unescape(fragment).map_err(|reason| failed(text, reason))?;
        Ok(url)
    }

    fn parse_without_fragment(text: &[u8]) -> Result<Self, String> {
        if text.iter().any(|byte| *byte < b' ' || *byte == 0x7F) {
            return Err("net/url: invalid control character in URL".to_owned());
        }
        if text == b"*" {
            return Ok(Self { path: b"*".to_vec(), ..Self::default() });
        }
        let (scheme, rest) = scheme(text)?;
        let mut url = Self { scheme: scheme.to_ascii_lowercase(), ..Self::default() };
        let (rest, query) = cut(rest, b'?');
        url.query = query.to_vec();
        if !rest.starts_with(b"/") {
            if !url.scheme.is_empty() {
                url.opaque = rest.to_vec();
                return Ok(url);
            }
            if cut(rest, b'/').0.contains(&b':') {
                return Err("first path segment in URL cannot contain colon".to_owned());
            }
        }
        let path = match rest.strip_prefix(b"//") {
            Some(authority) if !url.scheme.is_empty() || !authority.starts_with(b"/") => {
                let end = memchr::memchr(b'/', authority).unwrap_or(authority.len());
                url.set_authority(&authority[..end])?;
                &authority[end..]
            }
            _ => rest,
        };
        url.path = PATH.unescape(path)?;
        Ok(url)
    }

    fn set_authority(&mut self, authority: &[u8]) -> Result<(), String> {
        let (user, host) = match memchr::memrchr(b'@', authority) {
            Some(place) => (Some(&authority[..place]), &authority[place + 1..]),
            None => (None, authority),
        };
        self.host = host_name(&self.scheme, host)?;
        self.user = user.map(user_info).transpose()?;
        Ok(())
    }

    fn print(&self) -> Vec<u8> {
        let mut printed = Vec::new();
        if !self.scheme.is_empty() {
            printed.extend_from_slice(&self.scheme);
            printed.push(b':');
        }
        if self.opaque.is_empty() {
            self.print_hierarchy(&mut printed);
        } else {
            printed.extend_from_slice(&self.opaque);
        }
        if !self.query.is_empty() {
            printed.push(b'?');
            printed.extend_from_slice(&self.query);
        }
        if !self.fragment.is_empty() {
            printed.push(b'#');
            printed.extend(FRAGMENT.escape(&self.fragment));
        }
        printed
    }

    fn print_hierarchy(&self, printed: &mut Vec<u8>) {
        if !self.host.is_empty() || self.user.is_some() || !self.scheme.is_empty() && !self.path.is_empty() {
            printed.extend_from_slice(b"//");
            if let Some(user) = &self.user {
                printed.extend_from_slice(user);
                printed.push(b'@');
            }
            printed.extend(HOST.escape(&self.host));
        }
        let path = if self.path == b"*" { b"*".to_vec() } else { PATH.escape(&self.path) };
        if !path.is_empty() && path[0] != b'/' && !self.host.is_empty() {
            printed.push(b'/');
        }
        if printed.is_empty() && cut(&path, b'/').0.contains(&b':') {
            printed.extend_from_slice(b"./");
        }
        printed.extend(path);
    }
}

/// The scheme, empty when there is none, and what comes after it.
fn scheme(text: &[u8]) -> Result<(&[u8], &[u8]), String> {
    let end = text.iter().position(|byte| !(byte.is_ascii_alphanumeric() || b"+-.".contains(byte)));
    match end {
        Some(0) if text[0] == b':' => Err("missing protocol scheme".to_owned()),
        Some(end) if text[end] == b':' && text[0].is_ascii_alphabetic() => {
            Ok((&text[..end], &text[end + 1..]))
        }
        _ => Ok((&[], text)),
    }
}

/// User and password, checked and escaped anew.
fn user_info(text: &[u8]) -> Result<Vec<u8>, String> {
    if !text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(byte)) {
        return Err("net/url: invalid userinfo".to_owned());
    }
    let (name, password) = cut(text, b':');
    let mut escaped = USER.escape(&USER.unescape(name)?);
    if text.contains(&b':') {
        escaped.push(b':');
        escaped.extend(USER.escape(&USER.unescape(password)?));
    }
    Ok(escaped)
}

fn host_name(scheme: &[u8], host: &[u8]) -> Result<Vec<u8>, String> {
    match memchr::memrchr(b'[', host) {
        Some(0) => return bracketed_host(host),
        Some(_) => return Err("invalid IP-literal".to_owned()),
        None => {}
    }
    let is_web = scheme == b"http" || scheme == b"https";
    let colon = if is_web { memchr::memchr(b':', host) } else { memchr::memrchr(b':', host) };
    if let Some(colon) = colon {
        check_port(&host[colon..])?;
    }
    HOST.unescape(host)
}

/// Nothing, or a colon and digits.
fn check_port(text: &[u8]) -> Result<(), String> {
    match text {
        [] => Ok(()),
        [b':', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => Ok(()),
        _ => Err(format!("invalid port {} after host", quote(text))),
    }
}

/// `[::1]:80`, with a zone perhaps.
fn bracketed_host(host: &[u8]) -> Result<Vec<u8>, String> {
    let end = memchr::memrchr(b']', host).ok_or("missing ']' in host")?;
    check_port(&host[end + 1..])?;
    let name = &host[1..end];
    let zone_place = name.windows(3).position(|escape| escape == b"%25").unwrap_or(name.len());
    let mut plain = HOST.unescape(&name[..zone_place])?;
    plain.extend(unescape_zone(&name[zone_place..])?);
    check_address(&plain)?;
    Ok([b"[", &*plain, b"]", &host[end + 1..]].concat())
}

/// In a zone anything that a host could hold may be escaped too.
fn unescape_zone(zone: &[u8]) -> Result<Vec<u8>, String> {
    let mut plain = Vec::with_capacity(zone.len());
    let mut at = 0;
    while let Some(&byte) = zone.get(at) {
        if byte != b'%' {
            if byte.is_ascii() && HOST.must_escape(byte) {
                return Err(format!("invalid character {} in host name", quote(&[byte])));
            }
            plain.push(byte);
            at += 1;
            continue;
        }
        let escape = &zone[at..zone.len().min(at + 3)];
        let value =
            hex_escape(escape).filter(|&value| escape == b"%25" || value == b' ' || !HOST.must_escape(value));
        plain.push(value.ok_or_else(|| format!("invalid URL escape {}", quote(escape)))?);
        at += 3;
    }
    Ok(plain)
}

/// Is it an IPv6 address?
fn check_address(address: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(address);
    let (number, zone) = text.split_once('%').map_or((&*text, None), |(number, zone)| (number, Some(zone)));
    if number.parse::<std::net::Ipv4Addr>().is_ok() && zone.is_none() {
        return Err("invalid IP-literal".to_owned());
    }
    if number.parse::<Ipv6Addr>().is_err() || zone == Some("") {
        let reason = if zone == Some("") { "zone must be a non-empty string" } else { "unable to parse IP" };
        return Err(format!("invalid host: ParseAddr({}): {reason}", quote(address)));
    }
    Ok(())
}

/// The host without port and brackets.
fn without_port(host: &[u8]) -> &[u8] {
    let digits = host.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let name = host[..host.len() - digits].strip_suffix(b":").unwrap_or(host);
    match name {
        [b'[', inner @ .., b']'] => inner,
        _ => name,
    }
}

fn url_parse(call: &mut Call<'_>, text: Text) -> Result<Map, Error> {
    let url = Url::parse(&text).map_err(|reason| Error::message(format!("unable to parse url: {reason}")))?;
    call.budget().claim(text.len().saturating_mul(4))?;
    let hostname = without_port(&url.host).to_vec();
    let parts = [
        ("scheme", url.scheme),
        ("host", url.host),
        ("hostname", hostname),
        ("path", url.path),
        ("query", url.query),
        ("opaque", url.opaque),
        ("fragment", url.fragment),
        ("userinfo", url.user.unwrap_or_default()),
    ];
    let entries: BTreeMap<_, _> =
        parts.into_iter().map(|(key, part)| (key.into(), Text::from(part).into())).collect();
    Ok(Map::of(MapType::Any, entries))
}

fn url_join(call: &mut Call<'_>, parts: Map) -> Result<Text, Error> {
    let part = |key| text_part(&parts, key);
    let mut url = Url {
        scheme: part("scheme")?,
        host: part("host")?,
        path: part("path")?,
        query: part("query")?,
        opaque: part("opaque")?,
        fragment: part("fragment")?,
        user: None,
    };
    let user = part("userinfo")?;
    if !user.is_empty() {
        let whole = [b"proto://", &*user, b"@host"].concat();
        let parsed = Url::parse(&whole);
        let parsed =
            parsed.map_err(|reason| Error::message(format!("unable to parse userinfo in dict: {reason}")))?;
        url.user = parsed.user;
    }
    made(call, url.print())
}

/// The text of a key, empty when it is missing.
fn text_part(parts: &Map, key: &str) -> Result<Vec<u8>, Error> {
    match parts.get(key.as_bytes()) {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(text.to_vec()),
        Some(Value::Nil) => Err(Error::message(super::support::NIL_DEREFERENCE)),
        Some(other) => Err(Error::message(format!(
            "unable to parse {key} key, must be of type string, but {} found",
            other.kind()
        ))),
    }
}
