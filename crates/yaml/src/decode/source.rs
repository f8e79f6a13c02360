//! The nodes of a document in decoding order: parser events, and recorded ones where an alias repeats them.

use std::collections::HashMap;

use super::scalar::Scalar;
use crate::error::{Error, Mark};
use crate::event::{EventKind, Properties};
use crate::parser::Parser;

type Result<T> = std::result::Result<T, Error>;

#[derive(Clone)]
pub(super) struct Node<'a> {
    pub(super) kind: NodeKind<'a>,
    pub(super) mark: Mark,
}

#[derive(Clone)]
pub(super) enum NodeKind<'a> {
    /// An alias of the anchor with this number.
    Alias(usize),
    Scalar(Scalar<'a>),
    SequenceStart,
    SequenceEnd,
    MappingStart,
    MappingEnd,
}

struct Anchor<'a> {
    name: &'a str,
    /// Where its node stands on the tape; the end is unknown while the node is still being read.
    start: usize,
    end: Option<usize>,
}

/// A stretch of the tape that is read again.
struct Replay {
    next: usize,
    end: usize,
    through_alias: bool,
}

pub(super) struct Source<'p, 'a> {
    parser: &'p mut Parser<'a>,
    /// The nodes that an alias may repeat, recorded while an anchored node is open.
    tape: Vec<Node<'a>>,
    /// For each place on the tape, the place behind the node that begins there.
    ends: Vec<usize>,
    /// Where the recorded collections that are still open begin on the tape.
    open_on_tape: Vec<usize>,
    anchors: Vec<Anchor<'a>>,
    names: HashMap<&'a str, usize>,
    /// Anchors whose collections are open, each with its nesting depth.
    open: Vec<(usize, usize)>,
    depth: usize,
    recording: usize,
    replays: Vec<Replay>,
    aliases_open: usize,
    broken: bool,
}

impl<'p, 'a> Source<'p, 'a> {
    pub(super) fn new(parser: &'p mut Parser<'a>) -> Self {
        Self {
            parser,
            tape: Vec::new(),
            ends: Vec::new(),
            open_on_tape: Vec::new(),
            anchors: Vec::new(),
            names: HashMap::new(),
            open: Vec::new(),
            depth: 0,
            recording: 0,
            replays: Vec::new(),
            aliases_open: 0,
            broken: false,
        }
    }

    /// Moves behind the start of the next document; false at the end of the stream.
    pub(super) fn start_document(&mut self) -> Result<bool> {
        loop {
            match self.event()? {
                Some(EventKind::DocumentStart { .. }) => return Ok(true),
                Some(EventKind::StreamEnd) | None => return Ok(false),
                Some(_) => {}
            }
        }
    }

    pub(super) fn end_document(&mut self) -> Result<()> {
        self.event().map(drop)
    }

    /// Reads on to the end of the document only to find what the parser refuses.
    pub(super) fn skip_document(&mut self) -> Result<()> {
        while self.read()?.is_some() {}
        Ok(())
    }

    /// Whether the parser itself failed, so that nothing more can be read.
    pub(super) fn is_broken(&self) -> bool {
        self.broken
    }

