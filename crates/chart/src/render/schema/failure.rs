//! Why a value does not fit a schema, as a tree, and its text.

use std::fmt::Write as _;

use crate::render::go;

/// What a failure is, where its text depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Several failures of one schema.
    Group,
    /// The failure of the schema that a `$ref` names.
    Reference,
    /// A keyword that does not hold.
    Keyword,
}

/// A failure and what caused it.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    /// The JSON pointer of the value.
    pub(crate) at: String,
    pub(crate) text: String,
    pub(crate) causes: Vec<Failure>,
}

impl Failure {
    /// The failures to show under a schema's header.
    pub(crate) fn into_causes(self) -> Vec<Self> {
        if self.kind == Kind::Group { self.causes } else { vec![self] }
    }

    /// Writes a line for the failure and those below it. A reference with one cause is left out.
    pub(crate) fn write(&self, text: &mut String, level: usize) {
        let is_passed_over = self.kind == Kind::Reference && self.causes.len() == 1;
        if !is_passed_over {
            let indent = "  ".repeat(level);
            let _ = write!(text, "\n{indent}- at {}: {}", quote(&self.at), self.text);
        }
        let below = if is_passed_over { level } else { level + 1 };
        for cause in &self.causes {
            cause.write(text, below);
        }
    }
}

/// The text in single quotes.
pub(crate) fn quote(text: &str) -> String {
    let quoted = go::quote(text);
    let inner = quoted[1..quoted.len() - 1].replace("\\\"", "\"").replace('\'', "\\'");
    format!("'{inner}'")
}

/// The texts in single quotes, separated by commas.
pub(crate) fn quote_all<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    texts.into_iter().map(quote).collect::<Vec<_>>().join(", ")
}
