//! JSON texts to values, as far as the syntax goes.

use crate::error::Error;
use crate::format::{quote, runes};
use crate::value::{List, Map, Text, Value};

/// Levels of lists and objects in one another, as in Go.
const MAX_DEPTH: usize = 10_000;

/// The stack that is surely there for one level, and what is added when it is not, in bytes.
const RED_ZONE: usize = 64 << 10;
const STACK_GROWTH: usize = 1 << 20;

/// Reads one text.
pub(super) struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
    /// The first number that is no `float64`: only told when the whole text is JSON.
    out_of_range: Option<Error>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, depth: 0, out_of_range: None }
    }

    /// The value that is the whole text.
    pub(super) fn whole(mut self) -> Result<(Value, Option<Error>), Error> {
        let value = self.value()?;
        self.skip_space();
        match self.text.get(self.at) {
            None => Ok((value, self.out_of_range)),
            Some(_) => Err(self.unexpected("after top-level value")),
        }
    }

    fn skip_space(&mut self) {
        while matches!(self.text.get(self.at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// The next byte that is no space.
    fn token(&mut self) -> Option<u8> {
        self.skip_space();
        self.text.get(self.at).copied()
    }

    /// The error of the byte at this place, where a space may stand.
    fn unexpected(&self, context: &str) -> Error {
        match self.text.get(self.at) {
            Some(_) => self.broken(context),
            None => Error::message("unexpected end of JSON input"),
        }
    }

    /// The error of the byte at this place inside a literal, where Go takes the end of the text for a space.
    fn broken(&self, context: &str) -> Error {
        let byte = self.text.get(self.at).copied().unwrap_or(b' ');
        let shown = match byte {
            b'\'' => "\\'".to_owned(),
            b'"' => "\"".to_owned(),
            _ => quote(char::from(byte).encode_utf8(&mut [0; 2]).as_bytes()).trim_matches('"').to_owned(),
        };
        Error::message(format!("invalid character '{shown}' {context}"))
    }

    fn value(&mut self) -> Result<Value, Error> {
        match self.token() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => self.string().map(Value::from),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal("true", true.into()),
            Some(b'f') => self.literal("false", false.into()),
            Some(b'n') => self.literal("null", Value::Nil),
            _ => Err(self.unexpected("looking for beginning of value")),
        }
    }

    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Result<Value, Error>) -> Result<Value, Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.unexpected("exceeded max depth"));
        }
        self.at += 1;
        let value = stacker::maybe_grow(RED_ZONE, STACK_GROWTH, || read(self))?;
        self.depth -= 1;
        Ok(value)
    }

    fn literal(&mut self, name: &str, value: Value) -> Result<Value, Error> {
        for expected in name.bytes() {
            if self.text.get(self.at) != Some(&expected) {
                let expected = char::from(expected);
                return Err(self.broken(&format!("in literal {name} (expecting '{expected}')")));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn array(&mut self) -> Result<Value, Error> {
        let mut items = Vec::new();
        if self.token() == Some(b']') {
            self.at += 1;
            return Ok(List::new(items).into());
        }
        loop {
            items.push(self.value()?);
            match self.token() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.unexpected("after array element")),
            }
        }
        self.at += 1;
        Ok(List::new(items).into())
    }

    fn object(&mut self) -> Result<Value, Error> {
        let map = Map::new();
        if self.token() == Some(b'}') {
            self.at += 1;
            return Ok(map.into());
        }
        loop {
            if self.token() != Some(b'"') {
                return Err(self.unexpected("looking for beginning of object key string"));
            }
            let key = self.string()?;
            if self.token() != Some(b':') {
                return Err(self.unexpected("after object key"));
            }
            self.at += 1;
            let value = self.value()?;
            map.insert(key, value);
            match self.token() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(self.unexpected("after object key:value pair")),
            }
        }
        self.at += 1;
        Ok(map.into())
    }

    fn number(&mut self) -> Result<Value, Error> {
        let start = self.at;
        self.at += usize::from(self.text[self.at] == b'-');
        match self.text.get(self.at) {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits("")?,
            _ => return Err(self.broken("in numeric literal")),
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if let Some(b'e' | b'E') = self.text.get(self.at) {
            self.at += 1;
            self.at += usize::from(matches!(self.text.get(self.at), Some(b'+' | b'-')));
            self.digits("in exponent of numeric literal")?;
        }
        let text = String::from_utf8_lossy(&self.text[start..self.at]);
        let number: f64 = text.parse().expect("Rust reads every number of JSON");
        if number.is_finite() {
            return Ok(number.into());
        }
        let error = format!("json: cannot unmarshal number {text} into Go value of type float64");
        self.out_of_range.get_or_insert(error.into());
        Ok(Value::Nil)
    }

    /// One digit or more.
    fn digits(&mut self, context: &str) -> Result<(), Error> {
        if !self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            return Err(self.broken(context));
        }
        while self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        Ok(())
    }

    fn string(&mut self) -> Result<Text, Error> {
        self.at += 1;
        let mut output = String::new();
        loop {
            let rest = &self.text[self.at..];
            let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
            let plain = rest.iter().position(special).unwrap_or(rest.len());
            output
                .extend(runes(&rest[..plain]).map(|(found, _)| found.unwrap_or(char::REPLACEMENT_CHARACTER)));
            self.at += plain;
            match rest.get(plain) {
                Some(b'"') => break,
                Some(b'\\') => output.push(self.escape()?),
                _ => return Err(self.unexpected("in string literal")),
            }
        }
        self.at += 1;
        Ok(output.into())
    }

    fn escape(&mut self) -> Result<char, Error> {
        self.at += 1;
        let character = match self.text.get(self.at) {
            Some(b'b') => '\x08',
            Some(b'f') => '\x0c',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(&byte @ (b'\\' | b'/' | b'"')) => char::from(byte),
            Some(b'u') => return self.code_point(),
            _ => return Err(self.broken("in string escape code")),
        };
        self.at += 1;
        Ok(character)
    }

    /// Four hexadecimal digits after a `u`, or two times four. Half a pair becomes U+FFFD.
    fn code_point(&mut self) -> Result<char, Error> {
        self.at += 1;
        let first = self.four_digits()?;
        if let Some(character) = char::from_u32(first) {
            return Ok(character);
        }
        let second = self.text.get(self.at..self.at + 6).filter(|next| next.starts_with(b"\\u"));
        let second =
            second.and_then(|next| u32::from_str_radix(std::str::from_utf8(&next[2..]).ok()?, 16).ok());
        match second {
            Some(second @ 0xdc00..0xe000) if first < 0xdc00 => {
                self.at += 6;
                let code_point = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                Ok(char::from_u32(code_point).expect("a pair of surrogates is a character"))
            }
            _ => Ok(char::REPLACEMENT_CHARACTER),
        }
    }

    fn four_digits(&mut self) -> Result<u32, Error> {
        let mut number = 0;
        for _ in 0..4 {
            let digit = self.text.get(self.at).and_then(|&byte| char::from(byte).to_digit(16));
            number = number * 16 + digit.ok_or_else(|| self.broken("in \\u hexadecimal character escape"))?;
            self.at += 1;
        }
        Ok(number)
    }
}
