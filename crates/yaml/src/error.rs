//! The one error of the reader: go-yaml's text plus a true position.

use std::fmt;

/// A position in the input.
///
/// All three numbers count from zero; `column` counts characters, not bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark {
    /// Byte offset from the start of the text (after a byte order mark).
    pub offset: usize,
    /// Line number, from zero.
    pub line: u32,
    /// Column in characters, from zero.
    pub column: u32,
}

/// What kind of fault made the input unreadable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bytes are not text YAML allows (control characters, broken UTF-8).
    Encoding,
    /// The text is not YAML.
    Syntax,
    /// The YAML is well formed but its content cannot be decoded: unknown anchor, bad tag, list used as a key…
    Content,
    /// A key stands twice in one mapping (only with `strict_duplicates`).
    Duplicate,
    /// JSON has no such value: `.nan`, `.inf`, a null key.
    NotJson,
    /// A limit was exceeded: size, nodes, depth or alias expansion.
    Limit,
    /// The value does not have the shape the caller's type asks for.
    Shape,
}

/// Why a YAML text was refused.
///
/// `Display` gives the text go-yaml gives (with its `yaml: ` prefix and its own idea of the line number, which is one
/// too low for grammar errors and absent on the first line), so that it can stand in Helm's messages. [`Error::line`]
/// and [`Error::column`] tell the true place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    inner: Box<Inner>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    kind: ErrorKind,
    text: String,
    mark: Option<Mark>,
}

impl Error {
    /// The kind of fault.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// The line of the fault, counted from one, where it is known.
    #[must_use]
    pub fn line(&self) -> Option<u32> {
        self.inner.mark.map(|mark| mark.line + 1)
    }

    /// The column of the fault in characters, counted from one, where it is known.
    #[must_use]
    pub fn column(&self) -> Option<u32> {
        self.inner.mark.map(|mark| mark.column + 1)
    }

    pub(crate) fn new(kind: ErrorKind, text: impl Into<String>, mark: Option<Mark>) -> Self {
        Self { inner: Box::new(Inner { kind, text: text.into(), mark }) }
    }

    /// A fault of the character level; go-yaml tells its line counted from one, but none on the first line.
    pub(crate) fn scanner(problem: &str, mark: Mark) -> Self {
        let text = match mark.line {
            0 => format!("yaml: {problem}"),
            line => format!("yaml: line {}: {problem}", line + 1),
        };
        Self::new(ErrorKind::Syntax, text, Some(mark))
    }

    /// A fault of the grammar level; go-yaml tells its line counted from zero.
    pub(crate) fn parser(problem: &str, mark: Mark) -> Self {
        let text = match mark.line {
            0 => format!("yaml: {problem}"),
            line => format!("yaml: line {line}: {problem}"),
        };
        Self::new(ErrorKind::Syntax, text, Some(mark))
    }

    pub(crate) fn content(problem: &str, mark: Option<Mark>) -> Self {
        Self::new(ErrorKind::Content, format!("yaml: {problem}"), mark)
    }

    pub(crate) fn limit(problem: &str, mark: Option<Mark>) -> Self {
        Self::new(ErrorKind::Limit, format!("yaml: {problem}"), mark)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.inner.text)
    }
}

impl std::error::Error for Error {}
