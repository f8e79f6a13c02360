//! The values of `--set` and its relatives.
//!
//! The grammar is Helm's: `a.b=1,c[0].d=x,l={1,2},k\.dot=v`.

use serde_json::{Map, Number, Value};

use crate::render::coalesce::{floats, merge_files};
use crate::render::go::{quote, quote_character};
use crate::render::json::read_prefix;

/// The highest index of a list.
const HIGHEST_INDEX: i64 = 65_536;

/// The most indexes in a name, and the most items that lists may get by one text. Helm goes on until its stack or its
/// memory is used up.
const MOST_LISTS: usize = 30;
const MOST_ITEMS: usize = 1 << 20;

/// The most dots in a name.
const MOST_LEVELS: usize = 30;

/// One of the flags that set single values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetKind {
    /// `--set-json`: the value is JSON; or the whole text is one object.
    Json,
    /// `--set`: numbers, booleans and null are told from texts.
    Typed,
    /// `--set-string`: all values are texts.
    Text,
    /// `--set-file`: the value is the name of a file, whose content is the text.
    File,
    /// `--set-literal`: everything after the first `=` is the text.
    Literal,
}

/// The order in which Helm applies the flags, whatever their order in the command.
const ORDER: [(SetKind, &str); 5] = [
    (SetKind::Json, "--set-json"),
    (SetKind::Typed, "--set"),
    (SetKind::Text, "--set-string"),
    (SetKind::File, "--set-file"),
    (SetKind::Literal, "--set-literal"),
];

/// What is wrong with a flag; the text is Helm's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SetError(String);

/// Reads the file that a `--set-file` names; the error is a text for the user.
pub type ReadFile<'a> = dyn FnMut(&str) -> Result<String, String> + 'a;

/// Lays the values of flags over those of files, in Helm's order of kinds.
///
/// # Errors
/// [`SetError`] naming the flag.
pub fn apply_flags(
    values: &mut Map<String, Value>,
    flags: &[(SetKind, String)],
    read_file: &mut ReadFile<'_>,
) -> Result<(), SetError> {
    for (kind, name) in ORDER {
        for (_, text) in flags.iter().filter(|(flag, _)| *flag == kind) {
            if kind == SetKind::Json {
                apply_json_flag(values, text)?;
            } else {
                set_values(values, kind, text, read_file)
                    .map_err(|error| SetError(format!("failed parsing {name} data: {error}")))?;
            }
        }
    }
    Ok(())
}

/// A `--set-json` flag is `key=JSON,…` or one object, which is merged.
fn apply_json_flag(values: &mut Map<String, Value>, text: &str) -> Result<(), SetError> {
    let trimmed = text.trim();
    if !trimmed.starts_with('{') {
        return set_values(values, SetKind::Json, text, &mut |_| unreachable_file())
            .map_err(|_| SetError(format!("failed parsing --set-json data {text}")));
    }
    match read_prefix(trimmed) {
        Ok((Value::Object(mut map), end)) if end == trimmed.len() => {
            floats(&mut map);
            merge_files(values, map);
            Ok(())
        }
        _ => Err(SetError(format!("failed parsing --set-json data JSON: {text}"))),
    }
}

fn unreachable_file() -> Result<String, String> {
    Err("only --set-file reads files".to_owned())
}

/// Sets the values of one flag in a map.
///
/// # Errors
/// [`SetError`] in Helm's words; the map may then hold a part of the values.
pub fn set_values(
    values: &mut Map<String, Value>,
    kind: SetKind,
    text: &str,
    read_file: &mut ReadFile<'_>,
) -> Result<(), SetError> {
    let mut parser = Parser { rest: text, kind, read_file, lists: 0, items: 0 };
    loop {
        match parser.key(values, 0) {
            Ok(()) => {}
            Err(Halt::End) => return Ok(()),
            Err(Halt::Error(error)) => return Err(SetError(error)),
        }
    }
}

/// Why reading stopped.
enum Halt {
    /// The text is at its end, which is no error wherever it happens between values.
    End,
    /// The text is wrong.
    Error(String),
}

impl From<String> for Halt {
    fn from(error: String) -> Self {
        Self::Error(error)
    }
}

/// The error of Go when a value is of another type than its path says.
fn wrong_type(value: &Value, wanted: &str) -> Halt {
    let got = match value {
        Value::Null => "nil",
        other => crate::render::go::type_name(other),
    };
    format!("unable to parse key: interface conversion: interface {{}} is {got}, not {wanted}").into()
}

