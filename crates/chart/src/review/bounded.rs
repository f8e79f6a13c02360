//! Lists and texts that stay small, whatever a package holds.

use serde::{Deserialize, Serialize};

/// A list that was cut where it grew too long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capped<T> {
    /// The entries that are kept.
    pub items: Vec<T>,
    /// How many more there were.
    #[serde(default)]
    pub left_out: u64,
}

impl<T> Default for Capped<T> {
    fn default() -> Self {
        Self { items: Vec::new(), left_out: 0 }
    }
}

/// The most entries of a list.
pub(super) const MOST_ENTRIES: usize = 500;

/// The most bytes of a name, a path or a field.
pub(super) const LONGEST_NAME: usize = 300;

/// The most bytes of a message.
pub(super) const LONGEST_MESSAGE: usize = 2_000;

/// Fills a list up to a number of entries and to a number of bytes, as they are in JSON.
pub(super) struct Filler<T> {
    list: Capped<T>,
    bytes_left: usize,
}

impl<T: Serialize> Filler<T> {
    pub(super) fn new(bytes: usize) -> Self {
        Self { list: Capped::default(), bytes_left: bytes }
    }

    /// Takes an entry, or counts it as left out.
    pub(super) fn push(&mut self, item: T) {
        if let Err(_item) = self.try_push(item) {
            self.list.left_out += 1;
        }
    }

    /// Takes an entry, or gives it back uncounted.
    pub(super) fn try_push(&mut self, item: T) -> Result<(), T> {
        if self.list.items.len() >= MOST_ENTRIES {
            return Err(item);
        }
        // One more for the comma.
        let size = serde_json::to_vec(&item).map_or(usize::MAX, |json| json.len() + 1);
        match self.bytes_left.checked_sub(size) {
            None => Err(item),
            Some(left) => {
                self.bytes_left = left;
                self.list.items.push(item);
                Ok(())
            }
        }
    }

    pub(super) fn finish(self) -> Capped<T> {
        self.list
    }
}

impl<T> Capped<T> {
    /// The entries of two lists.
    pub(super) fn followed_by(mut self, other: Self) -> Self {
        let room = MOST_ENTRIES - self.items.len().min(MOST_ENTRIES);
        let beyond = other.items.len().saturating_sub(room) as u64;
        self.items.extend(other.items.into_iter().take(room));
        self.left_out += other.left_out + beyond;
        self
    }
}

impl<T: Serialize> Capped<T> {
    /// The first of the entries that take no more than so many bytes together.
    pub(super) fn collect(items: impl IntoIterator<Item = T>, bytes: usize) -> Self {
        let mut filler = Filler::new(bytes);
        items.into_iter().for_each(|item| filler.push(item));
        filler.finish()
    }
}

/// The text, cut to so many bytes, with a note of how many more there were.
pub(super) fn cut(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let kept = &text[..text.floor_char_boundary(bytes)];
    format!("{kept}… ({} bytes left out)", text.len() - kept.len())
}

/// The lines that fit into so many bytes; whether any was left out.
pub(super) fn cut_lines(text: &str, bytes: usize) -> (String, bool) {
    if text.len() <= bytes {
        return (text.to_owned(), false);
    }
    let kept = &text[..text.floor_char_boundary(bytes)];
    (kept[..kept.rfind('\n').map_or(0, |end| end + 1)].to_owned(), true)
}

/// A list of words, cut to a few, with a note of how many more there were.
pub(super) fn few(words: &[String]) -> Vec<String> {
    const FEW: usize = 50;
    let mut kept: Vec<String> = words.iter().take(FEW).map(|word| cut(word, LONGEST_NAME)).collect();
    if words.len() > FEW {
        kept.push(format!("… ({} left out)", words.len() - FEW));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_end_at_their_bytes_and_entries() {
        let list = Capped::collect(["aa", "a text of many bytes", "b"].map(str::to_owned), 12);
        assert_eq!(list, Capped { items: vec!["aa".to_owned(), "b".to_owned()], left_out: 1 });
        let list = Capped::collect(0..MOST_ENTRIES + 7, usize::MAX);
        assert_eq!((list.items.len(), list.left_out), (MOST_ENTRIES, 7));
    }

    #[test]
    fn texts_end_at_characters_and_lines() {
        assert_eq!(cut("äöü", 6), "äöü");
        assert_eq!(cut("äöü", 3), "ä… (4 bytes left out)");
        assert_eq!(cut_lines("ab\ncd\n", 5), ("ab\n".to_owned(), true));
        assert_eq!(cut_lines("abcd", 3), (String::new(), true));
        assert_eq!(cut_lines("ab\n", 3), ("ab\n".to_owned(), false));
        let many = vec!["x".to_owned(); 52];
        assert_eq!(few(&many).last().map(String::as_str), Some("… (2 left out)"));
    }
}
