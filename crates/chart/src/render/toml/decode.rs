//! TOML to values, with Go's rules for what may be defined twice, and its errors.

use std::collections::HashSet;

use chandlery_template::{Budget, Element, Error, List, Map, Text, Value, quote};
use chandlery_yaml::Limits;

use super::cursor::{Cursor, END};
use super::encode::dotted;
use super::lexer::{Item, Kind, is_blank, is_break};
use super::scalars;

/// Why a text could not be read.
pub(super) enum Failure {
    /// It is wrong in this line.
    Text(usize, String),
    /// It takes too much.
    Limit(Error),
}

impl Failure {
    pub(super) fn new(line: usize, text: String) -> Self {
        Self::Text(line, text)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Limit(error)
    }
}

type Decoded<T> = Result<T, Failure>;

/// The lists that headings in double brackets make; others are of any values.
const TABLES: Element = Element::Of("map[string]interface {}");

/// The byte order marks that are skipped.
const MARKS: &[&[u8]] = &[b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"];

/// How many bytes are searched for zeros, which texts in UTF-16 have.
const SEARCHED: usize = 6;

/// Reads a text as `fromToml` does. The inner error is what that leaves under the key `Error`.
///
/// # Errors
/// A limit error when the text takes more than the budget has, or is nested too deep.
pub(in super::super) fn from_toml(text: &Text, budget: &Budget) -> Result<Result<Map, String>, Error> {
    let text: &[u8] = text;
    let text = MARKS.iter().find_map(|mark| text.strip_prefix(*mark)).unwrap_or(text);
    if text.iter().take(SEARCHED).any(|byte| *byte == 0) {
        let problem = "files cannot contain NULL bytes; probably using UTF-16; TOML files must be UTF-8";
        return Ok(Err(format!("toml: line 1: {problem}")));
    }
    let mut decoder = Decoder::new(text, budget);
    match decoder.document() {
        Ok(()) => Ok(Ok(decoder.top)),
        Err(Failure::Limit(error)) => Err(error),
        Err(Failure::Text(line, problem)) => Ok(Err(match decoder.last_key() {
            none if none.is_empty() => format!("toml: line {line}: {problem}"),
            key => format!("toml: line {line} (last key {}): {problem}", quote(&key)),
        })),
    }
}

/// A character in single quotes, as Go quotes it.
pub(super) fn quoted_character(character: char) -> String {
    match character {
        '"' => "'\"'".to_owned(),
        '\'' => "'\\''".to_owned(),
        _ => format!("'{}'", quote(character.to_string().as_bytes()).trim_matches('"')),
    }
}

fn character_or_end(character: char) -> String {
    if character == END { "end of file".to_owned() } else { format!("'{character}'") }
}

struct Decoder<'a> {
    cursor: Cursor<'a>,
    budget: &'a Budget,
    depth_left: usize,
    top: Map,
    /// The table that entries go to.
    context: Vec<Text>,
    /// The last part of the key that is being read.
    key: Text,
    /// The line of the last key or heading.
    line: usize,
    /// The paths of lists that stand as values.
    lists: HashSet<Vec<u8>>,
    /// The paths of tables that exist only because something is in them.
    implicit: HashSet<Vec<u8>>,
}

impl<'a> Decoder<'a> {
    fn new(text: &'a [u8], budget: &'a Budget) -> Self {
        Self {
            cursor: Cursor::new(text),
            budget,
            depth_left: Limits::default().depth,
            top: Map::new(),
            context: Vec::new(),
            key: Text::from(""),
            line: 0,
            lists: HashSet::new(),
            implicit: HashSet::new(),
        }
    }

    /// The key that errors name.
    fn last_key(&self) -> Vec<u8> {
        let mut path = path_text(&self.context);
        if !path.is_empty() && !self.key.is_empty() {
            path.push(b'.');
        }
        path.extend(&*self.key);
        path
    }

    fn failure<T>(&self, text: String) -> Decoded<T> {
        Err(Failure::new(self.line, text))
    }

    fn document(&mut self) -> Decoded<()> {
        loop {
            match self.cursor.next()? {
                END => return Ok(()),
                skipped if is_blank(skipped) || is_break(skipped) => {
                    self.cursor.begin();
                    continue;
                }
                '#' => {
                    self.cursor.comment()?;
                    continue;
                }
                '[' => self.heading()?,
                _ => {
                    self.cursor.back();
                    self.top_entry()?;
                }
            }
            if self.cursor.end_of_line()? {
                return Ok(());
            }
        }
    }

