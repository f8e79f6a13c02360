//! How much work the tags that stand in a text make for an HTML parser.
//!
//! What HTML asks of parsers grows with the square of what they read, in three ways that a text of 512 KiB can make
//! minutes and gigabytes of: attributes are compared with each other, open elements are searched at each paragraph, and
//! open `b`, `i` and the like are opened again in each.

use pulldown_cmark::Event;

/// Bytes of tags and what stands between them in blocks of HTML: 20,000 attributes at most.
const MAX_BYTES: usize = 64 << 10;
/// Tags, each of which may stay open.
const MAX_TAGS: usize = 2000;
/// Elements that may be open, times the places where they are searched.
const MAX_SEARCHED: usize = 20_000_000;
/// Elements that are opened again, times the places where that happens.
const MAX_REOPENED: usize = 300_000;

/// The elements that are opened again wherever they were not closed, but for `a` and `nobr`, which close themselves.
const FORMATTING: [&str; 12] =
    ["b", "big", "code", "em", "font", "i", "s", "small", "strike", "strong", "tt", "u"];
/// How many equal ones are opened again.
const EQUAL: usize = 3;

/// The tags of a text.
#[derive(Default)]
pub(super) struct RawHtml {
    bytes: usize,
    tags: usize,
    /// Formatting elements with attributes, which no other may be equal to.
    formatting: usize,
    /// Formatting elements without attributes, each once.
    plain: [bool; FORMATTING.len()],
    places: usize,
}

impl RawHtml {
    /// Counts one event.
    pub(super) fn count(&mut self, event: &Event<'_>) {
        match event {
            Event::Start(_) => self.places += 1,
            Event::Html(html) | Event::InlineHtml(html) => {
                self.bytes += html.len();
                html.split('<').skip(1).for_each(|tag| self.count_tag(tag));
            }
            _ => {}
        }
    }

    fn count_tag(&mut self, tag: &str) {
        self.tags += 1;
        let length = tag.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tag.len());
        let (name, rest) = tag.split_at(length);
        let Some(index) = FORMATTING.iter().position(|element| name.eq_ignore_ascii_case(element)) else {
            return;
        };
        if rest.starts_with('>') {
            self.plain[index] = true;
        } else {
            self.formatting += 1;
        }
    }

    /// Whether the tags had better be shown than obeyed.
    pub(super) fn is_too_much(&self) -> bool {
        let plain = self.plain.iter().filter(|used| **used).count();
        let reopened = (self.formatting + plain * EQUAL).saturating_mul(self.places + self.tags);
        let searched = self.tags.saturating_mul(self.places);
        self.bytes > MAX_BYTES || self.tags > MAX_TAGS || searched > MAX_SEARCHED || reopened > MAX_REOPENED
    }
}
