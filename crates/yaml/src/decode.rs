//! Events to values: anchors, merges, keys, duplicates and limits.

mod parts;
mod scalar;
mod source;

pub use parts::Part;
pub(crate) use parts::Parts;

use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind, Mark};
use crate::limits::Options;
use crate::parser::Parser;
use scalar::{Key, KeyKind};
use source::{Node, NodeKind, Source};

type Result<T> = std::result::Result<T, Error>;

/// What the caller wants of a document.
pub(crate) enum Wanted<'s, 'a> {
    /// Its value.
    Everything,
    /// What the parts take is not in the value.
    Parts(Parts<'s, 'a>),
    /// What stands at other keys of the root is checked, and not in the value. Faults have other words.
    Keys(&'s dyn Fn(&str) -> bool),
}

/// Reads the next document of the stream, or `None` at its end.
pub(crate) fn decode_document<'a>(
    parser: &mut Parser<'a>,
    options: &Options,
    wanted: Wanted<'_, 'a>,
) -> Result<Option<Value>> {
    let mut source = Source::new(parser);
    if !source.start_document()? {
        return Ok(None);
    }
    let mut decoder = Decoder::new(&mut source, options, wanted);
    let outcome = decoder.decode();
    let faults = decoder.faults;
    match outcome {
        Ok(value) => {
            source.end_document()?;
            faults.into_result().map(|()| Some(value))
        }
        Err(error) if source.is_broken() || error.kind() == ErrorKind::Limit => Err(error),
        Err(error) => {
            // go-yaml parses the whole document before it decodes: a syntax error further down comes first.
            source.skip_document()?;
            Err(error)
        }
    }
}

/// So many repeated keys are named in one error; go-yaml names all.
const MOST_DUPLICATES: usize = 100;

/// An open collection.
enum Frame {
    Sequence(Vec<Value>),
    Mapping(Box<Mapping>),
}

#[derive(Default)]
struct Mapping {
    map: Map<String, Value>,
    key: Option<Key>,
    value_mark: Mark,
    /// Mappings still to come that are merged into this one (`<<`).
    merges: usize,
    /// They are the items of a list, in which a further list is a fault.
    merges_list: bool,
    /// This is such a merged mapping; its map is the parent's.
    is_merge: bool,
}

/// What is expected at the current place.
enum Place {
    Key,
    Value,
    Merge,
}

struct Decoder<'s, 'p, 'a, 't> {
    source: &'s mut Source<'p, 'a>,
    options: &'s Options,
    frames: Vec<Frame>,
    nodes: usize,
    alias_nodes: usize,
    alias_bytes: usize,
    faults: Faults,
    parts: Option<Parts<'t, 'a>>,
    wanted_keys: Option<&'t dyn Fn(&str) -> bool>,
    /// What is read now stands at a key of the root that is not wanted.
    skips: bool,
}

/// Faults that do not stop decoding, in the order in which go-yaml and sigs.k8s.io/yaml report them.
#[derive(Default)]
struct Faults {
    duplicates: Vec<String>,
    first_duplicate: Option<Mark>,
    bad_key: Option<Error>,
    not_json: Option<Error>,
}

impl Faults {
    fn into_result(self) -> Result<()> {
        if !self.duplicates.is_empty() {
            let text = format!("yaml: unmarshal errors:\n  {}", self.duplicates.join("\n  "));
            return Err(Error::new(ErrorKind::Duplicate, text, self.first_duplicate));
        }
        self.bad_key.or(self.not_json).map_or(Ok(()), Err)
    }
}

impl<'s, 'p, 'a, 't> Decoder<'s, 'p, 'a, 't> {
    fn new(source: &'s mut Source<'p, 'a>, options: &'s Options, wanted: Wanted<'t, 'a>) -> Self {
        let (parts, wanted_keys) = match wanted {
            Wanted::Everything => (None, None),
            Wanted::Parts(parts) => (Some(parts), None),
            Wanted::Keys(keys) => (None, Some(keys)),
        };
        Self {
            source,
            options,
            frames: Vec::new(),
            nodes: 1,
            alias_nodes: 0,
            alias_bytes: 0,
            faults: Faults::default(),
            parts,
            wanted_keys,
            skips: false,
        }
    }

    /// Decodes one node with everything in it.
    fn decode(&mut self) -> Result<Value> {
        loop {
            let node = self.source.next()?;
            if let Some(value) = self.step(node, false)? {
                return Ok(value);
            }
        }
    }

