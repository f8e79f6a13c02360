//! Byte classes and line breaks of YAML 1.1.

/// Space or tab.
pub(crate) const BLANK: u8 = 1;
/// A byte that is or may begin a line break: CR, LF, and the lead bytes of NEL (C2 85), LS and PS (E2 80 A8/A9).
pub(crate) const BREAK: u8 = 1 << 1;
/// `,?[]{}`: ends a plain scalar inside a flow collection.
pub(crate) const FLOW: u8 = 1 << 2;
/// `:`
pub(crate) const COLON: u8 = 1 << 3;
/// May stand in an anchor, a tag handle or a directive name.
pub(crate) const WORD: u8 = 1 << 4;
/// May stand in a tag besides word characters.
pub(crate) const URI: u8 = 1 << 5;
/// A character that cannot begin a plain scalar (`-`, `?` and `:` may under conditions).
pub(crate) const INDICATOR: u8 = 1 << 6;

static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    table = mark(table, b" \t", BLANK);
    table = mark(table, b"\r\n\xC2\xE2", BREAK);
    table = mark(table, b",?[]{}", FLOW);
    table = mark(table, b":", COLON);
    table = mark(table, b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-", WORD);
    table = mark(table, b";/?:@&=+$,.!~*'()[]%", URI);
    mark(table, b"-?:,[]{}#&*!|>'\"%@`", INDICATOR)
}

const fn mark(mut table: [u8; 256], members: &[u8], class: u8) -> [u8; 256] {
    let mut index = 0;
    while index < members.len() {
        table[members[index] as usize] |= class;
        index += 1;
    }
    table
}

/// Whether the byte belongs to any of the classes in `mask`.
pub(crate) const fn is(byte: u8, mask: u8) -> bool {
    CLASSES[byte as usize] & mask != 0
}

/// The first index from `from` on whose byte is in `mask`, or the length.
pub(crate) fn find(bytes: &[u8], from: usize, mask: u8) -> usize {
    bytes[from..].iter().position(|&byte| is(byte, mask)).map_or(bytes.len(), |found| from + found)
}

/// The first index from `from` on whose byte is not in `mask`, or the length.
pub(crate) fn skip(bytes: &[u8], from: usize, mask: u8) -> usize {
    bytes[from..].iter().position(|&byte| !is(byte, mask)).map_or(bytes.len(), |found| from + found)
}

/// The number of bytes of the line break at `at`; zero where there is none. CR LF is one break.
pub(crate) fn break_width(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(b'\n') => 1,
        Some(b'\r') if bytes.get(at + 1) == Some(&b'\n') => 2,
        Some(b'\r') => 1,
        Some(0xC2) if bytes.get(at + 1) == Some(&0x85) => 2,
        Some(0xE2) if bytes.get(at + 1) == Some(&0x80) && matches!(bytes.get(at + 2), Some(0xA8 | 0xA9)) => 3,
        _ => 0,
    }
}

/// What a break of this width at `at` becomes in a scalar: LS and PS stay, all others become a line feed.
pub(crate) fn break_text(bytes: &[u8], at: usize) -> &'static str {
    match bytes[at] {
        0xE2 if bytes[at + 2] == 0xA8 => "\u{2028}",
        0xE2 => "\u{2029}",
        _ => "\n",
    }
}

/// The next line break from `from` on, or the length.
pub(crate) fn find_break(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    loop {
        at = find_start_of_break(bytes, at);
        if at == bytes.len() || break_width(bytes, at) > 0 {
            return at;
        }
        at += 1;
    }
}

/// The next byte that is or may begin a line break, or the length. Lines are passed over a block at a time, without a
/// branch for each byte.
fn find_start_of_break(bytes: &[u8], from: usize) -> usize {
    const BLOCK: usize = 16;
    let is_start = |byte: u8| (byte == b'\n') | (byte == b'\r') | (byte == 0xC2) | (byte == 0xE2);
    let clean_blocks = bytes[from..]
        .as_chunks::<BLOCK>()
        .0
        .iter()
        .take_while(|block| !block.iter().fold(false, |found, &byte| found | is_start(byte)))
        .count();
    find(bytes, from + clean_blocks * BLOCK, BREAK)
}

/// Whether a blank, a line break or the end of the input is at `at`.
pub(crate) fn is_blank_or_end(bytes: &[u8], at: usize) -> bool {
    match bytes.get(at) {
        None => true,
        Some(&byte) if !is(byte, BLANK | BREAK) => false,
        Some(&byte) => is(byte, BLANK) || break_width(bytes, at) > 0,
    }
}

/// Whether `---` or `...` followed by a blank, a break or the end is at `at`.
pub(crate) fn is_document_indicator(bytes: &[u8], at: usize) -> bool {
    let Some(head) = bytes.get(at..at + 3) else { return false };
    (head == b"---" || head == b"...") && is_blank_or_end(bytes, at + 3)
}
