//! Values to TOML: simple entries first, then tables, both sorted by their keys.

use chandlery_template::{Budget, Error, List, Map, Member, Object, Text, Value};
use chandlery_yaml::Limits;

/// Writes a value as `toToml` does.
///
/// # Errors
/// In the words of the Go package for what TOML cannot hold, and a limit error when the text has no room in the budget or
/// the value is nested too deep.
pub(in super::super) fn to_toml(value: &Value, budget: &Budget) -> Result<Text, Error> {
    let mut encoder = Encoder { output: Vec::new(), claimed: 0, budget, depth_left: Limits::default().depth };
    if value.is_nil() {
        return Err("reflect: call of reflect.Value.Type on zero Value".into());
    }
    encoder.entry(&[], value)?;
    encoder.claim()?;
    Ok(encoder.output.into())
}

/// What a value is in TOML.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Nothing; entries without a value are left out.
    Nil,
    /// A text, number, time or list.
    Simple,
    Table,
    /// A list of nothing but tables.
    Tables,
}

/// Structs with other names of fields in JSON than in Go, with those that Go has.
const FIELDS: &[(&str, &[&str])] = &[
    ("version.BuildInfo", &["Version", "GitCommit", "GitTreeState", "GoVersion", "KubeClientVersion"]),
    (
        "struct { chart.Metadata; IsRoot bool }",
        &[
            "Name",
            "Home",
            "Sources",
            "Version",
            "Description",
            "Keywords",
            "Maintainers",
            "Icon",
            "APIVersion",
            "Condition",
            "Tags",
            "AppVersion",
            "Deprecated",
            "Annotations",
            "KubeVersion",
            "Dependencies",
            "Type",
            "IsRoot",
        ],
    ),
];

/// Structs with a field that cannot be seen: Go counts it where it decides on the comma behind another. The fields that have
/// one within a line.
const COMMAS: &[(&str, &[&[u8]])] = &[("common.KubeVersion", &[b"Version", b"Minor"])];

/// The zones of times that had none in the text they were read from, with where the part of `2006-01-02T15:04:05Z` that is
/// written begins, and how long it is at most.
const LOCAL_ZONES: &[(&[u8], usize, usize)] =
    &[(b" datetime-local", 0, usize::MAX), (b" date-local", 0, 10), (b" time-local", 11, usize::MAX)];

struct Encoder<'a> {
    output: Vec<u8>,
    /// How much of the output was claimed.
    claimed: usize,
    budget: &'a Budget,
    depth_left: usize,
}

