//! Answers as comparable text.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::http::Answer;

/// Status, content type and body; JSON and YAML with sorted keys and without times, other bytes as their digest.
pub(super) fn shown(answer: &Answer) -> String {
    format!("{} [{}] {}", answer.status, answer.header("content-type"), body(answer))
}

fn body(answer: &Answer) -> String {
    let Ok(text) = std::str::from_utf8(&answer.body) else {
        return format!("{} bytes {}", answer.body.len(), hex::encode(&Sha256::digest(&answer.body)[..8]));
    };
    if text.is_empty() {
        return String::new();
    }
    let content_type = answer.header("content-type");
    let value: Option<Value> = if content_type.starts_with("application/json") {
        serde_json::from_str(text).ok()
    } else if content_type == "application/x-yaml" {
        chandlery_yaml::from_str_as(text, &chandlery_yaml::Options::default()).ok()
    } else {
        None
    };
    value.map_or_else(|| text.to_owned(), |value| sorted(without_times(value)))
}

/// Times are there, but they are not compared.
fn without_times(value: Value) -> Value {
    match value {
        Value::Object(map) => map
            .into_iter()
            .map(|(key, value)| match (key.as_str(), value) {
                ("created" | "generated", Value::String(_)) => (key, Value::String("TIME".to_owned())),
                (_, value) => (key, without_times(value)),
            })
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(list) => list.into_iter().map(without_times).collect(),
        other => other,
    }
}

/// JSON text with the keys in order, whatever order the map keeps.
fn sorted(value: Value) -> String {
    match value {
        Value::Object(map) => {
            let mut members: Vec<(String, Value)> = map.into_iter().collect();
            members.sort_by(|left, right| left.0.cmp(&right.0));
            let members =
                members.into_iter().map(|(key, value)| format!("{}:{}", Value::String(key), sorted(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        Value::Array(list) => format!("[{}]", list.into_iter().map(sorted).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

/// Whether a text is like a pattern in which `*` stands for anything.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(position) => rest = &rest[position + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[test]
fn patterns() {
    let cases = [
        ("a", "a", true),
        ("a", "ab", false),
        ("a*", "ab", true),
        ("*b", "ab", true),
        ("a*b*c", "a-b-b-c", true),
        ("a*b*c", "a-c-b", false),
        ("*", "", true),
        ("a*a", "a", false),
    ];
    for (pattern, text, expected) in cases {
        assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
    }
}