struct Parser<'a, 'f> {
    rest: &'a str,
    kind: SetKind,
    read_file: &'a mut ReadFile<'f>,
    /// The indexes around the place.
    lists: usize,
    /// The items by which lists became longer.
    items: usize,
}

impl Parser<'_, '_> {
    fn next(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let next = characters.next();
        self.rest = characters.as_str();
        next
    }

    /// Reads up to one of the characters, which is taken too; `None` at the end of the text.
    fn until(&mut self, stops: &[char]) -> (String, Option<char>) {
        let mut text = String::new();
        while let Some(character) = self.next() {
            if stops.contains(&character) {
                return (text, Some(character));
            }
            if character == '\\' && self.kind != SetKind::Literal {
                match self.next() {
                    Some(escaped) => text.push(escaped),
                    None => break,
                }
            } else {
                text.push(character);
            }
        }
        (text, None)
    }

    /// Reads one name and its value into the map.
    fn key(&mut self, map: &mut Map<String, Value>, level: usize) -> Result<(), Halt> {
        let stops: &[char] =
            if self.kind == SetKind::Literal { &['=', '[', '.'] } else { &['=', '[', ',', '.'] };
        match self.until(stops) {
            (key, None) if key.is_empty() => Err(Halt::End),
            (key, None) => Err(format!("key {} has no value", quote(&key)).into()),
            (key, Some('=')) => self.key_value(map, key),
            (key, Some('[')) => self.key_list(map, key, level),
            (key, Some('.')) => self.key_map(map, &key, level),
            (key, Some(_)) => Err(format!("key {} has no value (cannot end with ,)", quote(&key)).into()),
        }
    }

    fn key_value(&mut self, map: &mut Map<String, Value>, key: String) -> Result<(), Halt> {
        let (value, at_end) = self.value()?;
        insert(map, key, value);
        if at_end { Err(Halt::End) } else { Ok(()) }
    }

    fn key_map(&mut self, map: &mut Map<String, Value>, key: &str, level: usize) -> Result<(), Halt> {
        if level >= MOST_LEVELS {
            return Err(format!(
                "value name nested level is greater than maximum supported nested level of {MOST_LEVELS}"
            )
            .into());
        }
        let (result, is_empty) = match map.get_mut(key) {
            Some(Value::Object(inner)) => (self.key(inner, level + 1), inner.is_empty()),
            Some(other) => return Err(wrong_type(other, "map[string]interface {}")),
            None => {
                let mut inner = Map::new();
                let result = self.key(&mut inner, level + 1);
                let is_empty = inner.is_empty();
                if !is_empty {
                    insert(map, key.to_owned(), Value::Object(inner));
                }
                (result, is_empty)
            }
        };
        if result.is_ok() && is_empty {
            return Err(format!("key map {} has no value", quote(key)).into());
        }
        result
    }

    fn key_list(&mut self, map: &mut Map<String, Value>, key: String, level: usize) -> Result<(), Halt> {
        let index = self.index()?;
        let mut list = match map.get_mut(&key) {
            Some(Value::Array(list)) => std::mem::take(list),
            Some(other) => return Err(wrong_type(other, "[]interface {}")),
            None => Vec::new(),
        };
        let result = self.item(&mut list, index, level);
        insert(map, key, Value::Array(list));
        result
    }

    fn index(&mut self) -> Result<i64, Halt> {
        let (text, Some(_)) = self.until(&[']']) else { return Err(Halt::End) };
        text.parse().map_err(|error: std::num::ParseIntError| {
            let problem = match error.kind() {
                std::num::IntErrorKind::PosOverflow | std::num::IntErrorKind::NegOverflow => {
                    "value out of range"
                }
                _ => "invalid syntax",
            };
            format!("error parsing index: strconv.Atoi: parsing {}: {problem}", quote(&text)).into()
        })
    }

    /// Reads what follows an index into the list.
    fn item(&mut self, list: &mut Vec<Value>, index: i64, level: usize) -> Result<(), Halt> {
        let position = usize::try_from(index).map_err(|_| format!("negative {index} index not allowed"))?;
        let (extra, stop) = self.until(&['[', '.', '=']);
        if !extra.is_empty() {
            let characters: Vec<String> = extra.chars().map(quote_character).collect();
            return Err(format!("unexpected data at end of array index: [{}]", characters.join(" ")).into());
        }
        self.lists += 1;
        if self.lists > MOST_LISTS {
            return Err(format!("lists are nested more than {MOST_LISTS} levels deep").into());
        }
        let value = match stop.ok_or(Halt::End)? {
            '=' => self.value()?.0,
            '[' => self.nested_list(list.get_mut(position), level)?,
            _ => self.nested_map(list.get_mut(position), level)?,
        };
        self.lists -= 1;
        self.items += position.saturating_sub(list.len()).min(HIGHEST_INDEX as usize);
        if self.items > MOST_ITEMS {
            return Err(format!("the lists have more than {MOST_ITEMS} items").into());
        }
        put(list, position, value)
    }

