//! Go's literals: quoted strings, character constants, integers and floats.

use super::characters::first;
use crate::value::Text;

/// What a string literal with its quotes (`"…"` or `` `…` ``) means; `None` if it is malformed.
pub(super) fn string(quoted: &[u8]) -> Option<Text> {
    let [quote, body @ .., _] = quoted else { return None };
    if *quote == b'`' {
        return Some(body.iter().copied().filter(|byte| *byte != b'\r').collect::<Vec<_>>().into());
    }
    if memchr::memchr(b'\\', body).is_none() && std::str::from_utf8(body).is_ok() {
        return Some(body.into());
    }
    let mut text = Vec::with_capacity(body.len());
    let mut rest = body;
    while !rest.is_empty() {
        let (unit, after) = character(rest, *quote)?;
        match unit {
            Unit::Byte(byte) => text.push(byte),
            Unit::Character(found) => text.extend_from_slice(found.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        rest = after;
    }
    Some(text.into())
}

/// What a character or an escape of a literal stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// One byte: an ASCII character, or an escape that names a byte.
    Byte(u8),
    /// A character beyond ASCII, or an escape that names a character.
    Character(char),
}

/// The first character or escape of a literal's inside, and what follows it.
pub(super) fn character(body: &[u8], quote: u8) -> Option<(Unit, &[u8])> {
    match body {
        [b'\\', letter, rest @ ..] => escape(*letter, rest, quote),
        [b'\\'] => None,
        [byte, ..] if *byte == quote => None,
        [byte, rest @ ..] if byte.is_ascii() => Some((Unit::Byte(*byte), rest)),
        _ => first(body).map(|(found, width)| (Unit::Character(found), &body[width..])),
    }
}

fn escape(letter: u8, rest: &[u8], quote: u8) -> Option<(Unit, &[u8])> {
    let byte = match letter {
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'\\' => b'\\',
        b'\'' | b'"' if letter == quote => letter,
        b'x' => {
            return hexadecimal(rest, 2)
                .and_then(|(code, rest)| Some((Unit::Byte(u8::try_from(code).ok()?), rest)));
        }
        b'u' => return named_character(rest, 4),
        b'U' => return named_character(rest, 8),
        b'0'..=b'7' => return octal(letter, rest),
        _ => return None,
    };
    Some((Unit::Byte(byte), rest))
}

fn named_character(rest: &[u8], digits: usize) -> Option<(Unit, &[u8])> {
    let (code, rest) = hexadecimal(rest, digits)?;
    Some((Unit::Character(char::from_u32(code)?), rest))
}

fn hexadecimal(rest: &[u8], digits: usize) -> Option<(u32, &[u8])> {
    let (digits, rest) = rest.split_at_checked(digits)?;
    let code =
        digits.iter().try_fold(0u32, |code, digit| Some(code << 4 | char::from(*digit).to_digit(16)?))?;
    Some((code, rest))
}

fn octal(first_digit: u8, rest: &[u8]) -> Option<(Unit, &[u8])> {
    let (digits, rest) = rest.split_at_checked(2)?;
    let start = u32::from(first_digit - b'0');
    let code =
        digits.iter().try_fold(start, |code, digit| Some(code << 3 | char::from(*digit).to_digit(8)?))?;
    Some((Unit::Byte(u8::try_from(code).ok()?), rest))
}

/// An unsigned integer with a prefix for its base, and underscores: `0x1F`, `017`, `1_000`.
pub(super) fn unsigned(text: &str) -> Option<u64> {
    let (base, digits) = split_base(text)?;
    let value = digits.bytes().filter(|byte| *byte != b'_').try_fold(0u64, |value, byte| {
        let digit = char::from(byte).to_digit(base)?;
        value.checked_mul(u64::from(base))?.checked_add(u64::from(digit))
    })?;
    underscores_separate_digits(text).then_some(value)
}

fn split_base(text: &str) -> Option<(u32, &str)> {
    match text.as_bytes() {
        [] => None,
        [b'0', b'b' | b'B', _, ..] => Some((2, &text[2..])),
        [b'0', b'o' | b'O', _, ..] => Some((8, &text[2..])),
        [b'0', b'x' | b'X', _, ..] => Some((16, &text[2..])),
        [b'0', ..] => Some((8, &text[1..])),
        _ => Some((10, text)),
    }
}

/// A signed integer, as [`unsigned`] with a sign before it.
pub(super) fn signed(text: &str) -> Option<i64> {
    match text.as_bytes().first()? {
        b'-' => 0i64.checked_sub_unsigned(unsigned(&text[1..])?),
        b'+' => unsigned(&text[1..])?.try_into().ok(),
        _ => unsigned(text)?.try_into().ok(),
    }
}

/// Why a text is no float.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FloatError {
    /// It is malformed.
    Syntax,
    /// It is too large.
    Range,
}

