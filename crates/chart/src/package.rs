//! Writing packages as `helm package` does.

/// The name of a package's file: `NAME-VERSION.tgz`, a `+` kept.
#[must_use]
pub fn file_name(name: &str, version: &str) -> String {
    format!("{name}-{version}.tgz")
}
