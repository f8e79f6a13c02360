//! Whether a document can be read, without making its value.

use serde_json::Value;

use crate::error::Error;
use crate::event::{EventKind, Properties, ScalarStyle};
use crate::limits::Options;
use crate::number::Integer;
use crate::parser::Parser;
use crate::read::{check_size, decode_text, from_str};
use crate::resolve::{Resolved, resolve};

/// What the root of a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Nothing, or a null.
    Null,
    /// A string, number or boolean.
    Scalar,
    /// A list.
    Sequence,
    /// A mapping.
    Mapping,
}

impl Shape {
    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) | Value::Number(_) | Value::String(_) => Self::Scalar,
            Value::Array(_) => Self::Sequence,
            Value::Object(_) => Self::Mapping,
        }
    }
}

/// Tells whether [`from_slice`](crate::from_slice) would read the first document of these bytes, and what it would find,
/// in a third of the time.
///
/// # Errors
/// Exactly those of `from_slice`.
pub fn check(bytes: &[u8], options: &Options) -> Result<Shape, Error> {
    check_size(bytes.len(), options)?;
    let text = decode_text(bytes)?;
    check_size(text.len(), options)?;
    match Checker::new(&text, options).root() {
        Some(shape) => Ok(shape),
        // Whatever is not plainly right is read in full, which knows all rules and the words of every error.
        None => from_str(&text, options).map(|value| Shape::of(&value)),
    }
}

/// An open collection, and what comes next in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Item,
    Key,
    MappingValue,
}

/// Walks a document that needs no more than the parser to be judged: no alias, no tag, no duplicates to be refused.
struct Checker<'a, 'o> {
    parser: Parser<'a>,
    options: &'o Options,
    open: Vec<Place>,
    nodes: usize,
}

/// A step leads to the end of the document, goes on, or finds what only a full reading can judge.
enum Step {
    End,
    Next,
    Unsure,
}

impl<'a, 'o> Checker<'a, 'o> {
    fn new(text: &'a str, options: &'o Options) -> Self {
        Self { parser: Parser::new(text, &options.limits), options, open: Vec::new(), nodes: 1 }
    }

    /// The shape of the first document, or `None` if that takes a full reading.
    fn root(mut self) -> Option<Shape> {
        if self.options.strict_duplicates {
            return None;
        }
        let mut root = None;
        while let Some(event) = self.parser.next_event() {
            let event = event.ok()?;
            if root.is_none() {
                root = shape_of(&event.kind);
            }
            match self.step(event.kind) {
                Step::Next => {}
                Step::End => return Some(root.unwrap_or(Shape::Null)),
                Step::Unsure => return None,
            }
        }
        Some(Shape::Null)
    }

    fn step(&mut self, kind: EventKind<'a>) -> Step {
        match kind {
            EventKind::StreamStart | EventKind::DocumentStart { .. } => Step::Next,
            EventKind::StreamEnd | EventKind::DocumentEnd { .. } => Step::End,
            EventKind::Alias(_) => Step::Unsure,
            EventKind::Scalar { value, style, properties } => {
                self.begin(is_plain_sailing(&value, style, self.place()), properties)
            }
            EventKind::SequenceStart { properties, .. } => self.open(Place::Item, properties),
            EventKind::MappingStart { properties, .. } => self.open(Place::Key, properties),
            EventKind::SequenceEnd | EventKind::MappingEnd => {
                self.open.pop();
                Step::Next
            }
        }
    }

    fn place(&self) -> Place {
        self.open.last().copied().unwrap_or(Place::Item)
    }

    fn open(&mut self, place: Place, properties: Option<Box<Properties<'_>>>) -> Step {
        // A collection as a key is an error, and depth is limited.
        let allowed = self.place() != Place::Key && self.open.len() < self.options.limits.depth;
        let step = self.begin(allowed, properties);
        self.open.push(place);
        step
    }

    /// Counts a node and moves the collection around it on.
    fn begin(&mut self, allowed: bool, properties: Option<Box<Properties<'_>>>) -> Step {
        self.nodes += 1;
        if let Some(place) = self.open.last_mut() {
            *place = match place {
                Place::Item => Place::Item,
                Place::Key => Place::MappingValue,
                Place::MappingValue => Place::Key,
            };
        }
        let tagged = properties.is_some_and(|properties| properties.tag.is_some());
        if allowed && !tagged && self.nodes <= self.options.limits.nodes { Step::Next } else { Step::Unsure }
    }
}