    /// Takes one node; gives the root value once it is complete.
    fn step(&mut self, node: Node<'a>, through_alias: bool) -> Result<Option<Value>> {
        let place = self.place();
        if self.parts.is_some() {
            self.note_part(node.mark);
        }
        match (node.kind, place) {
            (NodeKind::SequenceEnd | NodeKind::MappingEnd, _) => self.end_collection(node.mark),
            (kind, Place::Merge) => {
                self.start_merge(&kind, node.mark)?;
                Ok(None)
            }
            (NodeKind::Alias(anchor), place) => {
                if let Place::Value = place {
                    self.note_value_mark(node.mark);
                }
                self.count(node.mark)?;
                self.source.replay_alias(anchor, node.mark)?;
                let target = self.source.next()?;
                let target = Node { mark: node.mark, ..target };
                self.step(target, true)
            }
            (NodeKind::Scalar(scalar), Place::Key) => {
                if !through_alias && scalar.is_merge() {
                    self.expect_merges(1, false);
                    return Ok(None);
                }
                self.count(node.mark)?;
                self.charge(scalar.value.len(), node.mark)?;
                let key = scalar.into_key(node.mark, self.skips)?;
                if let (Some(is_wanted), [_]) = (self.wanted_keys, self.frames.as_slice()) {
                    self.skips = !is_wanted(&key.text);
                }
                self.top_mapping().key = Some(key);
                Ok(None)
            }
            (NodeKind::Scalar(scalar), Place::Value) => {
                self.note_value_mark(node.mark);
                self.count(node.mark)?;
                self.charge(scalar.value.len(), node.mark)?;
                let value = scalar.into_value(node.mark, self.skips, &mut self.faults.not_json)?;
                self.deliver(value, node.mark)
            }
            (kind, place) => {
                if let Place::Value = place {
                    self.note_value_mark(node.mark);
                }
                self.count(node.mark)?;
                let frame = match kind {
                    NodeKind::SequenceStart => Frame::Sequence(Vec::new()),
                    _ => Frame::Mapping(Box::default()),
                };
                self.push(frame, node.mark)?;
                Ok(None)
            }
        }
    }

    fn place(&self) -> Place {
        match self.frames.last() {
            Some(Frame::Mapping(mapping)) if mapping.merges > 0 => Place::Merge,
            Some(Frame::Mapping(mapping)) if mapping.key.is_none() => Place::Key,
            _ => Place::Value,
        }
    }

    fn top_mapping(&mut self) -> &mut Mapping {
        match self.frames.last_mut() {
            Some(Frame::Mapping(mapping)) => mapping,
            _ => unreachable!("a key or merge has a mapping around it"),
        }
    }

    fn note_value_mark(&mut self, mark: Mark) {
        if let Some(Frame::Mapping(mapping)) = self.frames.last_mut() {
            mapping.value_mark = mark;
        }
    }

    fn push(&mut self, frame: Frame, mark: Mark) -> Result<()> {
        if self.frames.len() >= self.options.limits.depth {
            let problem = format!("exceeded max depth of {}", self.options.limits.depth);
            return Err(Error::limit(&problem, Some(mark)));
        }
        if self.parts.is_some() {
            self.enter_part(&frame);
        }
        self.frames.push(frame);
        Ok(())
    }

    fn expect_merges(&mut self, count: usize, are_list: bool) {
        let mapping = self.top_mapping();
        mapping.merges = count;
        mapping.merges_list = are_list;
    }

    /// The value of `<<`: a mapping, an alias of one, or a sequence of these, of which the earlier ones win.
    fn start_merge(&mut self, kind: &NodeKind<'a>, mark: Mark) -> Result<()> {
        match kind {
            NodeKind::MappingStart => {
                self.count(mark)?;
                let map = std::mem::take(&mut self.top_mapping().map);
                let mapping = Mapping { map, is_merge: true, ..Mapping::default() };
                self.push(Frame::Mapping(Box::new(mapping)), mark)
            }
            &NodeKind::Alias(anchor) if self.source.is_mapping(anchor) => {
                self.count(mark)?;
                self.source.replay_alias(anchor, mark)
            }
            NodeKind::SequenceStart if !self.top_mapping().merges_list => {
                let count = self.source.replay_items_backwards()?;
                self.expect_merges(count, true);
                Ok(())
            }
            _ => Err(unmergeable(mark)),
        }
    }

