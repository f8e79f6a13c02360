//! Go's expressions in the words of the Rust engine, and Go's complaints about what is none.
//!
//! Flags are applied to each piece by itself (`(?i:x)`), so that nothing depends on how either engine scopes them.

use std::fmt;

use super::class::{Class, bracketed};

/// What is wrong with an expression.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    CharRange,
    Escape,
    NamedCapture,
    PerlOp,
    RepeatOp,
    RepeatSize,
    Utf8,
    MissingBracket,
    MissingParen,
    MissingRepeatArgument,
    TrailingBackslash,
    UnexpectedParen,
    NestingDepth,
}

impl Fault {
    fn text(self) -> &'static str {
        match self {
            Self::CharRange => "invalid character class range",
            Self::Escape => "invalid escape sequence",
            Self::NamedCapture => "invalid named capture",
            Self::PerlOp => "invalid or unsupported Perl syntax",
            Self::RepeatOp => "invalid nested repetition operator",
            Self::RepeatSize => "invalid repeat count",
            Self::Utf8 => "invalid UTF-8",
            Self::MissingBracket => "missing closing ]",
            Self::MissingParen => "missing closing )",
            Self::MissingRepeatArgument => "missing argument to repetition operator",
            Self::TrailingBackslash => "trailing backslash at end of expression",
            Self::UnexpectedParen => "unexpected )",
            Self::NestingDepth => "expression nests too deeply",
        }
    }
}

/// A fault and the part of the expression that has it.
#[derive(Debug)]
pub(super) struct Refused {
    fault: Fault,
    part: String,
}

impl Refused {
    pub(super) fn new(fault: Fault, part: &str) -> Self {
        Self { fault, part: part.to_owned() }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "error parsing regexp: {}: `{}`", self.fault.text(), self.part)
    }
}

/// An expression for the Rust engine.
#[derive(Debug)]
pub(super) struct Translated {
    pub(super) expression: String,
    /// The names of the groups, from the whole match on; empty where there is none.
    pub(super) names: Vec<String>,
}

#[derive(Clone, Copy, Default)]
struct Flags {
    fold_case: bool,
    multi_line: bool,
    dot_newline: bool,
    swap_greed: bool,
}

/// A piece that an operator can repeat.
#[derive(Clone, Copy)]
struct Item {
    /// Where it begins in what is written.
    start: usize,
    /// The largest product of nested counts in it.
    count: u64,
    is_repeat: bool,
}

/// An open group.
struct Group {
    start: usize,
    flags: Flags,
    /// The largest count product of the pieces before it.
    count: u64,
}

struct Translator<'a> {
    whole: &'a str,
    written: String,
    names: Vec<String>,
    flags: Flags,
    groups: Vec<Group>,
    item: Option<Item>,
    count: u64,
}

/// Groups in groups that Go accepts.
const MAX_NESTING: usize = 1000;
/// The largest count, also of nested ones multiplied.
const MAX_COUNT: u64 = 1000;

/// Translates an expression.
///
/// # Errors
/// What Go has against it.
pub(super) fn translate(pattern: &[u8]) -> Result<Translated, Refused> {
    let whole = str::from_utf8(pattern).map_err(|error| {
        Refused::new(Fault::Utf8, &String::from_utf8_lossy(&pattern[error.valid_up_to()..]))
    })?;
    let mut translator = Translator {
        whole,
        written: String::with_capacity(whole.len() * 2),
        names: vec![String::new()],
        flags: Flags::default(),
        groups: Vec::new(),
        item: None,
        count: 1,
    };
    let mut rest = whole;
    // Where the operator right before began.
    let mut last_repeat = None;
    while let Some(first) = rest.chars().next() {
        let before = rest;
        rest = if let Some(repeat) = repetition(before)? {
            let rest = translator.repeat(before, &repeat, last_repeat)?;
            last_repeat = Some(before);
            rest
        } else {
            last_repeat = None;
            translator.piece(first, before)?
        };
    }
    if translator.groups.is_empty() {
        Ok(Translated { expression: translator.written, names: translator.names })
    } else {
        Err(Refused::new(Fault::MissingParen, whole))
    }
}

/// An operator at the front: how often at least and at most, and its length.
struct Repetition {
    least: u64,
    most: Option<u64>,
    is_counted: bool,
    length: usize,
}

