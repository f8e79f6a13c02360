//! Template values to YAML and back.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chandlery_template::{Budget, Error, ErrorKind, JsonStyle, List, Map, Text, Value, to_json};
use chandlery_yaml::{Dialect, Emitter, Limits, sort_entries};
use serde_json::{Number, Value as Json};

use super::go::json_kind;

/// Writes a value as `toYaml` does, with the final line break.
///
/// # Errors
/// When the value has no YAML form; `toYaml` writes nothing then.
pub(super) fn to_yaml(value: &Value, budget: &Budget) -> Result<Text, Error> {
    write(value, Dialect::Compact, budget)
}

/// Writes a value as `toYamlPretty` does, with the final line break.
///
/// # Errors
/// When the value has no YAML form; `toYamlPretty` writes nothing then.
pub(super) fn to_yaml_pretty(value: &Value, budget: &Budget) -> Result<Text, Error> {
    write(value, Dialect::Pretty, budget)
}

fn write(value: &Value, dialect: Dialect, budget: &Budget) -> Result<Text, Error> {
    let mut writer =
        Writer { emitter: Emitter::new(dialect), dialect, budget, depth: Limits::default().depth };
    let written = writer.node(value);
    let finished = || writer.emitter.finish().map_err(|error| Error::message(error.to_string()));
    match written.and_then(|()| finished()) {
        Ok(text) => Ok(Text::from(text)),
        Err(error) if dialect == Dialect::Pretty || error.kind() == ErrorKind::Limit => Err(error),
        Err(error) => Err(refusal(value, budget).unwrap_or(error)),
    }
}

/// Why Helm has no YAML for a value: it has no JSON form, or one that go-yaml cannot read.
fn refusal(value: &Value, budget: &Budget) -> Option<Error> {
    match to_json(value, JsonStyle::default(), budget) {
        Ok(json) => {
            let error = chandlery_yaml::from_str(&json, &crate::yaml_options()).err()?;
            Some(Error::message(error.to_string()))
        }
        // Too deep for JSON is too deep for YAML.
        Err(error) if error.kind() == ErrorKind::Limit => None,
        Err(error) => Some(Error::message(format!("error marshaling into JSON: {error}"))),
    }
}

/// Writes values within a budget.
struct Writer<'a> {
    emitter: Emitter,
    dialect: Dialect,
    budget: &'a Budget,
    /// The levels that may still follow.
    depth: usize,
}

impl Writer<'_> {
    fn node(&mut self, value: &Value) -> Result<(), Error> {
        self.claim(value)?;
        match value {
            Value::Nil => self.emitter.null(),
            Value::List(list) if list.is_nil() => self.emitter.null(),
            Value::Map(map) if map.is_nil() => self.emitter.null(),
            Value::Bool(value) => self.emitter.boolean(*value),
            Value::Integer(integer) if integer.kind.is_signed() => {
                self.emitter.number(&integer.as_i64().into());
            }
            Value::Integer(integer) => self.emitter.number(&integer.as_u64().into()),
            Value::Float(float) => self.emitter.number(&number(*float)?),
            Value::String(text) => self.emitter.string(&text.to_str_lossy()),
            Value::Bytes(bytes) => self.emitter.string(&STANDARD.encode(bytes)),
            Value::List(list) => self.deeper(|writer| {
                writer.emitter.begin_sequence();
                list.items().iter().try_for_each(|item| writer.node(item))?;
                writer.emitter.end_sequence();
                Ok(())
            })?,
            Value::Map(map) => self.deeper(|writer| {
                writer.emitter.begin_mapping();
                writer.entries(map)?;
                writer.emitter.end_mapping();
                Ok(())
            })?,
            Value::Object(object) => self.deeper(|writer| writer.node(&object.to_plain()))?,
            Value::Complex(..) => return Err(Error::message("json: unsupported type: complex128")),
        }
        Ok(())
    }

    /// Claims what a value takes in the text and before, those inside it apart.
    fn claim(&self, value: &Value) -> Result<(), Error> {
        const NODE: usize = 96;
        let length = match value {
            Value::String(text) => text.len(),
            Value::Bytes(bytes) => bytes.len().saturating_mul(2),
            _ => 0,
        };
        self.budget.spend(1)?;
        let indent = 2 * (Limits::default().depth - self.depth);
        self.budget.claim(length.saturating_add(NODE + indent))
    }

    fn deeper(&mut self, write: impl FnOnce(&mut Self) -> Result<(), Error>) -> Result<(), Error> {
        let rest = self.depth.checked_sub(1);
        self.depth = rest.ok_or_else(|| Error::message("the value is nested too deep"))?;
        write(self)?;
        self.depth += 1;
        Ok(())
    }

    fn entries(&mut self, map: &Map) -> Result<(), Error> {
        let entries = map.entries();
        let keyed: Vec<(Cow<'_, str>, &Value)> =
            entries.iter().map(|(key, value)| (key.to_str_lossy(), value)).collect();
        let mut sorted: Vec<(&str, &Value)> = keyed.iter().map(|(key, value)| (&**key, *value)).collect();
        sort_entries(&mut sorted, self.dialect);
        for (key, value) in sorted {
            self.budget.claim(key.len())?;
            self.emitter.key(key);
            self.node(value)?;
        }
        Ok(())
    }
}

fn number(float: f64) -> Result<Number, Error> {
    Number::from_f64(float).ok_or_else(|| Error::message(format!("json: unsupported value: {float}")))
}

/// Reads a YAML text into a map, as `fromYaml` does. Nothing and null are an empty map.
///
/// # Errors
/// What `fromYaml` leaves under the key `Error`.
pub(super) fn from_yaml_map(text: &Text) -> Result<Map, String> {
    match read(text)? {
        Json::Object(entries) => Ok(entries
            .iter()
            .map(|(key, value)| (Text::from(key.as_str()), Value::from_decoded(value)))
            .collect()),
        Json::Null => Ok(Map::new()),
        other => Err(mismatch(&other, "map[string]interface {}")),
    }
}

/// Reads a YAML text into a list, as `fromYamlArray` does. Nothing and null are an empty list.
///
/// # Errors
/// What `fromYamlArray` leaves as the only item.
pub(super) fn from_yaml_list(text: &Text) -> Result<List, String> {
    match read(text)? {
        Json::Array(items) => Ok(List::new(items.iter().map(Value::from_decoded).collect())),
        Json::Null => Ok(List::new(Vec::new())),
        other => Err(mismatch(&other, "[]interface {}")),
    }
}

fn read(text: &Text) -> Result<Json, String> {
    chandlery_yaml::from_slice(text, &crate::yaml_options())
        .map_err(|error| format!("error converting YAML to JSON: {error}"))
}

fn mismatch(found: &Json, wanted: &str) -> String {
    let found = json_kind(found);
    format!(
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {found} into Go value of type {wanted}"
    )
}
