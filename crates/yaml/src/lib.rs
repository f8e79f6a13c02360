//! YAML as Helm reads and writes it: go-yaml's resolution rules and emitter, with limits.
//!
//! Helm reads with sigs.k8s.io/yaml: go-yaml v2 (YAML 1.1), then JSON. [`from_str`] gives what comes out of that as a
//! [`serde_json::Value`], or an [`Error`] with the same words.

mod bytes;
mod decode;
mod emit;
mod error;
mod event;
mod limits;
mod number;
mod parser;
mod read;
mod resolve;
mod scanner;
mod timestamp;
mod token;

pub use emit::{Dialect, Emitter, compare_keys, to_string, to_string_pretty};
pub use error::{Error, ErrorKind, Mark};
pub use event::{Event, EventKind, Properties, ScalarStyle};
pub use limits::{Limits, Options};
pub use parser::Parser;
pub use read::{coerce_to_string, documents, from_slice, from_str, from_str_as};
