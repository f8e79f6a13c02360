//! Go's `text/template` with the sprig functions: text and values in, text out, within limits.
//!
//! Output, values and error texts are those of Go. Nothing here reads a file, the network or the environment.

mod error;
mod exec;
mod format;
mod function;
mod functions;
mod json;
mod limits;
pub mod semver;
mod syntax;
#[cfg(test)]
mod testing;
mod value;

pub use error::{Error, ErrorKind, Place};
pub use exec::{Call, Execution, ExecutionOptions, MissingKey, TemplateSet};
pub use format::{display, quote, sprint, sprintf, sprintln, try_display, write_display};
pub use function::{
    Argument, Function, IntoFunction, Nullable, Purity, Rest, Returned, Signature, Slot, Type, WithCall,
};
pub use functions::{Functions, parse_time};
pub use json::{JsonStyle, from_json, from_json_list, from_json_map, to_json};
pub use limits::{Budget, Limits};
pub use value::{
    Element, Integer, IntegerKind, List, Map, MapType, Member, NamedList, NamedMap, Object, ReadLog, Text,
    Value, WeakMap,
};
