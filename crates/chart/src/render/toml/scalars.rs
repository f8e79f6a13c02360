//! Texts, numbers and times of TOML.

use chandlery_template::{Text, Value, parse_time, quote};

use super::decode::Failure;
use super::lexer::{Item, Kind};

type Decoded<T> = Result<T, Failure>;

/// A value that is neither list nor table.
pub(super) fn value(item: &Item<'_>) -> Decoded<Value> {
    match item.kind {
        Kind::Bool => Ok((item.text == b"true").into()),
        Kind::Integer => integer(item),
        Kind::Float => float(item),
        Kind::Time => time(item),
        _ => text(item).map(Value::from),
    }
}

fn failure<T>(item: &Item<'_>, text: String) -> Decoded<T> {
    Err(Failure::new(item.line, text))
}

/// A text without its quotes, or a bare key.
pub(super) fn text(item: &Item<'_>) -> Decoded<Text> {
    match item.kind {
        Kind::EscapedText => unescape(item, item.text),
        Kind::LongText => unescape(item, &without_escaped_breaks(without_first_break(item.text))),
        Kind::LongRawText => Ok(Text::from(without_first_break(item.text))),
        _ => Ok(Text::from(item.text)),
    }
}

fn without_first_break(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\n").or_else(|| text.strip_prefix(b"\r\n")).unwrap_or(text)
}

/// A text without the backslashes at the ends of lines and the white space behind them.
fn without_escaped_breaks(text: &[u8]) -> Vec<u8> {
    let mut output = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.iter().position(|byte| *byte == b'\\') {
        let (before, from) = rest.split_at(place);
        output.extend(before);
        let blank = from[1..].iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
        if from[1..=blank].contains(&b'\n') {
            rest = &from[1 + blank..];
            continue;
        }
        let length = if from.get(1) == Some(&b'\\') { 2 } else { 1 };
        output.extend(&from[..length]);
        rest = &from[length..];
    }
    output.extend(rest);
    output
}

/// The escapes of one letter.
const ESCAPES: &[(u8, u8)] = &[
    (b'b', 0x08),
    (b't', b'\t'),
    (b'n', b'\n'),
    (b'f', 0x0c),
    (b'r', b'\r'),
    (b'e', 0x1b),
    (b'"', b'"'),
    (b'\\', b'\\'),
];

/// The escapes with hexadecimal digits, and how many.
const CODES: &[(u8, usize)] = &[(b'x', 2), (b'u', 4), (b'U', 8)];

fn unescape(item: &Item<'_>, text: &[u8]) -> Decoded<Text> {
    let mut output = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.iter().position(|byte| *byte == b'\\') {
        output.extend(&rest[..place]);
        let letter = rest.get(place + 1).copied().unwrap_or_default();
        rest = rest.get(place + 2..).unwrap_or_default();
        if let Some((_, meant)) = ESCAPES.iter().find(|(known, _)| *known == letter) {
            output.push(*meant);
        } else if let Some((_, length)) = CODES.iter().find(|(known, _)| *known == letter) {
            let (digits, behind) = rest.split_at((*length).min(rest.len()));
            let digits = String::from_utf8_lossy(digits);
            let Some(character) = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32) else {
                return failure(item, format!("Escaped character '\\u{digits}' is not valid UTF-8."));
            };
            output.extend(character.to_string().as_bytes());
            rest = behind;
        } else {
            return failure(item, format!("invalid escape: '\\{}'", char::from(letter)));
        }
    }
    output.extend(rest);
    Ok(output.into())
}

