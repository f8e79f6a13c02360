//! Tokens to events: the grammar of YAML 1.1 as libyaml and go-yaml v2 implement it.

mod collections;

use std::borrow::Cow;

use crate::error::{Error, Mark};
use crate::event::{Event, EventKind, Properties, ScalarStyle};
use crate::limits::Limits;
use crate::scanner::Scanner;
use crate::token::{TagParts, Token, TokenKind};

type Result<T> = std::result::Result<T, Error>;

/// A pull parser: an iterator over the [`Event`]s of a YAML stream.
///
/// The events borrow from the text where they can. Memory grows only with the nesting depth, so a stream of any length
/// can be read. After an error or [`EventKind::StreamEnd`] the iterator is at its end.
pub struct Parser<'a> {
    scanner: Scanner<'a>,
    state: State,
    states: Vec<State>,
    tag_directives: Vec<TagParts<'a>>,
}

/// They are searched one by one for each tag, so their number is bounded; real documents have none.
const MOST_TAG_DIRECTIVES: usize = 100;

/// What the grammar expects next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    StreamStart,
    FirstDocumentStart,
    DocumentStart,
    DocumentContent,
    DocumentEnd,
    BlockNode,
    BlockSequenceFirst,
    BlockSequenceEntry,
    IndentlessSequenceEntry,
    BlockMappingFirst,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequenceFirst,
    FlowSequenceEntry,
    FlowSequencePairKey,
    FlowSequencePairValue,
    FlowSequencePairEnd,
    FlowMappingFirst,
    FlowMappingKey,
    FlowMappingValue,
    FlowMappingEmptyValue,
    End,
}

/// Where a node stands decides which collections may begin there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    Flow,
    Block,
    /// A block mapping's key or value: a sequence may begin at the mapping's own indentation.
    BlockOrIndentless,
}

impl<'a> Parser<'a> {
    /// A parser at the start of `text`, with the depth limit of `limits`.
    #[must_use]
    pub fn new(text: &'a str, limits: &Limits) -> Self {
        Self {
            scanner: Scanner::new(text, limits.depth),
            state: State::StreamStart,
            states: Vec::new(),
            tag_directives: Vec::new(),
        }
    }

