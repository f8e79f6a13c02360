//! Floating-point numbers as Go's strconv writes them.

use std::io::Write;

/// The layouts of Go's strconv.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// `ddddp±d`: the binary mantissa and exponent.
    Binary,
    /// `d.dde±dd`.
    Exponent,
    /// `ddd.dd`.
    Fixed,
    /// The shorter of the two.
    General,
    /// `0x1.hhp±dd`.
    Hexadecimal,
}

/// Digits of doubles beyond this many places are all zero.
const MAX_PLACES: usize = 1100;

/// Decimal digits without zeros at the end, and the place of the point in them.
struct Decimal {
    digits: Vec<u8>,
    point: i32,
}

/// Appends a number. Without a precision as many digits as tell the number from all others. Letters are lower case.
pub(crate) fn push_float(output: &mut Vec<u8>, value: f64, layout: Layout, precision: Option<usize>) {
    if !value.is_finite() {
        output.extend_from_slice(not_finite(value));
        return;
    }
    if value.is_sign_negative() {
        output.push(b'-');
    }
    let value = value.abs();
    match layout {
        Layout::General if precision.is_none() && is_small_integer(value) => {
            // Integers are several times faster to write than floats.
            write!(output, "{}", value as u32).expect("a vector takes all bytes");
        }
        Layout::Binary => push_binary(output, value),
        Layout::Hexadecimal => push_hexadecimal(output, value, precision),
        Layout::Fixed => push_fixed(output, value, precision),
        Layout::Exponent => {
            let decimal = decimal(value, precision.map(|precision| precision.saturating_add(1)));
            let places = precision.unwrap_or(decimal.digits.len().saturating_sub(1));
            push_exponent_layout(output, &decimal, places);
        }
        Layout::General => push_general(output, value, precision),
    }
}

/// Is it an integer that is written without an exponent? Most numbers of values are.
fn is_small_integer(value: f64) -> bool {
    value < 1e6 && value.fract() == 0.0
}

fn not_finite(value: f64) -> &'static [u8] {
    if value.is_nan() {
        b"NaN"
    } else if value < 0.0 {
        b"-Inf"
    } else {
        b"+Inf"
    }
}

/// Rounds to so many significant digits; without a number the shortest digits that give the value back.
fn decimal(value: f64, digits: Option<usize>) -> Decimal {
    if value == 0.0 {
        return Decimal { digits: Vec::new(), point: 0 };
    }
    let text = match digits {
        None => shortest(value),
        Some(digits) => format!("{value:.*e}", digits.clamp(1, MAX_PLACES) - 1),
    };
    let (mantissa, exponent) = text.split_once('e').expect("Rust's exponent layout has an e");
    let mut digits: Vec<u8> = mantissa.bytes().filter(|&byte| byte != b'.').collect();
    while digits.last() == Some(&b'0') {
        digits.pop();
    }
    Decimal { digits, point: exponent.parse::<i32>().expect("Rust's exponents are integers") + 1 }
}

/// The fewest digits that give the value back, nearest to it. Of two that are as near Go takes the even ones and Rust
/// the larger ones; that happens only with 15 digits and more.
fn shortest(value: f64) -> String {
    let text = format!("{value:e}");
    let digits = text.bytes().take_while(|&byte| byte != b'e').filter(u8::is_ascii_digit).count();
    if digits < 15 {
        return text;
    }
    let even = format!("{value:.*e}", digits - 1);
    if even.parse() == Ok(value) { even } else { text }
}

fn push_general(output: &mut Vec<u8>, value: f64, precision: Option<usize>) {
    let decimal = decimal(value, precision);
    let count = decimal.digits.len();
    let precision = precision.map(|precision| precision.max(1));
    // From this exponent on the exponent layout is used.
    let limit = match precision {
        None => 6,
        Some(precision) if precision > count && count as i64 >= i64::from(decimal.point) => count,
        Some(precision) => precision,
    };
    let exponent = decimal.point - 1;
    if exponent < -4 || i64::from(exponent) >= limit as i64 {
        let digits = precision.unwrap_or(count).min(count);
        push_exponent_layout(output, &decimal, digits.saturating_sub(1));
    } else {
        push_plain(output, &decimal);
    }
}

