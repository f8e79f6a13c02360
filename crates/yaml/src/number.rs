//! Numbers as Go's `strconv` reads and writes them.

/// An integer of either signedness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Integer {
    Signed(i64),
    Unsigned(u64),
}

/// `ParseInt(text, 0, 64)`, then `ParseUint(text, 0, 64)`: base by prefix `0x`, `0o`, `0b`, `0`; no underscores.
pub(crate) fn parse_integer(text: &str) -> Option<Integer> {
    let (negative, unsigned) = split_sign(text);
    let signed = unsigned.len() < text.len();
    let (base, digits) = split_base(unsigned);
    parse_digits(digits, base, negative, signed)
}

/// `ParseInt(text, base, 64)`, then `ParseUint(text, base, 64)`: a sign, no prefix.
pub(crate) fn parse_in_base(text: &str, base: u32) -> Option<Integer> {
    let (negative, digits) = split_sign(text);
    parse_digits(digits, base, negative, digits.len() < text.len())
}

fn parse_digits(digits: &str, base: u32, negative: bool, signed: bool) -> Option<Integer> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, base).ok()?;
    match (negative, i64::try_from(magnitude)) {
        (false, Ok(value)) => Some(Integer::Signed(value)),
        (false, Err(_)) if signed => None,
        (false, Err(_)) => Some(Integer::Unsigned(magnitude)),
        (true, _) => 0i64.checked_sub_unsigned(magnitude).map(Integer::Signed),
    }
}

fn split_sign(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    }
}

fn split_base(digits: &str) -> (u32, &str) {
    match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    }
}

/// Whether the text is a decimal number: `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`.
pub(crate) fn is_decimal(text: &str) -> bool {
    let (_, text) = split_sign(text);
    let bytes = text.as_bytes();
    let whole = digits_at(bytes, 0);
    let mut at = whole;
    if bytes.get(at) == Some(&b'.') {
        let fraction = digits_at(bytes, at + 1);
        if whole + fraction == 0 {
            return false;
        }
        at += 1 + fraction;
    } else if whole == 0 {
        return false;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1;
        at += usize::from(matches!(bytes.get(at), Some(b'+' | b'-')));
        let exponent = digits_at(bytes, at);
        if exponent == 0 {
            return false;
        }
        at += exponent;
    }
    at == bytes.len()
}

fn digits_at(bytes: &[u8], from: usize) -> usize {
    bytes[from.min(bytes.len())..].iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// `ParseFloat` of a decimal number; `None` if it is none or out of range.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    if !is_decimal(text) {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// `ParseFloat` of a number that begins with a point: underscores may stand between digits.
pub(crate) fn parse_fraction(text: &str) -> Option<f64> {
    if !text.contains('_') {
        return parse_float(text);
    }
    let bytes = text.as_bytes();
    let between_digits = |at: usize| {
        at > 0 && bytes[at - 1].is_ascii_digit() && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
    };
    let well_placed = text.match_indices('_').all(|(at, _)| between_digits(at));
    well_placed.then(|| parse_float(&text.replace('_', ""))).flatten()
}

/// A finite number as its shortest digits (no point, no zeros at the ends) and the exponent of the first one.
struct Shortest {
    sign: &'static str,
    digits: String,
    exponent: i32,
}

impl Shortest {
    /// Takes a number as serde_json writes it: the standard library breaks ties between two shortest forms upward, Go and
    /// serde_json to the even digit.
    fn parse(text: &str) -> Self {
        let (sign, text) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let digits = all.trim_start_matches('0');
        let leading_zeros = all.len() - digits.len();
        let digits = digits.trim_end_matches('0');
        if digits.is_empty() {
            return Self { sign, digits: "0".to_owned(), exponent: 0 };
        }
        let shift = i32::try_from(whole.len()).unwrap_or(0) - i32::try_from(leading_zeros).unwrap_or(0) - 1;
        let exponent: i32 = exponent.parse().unwrap_or(0);
        Self { sign, digits: digits.to_owned(), exponent: exponent + shift }
    }

    /// Go's `%g` with shortest digits.
    fn general(&self) -> String {
        let Self { sign, digits, exponent } = self;
        if (-4..GENERAL_EXPONENT).contains(exponent) {
            return format!("{sign}{}", self.fixed());
        }
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        let exponent_sign = if *exponent < 0 { '-' } else { '+' };
        format!("{sign}{first}{point}{rest}e{exponent_sign}{:02}", exponent.abs())
    }

    /// The number without sign and exponent.
    fn fixed(&self) -> String {
        let digits = &self.digits;
        let Ok(exponent) = usize::try_from(self.exponent) else {
            let zeros = usize::try_from(-1 - self.exponent).unwrap_or(0);
            return format!("0.{}{digits}", "0".repeat(zeros));
        };
        let whole = exponent + 1;
        if digits.len() <= whole {
            return format!("{digits}{}", "0".repeat(whole - digits.len()));
        }
        format!("{}.{}", &digits[..whole], &digits[whole..])
    }
}

/// Shortest digits count as precision 6 when Go's `%g` chooses between the forms.
const GENERAL_EXPONENT: i32 = 6;

/// `FormatFloat(value, 'g', -1, 64)`: the shortest digits that read back; from 1e6 on and below 1e-4 with an exponent.
pub(crate) fn format_general(value: f64) -> String {
    format_special(value).map_or_else(|| shortest(&value).general(), str::to_owned)
}

/// `FormatFloat(value, 'g', -1, 32)`, the way sigs.k8s.io/yaml turns a float into a string.
#[expect(clippy::cast_possible_truncation, reason = "Go rounds to 32 bits here too")]
pub(crate) fn format_general_32(value: f64) -> String {
    let value = value as f32;
    format_special(f64::from(value)).map_or_else(|| shortest(&value).general(), str::to_owned)
}

fn format_special(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        return Some("NaN");
    }
    value.is_infinite().then_some(if value > 0.0 { "+Inf" } else { "-Inf" })
}