    /// The next event, or `None` behind the end of the stream or an error.
    ///
    /// # Errors
    /// The first fault of the text, with go-yaml's words.
    pub fn next_event(&mut self) -> Option<Result<Event<'a>>> {
        if self.state == State::End {
            return None;
        }
        let event = self.step();
        if event.is_err() {
            self.state = State::End;
        }
        Some(event)
    }

    fn step(&mut self) -> Result<Event<'a>> {
        match self.state {
            State::StreamStart => {
                self.state = State::FirstDocumentStart;
                Ok(event(EventKind::StreamStart, Mark::default()))
            }
            State::FirstDocumentStart => self.document_start(true),
            State::DocumentStart => self.document_start(false),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::BlockNode => self.node(Context::Block),
            State::BlockSequenceFirst => {
                self.take()?;
                self.block_sequence_entry()
            }
            State::BlockSequenceEntry => self.block_sequence_entry(),
            State::IndentlessSequenceEntry => self.indentless_sequence_entry(),
            State::BlockMappingFirst => {
                self.take()?;
                self.block_mapping_key()
            }
            State::BlockMappingKey => self.block_mapping_key(),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequenceFirst => {
                self.take()?;
                self.flow_sequence_entry(true)
            }
            State::FlowSequenceEntry => self.flow_sequence_entry(false),
            State::FlowSequencePairKey => self.flow_sequence_pair_key(),
            State::FlowSequencePairValue => self.flow_sequence_pair_value(),
            State::FlowSequencePairEnd => self.flow_sequence_pair_end(),
            State::FlowMappingFirst => {
                self.take()?;
                self.flow_mapping_key(true)
            }
            State::FlowMappingKey => self.flow_mapping_key(false),
            State::FlowMappingValue => self.flow_mapping_value(),
            State::FlowMappingEmptyValue => {
                let mark = self.scanner.peek()?.start;
                Ok(self.empty_scalar(State::FlowMappingKey, mark))
            }
            State::End => unreachable!("next_event stops at the end"),
        }
    }

    fn take(&mut self) -> Result<Token<'a>> {
        self.scanner.peek()?;
        Ok(self.scanner.take())
    }

    fn pop_state(&mut self) {
        self.state = self.states.pop().expect("every node was entered with a state to return to");
    }

    fn document_start(&mut self, first: bool) -> Result<Event<'a>> {
        if !first {
            while matches!(self.scanner.peek()?.kind, TokenKind::DocumentEnd) {
                self.scanner.take();
            }
        }
        let token = self.scanner.peek()?;
        let start = token.start;
        match token.kind {
            TokenKind::StreamEnd => {
                self.state = State::End;
                Ok(event(EventKind::StreamEnd, start))
            }
            TokenKind::VersionDirective { .. } | TokenKind::TagDirective(_) | TokenKind::DocumentStart => {
                self.explicit_document(start)
            }
            _ if first => {
                self.add_default_tag_directives();
                self.states.push(State::DocumentEnd);
                self.state = State::BlockNode;
                Ok(event(EventKind::DocumentStart { implicit: true }, start))
            }
            _ => self.explicit_document(start),
        }
    }

    fn explicit_document(&mut self, start: Mark) -> Result<Event<'a>> {
        self.process_directives()?;
        let token = self.scanner.peek()?;
        if !matches!(token.kind, TokenKind::DocumentStart) {
            return Err(Error::parser("did not find expected <document start>", token.start));
        }
        self.scanner.take();
        self.states.push(State::DocumentEnd);
        self.state = State::DocumentContent;
        Ok(event(EventKind::DocumentStart { implicit: false }, start))
    }

    fn process_directives(&mut self) -> Result<()> {
        let mut versioned = false;
        loop {
            let token = self.scanner.peek()?;
            let start = token.start;
            match token.kind {
                TokenKind::VersionDirective { .. } if versioned => {
                    return Err(Error::parser("found duplicate %YAML directive", start));
                }
                TokenKind::VersionDirective { major: 1, minor: 1 } => versioned = true,
                TokenKind::VersionDirective { .. } => {
                    return Err(Error::parser("found incompatible YAML document", start));
                }
                TokenKind::TagDirective(_) => {}
                _ => break,
            }
            if let TokenKind::TagDirective(parts) = self.scanner.take().kind {
                if self.tag_directives.len() == MOST_TAG_DIRECTIVES {
                    let problem = format!("document has more than {MOST_TAG_DIRECTIVES} %TAG directives");
                    return Err(Error::limit(&problem, Some(start)));
                }
                if self.tag_directives.iter().any(|known| known.handle == parts.handle) {
                    return Err(Error::parser("found duplicate %TAG directive", start));
                }
                self.tag_directives.push(*parts);
            }
        }
        self.add_default_tag_directives();
        Ok(())
    }

    fn add_default_tag_directives(&mut self) {
        for (handle, rest) in [("!", "!"), ("!!", "tag:yaml.org,2002:")] {
            if !self.tag_directives.iter().any(|known| known.handle == handle) {
                self.tag_directives.push(TagParts { handle, rest: Cow::Borrowed(rest) });
            }
        }
    }

    fn document_content(&mut self) -> Result<Event<'a>> {
        let token = self.scanner.peek()?;
        let start = token.start;
        match token.kind {
            TokenKind::VersionDirective { .. }
            | TokenKind::TagDirective(_)
            | TokenKind::DocumentStart
            | TokenKind::DocumentEnd
            | TokenKind::StreamEnd => {
                self.pop_state();
                Ok(self.empty_scalar(self.state, start))
            }
            _ => self.node(Context::Block),
        }
    }

    fn document_end(&mut self) -> Result<Event<'a>> {
        let token = self.scanner.peek()?;
        let start = token.start;
        let implicit = !matches!(token.kind, TokenKind::DocumentEnd);
        if !implicit {
            self.scanner.take();
        }
        self.tag_directives.clear();
        self.state = State::DocumentStart;
        Ok(event(EventKind::DocumentEnd { implicit }, start))
    }

    /// A node, after which the grammar goes on in state `then`.
    fn node_then(&mut self, context: Context, then: State) -> Result<Event<'a>> {
        self.states.push(then);
        self.node(context)
    }

    fn node(&mut self, context: Context) -> Result<Event<'a>> {
        let mut start = self.scanner.peek()?.start;
        if matches!(self.scanner.peek()?.kind, TokenKind::Alias(_)) {
            return self.alias(start);
        }
        let properties = self.properties()?;
        let token = self.scanner.peek()?;
        if properties.is_none() {
            start = token.start;
        }
        let kind = match &token.kind {
            TokenKind::Scalar { .. } => return self.scalar(properties, start),
            TokenKind::FlowSequenceStart => (State::FlowSequenceFirst, true),
            TokenKind::FlowMappingStart => (State::FlowMappingFirst, true),
            TokenKind::BlockEntry if context == Context::BlockOrIndentless => {
                (State::IndentlessSequenceEntry, false)
            }
            TokenKind::BlockSequenceStart if context != Context::Flow => (State::BlockSequenceFirst, false),
            TokenKind::BlockMappingStart if context != Context::Flow => (State::BlockMappingFirst, false),
            _ if properties.is_some() => {
                self.pop_state();
                return Ok(event(
                    EventKind::Scalar { value: Cow::Borrowed(""), style: ScalarStyle::Plain, properties },
                    start,
                ));
            }
            _ => return Err(Error::parser("did not find expected node content", token.start)),
        };
        let (state, flow) = kind;
        self.state = state;
        let is_mapping = matches!(state, State::FlowMappingFirst | State::BlockMappingFirst);
        let kind = match is_mapping {
            true => EventKind::MappingStart { flow, properties },
            false => EventKind::SequenceStart { flow, properties },
        };
        Ok(event(kind, start))
    }

    fn alias(&mut self, start: Mark) -> Result<Event<'a>> {
        self.pop_state();
        match self.take()?.kind {
            TokenKind::Alias(name) => Ok(event(EventKind::Alias(name), start)),
            _ => unreachable!("peek showed an alias"),
        }
    }

    fn scalar(&mut self, properties: Option<Box<Properties<'a>>>, start: Mark) -> Result<Event<'a>> {
        self.pop_state();
        match self.take()?.kind {
            TokenKind::Scalar { value, style } => {
                Ok(event(EventKind::Scalar { value, style, properties }, start))
            }
            _ => unreachable!("peek showed a scalar"),
        }
    }

    /// An anchor, a tag, or both in either order.
    fn properties(&mut self) -> Result<Option<Box<Properties<'a>>>> {
        let mut anchor = None;
        let mut tag = None;
        loop {
            let token = self.scanner.peek()?;
            let start = token.start;
            match token.kind {
                TokenKind::Anchor(name) if anchor.is_none() => {
                    anchor = Some(name);
                    self.scanner.take();
                }
                TokenKind::Tag(_) if tag.is_none() => {
                    if let TokenKind::Tag(parts) = self.scanner.take().kind {
                        tag = Some((parts, start));
                    }
                }
                _ => break,
            }
        }
        if anchor.is_none() && tag.is_none() {
            return Ok(None);
        }
        let tag = tag.map(|(parts, start)| self.resolve_tag(*parts, start)).transpose()?;
        let tag = tag.filter(|tag| !tag.is_empty());
        Ok(Some(Box::new(Properties { anchor, tag })))
    }

    fn resolve_tag(&self, parts: TagParts<'a>, start: Mark) -> Result<Cow<'a, str>> {
        if parts.handle.is_empty() {
            return Ok(parts.rest);
        }
        let directive = self.tag_directives.iter().find(|known| known.handle == parts.handle);
        match directive {
            Some(directive) if directive.rest.len() + parts.rest.len() > 0 => {
                Ok(Cow::Owned(format!("{}{}", directive.rest, parts.rest)))
            }
            _ => Err(Error::parser("found undefined tag handle", start)),
        }
    }

    /// A node that was left out, after which the grammar goes on in state `then`.
    fn empty_scalar(&mut self, then: State, mark: Mark) -> Event<'a> {
        self.state = then;
        let kind =
            EventKind::Scalar { value: Cow::Borrowed(""), style: ScalarStyle::Plain, properties: None };
        event(kind, mark)
    }
}

impl<'a> Iterator for Parser<'a> {
    type Item = Result<Event<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_event()
    }
}

fn event(kind: EventKind<'_>, start: Mark) -> Event<'_> {
    Event { kind, start }
}
