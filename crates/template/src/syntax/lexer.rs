//! Texts to items: what stands between the delimiters, and the plain text around them.

use memchr::memmem;

use super::characters::{first, name_length, notation};
use super::unicode::is_in_names;
use crate::format::quote;

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The text is no template from here on; [`Lexer::error`] says why.
    Error,
    /// `true`, `false`
    Bool,
    /// A sign without a meaning of its own, such as `,`.
    Sign,
    /// `'x'`
    CharConstant,
    /// `1+2i`
    Complex,
    /// `=`
    Assign,
    /// `:=`
    Declare,
    /// The end of the text.
    EndOfText,
    /// `.name`
    Field,
    /// A name that is no keyword.
    Identifier,
    /// `{{`
    LeftDelimiter,
    /// `(`
    LeftParenthesis,
    /// A number, or what may be one.
    Number,
    /// `|`
    Pipe,
    /// A string in backticks.
    RawString,
    /// `}}`
    RightDelimiter,
    /// `)`
    RightParenthesis,
    /// Blanks inside an action.
    Space,
    /// A string in double quotes.
    String,
    /// Plain text.
    Text,
    /// `$`, `$name`
    Variable,
    /// `block`
    Block,
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `.`
    Dot,
    /// `define`
    Define,
    /// `else`
    Else,
    /// `end`
    End,
    /// `if`
    If,
    /// `nil`
    Nil,
    /// `range`
    Range,
    /// `template`
    Template,
    /// `with`
    With,
}

impl Kind {
    /// Is it a word with a meaning of its own?
    pub(super) fn is_keyword(self) -> bool {
        matches!(
            self,
            Self::Block
                | Self::Break
                | Self::Continue
                | Self::Dot
                | Self::Define
                | Self::Else
                | Self::End
                | Self::If
                | Self::Nil
                | Self::Range
                | Self::Template
                | Self::With
        )
    }
}

/// An item and where it stands in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Finds the items of a text one by one.
pub(super) struct Lexer<'a> {
    text: &'a [u8],
    position: usize,
    is_in_action: bool,
    open_parentheses: usize,
    left_delimiter: memmem::Finder<'static>,
    words: LoopWords,
    error: Option<String>,
}

/// Which words are keywords because no function has their name.
#[derive(Clone, Copy, Debug)]
pub(super) struct LoopWords {
    pub(super) has_break: bool,
    pub(super) has_continue: bool,
}

/// What a right delimiter trims.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trim {
    Nothing,
    Blanks,
}

