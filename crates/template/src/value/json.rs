use serde_json::Value as Json;

use super::{List, Map, Text, Value};

impl From<&Json> for Value {
    /// The value as a template sees it: numbers held as integers are `int64`, all others `float64`. Go reads every
    /// number of a JSON text as `float64`; see [`Value::from_decoded`].
    fn from(json: &Json) -> Self {
        match json {
            Json::Null => Self::Nil,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => match number.as_i64() {
                Some(integer) => integer.into(),
                None => Self::Float(number.as_f64().unwrap_or(f64::INFINITY)),
            },
            Json::String(text) => text.as_str().into(),
            Json::Array(items) => List::new(items.iter().map(Self::from).collect()).into(),
            Json::Object(entries) => entries
                .iter()
                .map(|(key, value)| (Text::from(key.as_str()), Self::from(value)))
                .collect::<Map>()
                .into(),
        }
    }
}

impl Value {
    /// The value of a parsed JSON or YAML text, as Go decodes it into an `interface {}`: every number is `float64`.
    #[must_use]
    pub fn from_decoded(json: &Json) -> Self {
        match json {
            Json::Number(number) => Self::Float(number.as_f64().unwrap_or(f64::INFINITY)),
            Json::Array(items) => List::new(items.iter().map(Self::from_decoded).collect()).into(),
            Json::Object(entries) => entries
                .iter()
                .map(|(key, value)| (Text::from(key.as_str()), Self::from_decoded(value)))
                .collect::<Map>()
                .into(),
            _ => Self::from(json),
        }
    }
}
