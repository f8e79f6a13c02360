//! The text inside a provenance file.

use std::collections::BTreeMap;

use chandlery_core::Digest;
use chandlery_yaml::{Dialect, Emitter};
use serde::Deserialize;

use super::ProvenanceError;
use crate::metadata::Metadata;

/// The line between metadata and sums. (`---` would begin an armor line.)
const SEPARATOR: &str = "\n...\n";

fn unreadable(error: &impl ToString) -> ProvenanceError {
    ProvenanceError::Message(error.to_string())
}

/// Builds the text that is signed. White space at the ends of lines is left out, because clear-signing does not cover it.
pub(super) fn build(
    metadata: &Metadata,
    file_name: &str,
    digest: &Digest,
) -> Result<String, ProvenanceError> {
    let mut sums = Emitter::new(Dialect::Compact);
    sums.begin_mapping();
    sums.key("files");
    sums.begin_mapping();
    sums.key(file_name);
    sums.string(&format!("sha256:{digest}"));
    sums.end_mapping();
    sums.end_mapping();
    let metadata = metadata.to_yaml().map_err(|error| unreadable(&error))?;
    let sums = sums.finish().map_err(|error| unreadable(&error))?;
    let text = format!("{metadata}{SEPARATOR}{sums}");
    Ok(text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n"))
}

/// Reads the sums out of a signed text.
pub(super) fn parse_sums(text: &str) -> Result<BTreeMap<String, String>, ProvenanceError> {
    #[derive(Deserialize)]
    struct Sums {
        #[serde(default)]
        files: BTreeMap<String, String>,
    }
    let text = text.replace("\r\n", "\n");
    let sums = text
        .split(SEPARATOR)
        .nth(1)
        .ok_or_else(|| unreadable(&"message block must have at least two parts"))?;
    let sums: Sums =
        chandlery_yaml::from_str_as(sums, &crate::yaml_options()).map_err(|error| unreadable(&error))?;
    Ok(sums.files)
}
