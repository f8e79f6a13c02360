//! What can go wrong, in Go's words and with Go's chain of causes.

use std::fmt;

/// The error of a parse, an execution or a function.
///
/// `Display` prints the text as Go's `Error()` does. [`Error::cause`] is what Go's `Unwrap` leads to.
#[derive(Clone, Debug)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    kind: ErrorKind,
    text: String,
    place: Option<Place>,
    cause: Option<Error>,
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

    /// The error of a function that has a cause; the text should contain the cause's.
    pub fn caused(text: impl Into<String>, cause: Self) -> Self {
        let kind = if cause.kind() == ErrorKind::Limit { ErrorKind::Limit } else { ErrorKind::Function };
        Self::new(kind, text.into(), None, Some(cause))
    }

    /// A limit was reached.
    pub fn limit(text: impl Into<String>) -> Self {
        Self::new(ErrorKind::Limit, text.into(), None, None)
    }

    pub(crate) fn parse(text: String) -> Self {
        Self::new(ErrorKind::Parse, text, None, None)
    }

    pub(crate) fn execution(text: String, place: Option<Place>, cause: Option<Self>) -> Self {
        let is_limit = cause.as_ref().is_some_and(|cause| cause.kind() == ErrorKind::Limit);
        let kind = if is_limit { ErrorKind::Limit } else { ErrorKind::Execution };
        Self::new(kind, text, place, cause)
    }

    fn new(kind: ErrorKind, text: String, place: Option<Place>, cause: Option<Self>) -> Self {
        Self(Box::new(Inner { kind, text, place, cause }))
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

    /// What led to it: for a failed `include`, the error of the included template.
    #[must_use]
    pub fn cause(&self) -> Option<&Self> {
        self.0.cause.as_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.text)
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
