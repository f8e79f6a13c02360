//! `html`, `js`, `urlquery`.

use std::borrow::Cow;

use crate::error::Error;
use crate::exec::Call;
use crate::format::{is_printable, runes, sprint};
use crate::function::Rest;
use crate::value::{Text, Value};

/// The longest that one byte becomes.
const GROWTH: usize = 6;

pub(super) fn html(call: &mut Call<'_>, values: Rest<Value>) -> Result<Text, Error> {
    escape(call, values, |output, text| {
        for &byte in text {
            match html_entity(byte) {
                Some(entity) => output.extend_from_slice(entity.as_bytes()),
                None => output.push(byte),
            }
        }
    })
}

fn html_entity(byte: u8) -> Option<&'static str> {
    Some(match byte {
        0 => "\u{fffd}",
        b'"' => "&#34;",
        b'\'' => "&#39;",
        b'&' => "&amp;",
        b'<' => "&lt;",
        b'>' => "&gt;",
        _ => return None,
    })
}

pub(super) fn js(call: &mut Call<'_>, values: Rest<Value>) -> Result<Text, Error> {
    escape(call, values, |output, text| {
        let mut at = 0;
        for (character, length) in runes(text) {
            match character.and_then(js_escape) {
                Some(escape) => output.extend_from_slice(escape.as_bytes()),
                None => output.extend_from_slice(&text[at..at + length]),
            }
            at += length;
        }
    })
}

fn js_escape(character: char) -> Option<Cow<'static, str>> {
    Some(match character {
        '\\' => "\\\\".into(),
        '\'' => "\\'".into(),
        '"' => "\\\"".into(),
        // The delete character is no special one.
        '\x7f' => return None,
        '<' | '>' | '&' | '=' => format!("\\u{:04X}", u32::from(character)).into(),
        _ if is_printable(character) => return None,
        _ => format!("\\u{:04X}", u32::from(character)).into(),
    })
}

pub(super) fn url_query(call: &mut Call<'_>, values: Rest<Value>) -> Result<Text, Error> {
    escape(call, values, |output, text| {
        for &byte in text {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => output.push(byte),
                b' ' => output.push(b'+'),
                _ => output.extend_from_slice(format!("%{byte:02X}").as_bytes()),
            }
        }
    })
}

/// Prints the values as an action would, and escapes the text.
fn escape(
    call: &mut Call<'_>,
    Rest(mut values): Rest<Value>,
    write: impl FnOnce(&mut Vec<u8>, &[u8]),
) -> Result<Text, Error> {
    for value in &mut values {
        if value.is_nil() {
            *value = "<no value>".into();
        }
    }
    let text = match values.as_slice() {
        [Value::String(text)] => text.clone(),
        [Value::Object(object)] => object.print(),
        values => sprint(values, call.budget())?,
    };
    call.budget().claim(text.len().saturating_mul(GROWTH))?;
    let mut output = Vec::with_capacity(text.len());
    write(&mut output, &text);
    Ok(output.into())
}