    fn end_collection(&mut self, mark: Mark) -> Result<Option<Value>> {
        match self.frames.pop().expect("an end has a start") {
            Frame::Sequence(items) => self.deliver(Value::Array(items), mark),
            Frame::Mapping(mapping) if mapping.is_merge => {
                let parent = self.top_mapping();
                parent.map = mapping.map;
                parent.merges -= 1;
                Ok(None)
            }
            Frame::Mapping(mapping) => self.deliver(Value::Object(mapping.map), mark),
        }
    }

    /// Puts a finished value into the collection around it.
    fn deliver(&mut self, value: Value, mark: Mark) -> Result<Option<Value>> {
        if self.parts.is_some() && self.is_at_part() {
            self.hand_out(value, mark);
            return Ok(None);
        }
        let skips = self.skips;
        self.skips &= self.frames.len() > 1;
        match self.frames.last_mut() {
            None => return Ok(Some(value)),
            Some(Frame::Sequence(_)) if skips => {}
            Some(Frame::Sequence(items)) => items.push(value),
            Some(Frame::Mapping(mapping)) => match mapping.key.take() {
                Some(key) => {
                    check_key(&key, &value, mapping.value_mark, &mut self.faults);
                    if !skips {
                        insert(mapping, key, value, self.options.strict_duplicates, &mut self.faults);
                    }
                }
                None => {
                    let problem = format!("invalid map key: {}", scalar::go_syntax(&value));
                    return Err(Error::content(&problem, Some(mark)));
                }
            },
        }
        Ok(None)
    }

    /// Counts a decoded node and refuses documents that consist mostly of aliases, by go-yaml's rule.
    fn count(&mut self, mark: Mark) -> Result<()> {
        self.nodes += 1;
        if self.source.in_alias() {
            self.alias_nodes += 1;
            if self.alias_nodes > 100 && self.nodes > 1000 && self.is_mostly_aliases() {
                return Err(excessive_aliasing(mark));
            }
        }
        if self.nodes > self.options.limits.nodes {
            let problem = format!("document has more than {} nodes", self.options.limits.nodes);
            return Err(Error::limit(&problem, Some(mark)));
        }
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "node counts are far below 2^52")]
    fn is_mostly_aliases(&self) -> bool {
        const LOW: f64 = 400_000.0;
        const HIGH: f64 = 4_000_000.0;
        let nodes = self.nodes as f64;
        let position = ((nodes - LOW) / (HIGH - LOW)).clamp(0.0, 1.0);
        let allowed = 0.99 - 0.89 * position;
        self.alias_nodes as f64 / nodes > allowed
    }

    fn charge(&mut self, bytes: usize, mark: Mark) -> Result<()> {
        if self.source.in_alias() {
            self.alias_bytes += bytes;
            if self.alias_bytes > self.options.limits.alias_bytes {
                return Err(excessive_aliasing(mark));
            }
        }
        Ok(())
    }
}

fn unmergeable(mark: Mark) -> Error {
    Error::content("map merge requires map or sequence of maps as the value", Some(mark))
}

fn excessive_aliasing(mark: Mark) -> Error {
    Error::limit("document contains excessive aliasing", Some(mark))
}

fn check_key(key: &Key, value: &Value, mark: Mark, faults: &mut Faults) {
    if let KeyKind::Unsupported(kind) = key.kind
        && faults.bad_key.is_none()
    {
        let shown = if value.is_null() { "<nil>".to_owned() } else { scalar::go_syntax(value) };
        let text = format!("unsupported map key of type: {kind}, key: {}, value: {shown}", key.text);
        faults.bad_key = Some(Error::new(ErrorKind::NotJson, text, Some(mark)));
    }
}

fn insert(mapping: &mut Mapping, key: Key, value: Value, strict: bool, faults: &mut Faults) {
    let mark = mapping.value_mark;
    if strict && mapping.map.contains_key(&key.text) {
        faults.first_duplicate.get_or_insert(mark);
        if faults.duplicates.len() < MOST_DUPLICATES {
            let line = mark.line + 1;
            faults.duplicates.push(format!("line {line}: key {} already set in map", key.shown()));
        }
        return;
    }
    mapping.map.insert(key.text, value);
}
