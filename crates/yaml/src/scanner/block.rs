//! Block scalars: `|` and `>`.

use std::borrow::Cow;

use super::{Result, Scanner};
use crate::bytes::{self, BLANK};
use crate::error::Mark;
use crate::event::ScalarStyle;
use crate::token::TokenKind;

/// What becomes of the line breaks at the end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    Strip,
    Clip,
    Keep,
}

impl<'a> Scanner<'a> {
    pub(super) fn fetch_block_scalar(&mut self, literal: bool, mark: Mark) -> Result<()> {
        self.forget_key(self.current_key())?;
        self.simple_key_allowed = true;
        self.pos += 1;
        let (chomping, increment) = self.scan_block_header()?;
        let value = Cow::Owned(self.scan_block_lines(literal, chomping, increment)?);
        let style = if literal { ScalarStyle::Literal } else { ScalarStyle::Folded };
        self.push(TokenKind::Scalar { value, style }, mark);
        Ok(())
    }

    /// Chomping and indentation indicators, in either order, and the rest of the line.
    fn scan_block_header(&mut self) -> Result<(Chomping, Option<i64>)> {
        let mut chomping = self.scan_chomping();
        let increment = self.scan_increment()?;
        if chomping.is_none() && increment.is_some() {
            chomping = self.scan_chomping();
        }
        self.skip_blanks();
        if self.byte(0) == b'#' {
            self.pos = bytes::find_break(self.bytes, self.pos);
        }
        if self.pos < self.bytes.len() && !self.skip_break() {
            return Err(self.error("did not find expected comment or line break"));
        }
        Ok((chomping.unwrap_or(Chomping::Clip), increment))
    }

    fn scan_chomping(&mut self) -> Option<Chomping> {
        let chomping = match self.byte(0) {
            b'+' => Chomping::Keep,
            b'-' => Chomping::Strip,
            _ => return None,
        };
        self.pos += 1;
        Some(chomping)
    }

    fn scan_increment(&mut self) -> Result<Option<i64>> {
        match self.byte(0) {
            b'0' => Err(self.error("found an indentation indicator equal to 0")),
            digit @ b'1'..=b'9' => {
                self.pos += 1;
                Ok(Some(i64::from(digit - b'0')))
            }
            _ => Ok(None),
        }
    }

    fn scan_block_lines(
        &mut self,
        literal: bool,
        chomping: Chomping,
        increment: Option<i64>,
    ) -> Result<String> {
        let mut value = String::new();
        let mut breaks = String::new();
        let mut indent = increment.map(|increment| self.indent.max(0) + increment);
        let mut line_break = "";
        let mut was_indented = false;
        let width = self.scan_block_breaks(&mut indent, &mut breaks)?;
        while i64::from(self.column()) == width && self.pos < self.bytes.len() {
            let is_indented = bytes::is(self.byte(0), BLANK);
            if !literal && line_break == "\n" && !was_indented && !is_indented {
                if breaks.is_empty() {
                    value.push(' ');
                }
            } else {
                value.push_str(line_break);
            }
            value.push_str(&breaks);
            breaks.clear();
            was_indented = is_indented;
            let start = self.pos;
            self.pos = bytes::find_break(self.bytes, start);
            value.push_str(&self.text[start..self.pos]);
            line_break = self.read_break();
            self.scan_block_breaks(&mut indent, &mut breaks)?;
        }
        if chomping != Chomping::Strip {
            value.push_str(line_break);
        }
        if chomping == Chomping::Keep {
            value.push_str(&breaks);
        }
        Ok(value)
    }

    /// Eats empty lines and indentation, and settles the indentation at the first call.
    fn scan_block_breaks(&mut self, indent: &mut Option<i64>, breaks: &mut String) -> Result<i64> {
        let mut deepest = 0;
        loop {
            let limit = indent.unwrap_or(i64::MAX);
            let mut column = i64::from(self.column());
            while column < limit && self.byte(0) == b' ' {
                self.pos += 1;
                column += 1;
            }
            deepest = deepest.max(column);
            if column < limit && self.byte(0) == b'\t' {
                return Err(self.error("found a tab character where an indentation space is expected"));
            }
            let text = self.read_break();
            if text.is_empty() {
                break;
            }
            breaks.push_str(text);
        }
        Ok(*indent.get_or_insert(deepest.max(self.indent + 1).max(1)))
    }

    /// Skips one line break and gives what it becomes in a scalar; empty where there is none.
    fn read_break(&mut self) -> &'static str {
        if bytes::break_width(self.bytes, self.pos) == 0 {
            return "";
        }
        let text = bytes::break_text(self.bytes, self.pos);
        self.skip_break();
        text
    }
}
