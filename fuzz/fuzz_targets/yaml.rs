//! Bytes as a YAML document: what is read can be written in both styles, and what is written reads as the same again.
//!
//! Helm's bytes are the rule, and go-yaml writes some texts that it cannot read back, or reads as others. Just these are
//! excepted: [`is_lost`].

#![no_main]

use chandlery_yaml::{Limits, Options, from_slice, from_str, to_string, to_string_pretty};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { nodes: 20_000, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let Ok(value) = from_slice(bytes, &options) else { return };
    let read = |text: &str| from_str(text, &options).expect("what was written can be read");

    let pretty = to_string_pretty(&value).expect("what was read can be written");
    if !any_text(&value, &mut |text, is_key| is_lost(text, is_key) || is_block_with_tab(text)) {
        assert!(is_same(&read(&pretty), &value), "{pretty}");
    }
    match to_string(&value) {
        // sigs.k8s.io/yaml sends the value through JSON and reads that as YAML, which is not always possible.
        Err(error) => assert_eq!(from_str(&json_of(&value), &options).err(), Some(error)),
        Ok(_) if any_text(&value, &mut is_lost) => {}
        Ok(written) => assert!(is_same(&read(&written), &value), "{written}"),
    }
});

/// Does go-yaml write the text so that it reads as something else, or not at all?
///
/// The key `<<` loses its quotes and becomes a merge. LS, PS and NEL are line breaks to the reader, but often not to the
/// writer. Of a text that begins with a byte order mark, every character is escaped.
fn is_lost(text: &str, is_key: bool) -> bool {
    is_key && text == "<<" || text.contains(['\u{85}', '\u{2028}', '\u{2029}', '\u{feff}'])
}

/// Is it a text of several lines that begins with a tab? yaml.v3 writes it as a block, and the reader takes the tab for
/// indentation, which must not have any.
fn is_block_with_tab(text: &str) -> bool {
    text.starts_with('\t') && text.contains('\n')
}

fn any_text(value: &Value, is: &mut impl FnMut(&str, bool) -> bool) -> bool {
    match value {
        Value::String(text) => is(text, false),
        Value::Array(items) => items.iter().any(|item| any_text(item, is)),
        Value::Object(map) => map.iter().any(|(key, value)| is(key, true) || any_text(value, is)),
        _ => false,
    }
}

/// Whole floats are written as integers.
fn is_same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| is_same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| left.0 == right.0 && is_same(left.1, right.1))
        }
        _ => left == right,
    }
}

/// The value in JSON as Go writes it.
fn json_of(value: &Value) -> String {
    let mut json = value.to_string();
    for character in ['<', '>', '&', '\u{2028}', '\u{2029}'] {
        json = json.replace(character, &format!("\\u{:04x}", u32::from(character)));
    }
    json
}
