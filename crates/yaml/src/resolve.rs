//! What an untagged plain scalar means: go-yaml v2's YAML 1.1 rules.

use crate::number::{self, Integer};
use crate::timestamp::is_timestamp;

/// The tag prefix of YAML's own types, written `!!` for short.
pub(crate) const CORE: &str = "tag:yaml.org,2002:";

/// A scalar's meaning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Resolved {
    Null,
    Bool(bool),
    Integer(Integer),
    Float(f64),
    /// Stays a string in a value, but is quoted when a string is written.
    Timestamp,
    Text,
}

impl Resolved {
    /// The short name of the tag.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Integer(_) => "int",
            Self::Float(_) => "float",
            Self::Timestamp => "timestamp",
            Self::Text => "str",
        }
    }
}

/// Whether a plain scalar that begins with this byte may be anything but text.
pub(crate) const fn may_resolve(first: u8) -> bool {
    matches!(
        first,
        b'+' | b'-' | b'.' | b'~' | b'0'
            ..=b'9' | b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O'
    )
}

/// What a plain scalar without tag means.
pub(crate) fn resolve(text: &str) -> Resolved {
    let Some(&first) = text.as_bytes().first() else {
        return Resolved::Null;
    };
    if !may_resolve(first) {
        return Resolved::Text;
    }
    if let Some(known) = resolve_word(text) {
        return known;
    }
    match first {
        b'.' => number::parse_fraction(text).map_or(Resolved::Text, Resolved::Float),
        b'+' | b'-' | b'0'..=b'9' if is_timestamp(text) => Resolved::Timestamp,
        b'+' | b'-' | b'0'..=b'9' => resolve_number(text),
        _ => Resolved::Text,
    }
}

fn resolve_word(text: &str) -> Option<Resolved> {
    if text.len() > 5 {
        return None;
    }
    Some(match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Resolved::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Resolved::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Resolved::Null,
        ".nan" | ".NaN" | ".NAN" => Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Resolved::Float(f64::NEG_INFINITY),
        _ => return None,
    })
}

fn resolve_number(text: &str) -> Resolved {
    let stripped;
    let plain = if text.contains('_') {
        stripped = text.replace('_', "");
        stripped.as_str()
    } else {
        text
    };
    if let Some(integer) = number::parse_integer(plain) {
        return Resolved::Integer(integer);
    }
    if let Some(float) = number::parse_float(plain) {
        return Resolved::Float(float);
    }
    let binary = if let Some(digits) = plain.strip_prefix("0b") {
        number::parse_in_base(digits, 2)
    } else if let Some(digits) = plain.strip_prefix("-0b") {
        number::parse_in_base(&format!("-{digits}"), 2)
    } else {
        None
    };
    binary.map_or(Resolved::Text, Resolved::Integer)
}

/// What a scalar with an explicit tag means; the error is go-yaml's text.
///
/// Tags other than the core scalar types leave the text as it is; `!!binary` is the caller's to decode.
pub(crate) fn resolve_tagged(tag: &str, text: &str) -> Result<Resolved, String> {
    let Some(short) = tag.strip_prefix(CORE) else {
        return Ok(Resolved::Text);
    };
    if !matches!(short, "bool" | "int" | "float" | "null" | "timestamp") {
        return Ok(Resolved::Text);
    }
    let resolved = match resolve(text) {
        Resolved::Timestamp if short != "timestamp" => resolve_number(text),
        other => other,
    };
    match resolved {
        Resolved::Integer(Integer::Signed(value)) if short == "float" => Ok(Resolved::Float(to_float(value))),
        _ if resolved.tag() == short => Ok(resolved),
        _ => Err(format!("cannot decode !!{} `{text}` as a !!{short}", resolved.tag())),
    }
}

#[expect(clippy::cast_precision_loss, reason = "go-yaml rounds to a float64 here too")]
fn to_float(value: i64) -> f64 {
    value as f64
}
