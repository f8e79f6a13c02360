//! Whole values to text.

use serde_json::{Map, Number, Value};

use crate::emit::order::sort_entries;
use crate::emit::{Dialect, Emitter};
use crate::error::Error;
use crate::limits::{Limits, Options};
use crate::number;

/// The longest text written from one value: a deep value can be much longer in YAML than in memory, for its indentation.
const LONGEST_OUTPUT: usize = 1 << 30;

/// Writes a value as sigs.k8s.io/yaml does: Helm's `toYaml` with its final line break.
///
/// # Errors
/// [`crate::ErrorKind::Encoding`] for a string with DEL, C1 control characters (but NEL), U+FFFE or U+FFFF;
/// [`crate::ErrorKind::Syntax`] for a key longer than 1,024 characters or with NEL; [`crate::ErrorKind::Limit`] for a value nested
/// deeper than the default of [`Limits`] or longer than 1 GiB in YAML. Helm's `toYaml` gives an empty string then.
pub fn to_string(value: &Value) -> Result<String, Error> {
    write(value, Dialect::Compact)
}

/// Writes a value as Helm's `toYamlPretty` does: yaml.v3 with indent 2, with a final line break.
///
/// # Errors
/// [`crate::ErrorKind::Limit`] for a value nested deeper than the default of [`Limits`] or longer than 1 GiB in YAML.
pub fn to_string_pretty(value: &Value) -> Result<String, Error> {
    write(value, Dialect::Pretty)
}

fn write(value: &Value, dialect: Dialect) -> Result<String, Error> {
    let mut emitter = Emitter::new(dialect);
    emitter.value(value)?;
    emitter.finish().map_err(|error| refusal(value).unwrap_or(error))
}

/// Why go-yaml cannot read the JSON form of the value, with its idea of the line: U+0085 ends lines there.
fn refusal(value: &Value) -> Option<Error> {
    crate::from_str(&json_form(value), &Options::default()).err()
}

/// The value in JSON as Go writes it.
pub(super) fn json_form(value: &Value) -> String {
    const ESCAPES: [(char, &str); 5] = [
        ('<', "\\u003c"),
        ('>', "\\u003e"),
        ('&', "\\u0026"),
        ('\u{2028}', "\\u2028"),
        ('\u{2029}', "\\u2029"),
    ];
    let json = value.to_string();
    ESCAPES.iter().fold(json, |json, &(character, escape)| match json.contains(character) {
        true => json.replace(character, escape),
        false => json,
    })
}

impl Emitter {
    /// Writes a value with everything in it, keys in go-yaml's order.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Limit`] for a value nested deeper than the default of [`Limits`] or longer than 1 GiB in YAML.
    pub fn value(&mut self, value: &Value) -> Result<(), Error> {
        self.value_within(value, Limits::default().depth)
    }

    fn value_within(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        if self.written() > LONGEST_OUTPUT {
            return Err(Error::limit(&format!("value has more than {LONGEST_OUTPUT} bytes in YAML"), None));
        }
        match value {
            Value::Null => self.null(),
            Value::Bool(value) => self.boolean(*value),
            Value::Number(number) => self.number(number),
            Value::String(text) => self.string(text),
            Value::Array(items) => {
                let depth = deeper(depth)?;
                self.begin_sequence();
                items.iter().try_for_each(|item| self.value_within(item, depth))?;
                self.end_sequence();
            }
            Value::Object(map) => {
                let depth = deeper(depth)?;
                self.begin_mapping();
                self.entries(map, depth)?;
                self.end_mapping();
            }
        }
        Ok(())
    }

    fn entries(&mut self, map: &Map<String, Value>, depth: usize) -> Result<(), Error> {
        let mut entries: Vec<(&str, &Value)> = map.iter().map(|(key, value)| (key.as_str(), value)).collect();
        sort_entries(&mut entries, self.dialect());
        for (key, value) in entries {
            self.key(key);
            self.value_within(value, depth)?;
        }
        Ok(())
    }
}

fn deeper(depth: usize) -> Result<usize, Error> {
    let deeper = depth.checked_sub(1);
    deeper.ok_or_else(|| Error::limit(&format!("exceeded max depth of {}", Limits::default().depth), None))
}

/// A number in the dialect's form.
pub(super) fn number_text(number: &Number, dialect: Dialect) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() && dialect == Dialect::Pretty => number::format_general(float),
        Some(float) if number.is_f64() => number::format_through_json(float),
        _ => number.to_string(),
    }
}
