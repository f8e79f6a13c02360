//! Flags, width and precision, and the simple values written with them.

use super::float::{Layout, push_float};
use super::printable::is_printable;
use super::quote::{Plain, can_backquote, quote_character, quote_with};
use super::runes::{character, count, first, push};

/// What stands between `%` and the verb.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Style {
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
    pub(super) minus: bool,
    pub(super) plus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    /// `%#v`: Go's syntax.
    pub(super) go_syntax: bool,
}

/// A base of integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    Binary,
    Octal,
    /// Octal with the prefix `0o`.
    OctalMarked,
    Decimal,
    LowerHex,
    UpperHex,
}

impl Style {
    /// The bytes that width and precision may add to a value.
    pub(super) fn extent(&self) -> usize {
        self.width.unwrap_or(0).saturating_add(self.precision.unwrap_or(0))
    }

    /// Are texts written as they are?
    pub(super) fn is_default_text(&self) -> bool {
        !self.go_syntax && self.width.is_none() && self.precision.is_none()
    }

    /// Appends a text, padded to the width.
    pub(super) fn pad(&self, output: &mut Vec<u8>, text: &[u8]) {
        let Some(width) = self.width.filter(|&width| width > 0) else {
            output.extend_from_slice(text);
            return;
        };
        let padding = width.saturating_sub(count(text));
        if self.minus {
            output.extend_from_slice(text);
            self.push_padding(output, padding);
        } else {
            self.push_padding(output, padding);
            output.extend_from_slice(text);
        }
    }

    fn push_padding(&self, output: &mut Vec<u8>, count: usize) {
        let byte = if self.zero && !self.minus { b'0' } else { b' ' };
        output.resize(output.len() + count, byte);
    }

    /// The same with spaces as padding.
    fn without_zero(self) -> Self {
        Self { zero: false, ..self }
    }

    /// `%s`.
    pub(super) fn push_text(&self, output: &mut Vec<u8>, text: &[u8]) {
        self.pad(output, self.cut(text));
    }

