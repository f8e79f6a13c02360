//! Quoted texts and characters in Go's syntax.

use super::printable::is_printable;
use super::runes::runes;

/// Which characters need no escape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plain {
    /// All printable ones.
    Printable,
    /// Printable ASCII only.
    Ascii,
}

/// The text in double quotes, as `%q` prints it.
pub fn quote(text: &[u8]) -> String {
    quote_with(text, Plain::Printable)
}

/// The text in double quotes.
pub(super) fn quote_with(text: &[u8], plain: Plain) -> String {
    let mut output = String::with_capacity(text.len() + 2);
    output.push('"');
    let mut at = 0;
    for (character, length) in runes(text) {
        match character {
            Some(character) => push_escaped(&mut output, character, '"', plain),
            None => output.push_str(&format!("\\x{:02x}", text[at])),
        }
        at += length;
    }
    output.push('"');
    output
}

/// The character in single quotes.
pub(super) fn quote_character(character: char, plain: Plain) -> String {
    let mut output = String::from("'");
    push_escaped(&mut output, character, '\'', plain);
    output.push('\'');
    output
}

fn push_escaped(output: &mut String, character: char, quote: char, plain: Plain) {
    if character == quote || character == '\\' {
        output.push('\\');
        output.push(character);
        return;
    }
    if is_printable(character) && (plain == Plain::Printable || character.is_ascii()) {
        output.push(character);
        return;
    }
    let code_point = u32::from(character);
    match character {
        '\x07'..='\r' => {
            output.push('\\');
            output.push(char::from(b"abtnvfr"[code_point as usize - 7]));
        }
        '\0'..' ' | '\x7f' => output.push_str(&format!("\\x{code_point:02x}")),
        ..'\u{10000}' => output.push_str(&format!("\\u{code_point:04x}")),
        _ => output.push_str(&format!("\\U{code_point:08x}")),
    }
}

/// Can the text stand between backquotes: UTF-8 without backquotes, byte order marks and control characters but tabs?
pub(super) fn can_backquote(text: &[u8]) -> bool {
    runes(text).all(|(character, _)| match character {
        None | Some('\u{feff}' | '`' | '\x7f') => false,
        Some('\t') => true,
        Some(character) => character >= ' ',
    })
}
