//! Bytes as Go reads them: characters, and single bytes that are none.

/// The characters of a text with their lengths in bytes; `None` for each byte that is not part of one.
pub(crate) fn runes(bytes: &[u8]) -> impl Iterator<Item = (Option<char>, usize)> + '_ {
    bytes.utf8_chunks().flat_map(|chunk| {
        let valid = chunk.valid().chars().map(|character| (Some(character), character.len_utf8()));
        valid.chain(chunk.invalid().iter().map(|_| (None, 1)))
    })
}

/// The number of characters, where each byte that is not part of one counts as one.
pub(super) fn count(bytes: &[u8]) -> usize {
    if bytes.is_ascii() { bytes.len() } else { runes(bytes).count() }
}

/// The first characters.
pub(super) fn first(bytes: &[u8], characters: usize) -> &[u8] {
    if bytes.len() <= characters {
        return bytes;
    }
    let length = runes(bytes).take(characters).map(|(_, length)| length).sum();
    &bytes[..length]
}

/// Appends a character.
pub(super) fn push(output: &mut Vec<u8>, character: char) {
    output.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

/// The character of a number, if it has one.
pub(super) fn character(code_point: u64) -> Option<char> {
    u32::try_from(code_point).ok().and_then(char::from_u32)
}
