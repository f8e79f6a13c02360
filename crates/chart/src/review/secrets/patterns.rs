//! What secrets look like.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::Secret;

/// Forms of which a part of a text is enough: code, kind, whether there is hardly a doubt, and the form. They are those
/// that the issuers document for scanners like this one.
const FORMS: &[(&str, &str, bool, &str)] = &[
    ("private_key", "a private key", true, r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    ("aws_access_key", "an access key of AWS", true, r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    (
        "github_token",
        "a token of GitHub",
        true,
        r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22,})",
    ),
    ("gitlab_token", "a token of GitLab", true, r"\bglpat-[A-Za-z0-9_-]{20}"),
    ("slack_token", "a token of Slack", true, r"\bxox[abeoprs]-[0-9A-Za-z-]{20}"),
    ("google_api_key", "a key of Google", true, r"\bAIza[A-Za-z0-9_-]{35}"),
    ("stripe_key", "a key of Stripe", true, r"\b[rs]k_live_[A-Za-z0-9]{20}"),
    (
        "json_web_token",
        "a JSON web token",
        true,
        r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    ),
    (
        "url_credentials",
        "an address with a password",
        false,
        r"\b[a-z][a-z0-9+.-]*://[^/\s:@{}$<>]+:[^/\s:@{}$<>]+@",
    ),
];

static COMPILED: LazyLock<Vec<(Secret, Regex)>> = LazyLock::new(|| {
    let compile = |&(code, what, is_certain, form): &(&'static str, &'static str, bool, &str)| {
        (Secret { code, what, is_certain }, Regex::new(form).expect("the forms are right"))
    };
    FORMS.iter().map(compile).collect()
});

/// Amazon's own example, which documents use.
const EXAMPLE: &str = "EXAMPLE";

/// A text with a part of a known form.
pub(super) fn by_text(text: &str) -> Option<Secret> {
    let is_found = |form: &Regex| form.find(text).is_some_and(|found| !found.as_str().ends_with(EXAMPLE));
    COMPILED.iter().find(|(_, form)| is_found(form)).map(|(secret, _)| *secret)
}

/// The first secret beyond doubt in a file that is no comment, with its line from 1.
pub(super) fn in_lines(text: &str) -> Option<(Secret, usize)> {
    /// A private key in a file has a body; templates speak of the first line alone.
    static KEY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"PRIVATE KEY(?: BLOCK)?-----\s+(?:[A-Za-z-]+: [^\n]*\n\s*)*[A-Za-z0-9+/]{40}")
            .expect("the form is right")
    });
    let certain = COMPILED.iter().filter(|(secret, _)| secret.is_certain);
    let found = certain.flat_map(|(secret, form)| form.find_iter(text).map(|found| (*secret, found)));
    let mut real = found.filter(|(secret, found)| {
        let line = &text[text[..found.start()].rfind('\n').map_or(0, |end| end + 1)..];
        let has_body = || KEY.find_at(text, found.start()).is_some_and(|key| key.start() <= found.end());
        !line.trim_start().starts_with('#')
            && !found.as_str().ends_with(EXAMPLE)
            && (secret.code != "private_key" || has_body())
    });
    let (secret, found) = real.next()?;
    Some((secret, text[..found.start()].bytes().filter(|&byte| byte == b'\n').count() + 1))
}

/// How the names of secrets end, in lower case and without `-`, `_` and `.`.
const SECRET_NAMES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "encryptionkey",
    "signingkey",
    "masterkey",
    "credentials",
    "clientsecret",
    "secretaccesskey",
];

/// What else may stand in names of secrets, where the value then only tells where the secret is.
const REFERENCES: &[&str] =
    &["existing", "ref", "name", "path", "file", "mount", "url", "annotation", "label", "checksum"];

/// Names whose values are as often the name of a Secret as a secret.
const DOUBTFUL_NAMES: &[&str] = &["secret", "secretkey", "credentials"];

/// A text or number under a key that names a secret.
pub(super) fn by_key(key: &str, value: &Value) -> Option<Secret> {
    const PASSWORD: Secret =
        Secret { code: "password", what: "a password that everybody gets", is_certain: false };
    let plain: String =
        key.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    let is_secret = SECRET_NAMES.iter().any(|name| plain.ends_with(name))
        && !REFERENCES.iter().any(|reference| plain.contains(reference));
    let is_doubtful = DOUBTFUL_NAMES.iter().any(|name| plain.ends_with(name));
    let is_set = match value {
        Value::String(text) => is_literal(text) && !(is_doubtful && is_object_name(text)),
        Value::Number(_) => plain.ends_with("password"),
        _ => false,
    };
    (is_secret && is_set).then_some(PASSWORD)
}

/// Neither empty, nor a template, a variable, a path, an address, a switch or a sentence.
fn is_literal(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty()
        && !["{{", "$(", "${", "/", "$", "<", "%"].iter().any(|start| text.starts_with(start))
        && !["true", "false", "yes", "no", "null", "none"].iter().any(|word| text.eq_ignore_ascii_case(word))
        && !text.contains("://")
        && !text.contains(char::is_whitespace)
}

/// A name of several words, as objects have.
fn is_object_name(text: &str) -> bool {
    let is_part =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    text.contains('-') && text.bytes().all(is_part)
}

/// Does the key name a sum, which looks like chance and is none?
pub(super) fn names_a_sum(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["digest", "sha", "sum", "hash", "commit", "revision", "bundle", "cert", "ca.crt", "image", "tag"]
        .iter()
        .any(|word| key.contains(word))
}

/// A single word that chance could have made.
pub(super) fn by_chance(text: &str) -> Option<Secret> {
    const CHANCE: Secret = Secret { code: "high_entropy", what: "a key made by chance", is_certain: false };
    const LENGTHS: std::ops::RangeInclusive<usize> = 32..=256;
    /// Of a random text of 32 letters and digits it is about 4.5 bits a letter, of words less than 4.
    const LEAST_BITS: f64 = 4.2;
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-');
    if !LENGTHS.contains(&text.len()) || !text.bytes().all(is_word) {
        return None;
    }
    let has = |kind: fn(&u8) -> bool| text.bytes().any(|byte| kind(&byte));
    let is_mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
    // A path or a name of several words is no key.
    let parts = text.bytes().filter(|byte| matches!(byte, b'/' | b'-' | b'_')).count();
    (is_mixed && parts <= 3 && bits(text) >= LEAST_BITS).then_some(CHANCE)
}

/// Shannon's entropy in bits a letter.
fn bits(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    text.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    let length = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX));
    let part = |count: u32| {
        let share = f64::from(count) / length;
        -share * share.log2()
    };
    counts.into_iter().filter(|&count| count > 0).map(part).sum()
}
