//! Go's encoding/json over values.

mod decode;
mod encode;
mod scan;

pub use decode::{from_json, from_json_list, from_json_map};
pub use encode::{JsonStyle, to_json};

#[cfg(test)]
mod tests;
