//! What can go wrong, in Go's words and with Go's chain of causes.

use std::fmt;

use crate::format::quote;

/// The error of a parse, an execution or a function.
///
/// `Display` prints the text as Go's `Error()` does: place, own text, cause. [`Error::cause`] is what Go's `Unwrap`
/// leads to.
#[derive(Clone, Debug)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    kind: ErrorKind,
    text: String,
    place: Option<Place>,
    cause: Option<Error>,
}

/// Long chains of causes end as they are printed: without recursion.
impl Drop for Inner {
    fn drop(&mut self) {
        let mut cause = self.cause.take();
        while let Some(mut error) = cause {
            cause = error.0.cause.take();
        }
    }
}

/// What kind of error it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// A text is no template.
    Parse,
    /// A template could not be executed.
    Execution,
    /// A function refused its arguments.
    Function,
    /// A limit of the caller was reached; nothing may catch it.
    Limit,
}

/// Where in which template an execution failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The name of the text that was parsed.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// Bytes from the start of the line, from 0 as Go counts.
    pub column: usize,
    /// The name of the template that was being executed.
    pub template: String,
    /// The failing node, printed from the tree.
    pub expression: String,
}

impl Error {
    /// The error of a function: only a message.
    pub fn message(text: impl Into<String>) -> Self {
        Self::new(ErrorKind::Function, text.into(), None, None)
    }

    /// The error of a function that has a cause; its text follows the given one after a colon.
    pub fn caused(text: impl Into<String>, cause: Self) -> Self {
        Self::new(ErrorKind::Function, text.into(), None, Some(cause))
    }

    /// A limit was reached.
    pub fn limit(text: impl Into<String>) -> Self {
        Self::new(ErrorKind::Limit, text.into(), None, None)
    }

    pub(crate) fn parse(text: String) -> Self {
        Self::new(ErrorKind::Parse, text, None, None)
    }

    /// The error of an execution at a place. A limit stays one.
    pub(crate) fn at(mut self, place: Place) -> Self {
        let kind = if self.kind() == ErrorKind::Limit { ErrorKind::Limit } else { ErrorKind::Execution };
        (self.0.kind, self.0.place) = (kind, Some(place));
        self
    }

    pub(crate) fn execution(text: String) -> Self {
        Self::new(ErrorKind::Execution, text, None, None)
    }

    fn new(kind: ErrorKind, text: String, place: Option<Place>, cause: Option<Self>) -> Self {
        Self(Box::new(Inner { kind, text, place, cause }))
    }

    /// The place and the text, without the cause.
    fn write_own(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = self.place() {
            write!(formatter, "template: {place}: ")?;
        }
        formatter.write_str(&self.0.text)
    }

    /// The text up to the end of the next place in the chain: enough to tell this level from the one below.
    #[must_use]
    pub fn level_text(&self) -> String {
        let mut text = Self::only(self).to_string();
        let mut cause = self.cause();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&Self::only(error).to_string());
            cause = error.cause().filter(|_| error.place().is_none());
        }
        text
    }

    /// The error without its cause.
    fn only(error: &Self) -> Self {
        let Inner { kind, text, place, .. } = &*error.0;
        Self::new(*kind, text.clone(), place.clone(), None)
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Where the execution failed.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }

    /// The text without the place before it and the cause behind it.
    #[must_use]
    pub fn own_text(&self) -> &str {
        &self.0.text
    }

    /// What led to it: for a failed `include`, the error of the included template.
    #[must_use]
    pub fn cause(&self) -> Option<&Self> {
        self.0.cause.as_ref()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, template, expression } = self;
        write!(
            formatter,
            "{file}:{line}:{column}: executing {} at <{expression}>",
            quote(template.as_bytes())
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_own(formatter)?;
        // Not by recursion: templates that include one another leave chains of thousands.
        let mut cause = self.cause();
        while let Some(error) = cause {
            formatter.write_str(": ")?;
            error.write_own(formatter)?;
            cause = error.cause();
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause().map(|cause| cause as _)
    }
}

impl From<String> for Error {
    fn from(text: String) -> Self {
        Self::message(text)
    }
}

impl From<&str> for Error {
    fn from(text: &str) -> Self {
        Self::message(text)
    }
}
