//! Characters in bytes that need not be UTF-8, and how Go names and quotes them.

use std::fmt::Write as _;

use super::unicode::{LETTERS_AND_DIGITS, PRINTABLE};

/// The first character and its length in bytes; U+FFFD of one byte where there is no UTF-8, `None` at the end.
pub(super) fn first(bytes: &[u8]) -> Option<(char, usize)> {
    let byte = *bytes.first()?;
    if byte.is_ascii() {
        return Some((char::from(byte), 1));
    }
    let head = &bytes[..bytes.len().min(4)];
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default(),
    };
    Some(valid.chars().next().map_or((char::REPLACEMENT_CHARACTER, 1), |found| (found, found.len_utf8())))
}

/// Can the character be part of a name: an underscore, a letter or a decimal digit?
pub(super) fn is_in_names(character: char) -> bool {
    if character.is_ascii() {
        character == '_' || character.is_ascii_alphanumeric()
    } else {
        is_in(LETTERS_AND_DIGITS, character)
    }
}

/// How many bytes at the start are characters of names?
pub(super) fn name_length(bytes: &[u8]) -> usize {
    let mut length = 0;
    loop {
        length +=
            bytes[length..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        match first(&bytes[length..]) {
            Some((character, width)) if is_in_names(character) => length += width,
            _ => return length,
        }
    }
}

fn is_printable(character: char) -> bool {
    if character.is_ascii() { matches!(character, ' '..='~') } else { is_in(PRINTABLE, character) }
}

fn is_in(ranges: &[(u32, u32)], character: char) -> bool {
    let code = u32::from(character);
    let after = ranges.partition_point(|(start, _)| *start <= code);
    after > 0 && code <= ranges[after - 1].1
}

/// The character's code, and itself if it can be printed: `U+0023 '#'`.
pub(super) fn notation(character: char) -> String {
    let code = u32::from(character);
    if is_printable(character) { format!("U+{code:04X} '{character}'") } else { format!("U+{code:04X}") }
}

/// The bytes in double quotes, escaped as in Go source.
pub(super) fn quote(mut bytes: &[u8]) -> String {
    let mut quoted = String::with_capacity(bytes.len() + 2);
    quoted.push('"');
    while let Some((character, width)) = first(bytes) {
        if character == char::REPLACEMENT_CHARACTER && width == 1 {
            let _ = write!(quoted, "\\x{:02x}", bytes[0]);
        } else {
            push_escaped(&mut quoted, character);
        }
        bytes = &bytes[width..];
    }
    quoted.push('"');
    quoted
}

fn push_escaped(quoted: &mut String, character: char) {
    let code = u32::from(character);
    let named = ESCAPES.iter().find(|(escaped, _)| *escaped == character);
    let _ = match named {
        Some((_, letter)) => write!(quoted, "\\{letter}"),
        None if is_printable(character) => write!(quoted, "{character}"),
        None if code < 0x80 => write!(quoted, "\\x{code:02x}"),
        None if code < 0x10000 => write!(quoted, "\\u{code:04x}"),
        None => write!(quoted, "\\U{code:08x}"),
    };
}

/// The characters whose escape is a letter or a sign.
const ESCAPES: [(char, char); 9] = [
    ('"', '"'),
    ('\\', '\\'),
    ('\u{7}', 'a'),
    ('\u{8}', 'b'),
    ('\u{c}', 'f'),
    ('\n', 'n'),
    ('\r', 'r'),
    ('\t', 't'),
    ('\u{b}', 'v'),
];

/// The first so many characters, where a byte that is no UTF-8 counts as one.
pub(super) fn head(bytes: &[u8], characters: usize) -> &[u8] {
    let mut length = 0;
    for _ in 0..characters {
        let Some((_, width)) = first(&bytes[length..]) else { break };
        length += width;
    }
    &bytes[..length]
}
