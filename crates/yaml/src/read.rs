//! The ways in: text or bytes to values.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::decode::{Part, Parts, Wanted, decode_document};
use crate::error::{Error, ErrorKind};
use crate::limits::Options;
use crate::number;
use crate::parser::Parser;

/// Reads the first document of a text, as Helm does; an empty text is null.
///
/// Integers beyond 64 bits become floats. A byte order mark at the start is skipped.
///
/// # Errors
/// Syntax, content and limit faults, each with go-yaml's text and a position. In Helm's messages the text follows
/// `error converting YAML to JSON: `.
pub fn from_str(text: &str, options: &Options) -> Result<Value, Error> {
    check_size(text.len(), options)?;
    let mut parser = Parser::new(text, &options.limits);
    Ok(decode_document(&mut parser, options, Wanted::Everything)?.unwrap_or(Value::Null))
}

/// Reads the first document of a text as [`from_str`] does, with the keys of its root mapping that `is_wanted` names: the
/// others are checked and left out. Keys that come by a merge (`<<`) may be there as well.
///
/// # Errors
/// As [`from_str`], whatever is wanted.
pub fn from_str_with_keys(
    text: &str,
    options: &Options,
    is_wanted: &dyn Fn(&str) -> bool,
) -> Result<Value, Error> {
    check_size(text.len(), options)?;
    if options.strict_duplicates {
        return from_str(text, options);
    }
    let mut parser = Parser::new(text, &options.limits);
    match decode_document(&mut parser, options, Wanted::Keys(is_wanted)) {
        Ok(value) => Ok(value.unwrap_or(Value::Null)),
        // The words of a fault may need what was left out.
        Err(_) => from_str(text, options),
    }
}

/// Reads the first document of a file's bytes: UTF-8, or UTF-16 with a byte order mark.
///
/// # Errors
/// As [`from_str`], and [`ErrorKind::Encoding`] for bytes that are not text.
pub fn from_slice(bytes: &[u8], options: &Options) -> Result<Value, Error> {
    check_size(bytes.len(), options)?;
    from_str(&decode_text(bytes)?, options)
}

/// Reads the first document of a file's bytes and hands out the items of the lists at `key: {name: [item, …]}` as soon as
/// each is complete, for the keys of the root that `is_wanted` names. In the value that it returns those lists are
/// empty; whatever stands there in another shape, or comes by a merge (`<<`), is in the value.
///
/// So a document of any length needs memory for its text and one item. What was handed out counts only if this returns
/// a value: a fault may follow.
///
/// # Errors
/// As [`from_slice`].
pub fn from_slice_in_parts(
    bytes: &[u8],
    options: &Options,
    is_wanted: &dyn Fn(&str) -> bool,
    take: &mut dyn FnMut(Part<'_>),
) -> Result<Value, Error> {
    check_size(bytes.len(), options)?;
    let text = decode_text(bytes)?;
    let mut parser = Parser::new(&text, &options.limits);
    let parts = Parts::new(&text, is_wanted, take);
    Ok(decode_document(&mut parser, options, Wanted::Parts(parts))?.unwrap_or(Value::Null))
}

/// Reads all documents of a text.
///
/// # Errors
/// As [`from_str`]; the first fault of any document.
pub fn documents(text: &str, options: &Options) -> Result<Vec<Value>, Error> {
    check_size(text.len(), options)?;
    let mut parser = Parser::new(text, &options.limits);
    std::iter::from_fn(|| decode_document(&mut parser, options, Wanted::Everything).transpose()).collect()
}

/// Reads the first document of a text into a type.
///
/// # Errors
/// As [`from_str`], and [`ErrorKind::Shape`] when the value does not fit the type.
pub fn from_str_as<T: DeserializeOwned>(text: &str, options: &Options) -> Result<T, Error> {
    let value = from_str(text, options)?;
    serde_json::from_value(value).map_err(|error| Error::new(ErrorKind::Shape, error.to_string(), None))
}

/// The string sigs.k8s.io/yaml makes of a number or boolean that stands where a Go struct has a string field.
///
/// `version: 1.10` gives `1.1`: floats are written with 32-bit precision. Strings are returned as they are; null, lists
/// and mappings give `None`.
#[must_use]
pub fn coerce_to_string(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Bool(true) => Some(Cow::Borrowed("true")),
        Value::Bool(false) => Some(Cow::Borrowed("false")),
        Value::Number(number) if number.is_f64() => {
            number.as_f64().map(number::format_general_32).map(Cow::Owned)
        }
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

pub(crate) fn check_size(bytes: usize, options: &Options) -> Result<(), Error> {
    let limit = options.limits.input_bytes.min(u32::MAX as usize);
    if bytes <= limit {
        return Ok(());
    }
    Err(Error::limit(&format!("document has {bytes} bytes, more than {limit}"), None))
}

pub(crate) fn decode_text(bytes: &[u8]) -> Result<Cow<'_, str>, Error> {
    let join: fn([u8; 2]) -> u16 = match bytes {
        [0xFF, 0xFE, ..] => u16::from_le_bytes,
        [0xFE, 0xFF, ..] => u16::from_be_bytes,
        _ => return decode_utf8(bytes),
    };
    let (pairs, rest) = bytes[2..].as_chunks();
    if !rest.is_empty() {
        return Err(encoding("incomplete UTF-16 character"));
    }
    let units = pairs.iter().map(|&pair| join(pair));
    let decoded: Result<String, _> = char::decode_utf16(units).collect();
    decoded.map(Cow::Owned).map_err(|error| {
        encoding(match error.unpaired_surrogate() {
            0xDC00.. => "unexpected low surrogate area",
            high if pairs.last().is_some_and(|&last| join(last) == high) => {
                "incomplete UTF-16 surrogate pair"
            }
            _ => "expected low surrogate area",
        })
    })
}

fn decode_utf8(bytes: &[u8]) -> Result<Cow<'_, str>, Error> {
    let fault = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(Cow::Borrowed(text)),
        Err(fault) => fault,
    };
    let rest = &bytes[fault.valid_up_to()..];
    let width = match rest[0] {
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF7 => 4,
        _ => return Err(encoding("invalid leading UTF-8 octet")),
    };
    Err(encoding(match rest.get(1..width) {
        None => "incomplete UTF-8 octet sequence",
        Some(tail) if tail.iter().any(|byte| byte & 0xC0 != 0x80) => "invalid trailing UTF-8 octet",
        Some(_) if matches!((rest[0], rest[1]), (0xED, 0xA0..) | (0xF4, 0x90..) | (0xF5.., _)) => {
            "invalid Unicode character"
        }
        Some(_) => "invalid length of a UTF-8 sequence",
    }))
}

