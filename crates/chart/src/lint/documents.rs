//! The documents of a text as Kubernetes' decoder finds them: by lines that begin with `---`, or one JSON value after
//! another.

use serde_json::Value;

/// The documents; an error ends them.
pub(super) struct Documents<'a> {
    /// Values that were read already, last first.
    values: Vec<Value>,
    /// The text that is still to be read as YAML.
    lines: std::str::Split<'a, char>,
    is_done: bool,
}

impl<'a> Documents<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let (values, rest) =
            if text.trim_start().starts_with('{') { json_values(text) } else { (Vec::new(), text) };
        Self { values: values.into_iter().rev().collect(), lines: rest.split('\n'), is_done: false }
    }

    /// The text of the next document.
    fn next_text(&mut self) -> Result<Option<String>, String> {
        let mut text = String::new();
        for line in self.lines.by_ref() {
            let line = line.strip_suffix('\r').unwrap_or(line);
            if let Some(rest) = line.strip_prefix("---") {
                let rest = rest.trim();
                if !rest.is_empty() && !rest.starts_with('#') {
                    return Err(format!("invalid Yaml document separator: {rest}"));
                }
                if !text.is_empty() {
                    return Ok(Some(text));
                }
            }
            text.push_str(line);
            text.push('\n');
        }
        self.is_done = true;
        // What ends the last line is no line of its own.
        text.pop();
        Ok((!text.is_empty()).then_some(text))
    }
}

impl Iterator for Documents<'_> {
    type Item = Result<Value, String>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(value) = self.values.pop() {
            return Some(Ok(value));
        }
        if self.is_done {
            return None;
        }
        match self.next_text() {
            Ok(None) => None,
            Ok(Some(text)) => Some(
                chandlery_yaml::from_str(&text, &options())
                    .map_err(|error| format!("error converting YAML to JSON: {error}")),
            ),
            Err(error) => {
                self.is_done = true;
                Some(Err(error))
            }
        }
    }
}

/// The most YAML nodes of a document: the largest definitions of resources have 40,000.
const MOST_NODES: usize = 2_000_000;

fn options() -> chandlery_yaml::Options {
    let limits = chandlery_yaml::Limits { nodes: MOST_NODES, ..crate::yaml_options().limits };
    chandlery_yaml::Options { limits, ..chandlery_yaml::Options::default() }
}

/// The JSON values at the start, and the text after them if it is something else.
fn json_values(text: &str) -> (Vec<Value>, &str) {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let mut values = Vec::new();
    let mut end = 0;
    while let Some(Ok(value)) = stream.next() {
        values.push(value);
        end = stream.byte_offset();
    }
    let rest = text[end..].trim_start();
    (values, rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn documents_are_found() {
        let cases = [
            ("a: 1\n", vec![json!({"a": 1})]),
            ("---\na: 1\n--- # x\nb: 2", vec![json!({"a": 1}), json!({"b": 2})]),
            ("# only\n---\n\n---\na: 1", vec![json!(null), json!(null), json!({"a": 1})]),
            ("{\"a\": 1} {\"b\": 2}\n", vec![json!({"a": 1}), json!({"b": 2})]),
            ("{\"a\": 1}\n---\nb: 2\n", vec![json!({"a": 1}), json!({"b": 2})]),
            ("{a: 1}\n", vec![json!({"a": 1})]),
        ];
        for (text, expected) in cases {
            let found: Vec<Value> = Documents::new(text).map(Result::unwrap).collect();
            assert_eq!(found, expected, "{text:?}");
        }
        let mut documents = Documents::new("a: 1\n--- x\nb: 2");
        assert_eq!(documents.next(), Some(Err("invalid Yaml document separator: x".to_owned())));
        assert_eq!(documents.next(), None);
    }
}
