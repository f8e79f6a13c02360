//! From a chart and the user's values to what its templates see.

mod coalesce;
mod compat;
mod dependencies;
mod error;
mod go;
mod json;
mod prepare;
mod schema;
mod set;
mod tables;

pub use coalesce::{floats, merge_files};
pub use compat::Compat;
pub use dependencies::check_dependencies;
pub use error::RenderError;
pub use prepare::{PrepareOptions, Prepared, prepare};
pub use schema::SchemaError;
pub use set::{ReadFile, SetError, SetKind, apply_flags, set_values};
