//! What the parser yields.

use std::borrow::Cow;

use crate::error::Mark;

/// How a scalar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScalarStyle {
    /// Without quotes.
    Plain,
    /// `'text'`
    SingleQuoted,
    /// `"text"`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// Anchor and tag of a node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Properties<'a> {
    /// The name after `&`.
    pub anchor: Option<&'a str>,
    /// The resolved tag: `!!str` reads `tag:yaml.org,2002:str`; local tags keep their `!`.
    pub tag: Option<Cow<'a, str>>,
}

/// One step through a YAML stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event<'a> {
    /// What begins, ends or stands here.
    pub kind: EventKind<'a>,
    /// Where it begins.
    pub start: Mark,
}

/// The kinds of events, as libyaml names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind<'a> {
    /// The start of the input; always the first event.
    StreamStart,
    /// The end of the input; always the last event.
    StreamEnd,
    /// A document begins, without `---` if `implicit`.
    DocumentStart {
        /// No `---` and no directive was written.
        implicit: bool,
    },
    /// A document ends, without `...` if `implicit`.
    DocumentEnd {
        /// No `...` was written.
        implicit: bool,
    },
    /// `*name`
    Alias(&'a str),
    /// A scalar; an empty plain one stands for a node that was left out.
    Scalar {
        /// The text after unquoting and folding; borrowed from the input when it stands there unchanged.
        value: Cow<'a, str>,
        /// How it was written.
        style: ScalarStyle,
        /// Anchor and tag, if any was written.
        properties: Option<Box<Properties<'a>>>,
    },
    /// A sequence begins.
    SequenceStart {
        /// Written as `[…]`.
        flow: bool,
        /// Anchor and tag, if any was written.
        properties: Option<Box<Properties<'a>>>,
    },
    /// The innermost open sequence ends.
    SequenceEnd,
    /// A mapping begins; keys and values follow in turn.
    MappingStart {
        /// Written as `{…}`.
        flow: bool,
        /// Anchor and tag, if any was written.
        properties: Option<Box<Properties<'a>>>,
    },
    /// The innermost open mapping ends.
    MappingEnd,
}
