//! How Helm cleans and quotes the texts of a chart.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Turns every kind of white space into a space and drops what is not printable, as Helm does on loading.
pub(super) fn sanitise(text: &mut String) {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return;
    }
    *text = text
        .chars()
        .filter_map(|character| match character {
            _ if character.is_whitespace() => Some(' '),
            _ if is_printable(character) => Some(character),
            _ => None,
        })
        .collect();
}

/// Whether the character is a letter, mark, number, punctuation, symbol or the ASCII space (Go's `unicode.IsPrint`).
fn is_printable(character: char) -> bool {
    if character.is_ascii() {
        return (' '..='~').contains(&character);
    }
    // The standard library escapes exactly the characters of the other categories; a letter goes first because it also
    // escapes a combining mark at the start.
    let mut buffer = *b"a\0\0\0\0";
    let length = character.encode_utf8(&mut buffer[1..]).len();
    let text = std::str::from_utf8(&buffer[..=length]).expect("an encoded character");
    text.escape_debug().count() == 2
}

/// The text in double quotes as Go's `%q` writes it, cut when it is long.
pub(crate) fn quote(text: &str) -> String {
    const SHOWN: usize = 120;
    let shown: Cow<'_, str> = match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    };
    quote_whole(&shown)
}

/// The text in double quotes as Go's `%q` writes it.
pub(crate) fn quote_whole(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        push_quoted(&mut quoted, character);
    }
    quoted.push('"');
    quoted
}

fn push_quoted(quoted: &mut String, character: char) {
    let short = match character {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\u{c}' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\u{b}' => "\\v",
        _ => "",
    };
    if !short.is_empty() {
        quoted.push_str(short);
    } else if is_printable(character) {
        quoted.push(character);
    } else {
        let code = u32::from(character);
        let written = match code {
            0..0x80 => write!(quoted, "\\x{code:02x}"),
            0x80..0x1_0000 => write!(quoted, "\\u{code:04x}"),
            _ => write!(quoted, "\\U{code:08x}"),
        };
        written.expect("writing to a string cannot fail");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleaning() {
        let cases = [
            ("plain text", "plain text"),
            ("a\tb\nc\u{a0}d\u{2003}e\u{2028}f", "a b c d e f"),
            ("\u{1b}[31mred\u{7}\u{7f}", "[31mred"),
            ("zero\u{200b}width \u{feff}mark\u{202e}rtl", "zerowidth markrtl"),
            ("e\u{301}\u{301} \u{301}", "e\u{301}\u{301} \u{301}"),
            ("Jan-Otto Kröpke 📚 中文", "Jan-Otto Kröpke 📚 中文"),
            ("private \u{e000} unassigned \u{378}", "private  unassigned "),
        ];
        for (text, clean) in cases {
            let mut owned = text.to_owned();
            sanitise(&mut owned);
            assert_eq!(owned, clean, "{text:?}");
        }
    }

    #[test]
    fn quoting() {
        assert_eq!(quote("a\"b\\c\n\u{1b}ü\u{200b}\u{e0001}"), r#""a\"b\\c\n\x1bü\u200b\U000e0001""#);
        assert!(quote(&"x".repeat(10 << 20)).len() < 200);
    }
}
