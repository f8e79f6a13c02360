//! Values as numbers: strings are read as in Go source, what cannot be converted is 0.

use std::borrow::Cow;

use super::support::printed;
use crate::exec::Call;
use crate::functions::Functions;
use crate::value::{Text, Value};

pub(super) fn add(functions: &mut Functions) {
    functions.add("int", |value: Value| to_int(&value) as isize);
    functions.add("int64", |value: Value| to_int(&value));
    functions.add("float64", |value: Value| to_float(&value));
    // Go's Atoi gives the nearest number with its error "out of range", which sprig drops.
    functions.add("atoi", |text: Text| match parse_int(&text, 10) {
        Ok(number) | Err(ParseError::Range(number)) => number as isize,
        Err(ParseError::Syntax) => 0,
    });
    functions.add("toDecimal", |call: &mut Call<'_>, value: Value| {
        printed(call, &value).map(|text| parse_int(&text, 8).unwrap_or(0))
    });
}

/// The value as `int` and `int64` give it; both have 64 bits.
pub(super) fn to_int(value: &Value) -> i64 {
    match value {
        Value::Integer(integer) => integer.as_i64(),
        Value::Float(float) => truncated(*float),
        Value::Bool(value) => i64::from(*value),
        Value::String(text) => parse_int(without_zero_decimals(text), 0).unwrap_or(0),
        _ => 0,
    }
}

/// The value as `float64` gives it.
pub(super) fn to_float(value: &Value) -> f64 {
    match value {
        Value::Integer(integer) if integer.kind.is_signed() => integer.as_i64() as f64,
        Value::Integer(integer) => integer.as_u64() as f64,
        Value::Float(float) => *float,
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::String(text) => parse_float(text).unwrap_or(0.0),
        _ => 0.0,
    }
}

/// Go's conversion on amd64: what does not fit is the least integer.
fn truncated(float: f64) -> i64 {
    // 2^63; i64::MAX as f64 rounds to it.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&float) { float as i64 } else { i64::MIN }
}

/// `2.00` is `2`.
fn without_zero_decimals(text: &[u8]) -> &[u8] {
    let digits = text.iter().rposition(|&byte| byte != b'0').map_or(0, |last| last + 1);
    match text[..digits].split_last() {
        Some((b'.', whole)) if digits < text.len() => whole,
        _ => text,
    }
}

/// Why a text is no integer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ParseError {
    /// It does not read like one.
    Syntax,
    /// It does not fit; the nearest that does.
    Range(i64),
}

/// The integer in a text, in the given base; 0 means by prefix, with `_` between digits.
pub(super) fn parse_int(text: &[u8], base: u32) -> Result<i64, ParseError> {
    let (is_negative, digits) = match text.split_first() {
        Some((b'-', digits)) => (true, digits),
        Some((b'+', digits)) => (false, digits),
        _ => (false, text),
    };
    let (base, digits) = if base == 0 { by_prefix(digits)? } else { (base, digits.to_vec()) };
    if digits.is_empty() {
        return Err(ParseError::Syntax);
    }
    let mut magnitude: u64 = 0;
    for digit in digits {
        let digit = char::from(digit).to_digit(base).ok_or(ParseError::Syntax)?;
        magnitude = magnitude.saturating_mul(base.into()).saturating_add(digit.into());
    }
    if is_negative {
        0_i64.checked_sub_unsigned(magnitude).ok_or(ParseError::Range(i64::MIN))
    } else {
        i64::try_from(magnitude).map_err(|_| ParseError::Range(i64::MAX))
    }
}

/// The base that the prefix names, and the digits without `_`.
fn by_prefix(text: &[u8]) -> Result<(u32, Vec<u8>), ParseError> {
    let (base, digits) = match text {
        [b'0', b'x' | b'X', rest @ ..] if !rest.is_empty() => (16, rest),
        [b'0', b'b' | b'B', rest @ ..] if !rest.is_empty() => (2, rest),
        [b'0', b'o' | b'O', rest @ ..] if !rest.is_empty() => (8, rest),
        [b'0', rest @ ..] if !rest.is_empty() => (8, rest),
        _ => (10, text),
    };
    let digits = without_underscores(digits, digits.len() < text.len()).ok_or(ParseError::Syntax)?;
    Ok((base, digits))
}

/// The digits, when each `_` stands between two, or between the prefix and one.
fn without_underscores(digits: &[u8], has_prefix: bool) -> Option<Vec<u8>> {
    if !digits.contains(&b'_') {
        return Some(digits.to_vec());
    }
    let mut after_digit = has_prefix;
    for &byte in digits {
        if byte == b'_' && !after_digit {
            return None;
        }
        after_digit = byte != b'_';
    }
    after_digit.then(|| digits.iter().copied().filter(|&byte| byte != b'_').collect())
}

