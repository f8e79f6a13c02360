//! Characters in bytes that need not be UTF-8, and how Go names them.

use super::unicode::is_in_names;
use crate::format::is_printable;

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

/// The ASCII characters of names.
static IN_NAMES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0u8;
    while byte.is_ascii() {
        table[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'_';
        byte += 1;
    }
    table
};

/// How many bytes at the start are characters of names?
pub(super) fn name_length(bytes: &[u8]) -> usize {
    let mut length = 0;
    loop {
        let rest = &bytes[length..];
        let Some(known) = rest.iter().position(|byte| !IN_NAMES[usize::from(*byte)]) else {
            return bytes.len();
        };
        length += known;
        if rest[known].is_ascii() {
            return length;
        }
        match first(&rest[known..]) {
            Some((character, width)) if is_in_names(character) => length += width,
            _ => return length,
        }
    }
}

/// The character's code, and itself if it can be printed: `U+0023 '#'`.
pub(super) fn notation(character: char) -> String {
    let code = u32::from(character);
    if is_printable(character) { format!("U+{code:04X} '{character}'") } else { format!("U+{code:04X}") }
}

/// The first so many characters, where a byte that is no UTF-8 counts as one.
pub(super) fn head(bytes: &[u8], characters: usize) -> &[u8] {
    let mut length = 0;
    for _ in 0..characters {
        let Some((_, width)) = first(&bytes[length..]) else { break };
        length += width;
    }
    &bytes[..length]
}
