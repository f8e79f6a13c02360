//! Provenance files (`.prov`): who signed a package, and for which bytes.

mod parse;

pub use parse::{ProvenanceError, ProvenanceIdentity, parse_identity};
