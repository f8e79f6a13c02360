//! The characters of a TOML text, with the line they are in and with Go's errors.

use super::decode::Failure;

/// What stands for the end of the text; the character itself may not be in a text.
pub(super) const END: char = '\0';

/// A place in a text.
pub(super) struct Cursor<'a> {
    input: &'a [u8],
    position: usize,
    /// Where what is being read began.
    pub(super) start: usize,
    pub(super) line: usize,
    /// Was the end read, and not gone back from?
    at_end: bool,
}

/// An error without the key it belongs to.
pub(super) type Lexed<T> = Result<T, Failure>;

impl<'a> Cursor<'a> {
    pub(super) fn new(input: &'a [u8]) -> Self {
        Self { input, position: 0, start: 0, line: 1, at_end: false }
    }

    /// Reads a character, [`END`] at the end.
    pub(super) fn next(&mut self) -> Lexed<char> {
        let rest = &self.input[self.position..];
        let Some(&first) = rest.first() else {
            self.at_end = true;
            return Ok(END);
        };
        self.line += usize::from(first == b'\n');
        let Some(character) = first_character(rest) else {
            return Err(Failure::new(self.line, format!("invalid UTF-8 byte: 0x{first:02x}")));
        };
        let is_lone_return = first == b'\r' && rest.get(1) != Some(&b'\n');
        if is_lone_return || (first < b' ' && !matches!(first, b'\t' | b'\r' | b'\n')) || first == 0x7f {
            let text = format!("TOML files cannot contain control characters: '0x{first:02x}'");
            return Err(Failure::new(self.line, text));
        }
        self.position += character.len_utf8();
        Ok(character)
    }

    /// Goes back by a character.
    pub(super) fn back(&mut self) {
        if std::mem::take(&mut self.at_end) {
            return;
        }
        let before = &self.input[..self.position];
        self.position = before.iter().rposition(|byte| byte & 0xc0 != 0x80).unwrap_or(0);
        self.line -= usize::from(self.input.get(self.position) == Some(&b'\n'));
    }

    pub(super) fn peek(&mut self) -> Lexed<char> {
        let character = self.next()?;
        self.back();
        Ok(character)
    }

    /// Reads a character if it is this one.
    pub(super) fn accept(&mut self, wanted: char) -> Lexed<bool> {
        let found = self.next()? == wanted;
        if !found {
            self.back();
        }
        Ok(found)
    }

    /// Goes on to the first character that does not match, and begins there.
    pub(super) fn skip_blanks(&mut self) -> Lexed<()> {
        self.skip_while(|character| matches!(character, ' ' | '\t'))?;
        self.start = self.position;
        Ok(())
    }

    /// Goes on to the first character that does not match.
    pub(super) fn skip_while(&mut self, matches: impl Fn(char) -> bool) -> Lexed<()> {
        while matches(self.next()?) {}
        self.back();
        Ok(())
    }

    /// Begins here.
    pub(super) fn begin(&mut self) {
        self.start = self.position;
    }

    /// What was read since the beginning.
    pub(super) fn current(&self) -> &'a [u8] {
        &self.input[self.start.min(self.position)..self.position]
    }

    /// An error here; at the end it is in the last line that has something.
    pub(super) fn failure<T>(&self, text: impl Into<String>) -> Lexed<T> {
        let is_below = self.at_end && self.position > 0 && self.input.get(self.position - 1) == Some(&b'\n');
        Err(Failure::new(self.line - usize::from(is_below), text.into()))
    }

    /// An error in the line before.
    pub(super) fn failure_before<T>(&self, text: impl Into<String>) -> Lexed<T> {
        Err(Failure::new(self.line - 1, text.into()))
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at_end
    }
}

fn first_character(bytes: &[u8]) -> Option<char> {
    let longest = &bytes[..bytes.len().min(4)];
    let valid = match std::str::from_utf8(longest) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&longest[..error.valid_up_to()]).unwrap_or_default(),
    };
    valid.chars().next()
}
