//! Character classes: in brackets, by backslash, by name.

use super::translate::{Fault, Refused, escape};

/// A set of characters: ranges and how they are written for the Rust engine.
#[derive(Default)]
pub(super) struct Class(String);

/// The ranges of the classes that are one letter, small for in, capital for not in.
const PERL: [(u8, &str); 3] = [(b'd', "0-9"), (b's', r"\t\n\x0C\r\x20"), (b'w', "0-9A-Za-z_")];

/// The named classes of POSIX.
const POSIX: [(&str, &str); 14] = [
    ("alnum", "0-9A-Za-z"),
    ("alpha", "A-Za-z"),
    ("ascii", r"\x00-\x7F"),
    ("blank", r"\t\x20"),
    ("cntrl", r"\x00-\x1F\x7F"),
    ("digit", "0-9"),
    ("graph", r"\x21-\x7E"),
    ("lower", "a-z"),
    ("print", r"\x20-\x7E"),
    ("punct", r"\x21-\x2F\x3A-\x40\x5B-\x60\x7B-\x7E"),
    ("space", r"\t-\r\x20"),
    ("upper", "A-Z"),
    ("word", "0-9A-Za-z_"),
    ("xdigit", "0-9A-Fa-f"),
];

impl Class {
    fn add(&mut self, is_negated: bool, ranges: &str) {
        if is_negated {
            self.0.push_str("[^");
            self.0.push_str(ranges);
            self.0.push(']');
        } else {
            self.0.push_str(ranges);
        }
    }

    fn add_range(&mut self, low: u32, high: u32) {
        // Surrogates are no characters here; in Go nothing matches them either.
        let low = if (0xD800..0xE000).contains(&low) { 0xE000 } else { low };
        let high = if (0xD800..0xE000).contains(&high) { 0xD7FF } else { high };
        if low <= high {
            self.0.push_str(&format!(r"\x{{{low:X}}}-\x{{{high:X}}}"));
        }
    }

    /// As the Rust engine reads it.
    pub(super) fn written(&self, is_negated: bool) -> String {
        match (self.0.is_empty(), is_negated) {
            (true, false) => r"[^\x{0}-\x{10FFFF}]".to_owned(),
            (true, true) => r"[\x{0}-\x{10FFFF}]".to_owned(),
            (false, _) => format!("[{}{}]", if is_negated { "^" } else { "" }, self.0),
        }
    }

    /// Takes `\d` and its kin, or `\pL`, from the front; gives what is left.
    pub(super) fn add_escape<'a>(&mut self, text: &'a str) -> Result<Option<&'a str>, Refused> {
        let Some(&letter) = text.as_bytes().get(1).filter(|_| text.starts_with('\\')) else {
            return Ok(None);
        };
        if matches!(letter, b'p' | b'P') {
            return self.add_unicode(text).map(Some);
        }
        let Some((_, ranges)) = PERL.iter().find(|(name, _)| *name == letter.to_ascii_lowercase()) else {
            return Ok(None);
        };
        self.add(letter.is_ascii_uppercase(), ranges);
        Ok(Some(&text[2..]))
    }

    /// `\pL`, `\p{Greek}`, `\P{^Greek}`.
    fn add_unicode<'a>(&mut self, text: &'a str) -> Result<&'a str, Refused> {
        let after = &text[2..];
        let (name, rest) = match after.strip_prefix('{') {
            Some(inner) => inner.split_once('}').ok_or_else(|| Refused::new(Fault::CharRange, text))?,
            None => after.split_at(after.chars().next().map_or(0, char::len_utf8)),
        };
        let (is_turned, name) = name.strip_prefix('^').map_or((false, name), |name| (true, name));
        let is_negated = (text.as_bytes()[1] == b'P') != is_turned;
        let class = format!(r"\{}{{{name}}}", if is_negated { 'P' } else { 'p' });
        let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_- ".contains(&byte));
        if name.is_empty() || !is_name || ::regex::bytes::Regex::new(&class).is_err() {
            return Err(Refused::new(Fault::CharRange, &text[..text.len() - rest.len()]));
        }
        self.0.push_str(&class);
        Ok(rest)
    }

    /// Takes `[:alpha:]` from the front.
    fn add_posix<'a>(&mut self, text: &'a str) -> Result<Option<&'a str>, Refused> {
        let Some((name, rest)) = text.strip_prefix("[:").and_then(|inner| inner.split_once(":]")) else {
            return Ok(None);
        };
        let (is_negated, bare) = name.strip_prefix('^').map_or((false, name), |name| (true, name));
        let found = POSIX.iter().find(|(known, _)| *known == bare);
        let (_, ranges) =
            found.ok_or_else(|| Refused::new(Fault::CharRange, &text[..text.len() - rest.len()]))?;
        self.add(is_negated, ranges);
        Ok(Some(rest))
    }
}

/// A class in brackets at the front: as the Rust engine reads it, and what is left.
pub(super) fn bracketed(whole: &str) -> Result<(String, &str), Refused> {
    let mut class = Class::default();
    let inner = &whole[1..];
    let (is_negated, mut text) = inner.strip_prefix('^').map_or((false, inner), |rest| (true, rest));
    let mut is_first = true;
    while is_first || !text.starts_with(']') {
        is_first = false;
        if let Some(rest) = class.add_posix(text)? {
            text = rest;
        } else if let Some(rest) = class.add_escape(text)? {
            text = rest;
        } else {
            text = range(&mut class, text, whole)?;
        }
    }
    Ok((class.written(is_negated), &text[1..]))
}

/// Takes a character or a range from the front.
fn range<'a>(class: &mut Class, text: &'a str, whole: &str) -> Result<&'a str, Refused> {
    let (low, mut rest) = character(text, whole)?;
    let mut high = low;
    if rest.len() >= 2 && rest.starts_with('-') && !rest.starts_with("-]") {
        (high, rest) = character(&rest[1..], whole)?;
        if high < low {
            return Err(Refused::new(Fault::CharRange, &text[..text.len() - rest.len()]));
        }
    }
    class.add_range(low, high);
    Ok(rest)
}

fn character<'a>(text: &'a str, whole: &str) -> Result<(u32, &'a str), Refused> {
    match text.chars().next() {
        None => Err(Refused::new(Fault::MissingBracket, whole)),
        Some('\\') => escape(text),
        Some(first) => Ok((first.into(), &text[first.len_utf8()..])),
    }
}
