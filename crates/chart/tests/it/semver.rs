//! The answers of Masterminds/semver 3.5.0 on the texts of `tests/vectors/semver.json`.

use std::cmp::Ordering;

use chandlery_chart::{Constraint, Version};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    versions: Vec<VersionCase>,
    compare: Vec<(String, String, i8)>,
    constraints: Vec<ConstraintCase>,
}

#[derive(Deserialize)]
struct VersionCase {
    text: String,
    /// Empty when the library refuses the text.
    canonical: String,
}

#[derive(Deserialize)]
struct ConstraintCase {
    constraint: String,
    valid: bool,
    matches: Vec<String>,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../vectors/semver.json")).unwrap()
}

#[test]
fn versions_parse_alike() {
    for case in vectors().versions {
        let canonical =
            case.text.parse::<Version>().map(|version| version.to_canonical()).unwrap_or_default();
        assert_eq!(canonical, case.canonical, "{:?}", case.text);
    }
}

#[test]
fn versions_order_alike() {
    let vectors = vectors();
    assert!(vectors.compare.len() > 500);
    for (left, right, order) in vectors.compare {
        let ours = left.parse::<Version>().unwrap().cmp(&right.parse().unwrap());
        let theirs = order.cmp(&0);
        assert_eq!(ours, theirs, "{left} ? {right}");
        assert_eq!(ours == Ordering::Equal, left.parse::<Version>().unwrap() == right.parse().unwrap());
    }
}

#[test]
fn constraints_match_alike() {
    let vectors = vectors();
    let versions: Vec<Version> = vectors.versions.iter().filter_map(|case| case.text.parse().ok()).collect();
    assert!(vectors.constraints.len() > 500);
    let mut wrong = Vec::new();
    for case in &vectors.constraints {
        let parsed = case.constraint.parse::<Constraint>();
        if parsed.is_ok() != case.valid {
            wrong.push(format!("{:?}: valid is {}", case.constraint, case.valid));
            continue;
        }
        let Ok(constraint) = parsed else { continue };
        let matches: Vec<&str> =
            versions.iter().filter(|version| constraint.matches(version)).map(Version::as_str).collect();
        if matches != case.matches {
            wrong.push(format!("{:?}: {matches:?} instead of {:?}", case.constraint, case.matches));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
