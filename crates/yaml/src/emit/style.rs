//! How a string must be written so that it reads back as itself.

use crate::bytes;
use crate::emit::Dialect;
use crate::resolve::{self, Resolved};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

/// The styles of one string in its two roles.
#[derive(Debug, Clone, Copy)]
pub(super) struct Styles {
    pub(super) as_value: Style,
    pub(super) as_key: Style,
    pub(super) is_multiline: bool,
}

/// Which styles the characters of a string allow.
struct Allowed {
    plain: bool,
    single: bool,
    block: bool,
    is_multiline: bool,
}

/// Chooses as go-yaml does: literal for line feeds, double quotes for what would not resolve to a string, else plain;
/// and where the characters do not allow that, single quotes, then double quotes.
pub(super) fn choose(text: &str, dialect: Dialect, is_key: bool) -> Styles {
    let allowed = analyze(text, dialect);
    let as_value = if allowed.is_multiline && text.contains('\n') {
        if allowed.block { Style::Literal } else { Style::DoubleQuoted }
    } else if !stays_text(text) {
        Style::DoubleQuoted
    } else if allowed.plain {
        Style::Plain
    } else if allowed.single {
        Style::SingleQuoted
    } else {
        Style::DoubleQuoted
    };
    Styles {
        as_value,
        as_key: if is_key && as_value == Style::Literal { Style::DoubleQuoted } else { as_value },
        is_multiline: allowed.is_multiline,
    }
}

/// Whether a reader takes the unquoted text for a string.
fn stays_text(text: &str) -> bool {
    match text.as_bytes().first() {
        None => false,
        Some(&first) if !resolve::may_resolve(first) => true,
        Some(_) => resolve::resolve(text) == Resolved::Text && !is_base_60(text),
    }
}

/// YAML 1.1's base 60 numbers: `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`. go-yaml reads them as text, but quotes them.
fn is_base_60(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let Some((first, rest)) = text.split_once(':') else { return false };
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    if !first.starts_with(|character: char| character.is_ascii_digit()) || !is_number(first) {
        return false;
    }
    let places = match rest.split_once('.') {
        Some((places, fraction)) if is_number(fraction) => places,
        Some(_) => return false,
        None => rest,
    };
    places.split(':').all(|place| match place.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [tens, digit] => (b'0'..=b'5').contains(tens) && digit.is_ascii_digit(),
        _ => false,
    })
}

/// Bytes that never matter behind the first: printable ASCII but space, colon and hash.
static DULL: [bool; 256] = dull_bytes();

const fn dull_bytes() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0x21;
    while byte < 0x7F {
        table[byte] = byte != b':' as usize && byte != b'#' as usize;
        byte += 1;
    }
    table
}

#[derive(Default)]
struct Findings {
    indicators: bool,
    breaks: bool,
    special: bool,
    tabs: bool,
    edge_blank: bool,
    trailing_space: bool,
    space_after_break: bool,
    space_before_break: bool,
}

fn analyze(text: &str, dialect: Dialect) -> Allowed {
    let found = inspect(text, dialect);
    let quotable = !found.special && !found.space_before_break;
    let plain = quotable
        && !found.breaks
        && !found.indicators
        && !found.edge_blank
        && !found.space_after_break
        && !found.tabs;
    Allowed {
        plain,
        single: quotable && !found.space_after_break && !found.tabs,
        block: quotable && !found.trailing_space && !text.is_empty(),
        is_multiline: found.breaks,
    }
}

/// The character before the current one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Text,
    Space,
    Break,
    Tab,
}

fn inspect(text: &str, dialect: Dialect) -> Findings {
    let bytes = text.as_bytes();
    let mut found = Findings { indicators: begins_with_indicator(bytes), ..Findings::default() };
    let mut before = Before::Text;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if DULL[usize::from(byte)] {
            at += 1;
            before = Before::Text;
            continue;
        }
        let width = match byte {
            0..=0x7F => 1,
            0x80..=0xDF => 2,
            0xE0..=0xEF => 3,
            _ => 4,
        };
        let is_last = at + width == bytes.len();
        let mut now = Before::Text;
        match byte {
            b' ' => {
                found.edge_blank |= at == 0 || is_last;
                found.trailing_space |= is_last;
                found.space_after_break |= before == Before::Break;
                now = Before::Space;
            }
            b':' => found.indicators |= at > 0 && (is_last || matches!(bytes[at + 1], b' ' | b'\t')),
            b'#' => found.indicators |= at > 0 && before != Before::Text,
            b'\t' if dialect == Dialect::Pretty => {
                found.tabs = true;
                now = Before::Tab;
            }
            _ => {
                found.special |= !is_printable(bytes, at);
                if bytes::break_width(bytes, at) > 0 {
                    found.breaks = true;
                    found.edge_blank |= at == 0 || is_last;
                    found.space_before_break |= before == Before::Space;
                    now = Before::Break;
                } else if byte == b'\t' {
                    now = Before::Tab;
                }
            }
        }
        before = now;
        at += width;
    }
    found
}

/// Whether the text cannot begin a plain scalar in block context.
fn begins_with_indicator(bytes: &[u8]) -> bool {
    match bytes {
        [] => false,
        [b'-', b'-', b'-', ..] | [b'.', b'.', b'.', ..] => true,
        [b'?' | b':' | b'-', rest @ ..] => matches!(rest.first(), None | Some(b' ' | b'\t')),
        [first, ..] => b"#,[]{}&*!|>'\"%@`".contains(first),
    }
}

/// go-yaml's idea of printable: no controls but LF, no BOM, no U+FFFE and U+FFFF, nothing beyond the basic plane.
pub(super) fn is_printable(bytes: &[u8], at: usize) -> bool {
    match bytes[at] {
        b'\n' | 0x20..=0x7E => true,
        0xC2 => bytes[at + 1] >= 0xA0,
        0xEF => !matches!((bytes[at + 1], bytes[at + 2]), (0xBB, 0xBF) | (0xBF, 0xBE | 0xBF)),
        0xC3..=0xEE => true,
        _ => false,
    }
}