fn encoding(problem: &str) -> Error {
    Error::new(ErrorKind::Encoding, format!("yaml: {problem}"), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_become_strings_as_in_go_structs() {
        let cases = [
            ("1.10", Some("1.1")),
            ("1", Some("1")),
            ("1e6", Some("1e+06")),
            ("yes", Some("true")),
            ("off", Some("false")),
            ("'1.10'", Some("1.10")),
            ("18446744073709551615", Some("18446744073709551615")),
            ("~", None),
            ("[]", None),
        ];
        for (text, expected) in cases {
            let value = from_str(text, &Options::default()).unwrap();
            assert_eq!(coerce_to_string(&value).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn types_are_filled() {
        let options = Options::default();
        assert_eq!(from_str_as::<Vec<u8>>("[1, 2]", &options), Ok(vec![1, 2]));
        let error = from_str_as::<Vec<u8>>("a: 1", &options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Shape);
    }

    #[test]
    fn parts_are_handed_out() {
        let read = |text: &str| {
            let mut parts = Vec::new();
            let rest = from_slice_in_parts(
                text.as_bytes(),
                &Options { strict_duplicates: true, ..Options::default() },
                &|key| key == "e",
                &mut |part| {
                    let Part { name, index, value, source, .. } = part;
                    parts.push(format!("{name}{index} {value} {source:?}"));
                },
            );
            (parts, rest.map_or_else(|error| error.to_string(), |value| value.to_string()))
        };
        let cases: [(&str, &[&str], &str); 10] = [
            (
                "e:\n  a:\n  - x: 1\n    w: 2\n  # note\n  - null\n  b: [{z: 3}, [4]]\n  c: ~\n  d: 5\nf: {g: [6]}\n",
                &[
                    "a0 {\"w\":2,\"x\":1} Some(\"x: 1\\n    w: 2\\n  # note\")",
                    "a1 null None",
                    "b0 {\"z\":3} Some(\"{z: 3\")",
                    "b1 [4] Some(\"[4\")",
                ],
                r#"{"e":{"a":[],"b":[],"c":null,"d":5},"f":{"g":[6]}}"#,
            ),
            ("\u{feff}e: {a: [{x: 1}]}", &["a0 {\"x\":1} Some(\"{x: 1\")"], r#"{"e":{"a":[]}}"#),
            ("g: &x {w: 1}\ne:\n  a:\n  - *x\n", &["a0 {\"w\":1} None"], r#"{"e":{"a":[]},"g":{"w":1}}"#),
            ("g: &x [1]\ne: {a: *x}\n", &["a0 1 None"], r#"{"e":{"a":[]},"g":[1]}"#),
            ("g: &x {a: [1]}\ne: *x\n", &["a0 1 None"], r#"{"e":{"a":[]},"g":{"a":[1]}}"#),
            (
                "g: &x {a: [1]}\ne: {<<: *x, b: [2]}\n",
                &["b0 2 None"],
                r#"{"e":{"a":[1],"b":[]},"g":{"a":[1]}}"#,
            ),
            ("g: &x {e: {a: [1]}}\n<<: *x\n", &[], r#"{"e":{"a":[1]},"g":{"e":{"a":[1]}}}"#),
            ("e: [{a: [1]}]", &[], r#"{"e":[{"a":[1]}]}"#),
            ("e: {a: [1]}\nf: [", &["a0 1 None"], "yaml: line 2: did not find expected node content"),
            (
                "e:\n  a: [1]\n  a: [2]\n",
                &["a0 1 None", "a0 2 None"],
                "yaml: unmarshal errors:\n  line 3: key \"a\" already set in map",
            ),
        ];
        for (text, parts, rest) in cases {
            let (found, value) = read(text);
            assert_eq!(
                (found, value.as_str()),
                (parts.iter().map(|&part| part.to_owned()).collect(), rest),
                "{text}"
            );
        }
    }

    #[test]
    fn every_document_is_read() {
        let read = |text| documents(text, &Options::default()).map(|all| Value::from(all).to_string());
        let cases = [
            ("", "[]"),
            ("# nothing", "[]"),
            ("a", r#"["a"]"#),
            ("a\n---\nb: 1\n...\n---\n", r#"["a",{"b":1},null]"#),
            ("--- &x a\n--- [b]", r#"["a",["b"]]"#),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text).as_deref(), Ok(expected));
        }
        assert!(read("--- &x a\n--- *x").is_err(), "anchors end with their document");
    }
}
