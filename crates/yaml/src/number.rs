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

/// `FormatFloat(value, 'g', -1, 64)`: the shortest digits that read back; from 1e6 on and below 1e-4 with an exponent.
pub(crate) fn format_general(value: f64) -> String {
    general(&format!("{value:e}"))
}

/// `FormatFloat(value, 'g', -1, 32)`, the way sigs.k8s.io/yaml turns a float into a string.
#[expect(clippy::cast_possible_truncation, reason = "Go rounds to 32 bits here too")]
pub(crate) fn format_general_32(value: f64) -> String {
    general(&format!("{:e}", value as f32))
}

fn general(scientific: &str) -> String {
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return match scientific {
            "inf" => "+Inf".to_owned(),
            "-inf" => "-Inf".to_owned(),
            _ => "NaN".to_owned(),
        };
    };
    let exponent: i32 = exponent.parse().expect("Rust writes a decimal exponent");
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    if !(-4..GENERAL_EXPONENT).contains(&exponent) {
        let exponent_sign = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{mantissa}e{exponent_sign}{:02}", exponent.abs());
    }
    format!("{sign}{}", fixed(&mantissa.replace('.', ""), exponent))
}

/// Shortest digits count as precision 6 when Go's `%g` chooses between the forms.
const GENERAL_EXPONENT: i32 = 6;

/// Digits with the decimal point behind the first one, moved by `exponent`, written without exponent.
pub(crate) fn fixed(digits: &str, exponent: i32) -> String {
    if exponent < 0 {
        let zeros = usize::try_from(-exponent - 1).expect("a negative exponent has zeros before the digits");
        return format!("0.{}{digits}", "0".repeat(zeros));
    }
    let whole = usize::try_from(exponent).expect("not negative") + 1;
    if digits.len() <= whole {
        return format!("{digits}{}", "0".repeat(whole - digits.len()));
    }
    format!("{}.{}", &digits[..whole], &digits[whole..])
}

/// A float as it looks after Go's JSON encoder and go-yaml: whole numbers that fit 64 bits lose their exponent.
pub(crate) fn format_through_json(value: f64) -> String {
    whole_number(value).unwrap_or_else(|| format_general(value))
}

/// JSON writes whole numbers below 1e21 without exponent; go-yaml keeps those that fit an i64 or u64.
fn whole_number(value: f64) -> Option<String> {
    if value.fract() != 0.0 || value.abs() >= 1e21 {
        return None;
    }
    let scientific = format!("{:e}", value.abs());
    let (mantissa, exponent) = scientific.split_once('e')?;
    let sign = if value < 0.0 { "-" } else { "" };
    let text = format!("{sign}{}", fixed(&mantissa.replace('.', ""), exponent.parse().ok()?));
    parse_integer(&text).map(|_| text)
}