fn integer(item: &Item<'_>) -> Decoded<Value> {
    let text = String::from_utf8_lossy(item.text);
    if !underscores_are_right(item.text) {
        let text = quote(item.text);
        return failure(item, format!("Invalid integer {text}: underscores must be surrounded by digits"));
    }
    if has_leading_zero(item.text) {
        return failure(item, format!("Invalid integer {}: cannot have leading zeroes", quote(item.text)));
    }
    let digits = text.replace('_', "");
    let (digits, base) = match digits.get(..2) {
        Some("0x") => (&digits[2..], 16),
        Some("0o") => (&digits[2..], 8),
        Some("0b") => (&digits[2..], 2),
        _ => (&*digits, 10),
    };
    match i64::from_str_radix(digits, base) {
        Ok(number) => Ok(number.into()),
        Err(_) => failure(item, format!("{text} is out of range for int64")),
    }
}

fn float(item: &Item<'_>) -> Decoded<Value> {
    let text = String::from_utf8_lossy(item.text);
    let problem = |problem: &str| failure(item, format!("Invalid float {}: {problem}", quote(item.text)));
    let mut parts =
        item.text.split(|byte| matches!(byte, b'.' | b'e' | b'E')).filter(|part| !part.is_empty());
    if !parts.clone().all(underscores_are_right) {
        return problem("underscores must be surrounded by digits");
    }
    if parts.next().is_some_and(has_leading_zero) {
        return problem("cannot have leading zeroes");
    }
    let has_bare_point = |pair: &[u8]| pair[0] == b'.' && !pair[1].is_ascii_digit();
    if item.text.ends_with(b".") || item.text.windows(2).any(has_bare_point) {
        return problem("'.' must be followed by one or more digits");
    }
    let digits = text.replace('_', "");
    match digits.parse::<f64>() {
        Ok(number) if number.is_infinite() && !digits.ends_with("inf") => {
            failure(item, format!("{text} is out of range for float64"))
        }
        Ok(number) => Ok(number.into()),
        Err(_) => failure(item, format!("Invalid float value: {}", quote(item.text))),
    }
}

fn has_leading_zero(text: &[u8]) -> bool {
    match text {
        [b'0', b'b' | b'o' | b'x', ..] => false,
        [b'0', _, ..] | [b'-' | b'+', b'0', _, ..] => true,
        _ => false,
    }
}

/// Is each underscore between digits? All that hexadecimal numbers have are digits here.
fn underscores_are_right(text: &[u8]) -> bool {
    if matches!(text, b"nan" | b"+nan" | b"-nan" | b"inf" | b"-inf" | b"+inf") {
        return true;
    }
    let mut is_behind_digit = false;
    for byte in text {
        if *byte == b'_' && !is_behind_digit {
            return false;
        }
        is_behind_digit = byte.is_ascii_hexdigit();
    }
    is_behind_digit
}

/// The forms of times, with the names of the zones that mark those without one.
const TIMES: &[(&str, Option<&str>)] = &[
    ("2006-01-02T15:04:05.999999999Z07:00", None),
    ("2006-01-02T15:04:05.999999999", Some("datetime-local")),
    ("2006-01-02", Some("date-local")),
    ("15:04:05.999999999", Some("time-local")),
    ("2006-01-02T15:04Z07:00", None),
    ("2006-01-02T15:04", Some("datetime-local")),
    ("15:04", Some("time-local")),
];

fn time(item: &Item<'_>) -> Decoded<Value> {
    let text: Vec<u8> = item
        .text
        .iter()
        .map(|byte| match byte {
            b'z' => b'Z',
            b't' | b' ' => b'T',
            _ => *byte,
        })
        .collect();
    let found =
        TIMES.iter().find_map(|(layout, zone)| Some((*layout, parse_time(layout.as_bytes(), &text, *zone)?)));
    match found {
        Some((layout, time)) if has_separators_of(layout, &text) => Ok(time),
        _ => failure(item, format!("invalid datetime: {}", quote(&text))),
    }
}

/// Are the separators of a layout where they are in a text? They are not where a number has one digit.
fn has_separators_of(layout: &str, text: &[u8]) -> bool {
    let fixed = layout.bytes().take_while(|byte| !matches!(byte, b'.' | b'Z'));
    fixed.zip(text).all(|(expected, found)| expected.is_ascii_digit() || expected == *found)
}