/// The float in a text, decimal or hexadecimal, with `_` between digits.
pub(super) fn parse_float(text: &[u8]) -> Option<f64> {
    let text = str::from_utf8(text).ok()?;
    let (sign, unsigned) = match text.as_bytes().first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    if let Some(digits) = unsigned.strip_prefix("0x").or_else(|| unsigned.strip_prefix("0X")) {
        return parse_hex_float(&plain_float(digits, true)?).map(|float| sign * float);
    }
    let digits = plain_float(unsigned, false)?;
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let float: f64 = digits.parse().ok()?;
    // Go refuses numbers that are out of range; the words for infinity are no digits.
    let is_number = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    (float.is_finite() || !is_number).then_some(sign * float)
}

/// The text without `_`, when each stands between two digits, or between the prefix and one.
fn plain_float(text: &str, is_hexadecimal: bool) -> Option<Cow<'_, str>> {
    if !text.contains('_') {
        return Some(text.into());
    }
    let is_digit = |byte: u8| byte.is_ascii_digit() || is_hexadecimal && byte.is_ascii_hexdigit();
    let mut previous = if is_hexadecimal { b'0' } else { b'.' };
    for byte in text.bytes() {
        if byte == b'_' && !is_digit(previous) || previous == b'_' && !is_digit(byte) {
            return None;
        }
        previous = byte;
    }
    (previous != b'_').then(|| text.replace('_', "").into())
}

/// `1.8p3`, without the prefix; the exponent must be there.
fn parse_hex_float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['p', 'P'])?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut shift =
        parse_exponent(exponent)?.saturating_sub(i64::try_from(fraction.len()).ok()?.saturating_mul(4));
    if whole.len() + fraction.len() == 0 {
        return None;
    }
    let mut bits: u128 = 0;
    for digit in whole.chars().chain(fraction.chars()) {
        let digit = digit.to_digit(16)?;
        if bits >> 120 == 0 {
            bits = bits << 4 | u128::from(digit);
        } else {
            // Beyond the precision: only whether there is anything matters to the rounding.
            bits |= u128::from(digit != 0);
            shift = shift.saturating_add(4);
        }
    }
    scaled(bits, shift)
}

fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let magnitude = digits.parse().unwrap_or(i64::MAX).min(i64::MAX / 8);
    Some(if text.starts_with('-') { -magnitude } else { magnitude })
}

/// `bits * 2^shift`, rounded once to the nearest; nothing when it is too large.
fn scaled(mut bits: u128, mut shift: i64) -> Option<f64> {
    if bits == 0 {
        return Some(0.0);
    }
    // 53 bits are exact, fewer for numbers below 2^-1022.
    let length = i64::from(128 - bits.leading_zeros());
    let kept = length.saturating_add(shift).saturating_add(1074).clamp(-1, 53);
    let dropped = length - kept;
    if kept < 0 {
        return Some(0.0);
    }
    if dropped > 0 {
        let unit = 1_u128 << dropped;
        let rest = bits % unit;
        bits /= unit;
        if rest > unit / 2 || rest == unit / 2 && bits % 2 == 1 {
            bits += 1;
        }
        shift += dropped;
    }
    let shift = i32::try_from(shift.clamp(-4000, 4000)).ok()?;
    let float = bits as f64 * 2_f64.powi(shift / 2) * 2_f64.powi(shift - shift / 2);
    float.is_finite().then_some(float)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_read_as_go_source() {
        let cases: &[(&str, i64)] = &[
            ("0x10", 16),
            ("010", 8),
            ("08", 0),
            ("1.9", 0),
            ("2.00", 2),
            ("2.", 0),
            ("-0b11", -3),
            ("0o17", 15),
            ("1_000", 1000),
            ("1__0", 0),
            ("_1", 0),
            ("0x_1f", 31),
            ("0_7", 7),
            ("", 0),
            ("+5", 5),
            (" 5", 0),
            ("9223372036854775808", 0),
            ("-9223372036854775808", i64::MIN),
            ("0x", 0),
            ("100", 100),
        ];
        for (text, number) in cases {
            assert_eq!(to_int(&Value::from(*text)), *number, "{text}");
        }
    }

    #[test]
    fn floats_read_as_go_source() {
        let cases: &[(&str, f64)] = &[
            ("1e3", 1000.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("0x1p-2", 0.25),
            ("0x1.8p1", 3.0),
            ("-0X_1FFFP-16", -0.124_984_741_210_937_5),
            ("1_000", 1000.0),
            ("inf", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
            ("1e400", 0.0),
            ("0x1", 0.0),
            ("0x1p1024", 0.0),
            ("0x1p-1074", 5e-324),
            ("0x1p-1075", 0.0),
            ("0x1.8p-1075", 5e-324),
            ("1 ", 0.0),
            ("", 0.0),
        ];
        for (text, number) in cases {
            assert_eq!(to_float(&Value::from(*text)).to_bits(), number.to_bits(), "{text}");
        }
    }
}