fn shortest<T: serde::Serialize>(finite: &T) -> Shortest {
    Shortest::parse(&serde_json::to_string(finite).expect("a finite float has a JSON form"))
}

/// A float as it looks after Go's JSON encoder and go-yaml: whole numbers that fit 64 bits lose their exponent.
pub(crate) fn format_through_json(value: f64) -> String {
    let shortest = shortest(&value);
    whole_number(&shortest).unwrap_or_else(|| shortest.general())
}

/// JSON writes whole numbers below 1e21 without exponent; go-yaml keeps those that fit an i64 or u64.
fn whole_number(number: &Shortest) -> Option<String> {
    let is_whole = usize::try_from(number.exponent)
        .is_ok_and(|exponent| exponent < 21 && number.digits.len() <= exponent + 1);
    let text = is_whole.then(|| format!("{}{}", number.sign, number.fixed()))?;
    match parse_integer(&text)? {
        Integer::Signed(0) => Some("0".to_owned()),
        _ => Some(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_as_strconv_does() {
        let signed = |value| Some(Integer::Signed(value));
        let cases = [
            ("0", signed(0)),
            ("-0", signed(0)),
            ("+5", signed(5)),
            ("0777", signed(511)),
            ("0o17", signed(15)),
            ("-0X1f", signed(-31)),
            ("0b11", signed(3)),
            ("08", None),
            ("0x", None),
            ("1_0", None),
            ("--1", None),
            ("9223372036854775808", Some(Integer::Unsigned(1 << 63))),
            ("+9223372036854775808", None),
            ("-9223372036854775808", signed(i64::MIN)),
            ("-9223372036854775809", None),
            ("18446744073709551616", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_integer(text), expected, "{text}");
        }
    }

    #[test]
    fn floats_are_written_as_strconv_does() {
        let cases = [
            (999_999.0, "999999", "999999", "999999"),
            (1e6, "1e+06", "1e+06", "1000000"),
            (1_234_567.5, "1.2345675e+06", "1.2345675e+06", "1.2345675e+06"),
            (12_345_678.9, "1.23456789e+07", "1.2345679e+07", "1.23456789e+07"),
            (0.0001, "0.0001", "0.0001", "0.0001"),
            (0.00001, "1e-05", "1e-05", "1e-05"),
            (1e20, "1e+20", "1e+20", "1e+20"),
            (9.3e18, "9.3e+18", "9.3e+18", "9300000000000000000"),
            (-0.0, "-0", "-0", "0"),
            (1.1, "1.1", "1.1", "1.1"),
            (1e300, "1e+300", "+Inf", "1e+300"),
            (1_754_325_656_772_758.2, "1.7543256567727582e+15", "1.7543257e+15", "1.7543256567727582e+15"),
        ];
        for (value, general, general_32, through_json) in cases {
            let written = (format_general(value), format_general_32(value), format_through_json(value));
            assert_eq!(written, (general.to_owned(), general_32.to_owned(), through_json.to_owned()));
        }
    }

    #[test]
    fn fractions_may_have_underscores_between_digits() {
        let cases = [
            (".5", Some(0.5)),
            (".5_0", Some(0.5)),
            ("._5", None),
            (".5_", None),
            (".5_e1", None),
            (".e5", None),
            (".5e400", None),
            (".5E+3", Some(500.0)),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_fraction(text), expected, "{text}");
        }
    }
}
