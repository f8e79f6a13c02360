//! Scalars without quotes.

use std::borrow::Cow;

use super::{Result, Scanner};
use crate::bytes::{self, BLANK, BREAK, COLON, FLOW};
use crate::error::Mark;
use crate::event::ScalarStyle;
use crate::token::TokenKind;

impl<'a> Scanner<'a> {
    pub(super) fn fetch_plain(&mut self, mark: Mark) -> Result<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let value = self.scan_plain()?;
        self.push(TokenKind::Scalar { value, style: ScalarStyle::Plain }, mark);
        Ok(())
    }

    fn scan_plain(&mut self) -> Result<Cow<'a, str>> {
        let start = self.pos;
        let end = self.plain_line_end();
        if !self.skip_plain_break(false)? {
            return Ok(Cow::Borrowed(&self.text[start..end]));
        }
        self.scan_plain_lines(start, end)
    }

    /// Continues a plain scalar over its further lines; line breaks are folded.
    fn scan_plain_lines(&mut self, start: usize, mut end: usize) -> Result<Cow<'a, str>> {
        let text = self.text;
        let mut folded: Option<String> = None;
        let mut line_start = start;
        loop {
            // Here the position is at the first character behind at least one line break.
            let break_at = bytes::skip(self.bytes, end, BLANK);
            let breaks_end = self.pos;
            if self.plain_must_end() {
                break;
            }
            let next_start = self.pos;
            let next_end = self.plain_line_end();
            if next_end > next_start {
                let value = folded.get_or_insert_with(String::new);
                value.push_str(&text[line_start..end]);
                fold_breaks(value, &self.bytes[break_at..breaks_end]);
                line_start = next_start;
                end = next_end;
                self.simple_key_allowed = false;
            } else if !bytes::is_blank_or_end(self.bytes, self.pos) {
                break;
            }
            if !self.skip_plain_break(false)? {
                break;
            }
        }
        Ok(match folded {
            None => Cow::Borrowed(&text[line_start..end]),
            Some(mut value) => {
                value.push_str(&text[line_start..end]);
                Cow::Owned(value)
            }
        })
    }

    fn plain_must_end(&mut self) -> bool {
        let column = self.column();
        (!self.in_flow() && i64::from(column) < self.indent + 1)
            || (column == 0 && bytes::is_document_indicator(self.bytes, self.pos))
            || self.byte(0) == b'#'
    }

    /// Moves over the content on this line and gives its end; blanks behind it are left for `skip_plain_break`.
    fn plain_line_end(&mut self) -> usize {
        let flow = if self.in_flow() { FLOW } else { 0 };
        let stops = BLANK | BREAK | COLON | flow;
        let mut at = self.pos;
        loop {
            at = bytes::find(self.bytes, at, stops);
            let Some(&byte) = self.bytes.get(at) else { break };
            if bytes::is(byte, BLANK) {
                let next = bytes::skip(self.bytes, at, BLANK);
                if next == self.bytes.len() || self.bytes[next] == b'#' || self.ends_plain(next) {
                    break;
                }
                at = next;
            } else if self.ends_plain(at) {
                break;
            }
            at += 1;
        }
        self.pos = at;
        at
    }

    /// Whether a line break, a `: ` or, in a flow collection, an indicator is at `at`.
    fn ends_plain(&self, at: usize) -> bool {
        let byte = self.bytes[at];
        (bytes::is(byte, COLON) && bytes::is_blank_or_end(self.bytes, at + 1))
            || (self.in_flow() && bytes::is(byte, FLOW))
            || bytes::break_width(self.bytes, at) > 0
    }

    /// Skips blanks and breaks behind a line of a plain scalar; false when no break was among them.
    fn skip_plain_break(&mut self, mut broken: bool) -> Result<bool> {
        loop {
            if broken {
                self.skip_indentation()?;
            } else {
                self.skip_blanks();
            }
            if !self.skip_break() {
                break;
            }
            broken = true;
        }
        if broken {
            self.simple_key_allowed = true;
        }
        Ok(broken)
    }

    fn skip_indentation(&mut self) -> Result<()> {
        while bytes::is(self.byte(0), BLANK) {
            if self.byte(0) == b'\t' && i64::from(self.column()) < self.indent + 1 {
                return Err(self.error("found a tab character that violates indentation"));
            }
            self.pos += 1;
        }
        Ok(())
    }
}

/// Appends what the breaks between two lines of a flow scalar stand for: one is a space, of more the first is dropped.
pub(super) fn fold_breaks(value: &mut String, between: &[u8]) {
    let mut at = 0;
    let mut count = 0;
    let mut first = "";
    while at < between.len() {
        let width = bytes::break_width(between, at);
        if width == 0 {
            at += 1;
            continue;
        }
        let text = bytes::break_text(between, at);
        if count == 0 {
            first = text;
        }
        if count == 1 && first != "\n" {
            value.push_str(first);
        }
        if count > 0 {
            value.push_str(text);
        }
        count += 1;
        at += width;
    }
    match (count, first) {
        (1, "\n") => value.push(' '),
        (1, other) => value.push_str(other),
        _ => {}
    }
}