impl Encoder<'_> {
    /// Writes a value under a path of keys; the top value has none.
    fn entry(&mut self, path: &[&[u8]], value: &Value) -> Result<(), Error> {
        match value {
            Value::Complex(..) => {
                let path = String::from_utf8_lossy(&dotted(path.iter().copied())).into_owned();
                Err(Error::message(format!("unsupported type for key '{path}': complex128")))
            }
            _ => match self.form(value)? {
                // At the top a list that is nil is empty.
                Form::Nil if path.is_empty() && value.as_list().is_some() => self.element(value),
                Form::Nil => Ok(()),
                Form::Simple => self.key_and_value(path, value),
                Form::Table => self.table(path, value),
                Form::Tables => self.tables(path, value),
            },
        }
    }

    fn key_and_value(&mut self, path: &[&[u8]], value: &Value) -> Result<(), Error> {
        let Some(key) = path.last() else { return self.element(value) };
        self.start_line(path);
        push_key(&mut self.output, key);
        self.push(" = ");
        self.element(value)?;
        self.push("\n");
        self.claim()
    }

    fn table(&mut self, path: &[&[u8]], value: &Value) -> Result<(), Error> {
        if path.len() == 1 {
            self.separate();
        }
        if !path.is_empty() {
            self.heading(path, ["[", "]\n"]);
        }
        self.entries(path, value)
    }

    fn tables(&mut self, path: &[&[u8]], value: &Value) -> Result<(), Error> {
        if path.is_empty() {
            return Err("toml: top-level values must be Go maps or structs".into());
        }
        let Value::List(list) = value else { return Ok(()) };
        for item in &*list.items() {
            self.separate();
            self.heading(path, ["[[", "]]\n"]);
            self.entries(path, item)?;
        }
        Ok(())
    }

    fn heading(&mut self, path: &[&[u8]], [open, close]: [&str; 2]) {
        self.start_line(path);
        self.push(open);
        self.output.extend(dotted(path.iter().copied()));
        self.push(close);
    }

    fn start_line(&mut self, path: &[&[u8]]) {
        for _ in 1..path.len() {
            self.push("  ");
        }
    }

    /// A line break, unless nothing was written yet.
    fn separate(&mut self) {
        if !self.output.is_empty() {
            self.push("\n");
        }
    }

    /// Writes what is in a map or struct on lines of their own.
    fn entries(&mut self, path: &[&[u8]], value: &Value) -> Result<(), Error> {
        self.claim()?;
        self.deeper(|encoder| {
            for (key, value) in encoder.sorted(value)?.concat() {
                let path: Vec<&[u8]> = path.iter().copied().chain([&*key]).collect();
                encoder.entry(&path, &value)?;
            }
            Ok(())
        })
    }

    /// What is in a map or struct, without what has no value: simple entries and tables.
    fn sorted(&mut self, value: &Value) -> Result<[Vec<(Text, Value)>; 2], Error> {
        let (mut simple, mut tables) = (Vec::new(), Vec::new());
        for (key, value) in entries_of(value) {
            match self.form(&value)? {
                Form::Nil | Form::Simple => simple.push((key, value)),
                Form::Table | Form::Tables => tables.push((key, value)),
            }
        }
        Ok([simple, tables])
    }

    /// Writes a value within a line.
    fn element(&mut self, value: &Value) -> Result<(), Error> {
        self.budget.spend(1)?;
        match value {
            Value::Nil | Value::Complex(..) => {
                return Err(Error::message(format!("unexpected type: {}", value.type_name())));
            }
            Value::Bool(flag) => self.push(if *flag { "true" } else { "false" }),
            Value::Integer(integer) => self.push(&integer.exact().to_string()),
            Value::Float(number) => self.push(&float(*number)),
            Value::String(text) => push_quoted(&mut self.output, text),
            Value::Bytes(bytes) => {
                let items = bytes.iter().map(|byte| Value::from(*byte));
                self.list(items)?;
            }
            Value::List(list) => self.list(list.items().iter().cloned())?,
            Value::Map(_) => self.inline_table(value)?,
            Value::Object(object) => self.object(value, &**object)?,
        }
        self.claim()
    }

    fn object(&mut self, value: &Value, object: &dyn Object) -> Result<(), Error> {
        match &*object.type_name() {
            "time.Time" => self.time(object),
            "time.Duration" => push_quoted(&mut self.output, &object.display()),
            _ => match (object.as_integer(), object.to_plain()) {
                (Some(number), _) => self.push(&number.to_string()),
                (None, Value::Map(_)) => self.inline_table(value)?,
                (None, plain) => self.deeper(|encoder| encoder.element(&plain))?,
            },
        }
        Ok(())
    }

    fn time(&mut self, object: &dyn Object) {
        let (shown, plain) = (object.display(), object.to_plain());
        let Value::String(text) = plain else { return };
        let Some((_, from, most)) = LOCAL_ZONES.iter().find(|(zone, ..)| shown.ends_with(zone)) else {
            return self.output.extend(&*text);
        };
        let text = text.strip_suffix(b"Z").unwrap_or(&text);
        self.output.extend(text.iter().skip(*from).take(*most));
    }

    fn list(&mut self, items: impl ExactSizeIterator<Item = Value>) -> Result<(), Error> {
        self.push("[");
        self.deeper(|encoder| {
            for (place, item) in items.enumerate() {
                if place > 0 {
                    encoder.push(", ");
                }
                encoder.element(&item)?;
            }
            Ok(())
        })?;
        self.push("]");
        Ok(())
    }

    /// Writes a map or struct within a line. Entries without a value leave their comma.
    fn inline_table(&mut self, value: &Value) -> Result<(), Error> {
        let name = value.type_name();
        let commas = COMMAS.iter().find(|(known, _)| *known == name).map(|(_, fields)| *fields);
        self.push("{");
        self.deeper(|encoder| {
            let entries = encoder.sorted(value)?;
            let [_, tables] = &entries;
            let last_is_simple = tables.is_empty();
            for (is_last_group, group) in [last_is_simple, true].into_iter().zip(entries) {
                let last = group.len().saturating_sub(1);
                for (place, (key, value)) in group.into_iter().enumerate() {
                    let has_comma =
                        commas.map_or(!is_last_group || place < last, |fields| fields.contains(&&*key));
                    encoder.inline_entry(&key, &value, has_comma)?;
                }
            }
            Ok(())
        })?;
        self.push("}");
        Ok(())
    }

    fn inline_entry(&mut self, key: &[u8], value: &Value, has_comma: bool) -> Result<(), Error> {
        if value.is_nil_inside() {
            return Ok(());
        }
        push_key(&mut self.output, key);
        self.push(" = ");
        self.element(value)?;
        if has_comma {
            self.push(", ");
        }
        Ok(())
    }

    /// What a value is. Lists are looked through: nothing in them may be nil.
    fn form(&mut self, value: &Value) -> Result<Form, Error> {
        match value {
            _ if value.is_nil_inside() => Ok(Form::Nil),
            Value::Complex(..) => Err("unsupported type: complex128".into()),
            Value::Map(_) => Ok(Form::Table),
            Value::List(list) => self.form_of_list(list),
            Value::Object(object) if object.as_integer().is_some() => Ok(Form::Simple),
            Value::Object(object) => Ok(match object.to_plain() {
                Value::Map(_) => Form::Table,
                _ => Form::Simple,
            }),
            _ => Ok(Form::Simple),
        }
    }

    fn form_of_list(&mut self, list: &List) -> Result<Form, Error> {
        self.budget.spend(list.len() as u64)?;
        self.deeper(|encoder| {
            let mut only_tables = !list.is_empty();
            for item in &*list.items() {
                match encoder.form(item)? {
                    Form::Nil => return Err("toml: cannot encode array with nil element".into()),
                    form => only_tables &= form == Form::Table,
                }
            }
            Ok(if only_tables { Form::Tables } else { Form::Simple })
        })
    }

    fn deeper<T>(&mut self, write: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        self.depth_left = self
            .depth_left
            .checked_sub(1)
            .ok_or_else(|| Error::limit("the value is nested too deep to be written as TOML"))?;
        let result = write(self);
        self.depth_left += 1;
        result
    }

    fn push(&mut self, text: &str) {
        self.output.extend(text.as_bytes());
    }

    /// Claims what was written since the last time.
    fn claim(&mut self) -> Result<(), Error> {
        let written = self.output.len() - self.claimed;
        self.claimed = self.output.len();
        self.budget.claim(written)
    }
}

