//! URLs of packages, joined and escaped as Go's `net/url` does it.

use std::borrow::Cow;

/// The parts of a base URL that matter when a path is added; the others stay as they are.
struct Parts<'a> {
    /// `scheme://authority`, or empty.
    origin: Cow<'a, str>,
    /// Percent-decoded.
    path: Vec<u8>,
    /// `?query#fragment`, or empty.
    suffix: &'a str,
}

/// Adds path components to a base URL, which may be a plain path or empty. A base that is no URL is joined as a path.
pub(super) fn join(base: &str, components: &[&str]) -> String {
    let Some(parts) = split(base) else {
        let all: Vec<&[u8]> = std::iter::once(&base).chain(components).map(|text| text.as_bytes()).collect();
        return String::from_utf8_lossy(&join_paths(&all)).into_owned();
    };
    let mut all = vec![parts.path.as_slice()];
    all.extend(components.iter().map(|component| component.as_bytes()));
    let path = join_paths(&all);
    let mut url = parts.origin.into_owned();
    if !url.is_empty() && !path.is_empty() && !path.starts_with(b"/") {
        url.push('/');
    }
    if url.is_empty() && path.split(|&byte| byte == b'/').next().is_some_and(|first| first.contains(&b':')) {
        url.push_str("./");
    }
    push_escaped(&mut url, &path);
    url.push_str(parts.suffix);
    url
}

fn split(base: &str) -> Option<Parts<'_>> {
    if base.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
        return None;
    }
    let (before_suffix, suffix) = base.split_at(base.find(['?', '#']).unwrap_or(base.len()));
    let (origin, path) = match before_suffix.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => {
            let authority_end = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at(authority_end);
            (Cow::Owned(format!("{}://{authority}", scheme.to_ascii_lowercase())), path)
        }
        _ => (Cow::Borrowed(""), before_suffix),
    };
    Some(Parts { origin, path: unescape(path)?, suffix })
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

/// Decodes `%XX`; `None` if one is broken.
fn unescape(path: &str) -> Option<Vec<u8>> {
    let mut bytes = path.bytes();
    let mut decoded = Vec::with_capacity(path.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        let value = digit()? * 16 + digit()?;
        decoded.push(u8::try_from(value).ok()?);
    }
    Some(decoded)
}

/// Joins what is not empty with `/` and resolves empty parts, `.` and `..`; empty if nothing is left.
fn join_paths(components: &[&[u8]]) -> Vec<u8> {
    let joined = components.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(&b'/');
    let is_rooted = joined.starts_with(b"/");
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in joined.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|last| *last != b"..") => drop(parts.pop()),
            b".." if is_rooted => {}
            _ => parts.push(part),
        }
    }
    let mut path = if is_rooted { b"/".to_vec() } else { Vec::new() };
    path.extend(parts.join(&b'/'));
    if path.is_empty() && !joined.is_empty() { b".".to_vec() } else { path }
}

/// Writes a path with everything escaped that may not stand in one; `+`, `@`, `:` and the like may.
fn push_escaped(url: &mut String, path: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in path {
        if byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&byte) {
            url.push(char::from(byte));
        } else {
            let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
            url.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The answers of Go 1.26.
    #[test]
    fn joins_as_go() {
        let cases = [
            ("", "", "a-1.0.0.tgz", "a-1.0.0.tgz"),
            ("", "stable", "a.tgz", "stable/a.tgz"),
            ("", "a b", "c.tgz", "a%20b/c.tgz"),
            ("https://h", "", "a.tgz", "https://h/a.tgz"),
            ("https://h/", "", "a.tgz", "https://h/a.tgz"),
            ("HTTPS://H/r//x/", "s", "a.tgz", "https://H/r/x/s/a.tgz"),
            (
                "https://h:8443/a%20b/c?token=x&y=1",
                "",
                "a+1.tgz",
                "https://h:8443/a%20b/c/a+1.tgz?token=x&y=1",
            ),
            ("https://h/a%2Fb", "", "x.tgz", "https://h/a/b/x.tgz"),
            ("https://u:p@h/r#f", "", "a(1)!*'.tgz", "https://u:p@h/r/a%281%29%21%2A%27.tgz#f"),
            ("oci://registry/charts", "", "a.tgz", "oci://registry/charts/a.tgz"),
            ("../up", "", "a.tgz", "../up/a.tgz"),
            ("https://h/a/../../b", "", "ü.tgz", "https://h/b/%C3%BC.tgz"),
            ("charts", "s", "a:b.tgz", "charts/s/a:b.tgz"),
            ("http://h/%zz", "s", "a.tgz", "http:/h/%zz/s/a.tgz"),
        ];
        for (base, directory, file, expected) in cases {
            let joined = if base.is_empty() && directory.is_empty() {
                file.to_owned()
            } else {
                join(base, &[directory, file])
            };
            assert_eq!(joined, expected);
        }
    }
}
