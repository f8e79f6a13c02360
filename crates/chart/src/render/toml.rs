//! Template values to TOML and back, as the Go package `BurntSushi/toml` does it.

mod encode;

use chandlery_template::{Map, Text};

pub(super) use encode::to_toml;

pub(super) fn from_toml(_: &Text) -> Result<Map, String> {
    Err("toml".to_owned())
}