/// What is in a map, sorted by keys, or in a struct, in the order of its fields.
fn entries_of(value: &Value) -> Vec<(Text, Value)> {
    match value {
        Value::Map(map) => entries_of_map(map),
        Value::Object(object) => {
            let name = object.type_name();
            if let Some((_, fields)) = FIELDS.iter().find(|(known, _)| *known == name) {
                return fields.iter().filter_map(|field| field_of(&**object, field)).collect();
            }
            match (object.json_fields(), object.to_plain()) {
                (Some(fields), _) => {
                    fields.into_iter().map(|(name, value)| (Text::from(name), value)).collect()
                }
                (None, Value::Map(map)) => entries_of_map(&map),
                (None, _) => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

fn entries_of_map(map: &Map) -> Vec<(Text, Value)> {
    map.entries().iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn field_of(object: &dyn Object, name: &str) -> Option<(Text, Value)> {
    match object.member(name)? {
        Member::Field(value) => Some((Text::from(name), value)),
        Member::Method(_) => None,
    }
}

/// A number with a point or an exponent; numbers from 1e6 on and below 1e-4 have one.
fn float(number: f64) -> String {
    if number.is_nan() {
        return if number.is_sign_negative() { "-nan".to_owned() } else { "nan".to_owned() };
    }
    if number.is_infinite() {
        return if number < 0.0 { "-inf".to_owned() } else { "inf".to_owned() };
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.unsigned_abs());
    }
    let plain = number.to_string();
    if plain.contains('.') { plain } else { format!("{plain}.0") }
}

/// A path of keys with points between them.
pub(super) fn dotted<'k>(path: impl IntoIterator<Item = &'k [u8]>) -> Vec<u8> {
    let mut output = Vec::new();
    for (place, key) in path.into_iter().enumerate() {
        if place > 0 {
            output.push(b'.');
        }
        push_key(&mut output, key);
    }
    output
}

/// A key, quoted if there is something in it that bare keys cannot have.
fn push_key(output: &mut Vec<u8>, key: &[u8]) {
    let is_bare = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !key.is_empty() && key.iter().all(is_bare) {
        output.extend(key);
    } else {
        push_quoted(output, key);
    }
}

/// A text in double quotes; bytes that are not UTF-8 stay as they are.
fn push_quoted(output: &mut Vec<u8>, text: &[u8]) {
    output.push(b'"');
    for byte in text {
        match byte {
            b'"' | b'\\' => output.extend([b'\\', *byte]),
            0x08 => output.extend(b"\\b"),
            b'\t' => output.extend(b"\\t"),
            b'\n' => output.extend(b"\\n"),
            0x0c => output.extend(b"\\f"),
            b'\r' => output.extend(b"\\r"),
            0..=0x1f | 0x7f => output.extend(format!("\\u{byte:04x}").as_bytes()),
            _ => output.push(*byte),
        }
    }
    output.push(b'"');
}