    fn cut<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        self.precision.map_or(text, |precision| first(text, precision))
    }

    /// `%q` of a text.
    pub(super) fn push_quoted(&self, output: &mut Vec<u8>, text: &[u8]) {
        let text = self.cut(text);
        if self.sharp && can_backquote(text) {
            self.pad(output, &[b"`", text, b"`"].concat());
        } else {
            self.pad(output, quote_with(text, self.plain()).as_bytes());
        }
    }

    fn plain(&self) -> Plain {
        if self.plus { Plain::Ascii } else { Plain::Printable }
    }

    /// `%x` and `%X` of a text.
    pub(super) fn push_hex(&self, output: &mut Vec<u8>, text: &[u8], digits: &[u8; 17]) {
        let text = &text[..self.precision.map_or(text.len(), |precision| precision.min(text.len()))];
        let mut hex = Vec::with_capacity(text.len() * 2 + 2);
        for (place, byte) in text.iter().enumerate() {
            if self.space && place > 0 {
                hex.push(b' ');
            }
            if self.sharp && (self.space || place == 0) {
                hex.extend_from_slice(&[b'0', digits[16]]);
            }
            hex.extend_from_slice(&[digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]);
        }
        self.pad(output, &hex);
    }

    /// `%c`.
    pub(super) fn push_character(&self, output: &mut Vec<u8>, code_point: u64) {
        let mut text = Vec::with_capacity(4);
        push(&mut text, character(code_point).unwrap_or(char::REPLACEMENT_CHARACTER));
        self.pad(output, &text);
    }

    /// `%q` of an integer.
    pub(super) fn push_quoted_character(&self, output: &mut Vec<u8>, code_point: u64) {
        let character = character(code_point).unwrap_or(char::REPLACEMENT_CHARACTER);
        self.pad(output, quote_character(character, self.plain()).as_bytes());
    }

    /// `%U`.
    pub(super) fn push_unicode(&self, output: &mut Vec<u8>, code_point: u64) {
        let digits = format!("{code_point:X}");
        let zeros = self.precision.unwrap_or(0).max(4).saturating_sub(digits.len());
        let mut text = b"U+".to_vec();
        text.resize(text.len() + zeros, b'0');
        text.extend_from_slice(digits.as_bytes());
        if let Some(printable) = character(code_point).filter(|&found| self.sharp && is_printable(found)) {
            text.extend_from_slice(format!(" '{printable}'").as_bytes());
        }
        self.without_zero().pad(output, &text);
    }

    /// An integer: its magnitude and its sign.
    pub(super) fn push_integer(&self, output: &mut Vec<u8>, magnitude: u64, negative: bool, base: Base) {
        if self.precision == Some(0) && magnitude == 0 {
            self.without_zero().push_padding(output, self.width.unwrap_or(0));
            return;
        }
        let digits = match base {
            Base::Binary => format!("{magnitude:b}"),
            Base::Octal | Base::OctalMarked => format!("{magnitude:o}"),
            Base::Decimal => magnitude.to_string(),
            Base::LowerHex => format!("{magnitude:x}"),
            Base::UpperHex => format!("{magnitude:X}"),
        };
        let zeros = self.least_digits(negative).saturating_sub(digits.len());
        let mut text = Vec::with_capacity(digits.len() + zeros + 4);
        text.extend(self.sign(negative));
        text.extend_from_slice(self.prefix(base, zeros > 0 || digits.starts_with('0')));
        text.resize(text.len() + zeros, b'0');
        text.extend_from_slice(digits.as_bytes());
        self.without_zero().pad(output, &text);
    }

    /// How many digits there must be, with zeros before them.
    fn least_digits(&self, negative: bool) -> usize {
        match (self.precision, self.width) {
            (Some(precision), _) => precision,
            (None, Some(width)) if self.zero && !self.minus => {
                width.saturating_sub(usize::from(self.sign(negative).is_some()))
            }
            _ => 0,
        }
    }

    fn sign(&self, negative: bool) -> Option<u8> {
        match (negative, self.plus, self.space) {
            (true, ..) => Some(b'-'),
            (false, true, _) => Some(b'+'),
            (false, false, true) => Some(b' '),
            _ => None,
        }
    }

    fn prefix(&self, base: Base, has_zero: bool) -> &'static [u8] {
        match base {
            Base::OctalMarked if self.sharp && !has_zero => b"0o0",
            Base::OctalMarked => b"0o",
            Base::Binary if self.sharp => b"0b",
            Base::Octal if self.sharp && !has_zero => b"0",
            Base::LowerHex if self.sharp => b"0x",
            Base::UpperHex if self.sharp => b"0X",
            _ => b"",
        }
    }

    /// A number with a point.
    pub(super) fn push_float(&self, output: &mut Vec<u8>, value: f64, verb: FloatVerb) {
        let precision = self.precision.or(verb.precision);
        let is_plain = self.width.is_none() && !self.plus && !self.space && !self.sharp && !verb.upper;
        if is_plain {
            return push_float(output, value, verb.layout, precision);
        }
        let mut number = Vec::with_capacity(24);
        push_float(&mut number, value, verb.layout, precision);
        if verb.upper && value.is_finite() {
            number.make_ascii_uppercase();
        }
        let sign = self.take_sign(&mut number, value);
        if value.is_finite() && self.sharp && verb.layout != Layout::Binary {
            number = with_point(number, verb, precision);
        }
        self.pad_signed(output, sign, &number, value.is_finite());
    }

    /// Takes the sign off a number, and says which one to show. Positive infinity always has one.
    fn take_sign(&self, number: &mut Vec<u8>, value: f64) -> Option<u8> {
        let has_sign = matches!(number.first(), Some(b'-' | b'+'));
        let is_negative = has_sign && number.remove(0) == b'-';
        self.sign(is_negative).or(value.is_infinite().then_some(b'+'))
    }

    fn pad_signed(&self, output: &mut Vec<u8>, sign: Option<u8>, number: &[u8], finite: bool) {
        let mut text = Vec::with_capacity(number.len() + 1);
        text.extend(sign);
        text.extend_from_slice(number);
        let room = self.width.unwrap_or(0).saturating_sub(text.len());
        if let Some(sign) = sign.filter(|_| finite && self.zero && !self.minus && room > 0) {
            output.push(sign);
            self.push_padding(output, room);
            output.extend_from_slice(number);
        } else if finite {
            self.pad(output, &text);
        } else {
            self.without_zero().pad(output, &text);
        }
    }
}

/// What a verb makes of a number with a point.
#[derive(Clone, Copy, Debug)]
pub(super) struct FloatVerb {
    layout: Layout,
    upper: bool,
    precision: Option<usize>,
}

impl FloatVerb {
    /// The meaning of a verb, if it has one for such numbers.
    pub(super) fn of(verb: char) -> Option<Self> {
        let (layout, precision) = match verb {
            'b' => (Layout::Binary, None),
            'v' | 'g' | 'G' => (Layout::General, None),
            'x' | 'X' => (Layout::Hexadecimal, None),
            'e' | 'E' => (Layout::Exponent, Some(6)),
            'f' | 'F' => (Layout::Fixed, Some(6)),
            _ => return None,
        };
        Some(Self { layout, upper: matches!(verb, 'G' | 'X' | 'E'), precision })
    }
}

/// The number of `#`: always with a point, `%g` and `%x` with all their digits.
fn with_point(mut number: Vec<u8>, verb: FloatVerb, precision: Option<usize>) -> Vec<u8> {
    let letter = if verb.layout == Layout::Hexadecimal { b'p' } else { b'e' };
    let tail = number.iter().position(|byte| byte.eq_ignore_ascii_case(&letter));
    let tail = tail.map(|place| number.split_off(place)).unwrap_or_default();
    let wanted = match verb.layout {
        Layout::General => precision.unwrap_or(6),
        // Go counts digits for %x, the x among them, and not for %X.
        Layout::Hexadecimal if !verb.upper => precision.unwrap_or(6),
        _ => 0,
    };
    let significant =
        number.iter().skip_while(|&&byte| byte == b'0' || byte == b'.').filter(|&&byte| byte != b'.');
    let mut present = significant.count();
    if !number.contains(&b'.') {
        present += usize::from(number == b"0");
        number.push(b'.');
    }
    number.resize(number.len() + wanted.saturating_sub(present), b'0');
    number.extend_from_slice(&tail);
    number
}
