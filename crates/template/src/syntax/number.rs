//! Number constants: every type that can hold one, as Go's untyped constants have them.

use super::lexer::Kind;
use super::literal::{self, FloatError, Unit};
use super::node::{Number, Position};
use crate::format::quote;
use crate::value::Text;

/// The constant a token stands for, or Go's message.
pub(super) fn number(position: Position, text: &[u8], kind: Kind) -> Result<Number, String> {
    let mut number =
        Number { position, text: Text::from(text), signed: None, unsigned: None, float: None, complex: None };
    match kind {
        Kind::CharConstant => character(&mut number, text)?,
        Kind::Complex => complex(&mut number, &String::from_utf8_lossy(text))?,
        _ => real_or_imaginary(&mut number, &String::from_utf8_lossy(text))?,
    }
    Ok(number)
}

fn character(number: &mut Number, text: &[u8]) -> Result<(), String> {
    let (unit, tail) = literal::character(&text[1..], b'\'').ok_or("invalid syntax")?;
    if tail != b"'" {
        return Err(format!("malformed character constant: {}", String::from_utf8_lossy(text)));
    }
    let code = match unit {
        Unit::Byte(byte) => u32::from(byte),
        Unit::Character(found) => u32::from(found),
    };
    number.signed = Some(i64::from(code));
    number.unsigned = Some(u64::from(code));
    number.float = Some(f64::from(code));
    Ok(())
}

fn real_or_imaginary(number: &mut Number, text: &str) -> Result<(), String> {
    if let Some(Ok(imaginary)) = text.strip_suffix('i').map(literal::float) {
        set_complex(number, 0.0, imaginary);
        return Ok(());
    }
    number.unsigned = literal::unsigned(text);
    number.signed = literal::signed(text);
    if number.signed == Some(0) {
        // `-0` and `+0` too.
        number.unsigned = Some(0);
    }
    number.float = number.signed.map(|value| value as f64).or(number.unsigned.map(|value| value as f64));
    if number.float.is_some() {
        return Ok(());
    }
    match literal::float(text) {
        Err(_) => Err(format!("illegal number syntax: {}", quote(text.as_bytes()))),
        Ok(_) if !text.contains(['.', 'e', 'E', 'p', 'P']) => {
            Err(format!("integer overflow: {}", quote(text.as_bytes())))
        }
        Ok(value) => {
            set_float(number, value);
            Ok(())
        }
    }
}

/// The float, and the integers if it is one.
fn set_float(number: &mut Number, value: f64) {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    let is_whole = value.trunc() == value;
    number.float = Some(value);
    number.signed = (is_whole && (-TWO_TO_63..TWO_TO_63).contains(&value)).then_some(value as i64);
    number.unsigned = (is_whole && (0.0..2.0 * TWO_TO_63).contains(&value)).then_some(value as u64);
}

fn set_complex(number: &mut Number, real: f64, imaginary: f64) {
    number.complex = Some((real, imaginary));
    if imaginary == 0.0 {
        set_float(number, real);
    }
}

/// Two floats, the second with a sign and an `i`: read as Go's `Sscan` does.
fn complex(number: &mut Number, text: &str) -> Result<(), String> {
    const MALFORMED: &str = "syntax error scanning complex number";
    let (real, rest) = text.split_at(scanned_float(text));
    if !rest.starts_with(['+', '-']) {
        return Err(MALFORMED.into());
    }
    let (imaginary, rest) = rest.split_at(1 + scanned_float(&rest[1..]));
    if !rest.starts_with('i') {
        return Err(MALFORMED.into());
    }
    set_complex(number, scan(real)?, scan(imaginary)?);
    Ok(())
}

fn scan(text: &str) -> Result<f64, String> {
    literal::float(text).map_err(|error| {
        let reason = match error {
            FloatError::Syntax => "invalid syntax",
            FloatError::Range => "value out of range",
        };
        format!("strconv.ParseFloat: parsing {}: {reason}", quote(text.as_bytes()))
    })
}

/// How many bytes a scan takes for a float, well-formed or not.
fn scanned_float(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut end = 0;
    let accept = |end: &mut usize, set: &[u8]| {
        let found = bytes.get(*end).is_some_and(|byte| set.contains(byte));
        *end += usize::from(found);
        found
    };
    accept(&mut end, b"+-");
    // The scan looks for "Inf" and keeps what it took.
    accept(&mut end, b"iI");
    let is_hexadecimal = accept(&mut end, b"0") && accept(&mut end, b"xX");
    let digits: &[u8] = if is_hexadecimal { b"0123456789abcdefABCDEF_" } else { b"0123456789_" };
    while accept(&mut end, digits) {}
    if accept(&mut end, b".") {
        while accept(&mut end, digits) {}
    }
    if accept(&mut end, if is_hexadecimal { b"pP" } else { b"eEpP" }) {
        accept(&mut end, b"+-");
        while accept(&mut end, b"0123456789_") {}
    }
    end
}
