//! Versions of charts: the library's order, the index's order, and which version a request means.

mod select;

use std::cmp::Ordering;

pub use chandlery_template::semver::{Constraint, ConstraintError, Version, VersionError};
pub use select::{SelectError, select_version};

/// The order of versions in an index: newest first, texts that are no versions last.
///
/// Use it with a stable sort; Helm leaves the order of equal versions open.
#[must_use]
pub fn compare_newest_first(left: &str, right: &str) -> Ordering {
    match (left.parse::<Version>(), right.parse::<Version>()) {
        (Ok(left), Ok(right)) => right.cmp(&left),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => Ordering::Equal,
    }
}

/// Whether a text is a version in all strictness (semver 2): three numbers without leading zeros or a `v`.
#[must_use]
pub fn is_strict_version(text: &str) -> bool {
    text.parse().is_ok_and(|version: Version| version.to_canonical() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_first_and_nonsense_last() {
        let mut versions = ["nonsense", "1.0.0-rc.2", "v2", "1.0.0+a", "1.0.0-rc.10", "1.0.0+b", "1.0.0-x"];
        versions.sort_by(|left, right| compare_newest_first(left, right));
        assert_eq!(
            versions,
            ["v2", "1.0.0+a", "1.0.0+b", "1.0.0-x", "1.0.0-rc.10", "1.0.0-rc.2", "nonsense"]
        );
    }
}
