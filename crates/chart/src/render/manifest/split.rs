//! Where one document ends and the next begins.

use super::Compat;

/// What stands between documents, at the start of a line.
const MARK: &str = "---";

/// The documents of a file, in order, as the text that Helm keeps of each.
///
/// Helm splits before it reads YAML: `---` at the start of a line separates even when more follows on that line.
#[must_use]
pub fn split(content: &str, compat: Compat) -> Vec<&str> {
    match compat {
        Compat::Helm3 | Compat::Helm40 => {
            // Whether a document is empty is asked before white space beyond ASCII is trimmed.
            pieces_between_blanks(content.trim()).filter(|piece| !piece.is_empty()).map(str::trim).collect()
        }
        Compat::Helm42 => with_text(pieces_between_blanks(content.trim_start())),
        Compat::Helm43 => with_text(pieces_by_line(content.trim_start())),
    }
}

fn with_text<'a>(pieces: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    pieces.map(str::trim_start).filter(|piece| !piece.is_empty()).collect()
}

fn is_blank(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\u{c}' | '\r' | ' ')
}

/// The separator takes all ASCII white space around it. One at the very start needs no line end before it.
fn pieces_between_blanks(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text.strip_prefix(MARK).map_or(text, |after| after.trim_start_matches(is_blank)));
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.find("\n---") else {
            rest = None;
            return Some(text);
        };
        rest = Some(text[end + 1 + MARK.len()..].trim_start_matches(is_blank));
        Some(text[..end].trim_end_matches(is_blank))
    })
}

/// The separator is the mark at the start of a line and the blanks after it.
fn pieces_by_line(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    let mut at_start = true;
    std::iter::from_fn(move || {
        let text = rest?;
        let start = std::mem::take(&mut at_start) && text.starts_with(MARK);
        let end = if start { Some(0) } else { text.find("\n---").map(|end| end + 1) };
        rest = end.map(|end| text[end + MARK.len()..].trim_start_matches([' ', '\t']));
        Some(&text[..end.unwrap_or(text.len())])
    })
}
