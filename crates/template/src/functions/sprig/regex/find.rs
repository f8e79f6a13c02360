//! One match after the other, as Go steps from one to the next.

use std::ops::Range;

use regex::bytes::{CaptureLocations, Regex};

/// The matches. An empty one right behind another is none; after an empty one the search goes on a character later.
pub(super) fn matches<'a>(regex: &'a Regex, text: &'a [u8]) -> impl Iterator<Item = Range<usize>> + 'a {
    let mut search = 0;
    let mut last_end = None;
    std::iter::from_fn(move || {
        while search <= text.len() {
            let found = find_at(regex, text, search)?;
            let is_extra = found.is_empty() && last_end == Some(found.start);
            search = if found.end > search { found.end } else { search + character_length(text, search) };
            last_end = Some(found.end);
            if !is_extra {
                return Some(found);
            }
        }
        None
    })
}

fn find_at(regex: &Regex, text: &[u8], mut start: usize) -> Option<Range<usize>> {
    while start <= text.len() {
        let found = regex.find_at(text, start)?.range();
        if !(found.is_empty() && is_inside_character(text, found.start)) {
            return Some(found);
        }
        start = found.start + 1;
    }
    None
}

/// The first match from a place on, and its groups.
pub(super) fn find_with_groups(
    regex: &Regex,
    groups: &mut CaptureLocations,
    text: &[u8],
    mut start: usize,
) -> Option<Range<usize>> {
    while start <= text.len() {
        let found = regex.captures_read_at(groups, text, start)?.range();
        if !(found.is_empty() && is_inside_character(text, found.start)) {
            return Some(found);
        }
        start = found.start + 1;
    }
    None
}

/// Go matches characters, so that nothing begins or ends inside one.
fn is_inside_character(text: &[u8], place: usize) -> bool {
    if text.get(place).is_none_or(|byte| byte & 0xC0 != 0x80) {
        return false;
    }
    let first = (0..place).rev().take(3).find(|&start| text[start] & 0xC0 != 0x80);
    first.is_some_and(|start| start + character_length(text, start) > place)
}

/// The bytes of the character at a place; 1 at the end and where there is none.
pub(super) fn character_length(text: &[u8], place: usize) -> usize {
    let rest = &text[place.min(text.len())..];
    let next = &rest[..rest.len().min(4)];
    let valid = match str::from_utf8(next) {
        Ok(valid) => valid,
        Err(error) => str::from_utf8(&next[..error.valid_up_to()]).unwrap_or_default(),
    };
    valid.chars().next().map_or(1, char::len_utf8)
}
