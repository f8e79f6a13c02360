//! Parts of a large document that are handed out as soon as they are complete.

use serde_json::Value;

use super::{Decoder, Frame};
use crate::error::Mark;

/// An item of a list that stands at `key: {name: [item, …]}` below the root of a document.
#[derive(Debug)]
pub struct Part<'p> {
    /// The key in the root.
    pub key: &'p str,
    /// The key of the list.
    pub name: &'p str,
    /// The place in the list, from zero.
    pub index: usize,
    /// The item.
    pub value: Value,
    /// The text between the start of a mapping or list and its end: the same text, the same value. `None` where that
    /// does not hold (there are anchors before it) or where the item is a scalar.
    pub source: Option<&'p str>,
}

/// Who takes the parts, and which one is being read.
pub(crate) struct Parts<'s, 'a> {
    pub(crate) text: &'a str,
    pub(crate) is_wanted: &'s dyn Fn(&str) -> bool,
    pub(crate) take: &'s mut dyn FnMut(Part<'_>),
    is_inside: bool,
    index: usize,
    start: usize,
}

impl<'s, 'a> Parts<'s, 'a> {
    /// `text` is what the parser reads.
    pub(crate) fn new(
        text: &'a str,
        is_wanted: &'s dyn Fn(&str) -> bool,
        take: &'s mut dyn FnMut(Part<'_>),
    ) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self { text, is_wanted, take, is_inside: false, index: 0, start: 0 }
    }
}

/// How many collections are open around a part: the root, the mapping of lists, the list.
const DEPTH: usize = 3;

impl Decoder<'_, '_, '_, '_> {
    /// Whether what is delivered now is a part. Below a merge (`<<`) there are more collections open, so that nothing
    /// which another key could replace is handed out.
    pub(super) fn is_at_part(&self) -> bool {
        self.frames.len() == DEPTH
            && matches!(self.frames[DEPTH - 1], Frame::Sequence(_))
            && self.parts.as_ref().is_some_and(|parts| parts.is_inside)
    }

    /// Remembers where a part begins.
    pub(super) fn note_part(&mut self, mark: Mark) {
        if self.is_at_part()
            && let Some(parts) = &mut self.parts
        {
            parts.start = mark.offset;
        }
    }

    /// Looks whether parts are below a collection that is about to be opened.
    pub(super) fn enter_part(&mut self, frame: &Frame) {
        let Some(parts) = &mut self.parts else { return };
        match (self.frames.as_slice(), frame) {
            ([Frame::Mapping(root)], Frame::Mapping(_)) => {
                parts.is_inside = root.key.as_ref().is_some_and(|key| (parts.is_wanted)(&key.text));
            }
            ([_], _) => parts.is_inside = false,
            ([_, _], _) => parts.index = 0,
            _ => {}
        }
    }

    pub(super) fn hand_out(&mut self, value: Value, end: Mark) {
        let has_anchors = self.source.has_anchors();
        let [Frame::Mapping(root), Frame::Mapping(lists), ..] = self.frames.as_slice() else { return };
        let (Some(key), Some(name), Some(parts)) = (&root.key, &lists.key, &mut self.parts) else { return };
        let source = match value {
            Value::Object(_) | Value::Array(_) if !has_anchors => parts.text.get(parts.start..end.offset),
            _ => None,
        };
        let source = source.map(str::trim_end);
        (parts.take)(Part { key: &key.text, name: &name.text, index: parts.index, value, source });
        parts.index += 1;
    }
}