    fn heading(&mut self) -> Decoded<()> {
        let is_list = self.cursor.accept('[')?;
        let first = self.cursor.heading_part()?;
        self.line = first.line;
        let mut path = vec![self.key_text(&first)?];
        while self.cursor.heading_goes_on()? {
            let part = self.cursor.heading_part()?;
            path.push(self.key_text(&part)?);
        }
        if is_list {
            let next = self.cursor.next()?;
            if next != ']' {
                let found = quoted_character(next);
                return self.cursor.failure(format!(
                    "expected end of table array name delimiter ']', but got {found} instead"
                ));
            }
        }
        self.cursor.begin();
        self.add_context(&path, is_list)?;
        self.set_kind("".into(), false)
    }

    fn top_entry(&mut self) -> Decoded<()> {
        let outer = self.context.clone();
        self.entry()?;
        self.context = outer;
        self.key = Text::from("");
        Ok(())
    }

    /// A key and its value. Gives the parts of the key before the last, and the value.
    fn entry(&mut self) -> Decoded<(Vec<Text>, Value)> {
        self.budget.spend(1 + self.context.len() as u64)?;
        self.cursor.key_start()?;
        let first = self.cursor.key_part()?;
        self.line = first.line;
        let mut parents = Vec::new();
        let mut last = self.key_text(&first)?;
        while self.cursor.key_goes_on()? {
            let part = self.cursor.key_part()?;
            parents.push(std::mem::replace(&mut last, self.key_text(&part)?));
        }
        self.key = last.clone();
        for part in &parents {
            let path: Vec<Text> = self.context.iter().chain([part]).cloned().collect();
            self.add_implicit(&path)?;
            self.add_context(&path, false)?;
        }
        let item = self.cursor.value()?;
        let is_list = item.kind == Kind::List;
        let value = self.value(&item, false)?;
        self.set_value(&last, value.clone())?;
        self.set_kind(last, is_list)?;
        Ok((parents, value))
    }

    fn key_text(&mut self, item: &Item<'_>) -> Decoded<Text> {
        scalars::text(item)
    }

    fn value(&mut self, item: &Item<'_>, is_in_list: bool) -> Decoded<Value> {
        match item.kind {
            Kind::List => self.deeper(Self::list),
            Kind::Table => self.deeper(|decoder| decoder.inline_table(is_in_list)),
            _ => scalars::value(item),
        }
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Decoded<T>) -> Decoded<T> {
        let deeper = self.depth_left.checked_sub(1);
        self.depth_left = deeper.ok_or_else(|| Error::limit("the TOML text is nested too deep"))?;
        let result = read(self);
        self.depth_left += 1;
        result
    }

    fn list(&mut self) -> Decoded<Value> {
        self.set_kind(self.key.clone(), true)?;
        let mut items = Vec::new();
        loop {
            match self.cursor.next()? {
                skipped if is_blank(skipped) || is_break(skipped) => continue,
                '#' => {
                    self.cursor.comment()?;
                    continue;
                }
                ',' => return self.cursor.failure("unexpected comma"),
                ']' => break,
                _ => self.cursor.back(),
            }
            let item = self.cursor.value()?;
            items.push(self.value(&item, true)?);
            if !self.list_goes_on()? {
                break;
            }
        }
        self.cursor.begin();
        Ok(List::new(items).into())
    }

    fn list_goes_on(&mut self) -> Decoded<bool> {
        loop {
            match self.cursor.next()? {
                skipped if is_blank(skipped) || is_break(skipped) => {}
                '#' => self.cursor.comment()?,
                ',' => return Ok(true),
                ']' => return Ok(false),
                other => {
                    let found = character_or_end(other);
                    return self.cursor.failure(format!(
                        "expected a comma (',') or array terminator (']'), but got {found}"
                    ));
                }
            }
        }
    }

    fn inline_table(&mut self, is_in_list: bool) -> Decoded<Value> {
        let (outer, outer_key) = (self.context.clone(), self.key.clone());
        let inner: Vec<Text> = outer.iter().chain([&outer_key]).cloned().collect();
        self.context.clone_from(&inner);
        self.key = Text::from("");
        self.add_implicit(&inner)?;
        self.add_context(&inner, is_in_list)?;
        let table = Map::new();
        while self.table_goes_on()? {
            let (parents, value) = self.entry()?;
            let mut place = table.clone();
            for part in &parents {
                let next = place.get(part).unwrap_or_else(|| {
                    let new = Value::from(Map::new());
                    place.insert(part.clone(), new.clone());
                    new
                });
                let Value::Map(next) = next else {
                    return self.failure(format!("{} is not a table", quote(&path_text(&self.context))));
                };
                place = next;
            }
            place.insert(self.key.clone(), value);
            self.context.clone_from(&inner);
            if !self.table_has_comma()? {
                break;
            }
        }
        self.cursor.begin();
        self.context = outer;
        self.key = outer_key;
        Ok(table.into())
    }

