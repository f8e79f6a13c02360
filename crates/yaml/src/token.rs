//! What the scanner hands to the parser.

use std::borrow::Cow;

use crate::error::Mark;
use crate::event::ScalarStyle;

#[derive(Debug)]
pub(crate) struct Token<'a> {
    pub(crate) kind: TokenKind<'a>,
    pub(crate) start: Mark,
}

#[derive(Debug)]
pub(crate) enum TokenKind<'a> {
    StreamEnd,
    VersionDirective { major: u8, minor: u8 },
    TagDirective(Box<TagParts<'a>>),
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(&'a str),
    Anchor(&'a str),
    Tag(Box<TagParts<'a>>),
    Scalar { value: Cow<'a, str>, style: ScalarStyle },
}

/// A tag's handle and suffix, or a `%TAG` directive's handle and prefix.
#[derive(Debug)]
pub(crate) struct TagParts<'a> {
    pub(crate) handle: &'a str,
    pub(crate) rest: Cow<'a, str>,
}

impl Token<'_> {
    /// The place just behind a one-character indicator: where go-yaml puts a node that was left out.
    pub(crate) fn end_of_indicator(&self) -> Mark {
        Mark { offset: self.start.offset + 1, column: self.start.column + 1, ..self.start }
    }
}
