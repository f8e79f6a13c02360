//! JSON texts to values.

use super::scan::Scanner;
use crate::error::Error;
use crate::value::{Element, List, Map, MapType, Value};

/// The value of a JSON text as Go's `json.Unmarshal` reads it into an `interface {}`: every number is `float64`, the
/// last of equal keys wins, what is not UTF-8 becomes U+FFFD.
///
/// # Errors
/// In Go's words for what is no JSON or too large a number.
pub fn from_json(text: &[u8]) -> Result<Value, Error> {
    let (value, out_of_range) = Scanner::new(text).whole()?;
    out_of_range.map_or(Ok(value), Err)
}

/// The map of a JSON text as Go reads it into a `map[string]interface {}`. `null` is a nil map.
///
/// # Errors
/// As of [`from_json`], and for a text that is something else.
pub fn from_json_map(text: &[u8]) -> Result<Map, Error> {
    match Scanner::new(text).whole()? {
        (Value::Map(map), None) => Ok(map),
        (Value::Map(_), Some(error)) => Err(error),
        (Value::Nil, None) => Ok(Map::nil(MapType::Any)),
        (other, _) => Err(mismatch(&other, "map[string]interface {}")),
    }
}

/// The list of a JSON text as Go reads it into an `[]interface {}`. `null` is a nil slice.
///
/// # Errors
/// As of [`from_json`], and for a text that is something else.
pub fn from_json_list(text: &[u8]) -> Result<List, Error> {
    match Scanner::new(text).whole()? {
        (Value::List(list), None) => Ok(list),
        (Value::List(_), Some(error)) => Err(error),
        (Value::Nil, None) => Ok(List::nil(Element::Any)),
        (other, _) => Err(mismatch(&other, "[]interface {}")),
    }
}

fn mismatch(value: &Value, wanted: &str) -> Error {
    let found = match value {
        Value::Bool(_) => "bool",
        // A number out of range is nil.
        Value::Float(_) | Value::Nil => "number",
        Value::String(_) => "string",
        Value::List(_) => "array",
        _ => "object",
    };
    Error::message(format!("json: cannot unmarshal {found} into Go value of type {wanted}"))
}