fn repetition(text: &str) -> Result<Option<Repetition>, Refused> {
    let simple = |least, most| Some(Repetition { least, most, is_counted: false, length: 1 });
    Ok(match text.as_bytes()[0] {
        b'*' => simple(0, None),
        b'+' => simple(1, None),
        b'?' => simple(0, Some(1)),
        b'{' => counted(text),
        _ => None,
    })
    .and_then(|repetition| match repetition {
        Some(ref found)
            if found.least > MAX_COUNT
                || found.most.is_some_and(|most| most > MAX_COUNT || most < found.least) =>
        {
            Err(Refused::new(Fault::RepeatSize, &text[..found.length]))
        }
        other => Ok(other),
    })
}

/// `{2}`, `{2,}` or `{2,3}`; anything else is plain text.
fn counted(text: &str) -> Option<Repetition> {
    let (inner, _) = text[1..].split_once('}')?;
    let (least, most) = match inner.split_once(',') {
        None => (number(inner)?, Some(number(inner)?)),
        Some((least, "")) => (number(least)?, None),
        Some((least, most)) => (number(least)?, Some(number(most)?)),
    };
    Some(Repetition { least, most, is_counted: true, length: inner.len() + 2 })
}

fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_plain = text == "0" || !text.starts_with('0');
    (is_number && is_plain).then(|| text.parse().unwrap_or(u64::MAX))
}