const LEFT_DELIMITER: &[u8] = b"{{";
const RIGHT_DELIMITER: &[u8] = b"}}";
/// The length of the mark that trims, with the blank beside it.
const MARK_LENGTH: usize = 2;

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a [u8], words: LoopWords) -> Self {
        let left_delimiter = memmem::Finder::new(LEFT_DELIMITER);
        Self {
            text,
            position: 0,
            is_in_action: false,
            open_parentheses: 0,
            left_delimiter,
            words,
            error: None,
        }
    }

    /// The next item; after the last one, the end again.
    pub(super) fn next(&mut self) -> Item {
        if self.is_in_action { self.next_in_action() } else { self.next_in_text() }
    }

    /// Why there was an item of [`Kind::Error`].
    pub(super) fn error(&self) -> &str {
        self.error.as_deref().unwrap_or_default()
    }

    fn rest(&self) -> &'a [u8] {
        &self.text[self.position..]
    }

    fn next_in_text(&mut self) -> Item {
        loop {
            let start = self.position;
            let Some(length) = self.left_delimiter.find(self.rest()) else {
                self.position = self.text.len();
                let kind = if start < self.position { Kind::Text } else { Kind::EndOfText };
                return Item { kind, start, end: self.position };
            };
            self.position += length;
            let inside = &self.text[self.position + LEFT_DELIMITER.len()..];
            let mut end = self.position;
            if is_left_mark(inside) {
                end = start + length_trimmed(&self.text[start..end]);
            }
            if start < end {
                return Item { kind: Kind::Text, start, end };
            }
            if let Some(item) = self.take_left_delimiter(inside) {
                return item;
            }
        }
    }

    /// The delimiter, or nothing if it began a comment, which is skipped.
    fn take_left_delimiter(&mut self, inside: &[u8]) -> Option<Item> {
        let start = self.position;
        let end = start + LEFT_DELIMITER.len();
        let mark = if is_left_mark(inside) { MARK_LENGTH } else { 0 };
        self.position = end + mark;
        if inside[mark..].starts_with(b"/*") {
            return self.skip_comment();
        }
        self.is_in_action = true;
        self.open_parentheses = 0;
        Some(Item { kind: Kind::LeftDelimiter, start, end })
    }

    /// Skips a comment, or says what is wrong with it.
    fn skip_comment(&mut self) -> Option<Item> {
        const MARK: usize = 2;
        let start = self.position;
        let Some(length) = memmem::find(&self.text[start + MARK..], b"*/") else {
            return Some(self.fail("unclosed comment".into()));
        };
        let after = start + MARK + length + MARK;
        let Some(trim) = right_delimiter(&self.text[after..]) else {
            return Some(self.fail("comment ends before closing delimiter".into()));
        };
        self.position = after;
        self.skip_right_delimiter(trim);
        None
    }

    fn skip_right_delimiter(&mut self, trim: Trim) {
        self.position += RIGHT_DELIMITER.len();
        if trim == Trim::Blanks {
            self.position += MARK_LENGTH;
            self.position += self.rest().iter().take_while(|byte| is_blank(**byte)).count();
        }
    }

    fn next_in_action(&mut self) -> Item {
        let rest = self.rest();
        if let Some(trim) = right_delimiter(rest) {
            return self.take_right_delimiter(trim);
        }
        let Some(byte) = rest.first() else { return self.fail("unclosed action".into()) };
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => self.take_space(),
            b'=' => self.take(Kind::Assign, 1),
            b':' if rest.get(1) == Some(&b'=') => self.take(Kind::Declare, 2),
            b':' => self.fail("expected :=".into()),
            b'|' => self.take(Kind::Pipe, 1),
            b'"' => self.take_quoted(Kind::String, "unterminated quoted string"),
            b'`' => self.take_raw_string(),
            b'$' => self.take_variable(),
            b'\'' => self.take_quoted(Kind::CharConstant, "unterminated character constant"),
            b'.' if rest.get(1).is_some_and(|next| !next.is_ascii_digit()) => self.take_field(),
            b'.' | b'+' | b'-' | b'0'..=b'9' => self.take_number(),
            b'(' => self.take_left_parenthesis(),
            b')' => self.take_right_parenthesis(),
            _ => self.take_word_or_sign(),
        }
    }

    fn take(&mut self, kind: Kind, length: usize) -> Item {
        let start = self.position;
        self.position += length;
        Item { kind, start, end: self.position }
    }

    /// The item that says that the one which begins here is none.
    fn fail(&mut self, message: String) -> Item {
        let start = self.position;
        self.error = Some(message);
        // Nothing can follow.
        self.text = &[];
        self.position = 0;
        Item { kind: Kind::Error, start, end: start }
    }

    fn take_right_delimiter(&mut self, trim: Trim) -> Item {
        if self.open_parentheses > 0 {
            return self.fail("unclosed left paren".into());
        }
        let mark = if trim == Trim::Blanks { MARK_LENGTH } else { 0 };
        let start = self.position + mark;
        self.skip_right_delimiter(trim);
        self.is_in_action = false;
        Item { kind: Kind::RightDelimiter, start, end: start + RIGHT_DELIMITER.len() }
    }

    fn take_left_parenthesis(&mut self) -> Item {
        self.open_parentheses += 1;
        self.take(Kind::LeftParenthesis, 1)
    }

    fn take_right_parenthesis(&mut self) -> Item {
        let Some(open) = self.open_parentheses.checked_sub(1) else {
            return self.fail("unexpected right paren".into());
        };
        self.open_parentheses = open;
        self.take(Kind::RightParenthesis, 1)
    }

    /// Blanks, without the last one if it belongs to a right delimiter that trims.
    fn take_space(&mut self) -> Item {
        let rest = self.rest();
        let length = rest.iter().take_while(|byte| is_blank(**byte)).count();
        let is_trimmed = right_delimiter(&rest[length - 1..]) == Some(Trim::Blanks);
        self.take(Kind::Space, length - usize::from(is_trimmed))
    }

    /// What stands between two quotes that are no escapes, on one line.
    fn take_quoted(&mut self, kind: Kind, unterminated: &str) -> Item {
        let rest = self.rest();
        let quote = rest[0];
        let mut length = 1;
        loop {
            match rest[length..] {
                [] | [b'\n', ..] | [b'\\'] | [b'\\', b'\n', ..] => return self.fail(unterminated.into()),
                [b'\\', ..] => length += 2,
                [byte, ..] if byte == quote => return self.take(kind, length + 1),
                _ => length += 1,
            }
        }
    }

    fn take_raw_string(&mut self) -> Item {
        match memchr::memchr(b'`', &self.rest()[1..]) {
            Some(length) => self.take(Kind::RawString, length + 2),
            None => self.fail("unterminated raw quoted string".into()),
        }
    }

    fn take_variable(&mut self) -> Item {
        let length = 1 + name_length(&self.rest()[1..]);
        self.take_name(Kind::Variable, length)
    }

    fn take_field(&mut self) -> Item {
        let rest = &self.rest()[1..];
        if is_end_of_name(rest) {
            self.take(Kind::Dot, 1)
        } else {
            self.take_name(Kind::Field, 1 + name_length(rest))
        }
    }

    fn take_word_or_sign(&mut self) -> Item {
        let rest = self.rest();
        let (character, _) = first(rest).expect("there is a byte");
        if character.is_ascii_alphabetic() || is_in_names(character) {
            let length = name_length(rest);
            let kind = self.word(&rest[..length]);
            self.take_name(kind, length)
        } else if character.is_ascii_graphic() {
            self.take(Kind::Sign, 1)
        } else {
            self.fail(format!("unrecognized character in action: {}", notation(character)))
        }
    }

    /// An item that ends in a name, if the name ends where it should.
    fn take_name(&mut self, kind: Kind, length: usize) -> Item {
        let after = &self.rest()[length..];
        match first(after) {
            Some((character, _)) if !is_end_of_name(after) => {
                self.fail(format!("bad character {}", notation(character)))
            }
            _ => self.take(kind, length),
        }
    }

    fn word(&self, word: &[u8]) -> Kind {
        match word {
            b"block" => Kind::Block,
            b"break" if self.words.has_break => Kind::Break,
            b"continue" if self.words.has_continue => Kind::Continue,
            b"define" => Kind::Define,
            b"else" => Kind::Else,
            b"end" => Kind::End,
            b"if" => Kind::If,
            b"nil" => Kind::Nil,
            b"range" => Kind::Range,
            b"template" => Kind::Template,
            b"with" => Kind::With,
            b"true" | b"false" => Kind::Bool,
            _ => Kind::Identifier,
        }
    }

    /// A number as far as its shape goes; whether it is one, its value decides.
    fn take_number(&mut self) -> Item {
        let rest = self.rest();
        let result = number_length(rest).and_then(|length| match rest.get(length) {
            Some(b'+' | b'-') => complex_length(rest, length).map(|length| (Kind::Complex, length)),
            _ => Ok((Kind::Number, length)),
        });
        match result {
            Ok((kind, length)) => self.take(kind, length),
            Err(length) => self.fail(format!("bad number syntax: {}", quote(&rest[..length]))),
        }
    }
}

