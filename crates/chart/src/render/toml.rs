//! Template values to TOML and back, as the Go package `BurntSushi/toml` does it.

mod cursor;
mod decode;
mod encode;
mod lexer;
mod scalars;

pub(super) use decode::from_toml;
pub(super) use encode::to_toml;
