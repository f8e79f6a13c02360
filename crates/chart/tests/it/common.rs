//! What several tests need.

use std::path::PathBuf;

/// The folder of public charts: `CHANDLERY_CORPUS`, or `../shared/corpus` beside the project.
pub(crate) fn corpus() -> PathBuf {
    let path = std::env::var_os("CHANDLERY_CORPUS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus")),
        PathBuf::from,
    );
    assert!(path.is_dir(), "the corpus is not at {}: set CHANDLERY_CORPUS", path.display());
    path
}