/// The length of a number and of the imaginary one that follows it; as an error, how far was read.
fn complex_length(rest: &[u8], real: usize) -> Result<usize, usize> {
    let length = real + number_length(&rest[real..]).map_err(|length| real + length)?;
    if rest[length - 1] == b'i' { Ok(length) } else { Err(length) }
}

/// The length of a number; as an error, how far was read until it was none.
fn number_length(rest: &[u8]) -> Result<usize, usize> {
    let mut length = 0;
    let accept = |length: &mut usize, set: &[u8]| {
        let found = rest.get(*length).is_some_and(|byte| set.contains(byte));
        *length += usize::from(found);
        found
    };
    accept(&mut length, b"+-");
    let begins_with_zero = accept(&mut length, b"0");
    let (digits, exponent): (&[u8], &[u8]) = match rest.get(length) {
        Some(b'x' | b'X') if begins_with_zero => (b"0123456789abcdefABCDEF_", b"pP"),
        Some(b'o' | b'O') if begins_with_zero => (b"01234567_", b""),
        Some(b'b' | b'B') if begins_with_zero => (b"01_", b""),
        _ => (b"0123456789_", b"eE"),
    };
    length += usize::from(exponent != b"eE");
    while accept(&mut length, digits) {}
    if accept(&mut length, b".") {
        while accept(&mut length, digits) {}
    }
    if accept(&mut length, exponent) {
        accept(&mut length, b"+-");
        while accept(&mut length, b"0123456789_") {}
    }
    accept(&mut length, b"i");
    match first(&rest[length..]) {
        Some((character, width)) if is_in_names(character) => Err(length + width),
        _ => Ok(length),
    }
}

/// Is there a right delimiter, and what does it trim?
fn right_delimiter(rest: &[u8]) -> Option<Trim> {
    match rest {
        [b'}', b'}', ..] => Some(Trim::Nothing),
        [blank, b'-', b'}', b'}', ..] if is_blank(*blank) => Some(Trim::Blanks),
        _ => None,
    }
}

fn is_left_mark(inside: &[u8]) -> bool {
    matches!(inside, [b'-', blank, ..] if is_blank(*blank))
}

fn is_end_of_name(rest: &[u8]) -> bool {
    match rest {
        [] | [b' ' | b'\t' | b'\r' | b'\n' | b'.' | b',' | b'|' | b':' | b')' | b'(', ..] => true,
        _ => rest.starts_with(RIGHT_DELIMITER),
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// The length without the blanks at the end.
fn length_trimmed(text: &[u8]) -> usize {
    text.iter().rposition(|byte| !is_blank(*byte)).map_or(0, |last| last + 1)
}
