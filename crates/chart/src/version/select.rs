//! Which version of a chart a request means.

use super::{Constraint, ConstraintError, Version};

/// No version of the list is meant; the texts are ChartMuseum's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// Nothing in the list satisfies the request.
    #[error("no chart version found for {name}-{request}")]
    NotFound {
        /// The chart.
        name: String,
        /// The version or range that was asked for, empty for `latest`.
        request: String,
    },
    /// The request is neither a version of the list nor a range.
    #[error("{0}")]
    Constraint(#[from] ConstraintError),
}

/// The index in `versions` of the version that `request` means, in the order of ChartMuseum (spec 1.4):
/// `latest` or empty is the highest release; then the exact text, with build metadata; then the highest version in the
/// range. Of equal versions the first in the list is taken, so pass them in the order of the index.
///
/// # Errors
/// [`SelectError::NotFound`] when there is none (also when only prereleases exist and the request names none), and
/// [`SelectError::Constraint`] when the request is no version range, as `1.2.3.4`.
pub fn select_version<S: AsRef<str>>(
    name: &str,
    versions: &[S],
    request: &str,
) -> Result<usize, SelectError> {
    let request = if request == "latest" { "" } else { request };
    let range = if request.is_empty() { "*" } else { request };
    let constraint: Constraint = range.parse()?;
    if let Some(exact) = versions.iter().position(|version| version.as_ref() == request) {
        return Ok(exact);
    }
    let mut best: Option<(usize, Version)> = None;
    for (index, text) in versions.iter().enumerate() {
        let Ok(version) = text.as_ref().parse::<Version>() else { continue };
        let better = best.as_ref().is_none_or(|(_, highest)| version > *highest);
        if better && constraint.matches(&version) {
            best = Some((index, version));
        }
    }
    best.map(|(index, _)| index)
        .ok_or_else(|| SelectError::NotFound { name: name.to_owned(), request: request.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSIONS: &[&str] =
        &["3.0.0-rc.1", "v2.0.0", "1.0.0+build.5", "1.0.0+build.4", "0.2.0", "0.1.9", "0.1.0", "0.1.0-beta"];

    #[test]
    fn resolution_order() {
        let cases = [
            ("latest", Ok("v2.0.0")),
            ("", Ok("v2.0.0")),
            ("2.0.0", Ok("v2.0.0")),
            ("v2.0.0", Ok("v2.0.0")),
            ("1.0.0", Ok("1.0.0+build.5")),
            ("1.0.0+build.4", Ok("1.0.0+build.4")),
            ("0.1", Ok("0.1.9")),
            ("^0.1.0", Ok("0.1.9")),
            (">=0.2", Ok("v2.0.0")),
            ("3.0.0-rc.1", Ok("3.0.0-rc.1")),
            (">0.0.0-0", Ok("3.0.0-rc.1")),
            ("0.1.0-beta", Ok("0.1.0-beta")),
            ("9", Err("no chart version found for app-9")),
            ("1.2.3.4", Err("improper constraint: 1.2.3.4")),
            ("abc", Err("improper constraint: abc")),
        ];
        for (request, expected) in cases {
            let found = select_version("app", VERSIONS, request).map(|index| VERSIONS[index]);
            assert_eq!(
                found.map_err(|error| error.to_string()),
                expected.map_err(str::to_owned),
                "{request:?}"
            );
        }
    }

    #[test]
    fn latest_of_prereleases_is_none() {
        let error = select_version("app", &["1.0.0-a", "1.0.0-b"], "latest").unwrap_err();
        assert_eq!(error.to_string(), "no chart version found for app-");
        assert!(select_version::<&str>("app", &[], "1").is_err());
    }
}