impl Translator<'_> {
    fn push(&mut self, written: &str) {
        if let Some(item) = self.item {
            self.count = self.count.max(item.count);
        }
        self.item = Some(Item { start: self.written.len(), count: 1, is_repeat: false });
        self.written.push_str(written);
    }

    fn push_set(&mut self, written: &str) {
        if self.flags.fold_case { self.push(&format!("(?i:{written})")) } else { self.push(written) }
    }

    fn literal(&mut self, code_point: u32) {
        match char::from_u32(code_point) {
            Some(character) if character.is_alphanumeric() => {
                self.push_set(character.encode_utf8(&mut [0; 4]));
            }
            Some(_) => self.push_set(&format!(r"\x{{{code_point:X}}}")),
            // A surrogate: nothing matches it.
            None => self.push(&Class::default().written(false)),
        }
    }

    /// Takes anything but an operator from the front.
    fn piece<'a>(&mut self, first: char, text: &'a str) -> Result<&'a str, Refused> {
        match first {
            '(' => return self.open(text),
            ')' => self.close()?,
            '|' => {
                self.end_item();
                self.written.push('|');
            }
            '^' => self.push(if self.flags.multi_line { "(?m:^)" } else { r"\A" }),
            '$' => self.push(if self.flags.multi_line { "(?m:$)" } else { r"\z" }),
            '.' => self.push(if self.flags.dot_newline { "(?s:.)" } else { "." }),
            '[' => {
                let (class, rest) = bracketed(text)?;
                self.push_set(&class);
                return Ok(rest);
            }
            '\\' => return self.backslash(text),
            other => self.literal(other.into()),
        }
        Ok(&text[first.len_utf8()..])
    }

    fn end_item(&mut self) {
        if let Some(item) = self.item.take() {
            self.count = self.count.max(item.count);
        }
    }

    fn open<'a>(&mut self, text: &'a str) -> Result<&'a str, Refused> {
        if text.starts_with("(?") {
            return self.open_special(text);
        }
        self.names.push(String::new());
        self.begin_group("(")?;
        Ok(&text[1..])
    }

    fn begin_group(&mut self, written: &str) -> Result<(), Refused> {
        if self.groups.len() >= MAX_NESTING {
            return Err(Refused::new(Fault::NestingDepth, self.whole));
        }
        self.end_item();
        self.groups.push(Group {
            start: self.written.len(),
            flags: self.flags,
            count: std::mem::replace(&mut self.count, 1),
        });
        self.written.push_str(written);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Refused> {
        self.end_item();
        let group = self.groups.pop().ok_or_else(|| Refused::new(Fault::UnexpectedParen, self.whole))?;
        self.written.push(')');
        self.flags = group.flags;
        let count = std::mem::replace(&mut self.count, group.count);
        self.item = Some(Item { start: group.start, count, is_repeat: false });
        Ok(())
    }

    /// A named group, a group without number, or flags.
    fn open_special<'a>(&mut self, text: &'a str) -> Result<&'a str, Refused> {
        let name_start = match text.as_bytes() {
            [_, _, b'P', b'<', _, ..] => 4,
            [_, _, b'<', _, ..] => 3,
            _ => return self.open_flags(text),
        };
        let end = text.find('>').ok_or_else(|| Refused::new(Fault::NamedCapture, text))?;
        let name = text.get(name_start..end).unwrap_or_default();
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(Refused::new(Fault::NamedCapture, &text[..=end]));
        }
        self.names.push(name.to_owned());
        self.begin_group("(")?;
        Ok(&text[end + 1..])
    }

    /// `(?i)`, `(?i-s:`, `(?:`.
    fn open_flags<'a>(&mut self, text: &'a str) -> Result<&'a str, Refused> {
        let mut flags = self.flags;
        let mut is_on = true;
        let mut saw_flag = false;
        for (place, letter) in text.char_indices().skip(2) {
            let after = &text[place + letter.len_utf8()..];
            let flag = match letter {
                'i' => &mut flags.fold_case,
                'm' => &mut flags.multi_line,
                's' => &mut flags.dot_newline,
                'U' => &mut flags.swap_greed,
                '-' if is_on => {
                    is_on = false;
                    saw_flag = false;
                    continue;
                }
                ':' | ')' if is_on || saw_flag => {
                    if letter == ':' {
                        self.begin_group("(?:")?;
                    }
                    self.flags = flags;
                    return Ok(after);
                }
                _ => return Err(Refused::new(Fault::PerlOp, &text[..text.len() - after.len()])),
            };
            *flag = is_on;
            saw_flag = true;
        }
        Err(Refused::new(Fault::PerlOp, text))
    }

    fn backslash<'a>(&mut self, text: &'a str) -> Result<&'a str, Refused> {
        match text.as_bytes().get(1) {
            Some(b'A') => self.push(r"\A"),
            Some(b'b') => self.push(r"(?-u:\b)"),
            Some(b'B') => self.push(r"(?-u:\B)"),
            Some(b'z') => self.push(r"\z"),
            Some(b'C') => return Err(Refused::new(Fault::Escape, &text[..2])),
            Some(b'Q') => {
                let (literal, rest) = text[2..].split_once(r"\E").unwrap_or((&text[2..], ""));
                for character in literal.chars() {
                    self.literal(character.into());
                }
                return Ok(rest);
            }
            _ => {
                let mut class = Class::default();
                if let Some(rest) = class.add_escape(text)? {
                    self.push_set(&class.written(false));
                    return Ok(rest);
                }
                let (code_point, rest) = escape(text)?;
                self.literal(code_point);
                return Ok(rest);
            }
        }
        Ok(&text[2..])
    }

    /// Repeats the last piece; gives what is left after the operator.
    fn repeat<'a>(
        &mut self,
        text: &'a str,
        repeat: &Repetition,
        last: Option<&str>,
    ) -> Result<&'a str, Refused> {
        let mut rest = &text[repeat.length..];
        let mut is_lazy = self.flags.swap_greed;
        if let Some(after) = rest.strip_prefix('?') {
            is_lazy = !is_lazy;
            rest = after;
        }
        let operator = &text[..text.len() - rest.len()];
        if let Some(last) = last {
            return Err(Refused::new(Fault::RepeatOp, &last[..last.len() - rest.len()]));
        }
        let Some(item) = &mut self.item else {
            return Err(Refused::new(Fault::MissingRepeatArgument, operator));
        };
        if item.is_repeat {
            self.written.insert_str(item.start, "(?:");
            self.written.push(')');
        }
        item.is_repeat = true;
        self.written.push_str(&text[..repeat.length]);
        if is_lazy {
            self.written.push('?');
        }
        if repeat.is_counted {
            match repeat.most.unwrap_or(repeat.least) {
                0 if repeat.most == Some(0) => item.count = 0,
                count => item.count = item.count.saturating_mul(count.max(1)),
            }
            if repeat.most.unwrap_or(repeat.least) >= 2 && item.count > MAX_COUNT {
                return Err(Refused::new(Fault::RepeatSize, operator));
            }
        }
        Ok(rest)
    }
}

