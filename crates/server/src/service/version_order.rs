//! Keys that put versions into the order of their precedence when they are compared as bytes.

/// The key of a version: greater for newer ones by the rules of semantic versioning, whose own text breaks ties. What is
/// no such version is older than all that are.
pub(crate) fn sort_key(version: &str) -> String {
    let precedence = version.strip_prefix('v').unwrap_or(version).split('+').next().unwrap_or_default();
    let (release, prerelease) = precedence.split_once('-').unwrap_or((precedence, ""));
    let numbers: Option<Vec<u64>> = release.split('.').map(|part| part.parse().ok()).collect();
    match numbers.as_deref() {
        Some([major, minor, patch]) => {
            format!("1{major:020}{minor:020}{patch:020}{} {version}", prerelease_key(prerelease))
        }
        _ => format!("0{version}"),
    }
}

/// Whether a version comes before the release that it is named after.
pub(crate) fn is_prerelease(version: &str) -> bool {
    version.split('+').next().is_some_and(|precedence| precedence.contains('-'))
}

/// Identifiers: numbers before words, fewer before more, none at all after everything.
fn prerelease_key(prerelease: &str) -> String {
    if prerelease.is_empty() {
        return "~".to_owned();
    }
    let identifier = |text: &str| match text.parse::<u64>() {
        Ok(number) => format!("0{number:020}!"),
        Err(_) => format!("1{text}!"),
    };
    prerelease.split('.').map(identifier).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_a_release() {
        for (version, expected) in
            [("1.0.0", false), ("1.0.0-rc.1", true), ("1.0.0+a-b", false), ("v2.0.0-0", true)]
        {
            assert_eq!(is_prerelease(version), expected, "{version}");
        }
    }

    #[test]
    fn in_the_order_of_precedence() {
        let ordered = [
            "not a version",
            "0.9.0",
            "1.0.0-1",
            "1.0.0-2",
            "1.0.0-10",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.0+build",
            "1.0.1",
            "v1.2.0",
            "1.10.0",
            "2.0.0-rc.1",
            "2.0.0",
            "10.0.0",
        ];
        for pair in ordered.windows(2) {
            assert!(sort_key(pair[0]) < sort_key(pair[1]), "{pair:?}");
        }
    }
}
