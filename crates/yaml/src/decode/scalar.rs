//! Scalars to keys and values.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Number, Value};

use crate::error::{Error, ErrorKind, Mark};
use crate::event::ScalarStyle;
use crate::number::{self, Integer};
use crate::resolve::{self, CORE, Resolved};

type Result<T> = std::result::Result<T, Error>;

/// Go's decoder ignores stray low bits in the last character.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

#[derive(Clone)]
pub(super) struct Scalar<'a> {
    pub(super) value: Cow<'a, str>,
    is_plain: bool,
    tag: Option<Cow<'a, str>>,
}

/// A mapping key as text.
pub(super) struct Key {
    pub(super) text: String,
    pub(super) kind: KeyKind,
}

pub(super) enum KeyKind {
    Text,
    /// A number or a boolean, converted to text.
    Converted,
    /// Go's name of a type that has no text form as a key.
    Unsupported(&'static str),
}

impl Key {
    /// The key as Go prints it with `%#v`.
    pub(super) fn shown(&self) -> Cow<'_, str> {
        match self.kind {
            KeyKind::Text => Cow::Owned(quote(&self.text)),
            _ => Cow::Borrowed(&self.text),
        }
    }
}

enum Meaning<'a> {
    Text(Cow<'a, str>),
    Other(Resolved),
}

impl<'a> Scalar<'a> {
    pub(super) fn new(value: Cow<'a, str>, style: ScalarStyle, tag: Option<Cow<'a, str>>) -> Self {
        Self { value, is_plain: style == ScalarStyle::Plain, tag }
    }

    /// Whether this key is `<<`.
    pub(super) fn is_merge(&self) -> bool {
        if self.value != "<<" {
            return false;
        }
        match self.tag.as_deref() {
            None => self.is_plain,
            Some(tag) => tag == "!" || tag.strip_prefix(CORE) == Some("merge"),
        }
    }

    fn meaning(self, mark: Mark) -> Result<Meaning<'a>> {
        let resolved = match self.tag.as_deref() {
            None if !self.is_plain => return Ok(Meaning::Text(self.value)),
            None => resolve::resolve(&self.value),
            Some(tag) if tag.strip_prefix(CORE) == Some("binary") => return decode_binary(&self.value, mark),
            Some(tag) => {
                resolve::resolve_tagged(tag, &self.value).map_err(|text| Error::content(&text, Some(mark)))?
            }
        };
        Ok(match resolved {
            Resolved::Text | Resolved::Timestamp => Meaning::Text(self.value),
            other => Meaning::Other(other),
        })
    }

    /// The value; where JSON has none, null and the reason in `not_json`. Null for a text that is only checked.
    pub(super) fn into_value(
        self,
        mark: Mark,
        only_checked: bool,
        not_json: &mut Option<Error>,
    ) -> Result<Value> {
        Ok(match self.meaning(mark)? {
            Meaning::Text(_) if only_checked => Value::Null,
            Meaning::Text(text) => Value::String(text.into_owned()),
            Meaning::Other(Resolved::Bool(value)) => Value::Bool(value),
            Meaning::Other(Resolved::Integer(Integer::Signed(value))) => Value::from(value),
            Meaning::Other(Resolved::Integer(Integer::Unsigned(value))) => Value::from(value),
            Meaning::Other(Resolved::Float(value)) => match Number::from_f64(value) {
                Some(number) => Value::Number(number),
                None => {
                    not_json.get_or_insert_with(|| {
                        let text = format!("json: unsupported value: {}", number::format_general(value));
                        Error::new(ErrorKind::NotJson, text, Some(mark))
                    });
                    Value::Null
                }
            },
            Meaning::Other(_) => Value::Null,
        })
    }

    /// The key, without its text if it is one that is only checked.
    pub(super) fn into_key(self, mark: Mark, only_checked: bool) -> Result<Key> {
        let (text, kind) = match self.meaning(mark)? {
            Meaning::Text(_) if only_checked => (String::new(), KeyKind::Text),
            Meaning::Text(text) => (text.into_owned(), KeyKind::Text),
            Meaning::Other(Resolved::Bool(value)) => (value.to_string(), KeyKind::Converted),
            Meaning::Other(Resolved::Integer(Integer::Signed(value))) => {
                (value.to_string(), KeyKind::Converted)
            }
            Meaning::Other(Resolved::Integer(Integer::Unsigned(value))) => {
                (format!("{value:#x}"), KeyKind::Unsupported("uint64"))
            }
            Meaning::Other(Resolved::Float(value)) => (float_key(value), KeyKind::Converted),
            Meaning::Other(_) => ("<nil>".to_owned(), KeyKind::Unsupported("%!s(<nil>)")),
        };
        Ok(Key { text, kind })
    }
}

/// sigs.k8s.io/yaml writes float keys with 32-bit precision and YAML's names of the special values.
fn float_key(value: f64) -> String {
    match number::format_general_32(value).as_str() {
        "+Inf" => ".inf".to_owned(),
        "-Inf" => "-.inf".to_owned(),
        "NaN" => ".nan".to_owned(),
        text => text.to_owned(),
    }
}

fn decode_binary<'a>(text: &str, mark: Mark) -> Result<Meaning<'a>> {
    let compact: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let bytes = BASE64.decode(compact).map_err(|_| {
        let problem = "!!binary value contains invalid base64 data";
        Error::content(problem, Some(mark))
    })?;
    Ok(Meaning::Text(Cow::Owned(replace_invalid(&bytes))))
}

/// Go's JSON encoder writes one U+FFFD for each byte that is not UTF-8.
fn replace_invalid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}

/// A value as Go prints it with `%#v`, for error texts.
pub(super) fn go_syntax(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => number::format_general(float),
            _ => number.to_string(),
        },
        Value::String(text) => quote(text),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(go_syntax).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Value::Object(map) => {
            let pairs: Vec<_> =
                map.iter().map(|(key, value)| format!("{}:{}", quote(key), go_syntax(value))).collect();
            format!("map[interface {{}}]interface {{}}{{{}}}", pairs.join(", "))
        }
    }
}

/// A string as Go quotes it (printable characters stay).
fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\x07' => quoted.push_str("\\a"),
            '\x08' => quoted.push_str("\\b"),
            '\x0B' => quoted.push_str("\\v"),
            '\x0C' => quoted.push_str("\\f"),
            '\0'..='\x1F' | '\x7F' => quoted.push_str(&format!("\\x{:02x}", u32::from(character))),
            '\u{80}'..='\u{A0}' | '\u{FEFF}' => quoted.push_str(&format!("\\u{:04x}", u32::from(character))),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
