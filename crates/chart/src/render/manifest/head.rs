//! The head of a document, read with the rules of Go's JSON decoder.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Compat, document_options};
use crate::render::go::json_kind;

/// What of a document decides what is done with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// `apiVersion`, empty if there is none.
    pub api_version: String,
    /// `kind`, empty if there is none.
    pub kind: String,
    /// `metadata.name`, empty if there is none.
    pub name: String,
    /// `metadata.annotations`; numbers and booleans as text, null as the empty text.
    pub annotations: BTreeMap<String, String>,
}

/// The fields of a document that are its head.
const FIELDS: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// The Go type of `metadata` in Helm's error texts.
const METADATA_TYPE: &str =
    r#"struct { Name string "json:\"name\""; Annotations map[string]string "json:\"annotations\"" }"#;

impl Head {
    /// Reads the head of a document's text; what is wrong is said in Helm's words.
    pub(super) fn parse(text: &str, compat: Compat) -> Result<Self, String> {
        let is_wanted = |key: &str| FIELDS.iter().any(|field| is_field(key, field));
        let value = chandlery_yaml::from_str_with_keys(text, &document_options(), &is_wanted)
            .map_err(|error| format!("error converting YAML to JSON: {error}"))?;
        let mut reader = Reader::default();
        let head = reader.head(value, compat);
        match reader.fault {
            None => Ok(head),
            Some(fault) => Err(format!(
                "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {} into Go {}",
                fault.found, fault.place
            )),
        }
    }
}

/// Reads on after a fault, and keeps the first, as Go does.
#[derive(Default)]
struct Reader {
    fault: Option<Fault>,
}

struct Fault {
    found: &'static str,
    place: String,
}

impl Reader {
    fn head(&mut self, value: Value, compat: Compat) -> Head {
        let mut head = Head::default();
        let package = if compat == Compat::Helm3 { "releaseutil" } else { "util" };
        let Some(map) = self.map(value, || format!("value of type {package}.SimpleHead")) else {
            return head;
        };
        for (key, value) in map {
            if is_field(&key, "apiVersion") {
                self.text(&mut head.api_version, value, "SimpleHead.apiVersion");
            } else if is_field(&key, "kind") {
                self.text(&mut head.kind, value, "SimpleHead.kind");
            } else if is_field(&key, "metadata") {
                self.metadata(&mut head, value);
            }
        }
        head
    }

    fn metadata(&mut self, head: &mut Head, value: Value) {
        if value.is_null() {
            head.name.clear();
            head.annotations.clear();
            return;
        }
        let place = || format!("struct field SimpleHead.metadata of type {METADATA_TYPE}");
        for (key, value) in self.map(value, place).into_iter().flatten() {
            if is_field(&key, "name") {
                self.text(&mut head.name, value, ".metadata.name");
            } else if is_field(&key, "annotations") {
                self.annotations(head, value);
            }
        }
    }

    fn annotations(&mut self, head: &mut Head, value: Value) {
        const FIELD: &str = ".metadata.annotations";
        if value.is_null() {
            head.annotations.clear();
            return;
        }
        let place = || format!("struct field {FIELD} of type map[string]string");
        for (key, value) in self.map(value, place).into_iter().flatten() {
            let mut text = String::new();
            self.text(&mut text, value, FIELD);
            head.annotations.insert(key, text);
        }
    }

    fn map(&mut self, value: Value, place: impl FnOnce() -> String) -> Option<Map<String, Value>> {
        match value {
            Value::Object(map) => return Some(map),
            Value::Null => {}
            other => self.refuse(&other, place),
        }
        None
    }

    fn text(&mut self, target: &mut String, value: Value, field: &str) {
        match value {
            Value::Null => {}
            Value::String(text) => *target = text,
            other => match chandlery_yaml::coerce_to_string(&other) {
                Some(text) => *target = text.into_owned(),
                None => self.refuse(&other, || format!("struct field {field} of type string")),
            },
        }
    }

    fn refuse(&mut self, value: &Value, place: impl FnOnce() -> String) {
        if self.fault.is_none() {
            self.fault = Some(Fault { found: json_kind(value), place: place() });
        }
    }
}

/// Go's JSON decoder finds fields whatever the case of their letters, with the two letters beyond ASCII that fold to
/// ASCII ones.
fn is_field(key: &str, field: &str) -> bool {
    let fold = |letter: char| match letter {
        'ſ' => 's',
        '\u{212a}' => 'k',
        letter => letter.to_ascii_lowercase(),
    };
    key.chars().map(fold).eq(field.chars().map(fold))
}
