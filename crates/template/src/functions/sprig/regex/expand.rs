//! The `$1` and `${name}` of replacements.

use regex::bytes::CaptureLocations;

use super::super::support::runes;
use super::super::unicode::{is_digit, is_letter};

/// A piece of a replacement.
pub(super) enum Piece<'a> {
    Literal(&'a [u8]),
    /// The text of a group; of several with one name the first that took part.
    Groups(Vec<usize>),
}

/// The pieces of a replacement. A name is as long as letters, digits and `_` go (`$1W` is the group `1W`); a name that
/// no group has gives nothing.
pub(super) fn parse<'a>(new: &'a [u8], names: &[String]) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let mut rest = new;
    while let Some(dollar) = memchr::memchr(b'$', rest) {
        let (before, after) = (&rest[..dollar], &rest[dollar + 1..]);
        pieces.push(Piece::Literal(before));
        if after.first() == Some(&b'$') {
            pieces.push(Piece::Literal(b"$"));
            rest = &after[1..];
        } else if let Some((name, length)) = reference(after) {
            pieces.push(Piece::Groups(groups(name, names)));
            rest = &after[length..];
        } else {
            pieces.push(Piece::Literal(b"$"));
            rest = after;
        }
    }
    pieces.push(Piece::Literal(rest));
    pieces
}

/// The name that follows a `$`, and the bytes it takes with its braces.
fn reference(text: &[u8]) -> Option<(&[u8], usize)> {
    let braces = usize::from(text.first() == Some(&b'{'));
    let mut length = 0;
    for (character, size) in runes(&text[braces..]) {
        if !(is_letter(character) || is_digit(character) || character == '_') {
            break;
        }
        length += size;
    }
    let name = &text[braces..braces + length];
    if name.is_empty() || braces == 1 && text.get(1 + length) != Some(&b'}') {
        return None;
    }
    Some((name, length + 2 * braces))
}

/// A number without leading zeros is the group's place.
fn groups(name: &[u8], names: &[String]) -> Vec<usize> {
    let is_number = name.iter().all(u8::is_ascii_digit) && !(name.len() > 1 && name[0] == b'0');
    let number = str::from_utf8(name).ok().filter(|_| is_number).and_then(|name| name.parse::<u32>().ok());
    // Go gives up on numbers from 1e8 on and looks for them among the names.
    match number.filter(|&number| number < 1_000_000_000) {
        Some(number) => vec![number as usize],
        None => (0..names.len()).filter(|&index| names[index].as_bytes() == name).collect(),
    }
}

/// Appends the replacement of one match.
pub(super) fn push(result: &mut Vec<u8>, pieces: &[Piece<'_>], text: &[u8], groups: &CaptureLocations) {
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => result.extend_from_slice(literal),
            Piece::Groups(places) => {
                if let Some((start, end)) = places.iter().find_map(|&place| groups.get(place)) {
                    result.extend_from_slice(&text[start..end]);
                }
            }
        }
    }
}
