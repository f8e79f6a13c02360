//! The words of a TOML text.

use super::cursor::{Cursor, END, Lexed};
use super::decode::{Failure, quoted_character};

/// What a value begins with, or all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    EscapedText,
    LongText,
    RawText,
    LongRawText,
    Bool,
    Integer,
    Float,
    Time,
    List,
    Table,
}

/// A word, with the line it ends in.
pub(super) struct Item<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a [u8],
    pub(super) line: usize,
}

pub(super) fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t')
}

pub(super) fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\r')
}

fn is_bare(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

impl<'a> Cursor<'a> {
    pub(super) fn item(&mut self, kind: Kind) -> Item<'a> {
        let item = Item { kind, text: self.current(), line: self.line };
        self.begin();
        item
    }

    /// The rest of a comment, up to the line break.
    pub(super) fn comment(&mut self) -> Lexed<()> {
        self.skip_while(|character| !is_break(character) && character != END)?;
        self.begin();
        Ok(())
    }

    /// The end of a line behind an entry or a heading. Gives whether the text ends there.
    pub(super) fn end_of_line(&mut self) -> Lexed<bool> {
        loop {
            match self.next()? {
                '#' => {
                    self.comment()?;
                    return Ok(false);
                }
                blank if is_blank(blank) => {}
                line_break if is_break(line_break) => {
                    self.begin();
                    return Ok(false);
                }
                END => return Ok(true),
                other => {
                    return self.failure(format!(
                        "expected a top-level item to end with a newline, comment, or EOF, but got {} instead",
                        quoted_character(other)
                    ));
                }
            }
        }
    }

    /// A part of the name in a heading.
    pub(super) fn heading_part(&mut self) -> Lexed<Item<'a>> {
        self.skip_blanks()?;
        match self.peek()? {
            ']' | END => self.failure("unexpected end of table name (table names cannot be empty)"),
            '.' => self.failure("unexpected table separator (table names cannot be empty)"),
            _ => self.name(),
        }
    }

    /// Is there another part of the name in a heading?
    pub(super) fn heading_goes_on(&mut self) -> Lexed<bool> {
        self.skip_blanks()?;
        match self.next()? {
            '.' => Ok(true),
            ']' => Ok(false),
            other => self.failure(format!(
                "expected '.' or ']' to end table name, but got {} instead",
                quoted_character(other)
            )),
        }
    }

    pub(super) fn key_start(&mut self) -> Lexed<()> {
        self.skip_blanks()?;
        match self.peek()? {
            '=' | END => self.failure("unexpected '=': key name appears blank"),
            '.' => self.failure("unexpected '.': keys cannot start with a '.'"),
            _ => Ok(()),
        }
    }

    pub(super) fn key_part(&mut self) -> Lexed<Item<'a>> {
        self.skip_blanks()?;
        match self.peek()? {
            '=' | END => self.failure("unexpected '='"),
            '.' => self.failure("unexpected '.'"),
            _ => self.name(),
        }
    }

    /// Is there another part of the key, or does the value follow?
    pub(super) fn key_goes_on(&mut self) -> Lexed<bool> {
        self.skip_blanks()?;
        match self.next()? {
            END => self.failure("unexpected EOF; expected key separator '='"),
            '.' => Ok(true),
            '=' => Ok(false),
            other => {
                let text = format!("expected '.' or '=', but got {} instead", quoted_character(other));
                if other == '\n' { self.failure_before(text) } else { self.failure(text) }
            }
        }
    }

    fn name(&mut self) -> Lexed<Item<'a>> {
        self.begin();
        match self.next()? {
            '"' => self.text(),
            '\'' => self.raw_text(),
            _ => {
                self.back();
                self.skip_while(is_bare)?;
                Ok(self.item(Kind::Text))
            }
        }
    }

    /// A value, or what a list or table begins with.
    pub(super) fn value(&mut self) -> Lexed<Item<'a>> {
        self.skip_blanks()?;
        let first = self.next()?;
        match first {
            '0' => return self.zero_or_time(),
            '1'..='9' => return self.number_or_time(),
            '[' => return Ok(self.item(Kind::List)),
            '{' => return Ok(self.item(Kind::Table)),
            '"' if self.accept('"')? => {
                if self.accept('"')? {
                    return self.long_text();
                }
                self.back();
                return self.text();
            }
            '"' => return self.text(),
            '\'' if self.accept('\'')? => {
                if self.accept('\'')? {
                    return self.long_raw_text();
                }
                self.back();
                return self.raw_text();
            }
            '\'' => return self.raw_text(),
            '.' => return self.failure("floats must start with a digit, not '.'"),
            'i' | 'n'
                if (self.accept('n')? && self.accept('f')?) || (self.accept('a')? && self.accept('n')?) =>
            {
                return Ok(self.item(Kind::Float));
            }
            '-' | '+' => return self.signed_number(),
            _ => {}
        }
        if first.is_alphabetic() {
            self.back();
            return self.truth();
        }
        if first == END {
            return self.failure("unexpected EOF; expected value");
        }
        let text = format!("expected value but found {} instead", quoted_character(first));
        if first == '\n' { self.failure_before(text) } else { self.failure(text) }
    }

    fn truth(&mut self) -> Lexed<Item<'a>> {
        let start = self.current().len();
        self.skip_while(char::is_alphabetic)?;
        let word = &self.current()[start..];
        if matches!(word, b"true" | b"false") {
            return Ok(self.item(Kind::Bool));
        }
        let word = chandlery_template::quote(word);
        self.failure(format!("expected value but found {word} instead"))
    }

    /// A text in double quotes, from behind the first.
    fn text(&mut self) -> Lexed<Item<'a>> {
        self.begin();
        let mut kind = Kind::Text;
        loop {
            match self.next()? {
                END => return self.failure("unexpected EOF; expected '\"'"),
                line_break if is_break(line_break) => {
                    return self.failure_before("strings cannot contain newlines");
                }
                '\\' => {
                    kind = Kind::EscapedText;
                    self.escape()?;
                }
                '"' => return self.before_quotes(kind, 1),
                _ => {}
            }
        }
    }

    fn raw_text(&mut self) -> Lexed<Item<'a>> {
        self.begin();
        loop {
            match self.next()? {
                END => return self.failure("unexpected EOF; expected \"'\""),
                line_break if is_break(line_break) => {
                    return self.failure_before("strings cannot contain newlines");
                }
                '\'' => return self.before_quotes(Kind::RawText, 1),
                _ => {}
            }
        }
    }

    fn long_text(&mut self) -> Lexed<Item<'a>> {
        self.begin();
        loop {
            match self.next()? {
                END => return self.failure("unexpected EOF; expected '\"\"\"'"),
                '\\' if !is_break(self.next()?) => {
                    self.back();
                    self.escape()?;
                }
                '"' if self.ends_long('"')? => {
                    if self.peek()? != '"' {
                        return self.before_quotes(Kind::LongText, 3);
                    }
                    let text = self.current();
                    if text.ends_with(b"\"\"\"\"\"") && !text.ends_with(b"\\\"\"\"\"\"") {
                        return self.failure("unexpected '\"\"\"\"\"\"'");
                    }
                    self.back();
                    self.back();
                }
                _ => {}
            }
        }
    }

    fn long_raw_text(&mut self) -> Lexed<Item<'a>> {
        self.begin();
        loop {
            match self.next()? {
                END => return self.failure("unexpected EOF; expected \"'''\""),
                '\'' if self.ends_long('\'')? => {
                    if self.peek()? != '\'' {
                        return self.before_quotes(Kind::LongRawText, 3);
                    }
                    if self.current().ends_with(b"'''''") {
                        return self.failure("unexpected \"''''''\"");
                    }
                    self.back();
                    self.back();
                }
                _ => {}
            }
        }
    }

    /// Are there two more quotes?
    fn ends_long(&mut self, quote: char) -> Lexed<bool> {
        if !self.accept(quote)? {
            return Ok(false);
        }
        if self.accept(quote)? {
            return Ok(true);
        }
        self.back();
        Ok(false)
    }

    /// What was read but the quotes at its end.
    fn before_quotes(&mut self, kind: Kind, quotes: usize) -> Lexed<Item<'a>> {
        let mut item = self.item(kind);
        item.text = &item.text[..item.text.len() - quotes];
        Ok(item)
    }

    fn escape(&mut self) -> Lexed<()> {
        match self.next()? {
            'e' | 'b' | 't' | 'n' | 'f' | 'r' | '"' | ' ' | '\t' | '\\' => Ok(()),
            'x' => self.digits_of_escape(2, "two hexadecimal digits after '\\x'"),
            'u' => self.digits_of_escape(4, "four hexadecimal digits after '\\u'"),
            'U' => self.digits_of_escape(8, "eight hexadecimal digits after '\\U'"),
            other => {
                let text = format!("invalid escape in string '\\{other}'");
                Err(Failure::new(self.line - usize::from(self.is_at_end()), text))
            }
        }
    }

    fn digits_of_escape(&mut self, count: usize, expected: &str) -> Lexed<()> {
        for _ in 0..count {
            if !self.next()?.is_ascii_hexdigit() {
                let current = chandlery_template::quote(self.current());
                return self.failure(format!("expected {expected}, but got {current} instead"));
            }
        }
        Ok(())
    }

    fn rest_of(&mut self, kind: Kind, matches: impl Fn(char) -> bool) -> Lexed<Item<'a>> {
        self.skip_while(matches)?;
        Ok(self.item(kind))
    }

    fn float(&mut self) -> Lexed<Item<'a>> {
        self.rest_of(Kind::Float, |character| {
            character.is_ascii_digit() || matches!(character, '_' | '.' | '-' | '+' | 'e' | 'E')
        })
    }

    fn decimal(&mut self) -> Lexed<Item<'a>> {
        self.skip_while(|character| character.is_ascii_digit() || character == '_')?;
        match self.next()? {
            '.' | 'e' | 'E' => self.float(),
            _ => {
                self.back();
                Ok(self.item(Kind::Integer))
            }
        }
    }

    fn number_or_time(&mut self) -> Lexed<Item<'a>> {
        self.skip_while(|character| character.is_ascii_digit())?;
        match self.next()? {
            '-' | ':' => self.time(),
            '_' => self.decimal(),
            '.' | 'e' | 'E' => self.float(),
            _ => {
                self.back();
                Ok(self.item(Kind::Integer))
            }
        }
    }

    fn time(&mut self) -> Lexed<Item<'a>> {
        let mut item = self.rest_of(Kind::Time, |character| {
            character.is_ascii_digit()
                || matches!(character, '-' | ':' | 'T' | 't' | ' ' | '.' | 'Z' | 'z' | '+')
        })?;
        item.text = item.text.trim_ascii();
        Ok(item)
    }

    /// Behind a zero: a number with a base, or one without.
    fn zero_or_time(&mut self) -> Lexed<Item<'a>> {
        match self.next()? {
            digit if digit.is_ascii_digit() => self.number_or_time(),
            '_' => self.decimal(),
            '.' | 'e' | 'E' => self.float(),
            'b' => self.with_base("a binary", |character| matches!(character, '0' | '1')),
            'o' => self.with_base("an octal", |character| matches!(character, '0'..='7')),
            'x' => self.with_base("a hexadecimal", |character| character.is_ascii_hexdigit()),
            _ => {
                self.back();
                Ok(self.item(Kind::Integer))
            }
        }
    }

    fn with_base(&mut self, name: &str, is_digit: fn(char) -> bool) -> Lexed<Item<'a>> {
        let next = self.peek()?;
        if !is_digit(next) {
            let current = String::from_utf8_lossy(self.current());
            return self.failure(format!("not {name} number: '{current}{next}'"));
        }
        self.rest_of(Kind::Integer, |character| is_digit(character) || character == '_')
    }

    /// Behind a sign.
    fn signed_number(&mut self) -> Lexed<Item<'a>> {
        let first = self.next()?;
        let word = match first {
            'i' => Some(['n', 'f']),
            'n' => Some(['a', 'n']),
            _ => None,
        };
        if let Some([second, third]) = word {
            if self.accept(second)? && self.accept(third)? {
                return Ok(self.item(Kind::Float));
            }
            let current = String::from_utf8_lossy(self.current());
            return self.failure(format!("invalid float: '{current}'"));
        }
        match first {
            '0' => {
                let next = self.peek()?;
                if matches!(next, 'b' | 'o' | 'x') {
                    let current = String::from_utf8_lossy(self.current());
                    return self
                        .failure(format!("cannot use sign with non-decimal numbers: '{current}{next}'"));
                }
                self.decimal()
            }
            '1'..='9' => self.decimal(),
            '.' => self.failure("floats must start with a digit, not '.'"),
            other => self.failure(format!("expected a digit but got {}", quoted_character(other))),
        }
    }
}
