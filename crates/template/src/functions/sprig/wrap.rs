//! Lines of limited length.

use super::support::made;
use crate::error::Error;
use crate::exec::Call;
use crate::functions::Functions;
use crate::value::Text;

pub(super) fn add(functions: &mut Functions) {
    functions
        .add("wrap", |call: &mut Call<'_>, width: isize, text: Text| wrap(call, width, b"\n", false, &text));
    functions.add("wrapWith", |call: &mut Call<'_>, width: isize, line_end: Text, text: Text| {
        let line_end: &[u8] = if line_end.is_empty() { b"\n" } else { &line_end };
        wrap(call, width, line_end, true, &text)
    });
}

/// Breaks a text at the last space that leaves a line of at most `width` bytes; longer words stay whole or are cut.
fn wrap(call: &Call<'_>, width: isize, line_end: &[u8], cut_words: bool, text: &[u8]) -> Result<Text, Error> {
    let width = usize::try_from(width).unwrap_or(0).max(1);
    call.budget().claim((text.len() / width).saturating_mul(line_end.len()))?;
    let mut lines = Vec::with_capacity(text.len());
    let mut rest = text;
    while rest.len() > width {
        if rest[0] == b' ' {
            rest = &rest[1..];
            continue;
        }
        let (line, after) = match memchr::memrchr(b' ', &rest[..=width]) {
            Some(space) => (space, space + 1),
            None if cut_words => (width, width),
            None => match memchr::memchr(b' ', &rest[width..]) {
                Some(space) => (width + space, width + space + 1),
                None => break,
            },
        };
        lines.extend_from_slice(&rest[..line]);
        lines.extend_from_slice(line_end);
        rest = &rest[after..];
    }
    lines.extend_from_slice(rest);
    made(call, lines)
}
