//! Addresses and names of the network.

use std::net::Ipv6Addr;

use super::{Check, fail, only};
use crate::render::go::quote;

/// Four decimals.
pub(super) fn ipv4(text: &str) -> Check {
    let groups: Vec<&str> = text.split('.').collect();
    if groups.len() != 4 {
        return fail("expected four decimals");
    }
    for group in groups {
        if group.len() > 1 && group.starts_with('0') {
            return fail("leading zeros");
        }
        match group.parse::<i64>() {
            Ok(0..=255) => {}
            Ok(_) => return fail("decimal must be between 0 and 255"),
            Err(error) => {
                let is_overflow = matches!(
                    error.kind(),
                    std::num::IntErrorKind::PosOverflow | std::num::IntErrorKind::NegOverflow
                );
                let problem = if is_overflow { "value out of range" } else { "invalid syntax" };
                return Err(format!("strconv.Atoi: parsing {}: {problem}", quote(group)));
            }
        }
    }
    Ok(())
}

/// An IPv6 address without zone.
pub(super) fn ipv6(text: &str) -> Check {
    if !text.contains(':') {
        return fail("missing colon");
    }
    match text.split_once('%') {
        Some((address, zone)) if !zone.is_empty() && address.parse::<Ipv6Addr>().is_ok() => {
            fail("zone id is not a part of ipv6 address")
        }
        _ if text.parse::<Ipv6Addr>().is_ok() => Ok(()),
        _ => Err(format!("ParseAddr({}): unable to parse IP", quote(text))),
    }
}

/// Labels of letters, digits and hyphens.
pub(super) fn hostname(text: &str) -> Check {
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.len() > 253 {
        return fail("more than 253 characters long");
    }
    text.split('.').try_for_each(|label| {
        if !(1..=63).contains(&label.len()) {
            return fail("label must be 1 to 63 characters long");
        }
        if label.starts_with('-') {
            return fail("label starts with hyphen");
        }
        if label.ends_with('-') {
            return fail("label ends with hyphen");
        }
        only(label, |letter| letter.is_ascii_alphanumeric() || letter == '-')
            .map_err(|letter| format!("invalid character {letter}"))
    })
}

/// `local@domain`.
pub(super) fn email(text: &str) -> Check {
    if text.len() > 254 {
        return fail("more than 255 characters long");
    }
    let Some((local, domain)) = text.rsplit_once('@') else { return fail("missing @") };
    if local.len() > 64 {
        return fail("local part more than 64 characters long");
    }
    email_local(local)?;
    match domain.strip_prefix('[').and_then(|domain| domain.strip_suffix(']')) {
        Some(address) => match address.strip_prefix("IPv6:") {
            Some(address) => ipv6(address).map_err(|error| format!("invalid ipv6 address: {error}")),
            None => ipv4(address).map_err(|error| format!("invalid ipv4 address: {error}")),
        },
        None => hostname(domain).map_err(|error| format!("invalid domain: {error}")),
    }
}

fn email_local(local: &str) -> Check {
    if local.len() > 1 && local.starts_with('"') {
        let inner = local.get(1..local.len() - 1).unwrap_or_default();
        let is_quoted = !inner.contains(['\\', '"']);
        return if is_quoted {
            Ok(())
        } else {
            fail("backslash and quote are not allowed within quoted local part")
        };
    }
    if local.starts_with('.') {
        return fail("starts with dot");
    }
    if local.ends_with('.') {
        return fail("ends with dot");
    }
    if local.contains("..") {
        return fail("consecutive dots");
    }
    only(local, |letter| letter.is_ascii_alphanumeric() || ".!#$%&'*+-/=?^_`{|}~".contains(letter))
        .map_err(|letter| format!("invalid character {letter}"))
}

/// The parts of an address that the formats look at.
struct Address<'t> {
    is_absolute: bool,
    path: &'t str,
}

