//! `values.yaml` as Helm loads it: every document of the file, merged.

use chandlery_yaml::Shape;
use memchr::memmem;
use serde_json::{Map, Value};

use crate::metadata::MetadataError;
use crate::metadata::ShapeError;

/// Reads the documents of a values file into one map; later documents win, maps are merged.
///
/// # Errors
/// [`MetadataError::Yaml`], and [`MetadataError::Shape`] for a document that is no map.
pub fn parse_values(text: &[u8]) -> Result<Map<String, Value>, MetadataError> {
    let options = crate::yaml_options();
    let mut merged = Map::new();
    for document in split_documents(text) {
        match chandlery_yaml::from_slice(document, &options)? {
            Value::Null => {}
            Value::Object(map) if merged.is_empty() => merged = map,
            Value::Object(map) => merge(&mut merged, map),
            other => return Err(ShapeError::new("", "a map", &other).into()),
        }
    }
    Ok(merged)
}

/// Finds whether [`parse_values`] would read the file, in a fraction of its time.
///
/// # Errors
/// Exactly those of [`parse_values`].
pub(crate) fn check_values(text: &[u8]) -> Result<(), MetadataError> {
    let options = crate::yaml_options();
    for document in split_documents(text) {
        match chandlery_yaml::check(document, &options)? {
            Shape::Null | Shape::Mapping => {}
            // The error shows the value.
            Shape::Scalar | Shape::Sequence => return parse_values(text).map(drop),
        }
    }
    Ok(())
}

/// Cuts the text at lines that are `---` and white space; a line with more after the dashes stays in its document.
fn split_documents(text: &[u8]) -> Vec<&[u8]> {
    if !text.starts_with(b"---") && memmem::find(text, b"\n---").is_none() {
        return vec![text];
    }
    let mut documents = Vec::new();
    let mut start = 0;
    let mut line_start = 0;
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let line_end = line_start + line.len();
        if line.strip_prefix(b"---").is_some_and(|rest| rest.trim_ascii().is_empty()) {
            documents.push(&text[start..line_start]);
            start = line_end;
        }
        line_start = line_end;
    }
    documents.push(&text[start..]);
    documents
}

fn merge(target: &mut Map<String, Value>, from: Map<String, Value>) {
    for (key, value) in from {
        match (target.get_mut(&key), value) {
            (Some(Value::Object(inner)), Value::Object(map)) => merge(inner, map),
            (Some(slot), value) => *slot = value,
            (None, value) => drop(target.insert(key, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn documents_are_merged() {
        let cases = [
            ("", json!({})),
            ("# only a comment\n", json!({})),
            ("a: 1\n", json!({"a": 1})),
            ("---\na: 1\n--- \nb: 2", json!({"a": 1, "b": 2})),
            ("a: {x: 1, z: 1}\n---\na: {z: 2}\n---\n", json!({"a": {"x": 1, "z": 2}})),
            ("a: {x: 1}\n---\na: 2\n", json!({"a": 2})),
        ];
        for (text, expected) in cases {
            assert_eq!(Value::Object(parse_values(text.as_bytes()).unwrap()), expected, "{text:?}");
            assert!(check_values(text.as_bytes()).is_ok(), "{text:?}");
        }
        for bad in ["- a\n", "text", "a: 1\n---\n3\n", "a: [", "a: *b"] {
            let refused = parse_values(bad.as_bytes()).unwrap_err().to_string();
            assert_eq!(check_values(bad.as_bytes()).unwrap_err().to_string(), refused, "{bad:?}");
        }
    }
}