/// A float, decimal or hexadecimal, with underscores. Neither infinity nor "not a number" is among them.
pub(super) fn float(text: &str) -> Result<f64, FloatError> {
    let value = read_float(text).ok_or(FloatError::Syntax)?;
    if value.is_finite() { Ok(value) } else { Err(FloatError::Range) }
}

fn read_float(text: &str) -> Option<f64> {
    if !underscores_separate_digits(text) {
        return None;
    }
    let plain = text.replace('_', "");
    let (is_negative, digits) = match plain.as_bytes().first()? {
        b'-' => (true, &plain[1..]),
        b'+' => (false, &plain[1..]),
        _ => (false, &*plain),
    };
    let value = match digits.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => hexadecimal_float(&digits[2..])?,
        [b'0'..=b'9' | b'.', ..] => digits.parse().ok()?,
        _ => return None,
    };
    Some(if is_negative { -value } else { value })
}

/// The bits of a float's mantissa behind its leading one.
const MANTISSA_BITS: u32 = 52;
/// Hexadecimal digits that are read exactly; whether any of the others is not zero decides the rounding only.
const EXACT_DIGITS: usize = 15;

fn hexadecimal_float(digits: &str) -> Option<f64> {
    let (mantissa, exponent) = digits.split_once(['p', 'P'])?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut significant = 0u64;
    let mut read = 0;
    let mut dropped = 0i64;
    for digit in whole.chars().chain(fraction.chars()) {
        let digit = u64::from(digit.to_digit(16)?);
        if read < EXACT_DIGITS {
            significant = significant << 4 | digit;
            read += usize::from(significant != 0);
        } else {
            significant |= u64::from(digit != 0);
            dropped += 4;
        }
    }
    let fraction_bits = i64::try_from(fraction.len()).ok()?.checked_mul(4)?;
    Some(round_to_float(significant, decimal_exponent(exponent)? - fraction_bits + dropped))
}

/// An exponent, cut where every float has become zero or infinite long ago.
fn decimal_exponent(text: &str) -> Option<i64> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(sign * digits.parse::<i64>().map_or(100_000, |value| value.min(100_000)))
}

/// `significant` × 2^`exponent`, rounded to the nearest float, to even when two are as near.
fn round_to_float(significant: u64, exponent: i64) -> f64 {
    if significant == 0 {
        return 0.0;
    }
    let bits = i64::from(64 - significant.leading_zeros());
    // The exponent of the last bit that a float of this size can hold.
    let last = (exponent + bits - 1 - i64::from(MANTISSA_BITS)).max(-1074);
    let shift = last - exponent;
    let mantissa = match shift {
        ..=0 => significant << -shift,
        1..=64 => round_shift(significant, shift),
        _ => 0,
    };
    scale(mantissa, last)
}

/// `significant` / 2^`shift`, rounded half to even; the shift is between 1 and 64.
fn round_shift(significant: u64, shift: i64) -> u64 {
    let wide = u128::from(significant);
    let quotient = wide >> shift;
    let rest = wide & ((1 << shift) - 1);
    let half = 1u128 << (shift - 1);
    let up = rest > half || (rest == half && quotient & 1 == 1);
    (quotient + u128::from(up)) as u64
}

/// `mantissa` × 2^`exponent`, which a float can hold unless it is too large.
fn scale(mantissa: u64, exponent: i64) -> f64 {
    if mantissa >> MANTISSA_BITS == 0 {
        // Below the normal range the last bit counts 2^-1074: the bits are the number.
        return f64::from_bits(mantissa);
    }
    let (mantissa, exponent) = if mantissa >> (MANTISSA_BITS + 1) == 0 {
        (mantissa, exponent)
    } else {
        (mantissa >> 1, exponent + 1)
    };
    let biased = exponent + i64::from(MANTISSA_BITS) + 1023;
    match u64::try_from(biased) {
        Ok(biased @ 1..2047) => {
            f64::from_bits(biased << MANTISSA_BITS | (mantissa & ((1 << MANTISSA_BITS) - 1)))
        }
        _ => f64::INFINITY,
    }
}

/// Go's rule for `_`: between digits, or between a base's prefix and a digit.
fn underscores_separate_digits(text: &str) -> bool {
    if memchr::memchr(b'_', text.as_bytes()).is_none() {
        return true;
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text).as_bytes();
    let has_prefix = matches!(digits, [b'0', b'b' | b'B' | b'o' | b'O' | b'x' | b'X', ..]);
    let is_hexadecimal = matches!(digits, [b'0', b'x' | b'X', ..]);
    let is_digit = |byte: u8| byte.is_ascii_digit() || (is_hexadecimal && byte.is_ascii_hexdigit());
    let digits = if has_prefix { &digits[2..] } else { digits };
    (0..digits.len()).filter(|index| digits[*index] == b'_').all(|index| {
        let follows_digit = if index == 0 { has_prefix } else { is_digit(digits[index - 1]) };
        follows_digit && digits.get(index + 1).is_some_and(|next| is_digit(*next))
    })
}
