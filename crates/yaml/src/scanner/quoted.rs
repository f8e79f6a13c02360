//! Scalars in single and double quotes.

use std::borrow::Cow;

use super::plain::fold_breaks;
use super::{Result, Scanner};
use crate::bytes::{self, BLANK, BREAK};
use crate::error::Mark;
use crate::event::ScalarStyle;
use crate::token::TokenKind;

impl<'a> Scanner<'a> {
    pub(super) fn fetch_quoted(&mut self, quote: u8, mark: Mark) -> Result<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        self.pos += 1;
        let value = self.scan_quoted(quote)?;
        let style = if quote == b'"' { ScalarStyle::DoubleQuoted } else { ScalarStyle::SingleQuoted };
        self.push(TokenKind::Scalar { value, style }, mark);
        Ok(())
    }

    /// The text up to the closing quote: borrowed if it stands on one line without escapes.
    fn scan_quoted(&mut self, quote: u8) -> Result<Cow<'a, str>> {
        let start = self.pos;
        let end = self.quoted_run_end(quote);
        if self.bytes.get(end) == Some(&quote) && !(quote == b'\'' && self.bytes.get(end + 1) == Some(&b'\''))
        {
            self.pos = end + 1;
            return Ok(Cow::Borrowed(&self.text[start..end]));
        }
        self.scan_quoted_slowly(quote).map(Cow::Owned)
    }

    /// The next quote, escape or line break, or the end of the input.
    fn quoted_run_end(&self, quote: u8) -> usize {
        let mut at = self.pos;
        loop {
            at = self.bytes[at..]
                .iter()
                .position(|&byte| byte == quote || (byte == b'\\' && quote == b'"') || bytes::is(byte, BREAK))
                .map_or(self.bytes.len(), |found| at + found);
            let is_lead_only = at < self.bytes.len()
                && bytes::is(self.bytes[at], BREAK)
                && bytes::break_width(self.bytes, at) == 0;
            if !is_lead_only {
                return at;
            }
            at += 1;
        }
    }

    fn scan_quoted_slowly(&mut self, quote: u8) -> Result<String> {
        let mut value = String::new();
        loop {
            self.check_quoted_line()?;
            let escaped_break = self.scan_quoted_words(quote, &mut value)?;
            if self.byte(0) == quote {
                self.pos += 1;
                return Ok(value);
            }
            self.fold_quoted_blanks(escaped_break, &mut value);
        }
    }

    fn check_quoted_line(&mut self) -> Result<()> {
        if self.column() == 0 && bytes::is_document_indicator(self.bytes, self.pos) {
            return Err(self.error("found unexpected document indicator"));
        }
        if self.pos == self.bytes.len() {
            return Err(self.error("found unexpected end of stream"));
        }
        Ok(())
    }

    /// Copies up to the next blank, break or closing quote; true after an escaped line break.
    fn scan_quoted_words(&mut self, quote: u8, value: &mut String) -> Result<bool> {
        while !bytes::is_blank_or_end(self.bytes, self.pos) {
            let start = self.pos;
            self.pos = self.quoted_word_end(quote);
            value.push_str(&self.text[start..self.pos]);
            match self.byte(0) {
                b'\'' if quote == b'\'' && self.byte(1) == b'\'' => {
                    value.push('\'');
                    self.pos += 2;
                }
                b'\\' if quote == b'"' => {
                    self.pos += 1;
                    if self.skip_break() {
                        return Ok(true);
                    }
                    self.scan_escape(value)?;
                }
                _ => break,
            }
        }
        Ok(false)
    }

    fn quoted_word_end(&self, quote: u8) -> usize {
        let mut at = self.pos;
        while let Some(&byte) = self.bytes.get(at) {
            let stops = byte == quote
                || (byte == b'\\' && quote == b'"')
                || (bytes::is(byte, BLANK | BREAK) && bytes::is_blank_or_end(self.bytes, at));
            if stops {
                break;
            }
            at += 1;
        }
        at
    }

    /// Blanks within a line stay; line breaks with the blanks around them are folded.
    fn fold_quoted_blanks(&mut self, escaped_break: bool, value: &mut String) {
        let start = self.pos;
        let mut broken = false;
        loop {
            self.skip_blanks();
            if !self.skip_break() {
                break;
            }
            broken = true;
        }
        let between = start..self.pos;
        if !broken && !escaped_break {
            value.push_str(&self.text[between]);
        } else if escaped_break {
            keep_breaks(value, &self.bytes[between]);
        } else {
            fold_breaks(value, &self.bytes[between]);
        }
    }

    /// One escape; the position is behind the backslash.
    fn scan_escape(&mut self, value: &mut String) -> Result<()> {
        let plain = match self.byte(0) {
            b'0' => '\0',
            b'a' => '\x07',
            b'b' => '\x08',
            b't' | b'\t' => '\t',
            b'n' => '\n',
            b'v' => '\x0B',
            b'f' => '\x0C',
            b'r' => '\r',
            b'e' => '\x1B',
            b' ' => ' ',
            b'"' => '"',
            b'\'' => '\'',
            b'\\' => '\\',
            b'N' => '\u{85}',
            b'_' => '\u{A0}',
            b'L' => '\u{2028}',
            b'P' => '\u{2029}',
            b'x' => return self.scan_hex_escape(2, value),
            b'u' => return self.scan_hex_escape(4, value),
            b'U' => return self.scan_hex_escape(8, value),
            _ => {
                self.pos -= 1;
                return Err(self.error("found unknown escape character"));
            }
        };
        self.pos += 1;
        value.push(plain);
        Ok(())
    }

    fn scan_hex_escape(&mut self, digits: usize, value: &mut String) -> Result<()> {
        self.pos += 1;
        let code = (0..digits).try_fold(0u32, |code, index| {
            let digit = char::from(self.byte(index)).to_digit(16)?;
            Some((code << 4) | digit)
        });
        let Some(code) = code else {
            return Err(self.error("did not find expected hexdecimal number"));
        };
        let Some(character) = char::from_u32(code) else {
            return Err(self.error("found invalid Unicode character escape code"));
        };
        value.push(character);
        self.pos += digits;
        Ok(())
    }
}

/// Behind an escaped break all further breaks count.
fn keep_breaks(value: &mut String, between: &[u8]) {
    let mut at = 0;
    while at < between.len() {
        let width = bytes::break_width(between, at);
        if width > 0 {
            value.push_str(bytes::break_text(between, at));
        }
        at += width.max(1);
    }
}
