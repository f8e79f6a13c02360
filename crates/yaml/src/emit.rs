//! Values to text, in the two forms Helm writes.

mod order;
mod scalar;
mod style;
mod value;

use crate::error::{Error, ErrorKind};
pub use order::{compare_keys, sort_entries};
use style::Style;
pub use value::{to_string, to_string_pretty};

/// The form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// sigs.k8s.io/yaml: `toYaml`, Chart.yaml, index.yaml. Sequences stand at their key's indentation, and everything
    /// passes through JSON first: numbers are written as JSON would, DEL and C1 control characters are refused.
    #[default]
    Compact,
    /// yaml.v3 with indent 2: `toYamlPretty`. Sequences are indented below their key, floats written directly.
    Pretty,
}

/// A writer of block YAML, one node after the other, without building a value first.
///
/// Collections that turn out empty are written `{}` and `[]`. Calls must nest properly: in a mapping each
/// [`Emitter::key`] is followed by one node. Keys are written in the order of the calls; Helm's own order is
/// that of [`sort_entries`].
///
/// ```
/// use chandlery_yaml::{Dialect, Emitter};
/// let mut emitter = Emitter::new(Dialect::Compact);
/// emitter.begin_mapping();
/// emitter.key("keywords");
/// emitter.begin_sequence();
/// emitter.string("yes");
/// emitter.end_sequence();
/// emitter.end_mapping();
/// assert_eq!(emitter.finish().unwrap(), "keywords:\n- \"yes\"\n");
/// ```
#[derive(Debug)]
pub struct Emitter {
    out: String,
    dialect: Dialect,
    line_start: usize,
    /// Columns of the current collection; -2 outside of all at indentation 0.
    indent: isize,
    /// The last character is a blank or indentation, so that no space is needed.
    whitespace: bool,
    /// The line so far has only indentation and `-`, `?`, `:` indicators.
    indention: bool,
    frames: Vec<Frame>,
    /// A collection that was begun and has no content yet.
    pending: Option<Collection>,
    fault: Option<Error>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Collection {
    Sequence,
    Mapping,
}

#[derive(Debug)]
struct Frame {
    collection: Collection,
    outer_indent: isize,
    slot: Slot,
}

/// What the next node in a mapping is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Key,
    Value,
    /// The value of a key that needed `?`.
    ComplexValue,
}

const STEP: isize = 2;

/// Longer keys are written with `?`.
const LONGEST_SIMPLE_KEY: usize = 128;