fn push_exponent_layout(output: &mut Vec<u8>, decimal: &Decimal, places: usize) {
    output.push(decimal.digits.first().copied().unwrap_or(b'0'));
    if places > 0 {
        output.push(b'.');
        let rest = decimal.digits.get(1..).unwrap_or_default();
        let rest = &rest[..rest.len().min(places)];
        output.extend_from_slice(rest);
        push_zeros(output, places - rest.len());
    }
    let exponent = if decimal.digits.is_empty() { 0 } else { decimal.point - 1 };
    push_exponent(output, b'e', exponent);
}

/// All the digits, with a point in them or zeros after them.
fn push_plain(output: &mut Vec<u8>, decimal: &Decimal) {
    let Decimal { digits, point } = decimal;
    let Some(whole) = usize::try_from(*point).ok().filter(|&whole| whole > 0) else {
        output.push(b'0');
        if !digits.is_empty() {
            output.push(b'.');
            push_zeros(output, point.unsigned_abs() as usize);
            output.extend_from_slice(digits);
        }
        return;
    };
    let (before, after) = digits.split_at(whole.min(digits.len()));
    output.extend_from_slice(before);
    push_zeros(output, whole - before.len());
    if !after.is_empty() {
        output.push(b'.');
        output.extend_from_slice(after);
    }
}

fn push_fixed(output: &mut Vec<u8>, value: f64, precision: Option<usize>) {
    let Some(precision) = precision else {
        push_plain(output, &decimal(value, None));
        return;
    };
    let exact = precision.min(MAX_PLACES);
    write!(output, "{value:.exact$}").expect("a Vec takes everything");
    push_zeros(output, precision - exact);
}

fn push_binary(output: &mut Vec<u8>, value: f64) {
    let (mantissa, exponent) = parts(value);
    write!(output, "{mantissa}p{:+}", exponent - 52).expect("a Vec takes everything");
}

/// The 53 bits of the mantissa, and the exponent of their first.
fn parts(value: f64) -> (u64, i32) {
    let bits = value.to_bits();
    let mantissa = bits & ((1 << 52) - 1);
    match (bits >> 52) & 0x7ff {
        0 => (mantissa, -1022),
        exponent => (mantissa | 1 << 52, i32::try_from(exponent).expect("11 bits") - 1023),
    }
}

fn push_hexadecimal(output: &mut Vec<u8>, value: f64, precision: Option<usize>) {
    let (mantissa, exponent) = hexadecimal_parts(value, precision);
    output.extend_from_slice(if mantissa == 0 { b"0x0" } else { b"0x1" });
    let fraction = mantissa & ((1 << 60) - 1);
    let nibble = |place: usize| b"0123456789abcdef"[(fraction >> (56 - 4 * place)) as usize & 15];
    let places = precision.unwrap_or_else(|| (60 - fraction.trailing_zeros().min(60) as usize).div_ceil(4));
    if places > 0 {
        output.push(b'.');
        output.extend((0..places.min(15)).map(nibble));
        push_zeros(output, places.saturating_sub(15));
    }
    push_exponent(output, b'p', exponent);
}

/// The mantissa with its first digit at bit 60, rounded half to even to so many hexadecimal places, and the exponent.
fn hexadecimal_parts(value: f64, precision: Option<usize>) -> (u64, i32) {
    let (mantissa, mut exponent) = parts(value);
    if mantissa == 0 {
        return (0, 0);
    }
    let shift = mantissa.leading_zeros() - 11;
    exponent -= i32::try_from(shift).expect("at most 52");
    let mut mantissa = mantissa << (shift + 8);
    if let Some(precision) = precision.filter(|&precision| precision < 15) {
        let dropped_bits = 60 - 4 * precision;
        let kept = mantissa >> dropped_bits;
        let dropped = mantissa & ((1 << dropped_bits) - 1);
        let half = 1 << (dropped_bits - 1);
        let up = dropped > half || (dropped == half && kept & 1 == 1);
        mantissa = (kept + u64::from(up)) << dropped_bits;
        if mantissa >> 61 != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    (mantissa, exponent)
}

/// The letter, a sign and at least two digits.
fn push_exponent(output: &mut Vec<u8>, letter: u8, exponent: i32) {
    output.extend_from_slice(&[letter, if exponent < 0 { b'-' } else { b'+' }]);
    write!(output, "{:02}", exponent.unsigned_abs()).expect("a Vec takes everything");
}

fn push_zeros(output: &mut Vec<u8>, count: usize) {
    output.resize(output.len() + count, b'0');
}