    /// Does another entry of an inline table begin here?
    fn table_goes_on(&mut self) -> Decoded<bool> {
        loop {
            match self.cursor.next()? {
                skipped if is_blank(skipped) || is_break(skipped) => {}
                '#' => self.cursor.comment()?,
                ',' => return self.cursor.failure("unexpected comma"),
                '}' => return Ok(false),
                _ => {
                    self.cursor.back();
                    return Ok(true);
                }
            }
        }
    }

    /// Is there a comma behind an entry of an inline table, and not its end?
    fn table_has_comma(&mut self) -> Decoded<bool> {
        loop {
            match self.cursor.next()? {
                skipped if is_blank(skipped) || is_break(skipped) => {}
                '#' => self.cursor.comment()?,
                ',' => {
                    self.cursor.skip_blanks()?;
                    if self.cursor.peek()? != '}' {
                        return Ok(true);
                    }
                }
                '}' => return Ok(false),
                other => {
                    let found = character_or_end(other);
                    return self.cursor.failure(format!(
                        "expected a comma or an inline table terminator '}}', but got {found} instead"
                    ));
                }
            }
        }
    }

    /// Makes a table, or another item of a list of tables, the one that entries go to.
    fn add_context(&mut self, path: &[Text], is_list: bool) -> Decoded<()> {
        let Some((last, parents)) = path.split_last() else { return Ok(()) };
        let mut table = self.top.clone();
        for (place, part) in parents.iter().enumerate() {
            let walked = &parents[..=place];
            if table.get(part).is_none() {
                self.add_implicit(walked)?;
                table.insert(part.clone(), Map::new().into());
            }
            let Some(next) = table.get(part).as_ref().and_then(innermost) else {
                let path = shown(walked);
                return self.failure(format!("Key '{path}' was already created as a hash."));
            };
            table = next;
        }
        self.context = parents.to_vec();
        if is_list {
            self.add_table(&table, path, last)?;
        } else {
            self.set_value(last, Map::new().into())?;
        }
        self.context.push(last.clone());
        Ok(())
    }

    fn add_table(&mut self, parent: &Map, path: &[Text], key: &Text) -> Decoded<()> {
        match parent.get(key) {
            None => parent.insert(key.clone(), List::of(TABLES, vec![Map::new().into()]).into()),
            Some(Value::List(list)) if list.element() == TABLES => list.items_mut().push(Map::new().into()),
            Some(_) => {
                let path = shown(path);
                return self
                    .failure(format!("Key '{path}' was already created and cannot be used as an array."));
            }
        }
        Ok(())
    }

    /// Sets an entry of the table that entries go to.
    fn set_value(&mut self, key: &Text, value: Value) -> Decoded<()> {
        let mut table = self.top.clone();
        for (place, part) in self.context.iter().enumerate() {
            let Some(next) = table.get(part).as_ref().and_then(innermost) else {
                let path = shown(&self.context[..=place]);
                return self.failure(format!("Key '{path}' has already been defined."));
            };
            table = next;
        }
        if table.get(key).is_none() {
            table.insert(key.clone(), value);
            return Ok(());
        }
        let path: Vec<Text> = self.context.iter().chain([key]).cloned().collect();
        let path = self.claimed_path(&path)?;
        if !self.implicit.remove(&path) {
            let path = String::from_utf8_lossy(&path);
            return self.failure(format!("Key '{path}' has already been defined."));
        }
        if self.lists.contains(&path) {
            table.insert(key.clone(), value);
        }
        Ok(())
    }

    /// Notes whether a list stands at a key of the table that entries go to.
    fn set_kind(&mut self, key: Text, is_list: bool) -> Decoded<()> {
        let mut path = self.context.clone();
        if !key.is_empty() || path.is_empty() {
            path.push(key);
        }
        let path = self.claimed_path(&path)?;
        if is_list {
            self.lists.insert(path);
        } else {
            self.lists.remove(&path);
        }
        Ok(())
    }

    fn add_implicit(&mut self, path: &[Text]) -> Decoded<()> {
        let path = self.claimed_path(path)?;
        self.implicit.insert(path);
        Ok(())
    }

    fn claimed_path(&self, path: &[Text]) -> Decoded<Vec<u8>> {
        let path = path_text(path);
        self.budget.claim(path.len())?;
        Ok(path)
    }
}

/// The table that is at a key: itself, or the last of a list.
fn innermost(value: &Value) -> Option<Map> {
    match value {
        Value::Map(map) => Some(map.clone()),
        Value::List(list) if list.element() == TABLES => list.items().last()?.as_map().cloned(),
        _ => None,
    }
}

fn path_text(path: &[Text]) -> Vec<u8> {
    dotted(path.iter().map(|part| &**part))
}

fn shown(path: &[Text]) -> String {
    String::from_utf8_lossy(&path_text(path)).into_owned()
}
