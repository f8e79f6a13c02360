//! Template values to YAML and back.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chandlery_template::{Error, List, Map, Text, Value};
use chandlery_yaml::{Dialect, Emitter, Limits, sort_entries};
use serde_json::{Number, Value as Json};

/// Writes a value as `toYaml` does, with the final line break.
///
/// # Errors
/// When the value has no YAML form; `toYaml` writes nothing then.
pub(super) fn to_yaml(value: &Value) -> Result<Text, Error> {
    write(value, Dialect::Compact)
}

/// Writes a value as `toYamlPretty` does, with the final line break.
///
/// # Errors
/// When the value has no YAML form; `toYamlPretty` writes nothing then.
pub(super) fn to_yaml_pretty(value: &Value) -> Result<Text, Error> {
    write(value, Dialect::Pretty)
}

fn write(value: &Value, dialect: Dialect) -> Result<Text, Error> {
    let mut emitter = Emitter::new(dialect);
    write_node(&mut emitter, value, dialect, Limits::default().depth)?;
    emitter.finish().map(Text::from).map_err(|error| Error::message(error.to_string()))
}

fn write_node(emitter: &mut Emitter, value: &Value, dialect: Dialect, depth: usize) -> Result<(), Error> {
    match value {
        Value::Nil => emitter.null(),
        Value::List(list) if list.is_nil() => emitter.null(),
        Value::Map(map) if map.is_nil() => emitter.null(),
        Value::Bool(value) => emitter.boolean(*value),
        Value::Integer(integer) if integer.kind.is_signed() => emitter.number(&integer.as_i64().into()),
        Value::Integer(integer) => emitter.number(&integer.as_u64().into()),
        Value::Float(float) => emitter.number(&number(*float)?),
        Value::String(text) => emitter.string(&text.to_str_lossy()),
        Value::Bytes(bytes) => emitter.string(&STANDARD.encode(bytes)),
        Value::List(list) => {
            let depth = deeper(depth)?;
            emitter.begin_sequence();
            for item in &*list.items() {
                write_node(emitter, item, dialect, depth)?;
            }
            emitter.end_sequence();
        }
        Value::Map(map) => {
            let depth = deeper(depth)?;
            emitter.begin_mapping();
            write_entries(emitter, map, dialect, depth)?;
            emitter.end_mapping();
        }
        Value::Object(object) => write_node(emitter, &object.to_plain(), dialect, deeper(depth)?)?,
        Value::Complex(..) => return Err(Error::message("json: unsupported type: complex128")),
    }
    Ok(())
}

fn write_entries(emitter: &mut Emitter, map: &Map, dialect: Dialect, depth: usize) -> Result<(), Error> {
    let entries = map.entries();
    let keyed: Vec<(Cow<'_, str>, &Value)> =
        entries.iter().map(|(key, value)| (key.to_str_lossy(), value)).collect();
    let mut sorted: Vec<(&str, &Value)> = keyed.iter().map(|(key, value)| (&**key, *value)).collect();
    sort_entries(&mut sorted, dialect);
    for (key, value) in sorted {
        emitter.key(key);
        write_node(emitter, value, dialect, depth)?;
    }
    Ok(())
}

fn number(float: f64) -> Result<Number, Error> {
    Number::from_f64(float).ok_or_else(|| Error::message(format!("json: unsupported value: {float}")))
}

fn deeper(depth: usize) -> Result<usize, Error> {
    depth.checked_sub(1).ok_or_else(|| Error::message("the value is nested too deep"))
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
    let found = match found {
        Json::Null => "null",
        Json::Bool(_) => "bool",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    };
    format!(
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {found} into Go value of type {wanted}"
    )
}