/// What a root of this kind is; `None` for events before it.
fn shape_of(kind: &EventKind<'_>) -> Option<Shape> {
    match kind {
        EventKind::SequenceStart { .. } => Some(Shape::Sequence),
        EventKind::MappingStart { .. } => Some(Shape::Mapping),
        EventKind::Scalar { value, style: ScalarStyle::Plain, .. } if resolve(value) == Resolved::Null => {
            Some(Shape::Null)
        }
        EventKind::Scalar { .. } => Some(Shape::Scalar),
        _ => None,
    }
}

/// Whether an untagged scalar stands where it may without a look at its neighbours.
fn is_plain_sailing(value: &str, style: ScalarStyle, place: Place) -> bool {
    if style != ScalarStyle::Plain {
        return true;
    }
    match (place, value.as_bytes()) {
        // Null, integers beyond 63 bits and `<<` are no keys like others.
        (Place::Key, b"<<") => false,
        (Place::Key, _) => {
            !matches!(resolve(value), Resolved::Null | Resolved::Integer(Integer::Unsigned(_)))
        }
        // JSON has no infinity and no NaN.
        (_, [b'.', ..] | [b'+' | b'-', b'.', ..]) => {
            !matches!(resolve(value), Resolved::Float(number) if !number.is_finite())
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::from_slice;
    use proptest::prelude::*;

    /// Both ways of reading agree on the shape or on the error, with its kind and place.
    fn assert_agrees(text: &[u8], options: &Options) {
        let expected = from_slice(text, options).map(|value| Shape::of(&value));
        assert_eq!(check(text, options), expected, "{:?}", String::from_utf8_lossy(text));
    }

    const PIECES: &[&str] = &[
        "a",
        "b: ",
        "? ",
        ": ",
        "- ",
        "\n",
        "\n  ",
        "\n    ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "&x ",
        "*x",
        "<<: ",
        "<<",
        "!!str ",
        "!!binary ",
        "!!float ",
        "!t ",
        "'q'",
        "\"\\u0041\"",
        "~",
        "null",
        ".inf",
        "-.INF",
        ".nan",
        "+.5",
        "0x1F",
        "1e400",
        "18446744073709551615",
        "9223372036854775808: ",
        "2020-01-01",
        "yes: ",
        "~: ",
        "# c",
        "---",
        "--- ",
        "...",
        "|\n  t\n",
        ">",
        "\t",
        "%YAML 1.1\n",
        "@",
        "\u{1}",
        "é",
        "=",
        "0b2",
    ];

    #[test]
    fn judges_as_reading_does() {
        let texts = [
            "",
            "# c",
            "---",
            "~",
            "null",
            "a",
            "[]",
            "{}",
            "a: 1\na: 2",
            "~: 1",
            "? [a]\n: 1",
            "{}: 1",
            "a: .inf",
            "- -.Inf",
            ".nan",
            "a: [",
            "a: b: c",
            "18446744073709551615: 1",
            "9223372036854775807: 1",
            "a: &x {b: 1}\nc: *x",
            "a: *x",
            "<<: 1",
            "<<: {a: 1}",
            "<<",
            "- <<",
            "!!int a",
            "!!null a",
            "a: !!float .inf",
            "!!str ~",
            "1e999",
            ".5_e1",
            "a\n---\n: [",
            "a\n...\n]",
            "%FOO\n---\na",
            ": 1",
            "{a}",
            "{a, b: }",
            "[a: 1, : ]",
            "? a",
            "'': 1",
            "a: |\n  b\n c: 1",
            "\u{feff}a: 1",
            "a: \u{7}",
        ];
        for text in texts {
            assert_agrees(text.as_bytes(), &Options::default());
            assert_agrees(text.as_bytes(), &Options { strict_duplicates: true, ..Options::default() });
        }
        for bytes in [&b"\xff\xfea\0"[..], b"\xff\xfea", b"a: \xff", b"\xfe\xff\0~"] {
            assert_agrees(bytes, &Options::default());
        }
    }

    #[test]
    fn keeps_the_limits() {
        for size in 0..12 {
            let limits = crate::Limits { depth: 4, nodes: 8, input_bytes: 40, ..crate::Limits::default() };
            let options = Options { limits, ..Options::default() };
            assert_agrees("[".repeat(size).as_bytes(), &options);
            assert_agrees(format!("{}{}", "[".repeat(size), "]".repeat(size)).as_bytes(), &options);
            assert_agrees(format!("[{}]", "a,".repeat(size)).as_bytes(), &options);
            assert_agrees(format!("{{{}}}", "a: 1, ".repeat(size)).as_bytes(), &options);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn judges_any_text_as_reading_does(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..24)) {
            assert_agrees(pieces.concat().as_bytes(), &Options::default());
        }
    }
}
