//! `fmt.Sprintf`.

use super::printer::Printer;
use super::runes::{push, runes};
use super::style::Style;
use crate::error::Error;
use crate::limits::Budget;
use crate::value::{Text, Value};

/// Widths, precisions and argument indexes beyond this are refused.
const MAX_NUMBER: i64 = 1_000_000;

/// The values as Go's `fmt.Sprintf` prints them after a format.
///
/// # Errors
/// A limit error when the text has no room in the budget or a value is nested deeper than 10,000 levels. What is
/// wrong with the format is said in the text, as in Go (`%!d(string=x)`).
pub fn sprintf(format: &[u8], values: &[Value], budget: &Budget) -> Result<Text, Error> {
    budget.claim(format.len())?;
    let mut output = Vec::with_capacity(format.len());
    let directives = Directives {
        format,
        at: 0,
        values,
        next: 0,
        printer: Printer::new(&mut output, budget),
        reordered: false,
        good_index: true,
    };
    directives.run()?;
    Ok(output.into())
}

/// The way through a format and its values.
struct Directives<'a> {
    format: &'a [u8],
    at: usize,
    values: &'a [Value],
    /// The index of the next value.
    next: usize,
    printer: Printer<'a>,
    /// Did an index name a value?
    reordered: bool,
    /// Was every index of this directive one that there is, in its place?
    good_index: bool,
}

impl Directives<'_> {
    fn run(mut self) -> Result<(), Error> {
        while self.at < self.format.len() {
            let rest = &self.format[self.at..];
            let plain = percent(rest).unwrap_or(rest.len());
            self.write(&rest[..plain]);
            self.at += plain + 1;
            if plain < rest.len() {
                self.directive()?;
            }
        }
        if self.reordered { Ok(()) } else { self.extra() }
    }

    fn write(&mut self, text: &[u8]) {
        self.printer.output.extend_from_slice(text);
    }

    fn peek(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }

    fn skip(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// What follows a percent sign.
    fn directive(&mut self) -> Result<(), Error> {
        self.good_index = true;
        self.flags();
        // A verb right after the flags is taken before anything else is looked at.
        if self.peek().is_some_and(|byte| byte.is_ascii_lowercase()) && self.next < self.values.len() {
            return self.verb();
        }
        let mut after_index = self.index();
        after_index = self.width(after_index);
        if self.at + 1 < self.format.len() && self.skip(b'.') {
            if after_index {
                self.good_index = false;
            }
            after_index = self.index();
            after_index = self.precision(after_index);
        }
        if !after_index {
            self.index();
        }
        self.verb()
    }

    fn flags(&mut self) {
        let mut style = Style::default();
        while let Some(byte) = self.peek() {
            match byte {
                b'#' => style.sharp = true,
                b'0' => style.zero = true,
                b'+' => style.plus = true,
                b'-' => style.minus = true,
                b' ' => style.space = true,
                _ => break,
            }
            self.at += 1;
        }
        self.printer.style = style;
    }

    /// `[n]`: the next value is the one of this number. Was there one?
    fn index(&mut self) -> bool {
        if self.peek() != Some(b'[') {
            return false;
        }
        self.reordered = true;
        let rest = &self.format[self.at..];
        let Some(end) = rest.iter().position(|&byte| byte == b']').filter(|_| rest.len() >= 3) else {
            self.at += 1;
            self.good_index = false;
            return false;
        };
        self.at += end + 1;
        let Some(number) = whole_number(&rest[1..end]) else {
            self.good_index = false;
            return false;
        };
        match number.checked_sub(1).filter(|&index| index < self.values.len()) {
            Some(index) => self.next = index,
            None => self.good_index = false,
        }
        true
    }

    /// The width. Does an index still wait for its verb?
    fn width(&mut self, after_index: bool) -> bool {
        if self.skip(b'*') {
            let width = self.number_argument();
            let style = &mut self.printer.style;
            style.width = width.map(|width| usize::try_from(width.unsigned_abs()).unwrap_or(0));
            if width.is_some_and(|width| width < 0) {
                style.minus = true;
                style.zero = false;
            }
            if width.is_none() {
                self.write(b"%!(BADWIDTH)");
            }
            return false;
        }
        self.printer.style.width = self.number();
        if after_index && self.printer.style.width.is_some() {
            self.good_index = false;
        }
        after_index
    }

    /// The precision after the point. Does an index still wait for its verb?
    fn precision(&mut self, after_index: bool) -> bool {
        if self.skip(b'*') {
            let precision = self.number_argument().and_then(|precision| usize::try_from(precision).ok());
            self.printer.style.precision = precision;
            if precision.is_none() {
                self.write(b"%!(BADPREC)");
            }
            return false;
        }
        self.printer.style.precision = Some(self.number().unwrap_or(0));
        after_index
    }

    /// The next value as a number for `*`.
    fn number_argument(&mut self) -> Option<i64> {
        let value = self.values.get(self.next)?;
        self.next += 1;
        let number = match value {
            Value::Integer(integer) => i64::try_from(integer.exact()).ok()?,
            Value::Object(object) => object.as_integer()?,
            _ => return None,
        };
        (-MAX_NUMBER..=MAX_NUMBER).contains(&number).then_some(number)
    }

    /// Digits in the format. One too many ends the whole format.
    fn number(&mut self) -> Option<usize> {
        let mut number = None;
        while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            if number > Some(MAX_NUMBER as usize) {
                self.at = self.format.len();
                return None;
            }
            number = Some(number.unwrap_or(0) * 10 + usize::from(digit - b'0'));
            self.at += 1;
        }
        number
    }

    fn verb(&mut self) -> Result<(), Error> {
        let Some((verb, length)) = runes(&self.format[self.at.min(self.format.len())..]).next() else {
            self.write(b"%!(NOVERB)");
            return Ok(());
        };
        let verb = verb.unwrap_or(char::REPLACEMENT_CHARACTER);
        self.at += length;
        if verb == '%' {
            self.write(b"%");
        } else if !self.good_index {
            self.complain(verb, b"(BADINDEX)");
        } else if let Some(value) = self.values.get(self.next) {
            if matches!(verb, 'v' | 'w') {
                let style = &mut self.printer.style;
                style.go_syntax = std::mem::take(&mut style.sharp);
                style.plus = false;
            }
            self.printer.print(value, verb)?;
            self.next += 1;
        } else {
            self.complain(verb, b"(MISSING)");
        }
        Ok(())
    }

    fn complain(&mut self, verb: char, text: &[u8]) {
        self.write(b"%!");
        push(self.printer.output, verb);
        self.write(text);
    }

    /// The values that no directive took.
    fn extra(mut self) -> Result<(), Error> {
        let values = self.values.get(self.next..).unwrap_or_default();
        if values.is_empty() {
            return Ok(());
        }
        self.printer.style = Style::default();
        self.write(b"%!(EXTRA ");
        for (place, value) in values.iter().enumerate() {
            if place > 0 {
                self.write(b", ");
            }
            if !value.is_nil() {
                self.write(value.type_name().as_bytes());
                self.write(b"=");
            }
            self.printer.print(value, 'v')?;
        }
        self.write(b")");
        Ok(())
    }
}

fn percent(text: &[u8]) -> Option<usize> {
    text.iter().position(|&byte| byte == b'%')
}

/// The number in an index, if it is nothing else.
fn whole_number(text: &[u8]) -> Option<usize> {
    let digits = std::str::from_utf8(text).ok().filter(|digits| !digits.starts_with('+'))?;
    digits.parse().ok().filter(|&number: &usize| number <= 10 * MAX_NUMBER as usize + 9)
}
