//! What a hostile document may cost.

/// Bounds on one document; exceeding one is an error of kind [`crate::ErrorKind::Limit`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of input.
    pub input_bytes: usize,
    /// Nesting depth of the resulting value.
    ///
    /// go-yaml stops at 10,000. Here the default is 1,000: dropping, cloning, comparing and serialising a value recurse
    /// once per level, and ten times more levels do not fit a thread's 2 MiB stack. The deepest public chart has 30.
    pub depth: usize,
    /// Nodes decoded, those reached through aliases counted each time.
    pub nodes: usize,
    /// Bytes of scalar text copied through aliases; go-yaml shares them, this reader copies.
    pub alias_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { input_bytes: 256 << 20, depth: 1_000, nodes: 20_000_000, alias_bytes: 32 << 20 }
    }
}

/// How to read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// Refuse a key that stands twice in one mapping, as Helm does for `index.yaml`; otherwise the last one wins.
    pub strict_duplicates: bool,
    /// Bounds on the document.
    pub limits: Limits,
}