impl Emitter {
    /// An emitter of a whole document.
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        Self::at_indent(dialect, String::new(), 0)
    }

    /// An emitter that appends to `out`, with its outermost collection at `indent` columns (an even number).
    ///
    /// `out` must be empty or end with a line break. So a part of a larger document can be written.
    #[must_use]
    pub fn at_indent(dialect: Dialect, out: String, indent: usize) -> Self {
        Self {
            line_start: out.len(),
            out,
            dialect,
            indent: isize::try_from(indent).unwrap_or(isize::MAX) - STEP,
            whitespace: true,
            indention: true,
            frames: Vec::new(),
            pending: None,
            fault: None,
        }
    }

    /// The text written so far, with a line break at its end.
    ///
    /// # Errors
    /// [`ErrorKind::Encoding`] when a string had a character that [`Dialect::Compact`] refuses, [`ErrorKind::Syntax`]
    /// for a key longer than 1,024 characters or with NEL there.
    pub fn finish(mut self) -> Result<String, Error> {
        if self.out.len() > self.line_start || !self.indention {
            self.out.push('\n');
        }
        self.fault.map_or(Ok(self.out), Err)
    }

    /// Begins a mapping.
    pub fn begin_mapping(&mut self) {
        self.open_pending();
        self.pending = Some(Collection::Mapping);
    }

    /// Begins a sequence.
    pub fn begin_sequence(&mut self) {
        self.open_pending();
        self.pending = Some(Collection::Sequence);
    }

    /// Ends the innermost mapping.
    pub fn end_mapping(&mut self) {
        self.end("{}");
    }

    /// Ends the innermost sequence.
    pub fn end_sequence(&mut self) {
        self.end("[]");
    }

    /// Writes a key of the innermost mapping; one node must follow.
    pub fn key(&mut self, text: &str) {
        self.open_pending();
        let text = &*self.admit_key(text);
        let style = style::choose(text, self.dialect, true);
        self.write_indent();
        let is_simple = !style.is_multiline && text.len() <= LONGEST_SIMPLE_KEY;
        if is_simple {
            self.write_scalar(text, style.as_key, false);
        } else {
            self.write_indicator("?", true);
            self.indention = true;
            self.write_scalar(text, style.as_value, true);
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.slot = if is_simple { Slot::Value } else { Slot::ComplexValue };
        }
    }

    /// Writes a string, quoted as needed.
    pub fn string(&mut self, text: &str) {
        self.open_pending();
        let text = &*self.admit_text(text);
        let style = style::choose(text, self.dialect, false);
        self.begin_node();
        self.write_scalar(text, style.as_value, true);
    }

    /// Writes `true` or `false`.
    pub fn boolean(&mut self, value: bool) {
        self.plain(if value { "true" } else { "false" });
    }

    /// Writes `null`.
    pub fn null(&mut self) {
        self.plain("null");
    }

    /// Writes a number as the dialect has it.
    pub fn number(&mut self, number: &serde_json::Number) {
        self.plain(&value::number_text(number, self.dialect));
    }

    /// Writes text as it is: it must be a plain scalar on one line.
    fn plain(&mut self, text: &str) {
        self.open_pending();
        self.begin_node();
        self.write_scalar(text, Style::Plain, false);
    }

    fn written(&self) -> usize {
        self.out.len()
    }

    fn dialect(&self) -> Dialect {
        self.dialect
    }

    fn fail(&mut self, kind: ErrorKind, text: &str) {
        self.fault.get_or_insert_with(|| Error::new(kind, text, None));
    }

    /// Turns a collection that has content after all into a block collection.
    fn open_pending(&mut self) {
        let Some(collection) = self.pending.take() else { return };
        let in_mapping = matches!(self.frames.last(), Some(frame) if frame.collection == Collection::Mapping);
        self.begin_node();
        let stays = collection == Collection::Sequence
            && self.dialect == Dialect::Compact
            && in_mapping
            && !self.indention;
        self.frames.push(Frame { collection, outer_indent: self.indent, slot: Slot::Key });
        if !stays {
            self.indent += STEP;
        }
    }

    fn end(&mut self, empty: &str) {
        if self.pending.take().is_some() {
            self.begin_node();
            self.write_indicator(empty, true);
        } else if let Some(frame) = self.frames.pop() {
            self.indent = frame.outer_indent;
        }
    }

    /// Writes the `-` or `:` before a node.
    fn begin_node(&mut self) {
        let Some(frame) = self.frames.last_mut() else { return };
        let slot = std::mem::replace(&mut frame.slot, Slot::Key);
        match (frame.collection, slot) {
            (Collection::Sequence, _) => {
                self.write_indent();
                self.write_indicator("-", true);
                self.indention = true;
            }
            (Collection::Mapping, Slot::ComplexValue) => {
                self.write_indent();
                self.write_indicator(":", true);
                self.indention = true;
            }
            (Collection::Mapping, _) => self.write_indicator(":", false),
        }
    }

    fn write_indicator(&mut self, indicator: &str, spaced: bool) {
        if spaced && !self.whitespace {
            self.out.push(' ');
        }
        self.out.push_str(indicator);
        self.whitespace = false;
        self.indention = false;
    }

    /// Moves to the indentation of the current collection, on a new line unless only indicators stand before it.
    fn write_indent(&mut self) {
        let indent = usize::try_from(self.indent).unwrap_or(0);
        self.write_indent_to(indent);
    }

    fn write_indent_to(&mut self, indent: usize) {
        let column = self.out.len() - self.line_start;
        if !self.indention || column > indent || (column == indent && !self.whitespace) {
            self.break_line();
        }
        let column = self.out.len() - self.line_start;
        push_spaces(&mut self.out, indent.saturating_sub(column));
        self.whitespace = true;
        self.indention = true;
    }

    fn break_line(&mut self) {
        self.out.push('\n');
        self.line_start = self.out.len();
        self.indention = true;
    }

    /// Where the further lines of a scalar begin.
    fn scalar_indent(&self) -> usize {
        usize::try_from(self.indent.max(-STEP) + STEP).unwrap_or(0).max(if self.frames.is_empty() {
            2
        } else {
            0
        })
    }
}

fn push_spaces(out: &mut String, mut count: usize) {
    const SPACES: &str = "                                                                ";
    while count > 0 {
        let chunk = count.min(SPACES.len());
        out.push_str(&SPACES[..chunk]);
        count -= chunk;
    }
}
