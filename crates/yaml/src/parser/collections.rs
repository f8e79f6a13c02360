//! The states inside sequences and mappings.

use super::{Context, Parser, Result, State, event};
use crate::error::{Error, Mark};
use crate::event::{Event, EventKind};
use crate::token::TokenKind;

impl<'a> Parser<'a> {
    /// Takes an indicator; a node left out behind it is placed just behind it.
    fn take_indicator(&mut self) -> Mark {
        self.scanner.take().end_of_indicator()
    }

    fn end_collection(&mut self, kind: EventKind<'a>, start: Mark) -> Event<'a> {
        self.scanner.take();
        self.pop_state();
        event(kind, start)
    }

    pub(super) fn block_sequence_entry(&mut self) -> Result<Event<'a>> {
        let token = self.scanner.peek()?;
        let start = token.start;
        match token.kind {
            TokenKind::BlockEntry => {}
            TokenKind::BlockEnd => return Ok(self.end_collection(EventKind::SequenceEnd, start)),
            _ => return Err(Error::parser("did not find expected '-' indicator", start)),
        }
        let behind = self.take_indicator();
        match self.scanner.peek()?.kind {
            TokenKind::BlockEntry | TokenKind::BlockEnd => {
                Ok(self.empty_scalar(State::BlockSequenceEntry, behind))
            }
            _ => self.node_then(Context::Block, State::BlockSequenceEntry),
        }
    }

    pub(super) fn indentless_sequence_entry(&mut self) -> Result<Event<'a>> {
        let token = self.scanner.peek()?;
        if !matches!(token.kind, TokenKind::BlockEntry) {
            let start = token.start;
            self.pop_state();
            return Ok(event(EventKind::SequenceEnd, start));
        }
        let behind = self.take_indicator();
        match self.scanner.peek()?.kind {
            TokenKind::BlockEntry | TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                Ok(self.empty_scalar(State::IndentlessSequenceEntry, behind))
            }
            _ => self.node_then(Context::Block, State::IndentlessSequenceEntry),
        }
    }

    pub(super) fn block_mapping_key(&mut self) -> Result<Event<'a>> {
        let token = self.scanner.peek()?;
        let start = token.start;
        match token.kind {
            TokenKind::Key => {}
            TokenKind::BlockEnd => return Ok(self.end_collection(EventKind::MappingEnd, start)),
            _ => return Err(Error::parser("did not find expected key", start)),
        }
        self.scanner.take();
        match self.scanner.peek()?.kind {
            TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                Ok(self.empty_scalar(State::BlockMappingValue, start))
            }
            _ => self.node_then(Context::BlockOrIndentless, State::BlockMappingValue),
        }
    }

    pub(super) fn block_mapping_value(&mut self) -> Result<Event<'a>> {
        let token = self.scanner.peek()?;
        if !matches!(token.kind, TokenKind::Value) {
            let start = token.start;
            return Ok(self.empty_scalar(State::BlockMappingKey, start));
        }
        let behind = self.take_indicator();
        match self.scanner.peek()?.kind {
            TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                Ok(self.empty_scalar(State::BlockMappingKey, behind))
            }
            _ => self.node_then(Context::BlockOrIndentless, State::BlockMappingKey),
        }
    }

    pub(super) fn flow_sequence_entry(&mut self, first: bool) -> Result<Event<'a>> {
        self.flow_separator(
            first,
            |kind| matches!(kind, TokenKind::FlowSequenceEnd),
            "did not find expected ',' or ']'",
        )?;
        let token = self.scanner.peek()?;
        let start = token.start;
        match token.kind {
            TokenKind::FlowSequenceEnd => Ok(self.end_collection(EventKind::SequenceEnd, start)),
            TokenKind::Key => {
                self.scanner.take();
                self.state = State::FlowSequencePairKey;
                let properties = None;
                Ok(event(EventKind::MappingStart { flow: true, properties }, start))
            }
            _ => self.node_then(Context::Flow, State::FlowSequenceEntry),
        }
    }

    /// Takes the comma before every entry but the first.
    fn flow_separator(
        &mut self,
        first: bool,
        is_end: fn(&TokenKind<'a>) -> bool,
        problem: &str,
    ) -> Result<()> {
        let token = self.scanner.peek()?;
        if first || is_end(&token.kind) {
            return Ok(());
        }
        if !matches!(token.kind, TokenKind::FlowEntry) {
            return Err(Error::parser(problem, token.start));
        }
        self.scanner.take();
        Ok(())
    }

    /// `[a: b]` is a sequence of one mapping of one pair.
    pub(super) fn flow_sequence_pair_key(&mut self) -> Result<Event<'a>> {
        match self.scanner.peek()?.kind {
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowSequenceEnd => {
                // libyaml and go-yaml swallow the token here, so `[? , a]` fails later.
                let behind = self.take_indicator();
                Ok(self.empty_scalar(State::FlowSequencePairValue, behind))
            }
            _ => self.node_then(Context::Flow, State::FlowSequencePairValue),
        }
    }

    pub(super) fn flow_sequence_pair_value(&mut self) -> Result<Event<'a>> {
        let mut token = self.scanner.peek()?;
        if matches!(token.kind, TokenKind::Value) {
            self.scanner.take();
            token = self.scanner.peek()?;
            if !matches!(token.kind, TokenKind::FlowEntry | TokenKind::FlowSequenceEnd) {
                return self.node_then(Context::Flow, State::FlowSequencePairEnd);
            }
        }
        let start = token.start;
        Ok(self.empty_scalar(State::FlowSequencePairEnd, start))
    }

    pub(super) fn flow_sequence_pair_end(&mut self) -> Result<Event<'a>> {
        let start = self.scanner.peek()?.start;
        self.state = State::FlowSequenceEntry;
        Ok(event(EventKind::MappingEnd, start))
    }

    pub(super) fn flow_mapping_key(&mut self, first: bool) -> Result<Event<'a>> {
        self.flow_separator(
            first,
            |kind| matches!(kind, TokenKind::FlowMappingEnd),
            "did not find expected ',' or '}'",
        )?;
        let token = self.scanner.peek()?;
        let start = token.start;
        match token.kind {
            TokenKind::FlowMappingEnd => return Ok(self.end_collection(EventKind::MappingEnd, start)),
            TokenKind::Key => {}
            _ => return self.node_then(Context::Flow, State::FlowMappingEmptyValue),
        }
        self.scanner.take();
        let token = self.scanner.peek()?;
        let start = token.start;
        match token.kind {
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowMappingEnd => {
                Ok(self.empty_scalar(State::FlowMappingValue, start))
            }
            _ => self.node_then(Context::Flow, State::FlowMappingValue),
        }
    }

    pub(super) fn flow_mapping_value(&mut self) -> Result<Event<'a>> {
        let mut token = self.scanner.peek()?;
        if matches!(token.kind, TokenKind::Value) {
            self.scanner.take();
            token = self.scanner.peek()?;
            if !matches!(token.kind, TokenKind::FlowEntry | TokenKind::FlowMappingEnd) {
                return self.node_then(Context::Flow, State::FlowMappingKey);
            }
        }
        let start = token.start;
        Ok(self.empty_scalar(State::FlowMappingKey, start))
    }
}
