//! What Helm's linter takes for an e-mail address or a URL.

use std::sync::LazyLock;

use regex::Regex;

/// Letters beyond ASCII that count everywhere.
const BEYOND_ASCII: &str = r"\u{a0}-\u{d7ff}\u{f900}-\u{fdcf}\u{fdf0}-\u{ffef}";

static EMAIL: LazyLock<Regex> = LazyLock::new(|| {
    let letter = format!("a-zA-Z{BEYOND_ASCII}");
    let word = format!(r"[{letter}0-9!#$%&'*+\-/=?^_`{{|}}~]+");
    let quoted =
        format!(r#""(?:[\x01-\x09\x0b\x0c\x0e-\x21\x23-\x7f{BEYOND_ASCII}]|\r\n[ \t]|\([\x01-\x7f])*""#);
    let label = format!(r"[{letter}0-9](?:[{letter}0-9\-._~]*[{letter}0-9])?");
    let last_label = format!(r"[{letter}](?:[{letter}0-9\-_~]*[{letter}])?");
    compile(&format!(r"^(?:{word}(?:\.{word})*|{quoted})@(?:{label}\.)+{last_label}\.?$"))
});

/// A URL with a scheme of the web or none, and a host that looks like one.
static URL: LazyLock<Regex> = LazyLock::new(|| {
    let blank = r"\t\n\x0c\r ";
    let octet = "(?:[0-9]{1,2}|1[0-9]{2}|2[0-4][0-9]|25[0-5])";
    let first_octet = "(?:[1-9][0-9]?|1[0-9]{2}|2[01][0-9]|22[0-3]|24[0-9]|25[0-5])";
    let ipv4 = format!(r"{first_octet}(?:\.{octet}){{3}}");
    let ipv6 = r"\[[0-9a-fA-F:.%]+\]";
    let letter = r"a-zA-Z\u{a1}-\u{ffff}";
    let front = r"(?:[a-zA-Z0-9][a-zA-Z0-9\-_]*[a-zA-Z0-9](?:[\-.][a-zA-Z0-9]+)*|www\.|[a-zA-Z0-9]+(?:[\-_.]?[a-zA-Z0-9])*\.[a-zA-Z0-9]+)?";
    let name = format!(r"{front}(?:[{letter}0-9]+-?-?)*[{letter}0-9]+(?:\.[{letter}]+)?");
    let scheme = "(?:(?:ftp|tcp|udp|wss?|https?)://)?";
    let user = format!("(?:[^{blank}]+@)?");
    let path = format!("(?:[/?#][^{blank}]*)?");
    compile(&format!(r"^{scheme}{user}(?:{ipv4}|{ipv6}|{name})\.?(?::[0-9]{{1,5}})?{path}$"))
});

fn compile(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a constant")
}

/// Whether a text is an e-mail address.
pub(super) fn is_email(text: &str) -> bool {
    EMAIL.is_match(text)
}

/// Whether a text is a URL, with or without a scheme.
pub(super) fn is_url(text: &str) -> bool {
    const SHORTEST: usize = 4;
    const LONGEST: usize = 2083;
    if text.len() < SHORTEST || text.chars().count() >= LONGEST || text.starts_with('.') {
        return false;
    }
    // A colon without `://` is that of a port.
    let full =
        if text.contains(':') && !text.contains("://") { format!("http://{text}") } else { text.to_owned() };
    let (host, path) = host_and_path(&full);
    let is_word = host.is_empty() && !path.is_empty() && !path.contains('.');
    is_parsable(&full) && !host.starts_with('.') && !is_word && URL.is_match(text)
}

/// Whether a text is a URL with a scheme, as Go's parser takes it.
pub(super) fn is_request_url(text: &str) -> bool {
    scheme_end(text).is_some() && is_parsable(text)
}

/// The position behind `scheme:`.
fn scheme_end(text: &str) -> Option<usize> {
    let end = text.find(':')?;
    let scheme = &text[..end];
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.');
    let begins_well = scheme.starts_with(|letter: char| letter.is_ascii_alphabetic());
    (begins_well && scheme.chars().all(is_letter)).then_some(end + 1)
}

fn host_and_path(text: &str) -> (&str, &str) {
    let rest = scheme_end(text).map_or(text, |end| &text[end..]);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    match rest.strip_prefix("//") {
        None => ("", rest),
        Some(rest) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            (authority.rsplit('@').next().unwrap_or_default(), path)
        }
    }
}

/// Whether Go's parser takes the text for a URL, apart from its scheme.
fn is_parsable(text: &str) -> bool {
    if text.is_empty() || text.contains(|letter: char| letter.is_ascii_control()) {
        return false;
    }
    let rest = scheme_end(text).map_or(text, |end| &text[end..]);
    if scheme_end(text).is_some() && !rest.starts_with('/') {
        return true;
    }
    let (host, path) = host_and_path(text);
    is_host(host) && has_good_escapes(path)
}

/// Whether a host and port have only letters that they may have.
fn is_host(text: &str) -> bool {
    let port_start = text.rfind(']').map_or(0, |end| end + 1);
    let (host, port) = match text[port_start..].find(':') {
        Some(position) => text.split_at(port_start + position),
        None => (text, ""),
    };
    let is_letter = |letter: char| {
        !letter.is_ascii() || letter.is_ascii_alphanumeric() || "-_.~!$&'()*+,;=:[]<>\"".contains(letter)
    };
    let is_port = port.strip_prefix(':').unwrap_or_default().bytes().all(|digit| digit.is_ascii_digit());
    is_port && host.chars().all(is_letter) && host.starts_with('[') == host.contains(']')
}

fn has_good_escapes(path: &str) -> bool {
    path.split('%').skip(1).all(|rest| {
        let digits = rest.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Helm 4.3.1 says of these.
    #[test]
    fn addresses() {
        for (text, expected) in [
            ("a@b.cd", true),
            ("a.b+c@d-e.f.org", true),
            ("ä@ö.de", true),
            ("\"a b\"@c.de", true),
            ("a@b", false),
            ("a@b.1", false),
            ("@b.cd", false),
            ("a b@c.de", false),
            ("a@b..cd", false),
        ] {
            assert_eq!(is_email(text), expected, "{text}");
        }
        for (text, expected) in [
            ("https://github.com/x", true),
            ("github.com/x", true),
            ("localhost:8080", true),
            ("http://u:p@h.io/x?y#z", true),
            ("https://example.com/a b", false),
            ("x", false),
            (".com", false),
            ("someone", false),
            ("gopher://x.y", false),
            ("", false),
        ] {
            assert_eq!(is_url(text), expected, "{text}");
        }
        for (text, expected) in [
            ("https://x.org/icon.png", true),
            ("https:x", true),
            ("mailto:a@b", true),
            ("data:image/png;base64,AAAA", true),
            ("file:///icon.png", true),
            ("/icon.png", false),
            ("icon.png", false),
            ("https://a b/x", false),
            ("https://a/x%zz", false),
            ("https://a:x/", false),
            ("1http://x", false),
            ("https://a/\u{7f}", false),
        ] {
            assert_eq!(is_request_url(text), expected, "{text}");
        }
    }
}