    fn event(&mut self) -> Result<Option<EventKind<'a>>> {
        let event = self.parser.next_event().transpose();
        self.broken |= event.is_err();
        Ok(event?.map(|event| event.kind))
    }

    /// Whether the current nodes come through an alias.
    pub(super) fn in_alias(&self) -> bool {
        self.aliases_open > 0
    }

    /// The next node to decode.
    pub(super) fn next(&mut self) -> Result<Node<'a>> {
        while let Some(replay) = self.replays.last_mut() {
            if replay.next < replay.end {
                replay.next += 1;
                return Ok(self.tape[replay.next - 1].clone());
            }
            self.aliases_open -= usize::from(replay.through_alias);
            self.replays.pop();
        }
        let node = self.read()?;
        Ok(node.expect("a document ends only behind its root node"))
    }

    /// The next node from the parser, or `None` behind the document.
    fn read(&mut self) -> Result<Option<Node<'a>>> {
        let event = self.parser.next_event().transpose();
        self.broken |= event.is_err();
        let Some(event) = event? else { return Ok(None) };
        let mark = event.start;
        let node = |kind| Node { kind, mark };
        let node = match event.kind {
            EventKind::Alias(name) => node(NodeKind::Alias(self.find_anchor(name, mark)?)),
            EventKind::Scalar { value, style, properties } => {
                let (anchor, tag) = split(properties);
                let scalar = node(NodeKind::Scalar(Scalar::new(value, style, tag)));
                self.record_scalar(anchor, &scalar);
                scalar
            }
            EventKind::SequenceStart { properties, .. } => {
                self.open_collection(split(properties).0, node(NodeKind::SequenceStart))
            }
            EventKind::MappingStart { properties, .. } => {
                self.open_collection(split(properties).0, node(NodeKind::MappingStart))
            }
            EventKind::SequenceEnd => self.close_collection(node(NodeKind::SequenceEnd)),
            EventKind::MappingEnd => self.close_collection(node(NodeKind::MappingEnd)),
            _ => return Ok(None),
        };
        if let NodeKind::Alias(_) = node.kind {
            self.record(&node);
        }
        Ok(Some(node))
    }

    fn find_anchor(&mut self, name: &str, mark: Mark) -> Result<usize> {
        let found = self.names.get(name).copied();
        found.ok_or_else(|| {
            self.broken = true;
            Error::content(&format!("unknown anchor '{name}' referenced"), Some(mark))
        })
    }

    fn record(&mut self, node: &Node<'a>) {
        if self.recording > 0 {
            self.put_on_tape(node);
        }
    }

    fn put_on_tape(&mut self, node: &Node<'a>) {
        let place = self.tape.len();
        self.tape.push(node.clone());
        self.ends.push(place + 1);
        match node.kind {
            NodeKind::SequenceStart | NodeKind::MappingStart => self.open_on_tape.push(place),
            NodeKind::SequenceEnd | NodeKind::MappingEnd => {
                // The end of a merge list may be recorded without its start.
                if let Some(start) = self.open_on_tape.pop() {
                    self.ends[start] = place + 1;
                }
            }
            NodeKind::Alias(_) | NodeKind::Scalar(_) => {}
        }
    }

    fn record_scalar(&mut self, anchor: Option<&'a str>, node: &Node<'a>) {
        let Some(name) = anchor else { return self.record(node) };
        let start = self.tape.len();
        self.put_on_tape(node);
        self.add_anchor(name, start, Some(start + 1));
    }

    fn add_anchor(&mut self, name: &'a str, start: usize, end: Option<usize>) {
        self.names.insert(name, self.anchors.len());
        self.anchors.push(Anchor { name, start, end });
    }

    fn open_collection(&mut self, anchor: Option<&'a str>, node: Node<'a>) -> Node<'a> {
        self.depth += 1;
        if let Some(name) = anchor {
            self.open.push((self.anchors.len(), self.depth));
            self.recording += 1;
            self.add_anchor(name, self.tape.len(), None);
        }
        self.record(&node);
        node
    }

    fn close_collection(&mut self, node: Node<'a>) -> Node<'a> {
        self.record(&node);
        if let Some((anchor, _)) = self.open.pop_if(|(_, depth)| *depth == self.depth) {
            self.anchors[anchor].end = Some(self.tape.len());
            self.recording -= 1;
        }
        self.depth -= 1;
        node
    }

    /// Whether the document had an anchor so far.
    pub(super) fn has_anchors(&self) -> bool {
        !self.anchors.is_empty()
    }

    pub(super) fn is_mapping(&self, anchor: usize) -> bool {
        matches!(self.tape[self.anchors[anchor].start].kind, NodeKind::MappingStart)
    }

    /// Makes the anchored node the next one.
    pub(super) fn replay_alias(&mut self, anchor: usize, mark: Mark) -> Result<()> {
        let anchor = &self.anchors[anchor];
        let Some(end) = anchor.end else {
            let problem = format!("anchor '{}' value contains itself", anchor.name);
            return Err(Error::content(&problem, Some(mark)));
        };
        self.replays.push(Replay { next: anchor.start, end, through_alias: true });
        self.aliases_open += 1;
        Ok(())
    }

    /// Makes the items of the sequence just begun the next nodes, the last item first, and gives their number.
    pub(super) fn replay_items_backwards(&mut self) -> Result<usize> {
        let from = match self.replays.last() {
            Some(replay) => replay.next,
            None => self.record_sequence()?,
        };
        let (items, behind) = self.items(from);
        if let Some(replay) = self.replays.last_mut() {
            replay.next = behind;
        }
        let count = items.len();
        self.replays.extend(items.into_iter().map(|(next, end)| Replay { next, end, through_alias: false }));
        Ok(count)
    }

    /// Reads the rest of the sequence just begun onto the tape and tells where it starts there.
    fn record_sequence(&mut self) -> Result<usize> {
        let start = self.tape.len();
        let outside = self.depth - 1;
        self.recording += 1;
        while self.depth > outside {
            self.read()?;
        }
        self.recording -= 1;
        Ok(start)
    }

    /// The items of the sequence whose first item is at `from`, and the place behind its end.
    fn items(&self, from: usize) -> (Vec<(usize, usize)>, usize) {
        let mut items = Vec::new();
        let mut at = from;
        while !matches!(self.tape[at].kind, NodeKind::SequenceEnd) {
            let end = self.ends[at];
            items.push((at, end));
            at = end;
        }
        (items, at + 1)
    }
}

type Split<'a> = (Option<&'a str>, Option<std::borrow::Cow<'a, str>>);

fn split(properties: Option<Box<Properties<'_>>>) -> Split<'_> {
    properties.map_or((None, None), |properties| (properties.anchor, properties.tag))
}
