//! All scalars of a value with their paths.

use serde_json::Value;

use crate::review::bounded::{LONGEST_NAME, cut};

/// A step of a path.
#[derive(Clone, Copy, Debug)]
pub(in crate::review) enum Segment<'v> {
    Key(&'v str),
    Index(usize),
}

/// Where a value is. Only the paths that are told become text: keys may be long, and values deep.
#[derive(Clone, Debug, Default)]
pub(in crate::review) struct Path<'v> {
    segments: Vec<Segment<'v>>,
    /// The name beside a value of a list of names and values, as environments are given.
    name: Option<&'v str>,
}

impl<'v> Path<'v> {
    pub(in crate::review) fn of(key: &'v str) -> Self {
        Self { segments: vec![Segment::Key(key)], name: None }
    }

    pub(in crate::review) fn push(&mut self, segment: Segment<'v>) {
        self.segments.push(segment);
    }

    pub(in crate::review) fn pop(&mut self) {
        self.segments.pop();
    }

    /// The keys joined by dots, with indexes; a dot in a key has a backslash before it. Long paths are cut.
    pub(in crate::review) fn text(&self) -> String {
        let mut text = String::new();
        for segment in &self.segments {
            match segment {
                Segment::Index(index) => text.push_str(&format!("[{index}]")),
                Segment::Key(key) => {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    text.push_str(&key.replace('.', "\\."));
                }
            }
            if text.len() > LONGEST_NAME {
                break;
            }
        }
        cut(&text, LONGEST_NAME)
    }

    /// The key that says what the value is: the name beside a `value`, else the last one.
    pub(in crate::review) fn last_key(&self) -> Option<&'v str> {
        self.name.or_else(|| {
            self.segments.iter().rev().find_map(|segment| match segment {
                Segment::Key(key) => Some(*key),
                Segment::Index(_) => None,
            })
        })
    }

    pub(in crate::review) fn first_key(&self) -> Option<&'v str> {
        match self.segments.first() {
            Some(Segment::Key(key)) => Some(key),
            _ => None,
        }
    }
}

/// A scalar of a value.
pub(in crate::review) struct Leaf<'p, 'v> {
    pub(in crate::review) path: &'p Path<'v>,
    pub(in crate::review) value: &'v Value,
    /// Has the other value something else here?
    pub(in crate::review) is_generated: bool,
}

/// Sees every scalar of a value, beside what another value has there.
pub(in crate::review) fn walk<'v>(
    value: &'v Value,
    other: Option<&Value>,
    visit: &mut dyn FnMut(&Leaf<'_, 'v>),
) {
    walk_from(Path::default(), value, other, visit);
}

/// As [`walk`], where the value has a path already.
pub(in crate::review) fn walk_from<'v>(
    path: Path<'v>,
    value: &'v Value,
    other: Option<&Value>,
    visit: &mut dyn FnMut(&Leaf<'_, 'v>),
) {
    Walker { path, visit }.value(value, other);
}

struct Walker<'v, 'f> {
    path: Path<'v>,
    visit: &'f mut dyn FnMut(&Leaf<'_, 'v>),
}

impl<'v> Walker<'v, '_> {
    /// Recurses as often as the value is deep, which its reader limits.
    fn value(&mut self, value: &'v Value, other: Option<&Value>) {
        match value {
            Value::Object(map) => {
                for (key, below) in map {
                    let name = (key == "value").then(|| map.get("name")?.as_str()).flatten();
                    self.below(Segment::Key(key), name, below, other.and_then(|other| other.get(key)));
                }
            }
            Value::Array(items) => {
                for (index, below) in items.iter().enumerate() {
                    self.below(Segment::Index(index), None, below, other.and_then(|other| other.get(index)));
                }
            }
            value => {
                let is_generated = other.is_some_and(|other| other != value);
                (self.visit)(&Leaf { path: &self.path, value, is_generated });
            }
        }
    }

    fn below(
        &mut self,
        segment: Segment<'v>,
        name: Option<&'v str>,
        value: &'v Value,
        other: Option<&Value>,
    ) {
        self.path.push(segment);
        self.path.name = name;
        self.value(value, other);
        self.path.name = None;
        self.path.pop();
    }
}
