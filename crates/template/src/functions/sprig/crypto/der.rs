//! As much of ASN.1's distinguished encoding (X.690) as keys and certificates need.

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const UTF_8_STRING: u8 = 0x0c;
pub(super) const PRINTABLE_STRING: u8 = 0x13;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// The tag of an explicitly tagged element of a structure.
pub(super) const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// An element: its tag, the length of its content, its content.
pub(super) fn element(tag: u8, content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    let mut out = vec![tag];
    if let Ok(length @ 0..0x80) = u8::try_from(content.len()) {
        out.push(length);
    } else {
        let bytes = content.len().to_be_bytes();
        let bytes = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
        out.push(0x80 | u8::try_from(bytes.len()).unwrap_or_default());
        out.extend_from_slice(bytes);
    }
    out.extend_from_slice(&content);
    out
}

pub(super) fn sequence(content: &[&[u8]]) -> Vec<u8> {
    element(SEQUENCE, content)
}

/// An integer that is not negative, from its bytes.
pub(super) fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let bytes = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
    let needs_zero = bytes.first().is_none_or(|byte| *byte >= 0x80);
    element(INTEGER, &[if needs_zero { &[0] } else { &[] }, bytes])
}

/// A bit string of whole bytes.
pub(super) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    element(BIT_STRING, &[&[0], bytes])
}

/// An element that was read.
#[derive(Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    /// With its tag and length.
    pub(super) whole: &'a [u8],
}

/// Reads one element and returns it with what follows it; `None` if it is cut off or longer than memory.
pub(super) fn read(bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let (length, rest) = rest
            .split_at_checked(usize::from(first & 0x7f))
            .filter(|(length, _)| (1..=size_of::<usize>()).contains(&length.len()))?;
        (length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
    };
    let (content, behind) = rest.split_at_checked(length)?;
    let whole = &bytes[..bytes.len() - behind.len()];
    Some((Element { tag: *tag, content, whole }, behind))
}

/// The elements of a structure; `None` if one is broken.
pub(super) fn elements(mut content: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut found = Vec::new();
    while !content.is_empty() {
        let (element, rest) = read(content)?;
        found.push(element);
        content = rest;
    }
    Some(found)
}
