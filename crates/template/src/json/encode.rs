//! Values to JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::error::Error;
use crate::format::{Layout, push_float, runes};
use crate::limits::Budget;
use crate::value::Value;

/// How JSON is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct JsonStyle {
    /// What every level is indented with; none writes everything in one line.
    pub indent: Option<&'static str>,
    /// Are `<`, `>` and `&` written as they are?
    pub raw_html: bool,
}

/// Levels from which on Go looks for values that hold themselves.
const UNCHECKED_DEPTH: usize = 1_000;

/// Levels that are written at all; Go goes on until its stack is full.
const MAX_DEPTH: usize = 10_000;

/// The stack that is surely there for one level, and what is added when it is not, in bytes.
const RED_ZONE: usize = 64 << 10;
const STACK_GROWTH: usize = 1 << 20;

/// The value as Go's `json.Marshal` writes it: keys sorted by their bytes, texts forced to UTF-8.
///
/// # Errors
/// In Go's words for what JSON cannot hold (NaN, infinities, complex numbers, a value that holds itself), and a limit
/// error when the text has no room in the budget.
pub fn to_json(value: &Value, style: JsonStyle, budget: &Budget) -> Result<String, Error> {
    let mut encoder = Encoder { output: String::new(), style, budget, depth: 0, deep: Vec::new() };
    encoder.value(value)?;
    Ok(encoder.output)
}

struct Encoder<'a> {
    output: String,
    style: JsonStyle,
    budget: &'a Budget,
    depth: usize,
    /// The lists and maps around this place that are deep enough to be suspected.
    deep: Vec<Value>,
}

impl Encoder<'_> {
    fn value(&mut self, value: &Value) -> Result<(), Error> {
        self.budget.spend(1)?;
        self.budget.claim(8)?;
        match value {
            Value::Nil => self.output.push_str("null"),
            Value::List(list) if list.is_nil() => self.output.push_str("null"),
            Value::Map(map) if map.is_nil() => self.output.push_str("null"),
            Value::Bool(flag) => self.output.push_str(if *flag { "true" } else { "false" }),
            Value::Integer(integer) => self.output.push_str(&integer.exact().to_string()),
            Value::Float(number) => self.float(*number)?,
            Value::Complex(..) => return Err("json: unsupported type: complex128".into()),
            Value::String(text) => self.text(text)?,
            Value::Bytes(bytes) => {
                self.budget.claim(bytes.len().saturating_mul(2))?;
                self.output.push('"');
                STANDARD.encode_string(bytes, &mut self.output);
                self.output.push('"');
            }
            Value::List(list) => {
                let items = list.items();
                self.nested(value, ['[', ']'], items.iter(), Self::value)?;
            }
            Value::Map(map) => {
                let entries = map.entries();
                self.nested(value, ['{', '}'], entries.iter(), |encoder, (key, item)| {
                    encoder.member(key, item)
                })?;
            }
            Value::Object(object) => match object.json_fields() {
                Some(fields) => self.nested(value, ['{', '}'], fields.iter(), |encoder, (key, item)| {
                    encoder.member(key.as_bytes(), item)
                })?,
                None => self.deeper(|encoder| encoder.value(&object.to_plain()))?,
            },
        }
        Ok(())
    }

    fn member(&mut self, key: &[u8], value: &Value) -> Result<(), Error> {
        self.text(key)?;
        self.output.push(':');
        if self.style.indent.is_some() {
            self.output.push(' ');
        }
        self.value(value)
    }

    fn nested<I: ExactSizeIterator>(
        &mut self,
        value: &Value,
        [open, close]: [char; 2],
        items: I,
        mut write: impl FnMut(&mut Self, I::Item) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let is_empty = items.len() == 0;
        self.output.push(open);
        self.deeper(|encoder| {
            let is_deep = encoder.depth > UNCHECKED_DEPTH;
            if is_deep {
                encoder.look_for_cycle(value)?;
                encoder.deep.push(value.clone());
            }
            for (place, item) in items.enumerate() {
                if place > 0 {
                    encoder.output.push(',');
                }
                encoder.new_line()?;
                write(encoder, item)?;
            }
            if is_deep {
                encoder.deep.pop();
            }
            Ok(())
        })?;
        if !is_empty {
            self.new_line()?;
        }
        self.output.push(close);
        Ok(())
    }

    fn deeper(&mut self, write: impl FnOnce(&mut Self) -> Result<(), Error>) -> Result<(), Error> {
        if self.depth == MAX_DEPTH {
            return Err(Error::limit(format!(
                "a value nested deeper than {MAX_DEPTH} levels cannot be written as JSON"
            )));
        }
        self.depth += 1;
        let result = stacker::maybe_grow(RED_ZONE, STACK_GROWTH, || write(self));
        self.depth -= 1;
        result
    }

    fn look_for_cycle(&self, value: &Value) -> Result<(), Error> {
        let is_same = |outer: &Value| match (outer, value) {
            (Value::Map(outer), Value::Map(map)) => outer.is_same(map),
            (Value::List(outer), Value::List(list)) => outer.is_same(list),
            _ => false,
        };
        if self.deep.iter().any(is_same) {
            let name = value.type_name();
            return Err(Error::message(format!("json: unsupported value: encountered a cycle via {name}")));
        }
        Ok(())
    }

    fn new_line(&mut self) -> Result<(), Error> {
        if let Some(indent) = self.style.indent {
            self.budget.claim(indent.len() * self.depth + 1)?;
            self.output.push('\n');
            self.output.extend(std::iter::repeat_n(indent, self.depth));
        }
        Ok(())
    }

    /// JavaScript's layout, but for the sign of zero.
    fn float(&mut self, number: f64) -> Result<(), Error> {
        let mut text = Vec::new();
        let size = number.abs();
        let layout =
            if size != 0.0 && !(1e-6..1e21).contains(&size) { Layout::Exponent } else { Layout::Fixed };
        push_float(&mut text, number, layout, None);
        let text = String::from_utf8_lossy(&text);
        if !number.is_finite() {
            return Err(Error::message(format!("json: unsupported value: {text}")));
        }
        // A negative exponent of one digit stays one.
        match text.split_once("e-0") {
            Some((digits, exponent)) => self.output.extend([digits, "e-", exponent]),
            None => self.output.push_str(&text),
        }
        Ok(())
    }

    fn text(&mut self, text: &[u8]) -> Result<(), Error> {
        let escaped = text
            .iter()
            .filter(|&&byte| byte < b' ' || matches!(byte, b'"'..=b'&' | b'<'..=b'>' | b'\\' | 0x80..))
            .count();
        self.budget.claim(text.len() + 5 * escaped)?;
        self.output.push('"');
        for (character, _) in runes(text) {
            match character {
                None => self.output.push_str("\\ufffd"),
                Some(character) => self.character(character),
            }
        }
        self.output.push('"');
        Ok(())
    }

    fn character(&mut self, character: char) {
        let escape = match character {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\x08' => "\\b",
            '\x0c' => "\\f",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\0'..' ' | '\u{2028}' | '\u{2029}' => return self.escaped(character),
            '<' | '>' | '&' if !self.style.raw_html => return self.escaped(character),
            _ => return self.output.push(character),
        };
        self.output.push_str(escape);
    }

    fn escaped(&mut self, character: char) {
        self.output.push_str(&format!("\\u{:04x}", u32::from(character)));
    }
}
