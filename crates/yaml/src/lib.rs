//! YAML as Helm reads and writes it: go-yaml's resolution rules and emitter, with limits.
//!
//! Helm uses sigs.k8s.io/yaml: go-yaml v2 (YAML 1.1) on one side, JSON on the other. This crate gives the same values,
//! the same bytes and the same error texts:
//!
//! * [`from_str`], [`from_slice`], [`documents`], [`from_str_as`]: text to [`serde_json::Value`];
//! * [`from_slice_in_parts`]: the same for a long document, list item by list item;
//! * [`check`]: whether a text can be read, without its value;
//! * [`to_string`] (`toYaml`, Chart.yaml, index.yaml) and [`to_string_pretty`] (`toYamlPretty`): values to text;
//! * [`Emitter`]: the writer below them, for text that is written piece by piece;
//! * [`Parser`]: the reader below them, an iterator over [`Event`]s in constant memory.
//!
//! ```
//! use chandlery_yaml::{Options, from_str, to_string};
//! let value = from_str("on: 0777\nversion: 1.10", &Options::default()).unwrap();
//! assert_eq!(value, serde_json::json!({ "true": 511, "version": 1.1 }));
//! assert_eq!(to_string(&value).unwrap(), "\"true\": 511\nversion: 1.1\n");
//! ```
//!
//! # Where it differs from go-yaml
//!
//! * Nesting is limited to [`Limits::depth`], and text repeated through aliases to [`Limits::alias_bytes`].
//! * With `strict_duplicates`, `1` and `"1"` are the same key; in go-yaml one of the two is lost at random.
//! * An error text that prints a whole mapping (`invalid map key`) shows converted keys as strings.
//! * Key sets that go-yaml's order does not rank consistently are written in one order, there in a random one.

mod bytes;
mod check;
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

pub use check::{Shape, check};
pub use decode::Part;
pub use emit::{Dialect, Emitter, compare_keys, sort_entries, to_string, to_string_pretty};
pub use error::{Error, ErrorKind, Mark};
pub use event::{Event, EventKind, Properties, ScalarStyle};
pub use limits::{Limits, Options};
pub use parser::Parser;
pub use read::{
    coerce_to_string, documents, from_slice, from_slice_in_parts, from_str, from_str_as, from_str_with_keys,
};