/// Reads an address as Go's `net/url` does.
fn parse_address(text: &str) -> Result<Address<'_>, String> {
    if text.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
        return Err(format!("parse {}: net/url: invalid control character in URL", quote(text)));
    }
    let without_fragment = text.split('#').next().unwrap_or(text);
    let bad = |problem: &str| format!("parse {}: {problem}", quote(without_fragment));
    let Ok((scheme, rest)) = split_scheme(without_fragment) else {
        return Err(bad("missing protocol scheme"));
    };
    let rest = rest.split('?').next().unwrap_or(rest);
    if !rest.starts_with('/') {
        if scheme.is_some() {
            return Ok(Address { is_absolute: true, path: "" });
        }
        if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
            return Err(bad("first path segment in URL cannot contain colon"));
        }
    }
    let mut path = rest;
    if let Some(after) = rest.strip_prefix("//").filter(|_| scheme.is_some() || !rest.starts_with("///")) {
        let end = after.find('/').unwrap_or(after.len());
        check_authority(&after[..end]).map_err(|problem| bad(&problem))?;
        path = &after[end..];
    }
    check_escapes(path).map_err(|problem| bad(&problem))?;
    Ok(Address { is_absolute: scheme.is_some(), path })
}

/// Cuts a scheme off; `Err` for a colon at the start.
fn split_scheme(text: &str) -> Result<(Option<&str>, &str), ()> {
    for (position, letter) in text.char_indices() {
        match letter {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if position > 0 => {}
            ':' if position == 0 => return Err(()),
            ':' => return Ok((Some(&text[..position]), &text[position + 1..])),
            _ => break,
        }
    }
    Ok((None, text))
}

fn check_authority(authority: &str) -> Check {
    let (user, host) = authority.rsplit_once('@').map_or(("", authority), |(user, host)| (user, host));
    let is_user = |letter: char| letter.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(letter);
    if !user.chars().all(is_user) {
        return fail("net/url: invalid userinfo");
    }
    let (name, port) = if host.starts_with('[') {
        let Some(end) = host.rfind(']') else { return fail("missing ']' in host") };
        let inner = &host[1..end];
        ipv6(inner.split('%').next().unwrap_or(inner))
            .map_err(|error| format!("invalid ipv6 address: {error}"))?;
        (&host[..=end], &host[end + 1..])
    } else {
        host.rfind(':').map_or((host, ""), |colon| host.split_at(colon))
    };
    let is_port = port.is_empty()
        || port.strip_prefix(':').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    if !is_port {
        return Err(format!("invalid port {} after host", quote(port)));
    }
    let is_host = |letter: char| {
        letter.is_ascii_alphanumeric() || !letter.is_ascii() || "-_.~!$&'()*+,;=:[]<>\"%".contains(letter)
    };
    match name.chars().find(|letter| !is_host(*letter)) {
        Some(letter) => Err(format!("invalid character {} in host name", quote(&letter.to_string()))),
        None if name.starts_with('[') => Ok(()),
        None => check_escapes(name),
    }
}

/// Refuses a `%` without two digits.
fn check_escapes(text: &str) -> Check {
    for (position, _) in text.match_indices('%') {
        let digits = text.as_bytes().get(position + 1..position + 3).unwrap_or_default();
        if digits.len() < 2 || !digits.iter().all(u8::is_ascii_hexdigit) {
            let end = (position..=position + 3).rev().find_map(|end| text.get(position..end));
            return Err(format!("invalid URL escape {}", quote(end.unwrap_or("%"))));
        }
    }
    Ok(())
}

/// An address with a scheme.
pub(super) fn uri(text: &str) -> Check {
    if parse_address(text)?.is_absolute { Ok(()) } else { fail("relative url") }
}

/// An address, also a relative one.
pub(super) fn uri_reference(text: &str) -> Check {
    if text.contains('\\') {
        return fail("contains \\");
    }
    parse_address(text).map(drop)
}

/// An address whose path may have places in braces.
pub(super) fn uri_template(text: &str) -> Check {
    let address = parse_address(text)?;
    for segment in address.path.split('/') {
        let mut is_open = false;
        for brace in segment.chars().filter(|letter| "{}".contains(*letter)) {
            if (brace == '{') == is_open {
                return fail("nested curly braces");
            }
            is_open = !is_open;
        }
        if is_open {
            return fail("no matching closing brace");
        }
    }
    Ok(())
}