/// The character that an escape at the front stands for, and what is left.
pub(super) fn escape(text: &str) -> Result<(u32, &str), Refused> {
    let after = &text[1..];
    let Some(first) = after.chars().next() else { return Err(Refused::new(Fault::TrailingBackslash, "")) };
    let rest = &after[first.len_utf8()..];
    let is_octal = |byte: &u8| (b'0'..=b'7').contains(byte);
    let code_point = match first {
        '1'..='7' if !rest.as_bytes().first().is_some_and(is_octal) => None,
        '0'..='7' => {
            let digits = after.bytes().take(3).take_while(is_octal).count();
            return Ok((u32::from_str_radix(&after[..digits], 8).unwrap_or_default(), &after[digits..]));
        }
        'x' => return hexadecimal(text, rest),
        'a' => Some(7),
        'f' => Some(12),
        'n' => Some(10),
        'r' => Some(13),
        't' => Some(9),
        'v' => Some(11),
        other if other.is_ascii() && !other.is_ascii_alphanumeric() => Some(other.into()),
        _ => None,
    };
    match code_point {
        Some(code_point) => Ok((code_point, rest)),
        None => Err(Refused::new(Fault::Escape, &text[..text.len() - rest.len()])),
    }
}

/// `\x1F` or `\x{10FFFF}`; `digits` is what follows the `x`.
fn hexadecimal<'a>(text: &'a str, digits: &'a str) -> Result<(u32, &'a str), Refused> {
    let refused = |length: usize| {
        let end = text.len() - digits.len() + length;
        Err(Refused::new(Fault::Escape, &text[..end.min(text.len())]))
    };
    let Some(inner) = digits.strip_prefix('{') else {
        let length = digits.chars().take(2).map(char::len_utf8).sum();
        return match u32::from_str_radix(&digits[..length], 16) {
            Ok(code_point) if length == 2 && !digits.starts_with('+') => Ok((code_point, &digits[2..])),
            _ => refused(length),
        };
    };
    let mut code_point = 0;
    for (place, character) in inner.char_indices() {
        let length = 1 + place + character.len_utf8();
        match character.to_digit(16) {
            Some(digit) => code_point = code_point * 16 + digit,
            None if character == '}' && place > 0 => return Ok((code_point, &inner[place + 1..])),
            None => return refused(length),
        }
        if code_point > u32::from(char::MAX) {
            return refused(length);
        }
    }
    refused(digits.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_are_those_of_go() {
        let cases = [
            ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
            ("(?<=a)b", "invalid named capture: `(?<=a)b`"),
            ("(?<!a>)b", "invalid named capture: `(?<!a>`"),
            ("a**", "invalid nested repetition operator: `**`"),
            ("a*?+", "invalid nested repetition operator: `*?+`"),
            ("*a", "missing argument to repetition operator: `*`"),
            ("(?i)*", "missing argument to repetition operator: `*`"),
            ("a{1001}", "invalid repeat count: `{1001}`"),
            ("(a{100}){100}", "invalid repeat count: `{100}`"),
            ("a{2,1}", "invalid repeat count: `{2,1}`"),
            ("[z-a]", "invalid character class range: `z-a`"),
            ("[[:foo:]]", "invalid character class range: `[:foo:]`"),
            (r"\p{Foo}", r"invalid character class range: `\p{Foo}`"),
            ("[abc", "missing closing ]: `[abc`"),
            ("(a", "missing closing ): `(a`"),
            ("a)", "unexpected ): `a)`"),
            (r"\y", r"invalid escape sequence: `\y`"),
            (r"\1", r"invalid escape sequence: `\1`"),
            (r"\x{110000}", r"invalid escape sequence: `\x{110000`"),
            (r"\", "trailing backslash at end of expression: ``"),
            ("(?x)a", "invalid or unsupported Perl syntax: `(?x`"),
        ];
        for (pattern, complaint) in cases {
            let refused = translate(pattern.as_bytes()).unwrap_err();
            assert_eq!(refused.to_string(), format!("error parsing regexp: {complaint}"), "{pattern}");
        }
    }

    #[test]
    fn what_go_accepts_compiles() {
        let cases = [
            "a{,2}",
            "a{",
            "x{2}y{3,}",
            "^*",
            "a(?i)*b",
            "a*(?i)?",
            r"\Qa.b\E+",
            "[]a]",
            "[^]a]",
            "[a-]",
            r"[\d\-x]",
            "[[:^alpha:]&&[x]",
            r"\pL\P{Greek}",
            "(?P<1>a)",
            "(?-i:a)",
            "(?:|a)*",
            r"\x{D800}",
            r"[\x{D800}-\x{DFFF}]",
            "a||b",
            "()",
        ];
        for pattern in cases {
            let translated = translate(pattern.as_bytes()).unwrap();
            ::regex::bytes::Regex::new(&translated.expression).unwrap();
        }
    }
}