    fn nested_list(&mut self, present: Option<&mut Value>, level: usize) -> Result<Value, Halt> {
        let index = self.index()?;
        let mut inner = match present {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(list)) => list.clone(),
            Some(other) => return Err(wrong_type(other, "[]interface {}")),
        };
        self.item(&mut inner, index, level)?;
        Ok(Value::Array(inner))
    }

    fn nested_map(&mut self, present: Option<&mut Value>, level: usize) -> Result<Value, Halt> {
        let Some(present) = present else {
            let mut inner = Map::new();
            self.key(&mut inner, level)?;
            return Ok(Value::Object(inner));
        };
        if !present.is_object() {
            *present = Value::Object(Map::new());
        }
        if let Value::Object(inner) = present {
            self.key(inner, level)?;
        }
        Ok(present.clone())
    }

    /// Reads a value; `true` if the text ended where the value should begin.
    fn value(&mut self) -> Result<(Value, bool), Halt> {
        match self.kind {
            SetKind::Literal => Ok((Value::String(std::mem::take(&mut self.rest).to_owned()), false)),
            SetKind::Json => Ok((self.json_value()?, false)),
            _ if self.rest.is_empty() => Ok((Value::String(String::new()), true)),
            _ => match self.rest.strip_prefix('{') {
                Some(rest) => {
                    self.rest = rest;
                    Ok((self.list_value()?, false))
                }
                None => {
                    let (text, _) = self.until(&[',']);
                    Ok((self.scalar(text)?, false))
                }
            },
        }
    }

    fn list_value(&mut self) -> Result<Value, Halt> {
        let mut items = Vec::new();
        loop {
            match self.until(&[',', '}']) {
                (_, None) => return Err("list must terminate with '}'".to_owned().into()),
                (text, Some(stop)) => {
                    items.push(self.scalar(text)?);
                    if stop == '}' {
                        self.rest = self.rest.strip_prefix(',').unwrap_or(self.rest);
                        return Ok(Value::Array(items));
                    }
                }
            }
        }
    }

    fn json_value(&mut self) -> Result<Value, Halt> {
        if self.skip_separator() {
            return Ok(Value::Null);
        }
        let (mut value, length) = read_prefix(self.rest)?;
        self.rest = &self.rest[length..];
        let mut holder = Map::from_iter([(String::new(), value.take())]);
        floats(&mut holder);
        self.skip_separator();
        Ok(holder.remove("").unwrap_or(Value::Null))
    }

    /// Steps over blanks and one comma; `true` if there was a comma or the end.
    fn skip_separator(&mut self) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(',') {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => self.rest.is_empty(),
        }
    }

    fn scalar(&mut self, text: String) -> Result<Value, Halt> {
        match self.kind {
            SetKind::Typed => Ok(typed(text)),
            SetKind::File => Ok(Value::String((self.read_file)(&text)?)),
            SetKind::Text | SetKind::Json | SetKind::Literal => Ok(Value::String(text)),
        }
    }
}

/// Sets a key; the empty one is passed over, as in Helm.
fn insert(map: &mut Map<String, Value>, key: String, value: Value) {
    if !key.is_empty() {
        map.insert(key, value);
    }
}

fn put(list: &mut Vec<Value>, position: usize, value: Value) -> Result<(), Halt> {
    if position > HIGHEST_INDEX as usize {
        return Err(format!(
            "index of {position} is greater than maximum supported index of {HIGHEST_INDEX}"
        )
        .into());
    }
    if list.len() <= position {
        list.resize(position + 1, Value::Null);
    }
    list[position] = value;
    Ok(())
}

/// The kinds of `--set`: numbers with a leading zero, fractions and exponents stay texts.
fn typed(text: String) -> Value {
    for (word, value) in [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Null)] {
        if text.eq_ignore_ascii_case(word) {
            return value;
        }
    }
    if (text == "0" || !text.starts_with('0'))
        && let Ok(integer) = text.parse::<i64>()
    {
        return Value::Number(Number::from(integer));
    }
    Value::String(text)
}

#[cfg(test)]
mod tests;
