//! Two lines as a constraint and versions: the order is total, and nothing depends on how a version is spelled.

#![no_main]

use chandlery_chart::{Constraint, Version, select_version};
use libfuzzer_sys::fuzz_target;

/// Versions have a longest length, and the canonical form is longer by the numbers that were left out.
const ROOM_FOR_NUMBERS: usize = 8;
const LONGEST: usize = 256 - ROOM_FOR_NUMBERS;

fuzz_target!(|text: &str| {
    let lines: Vec<&str> = text.lines().filter(|line| line.len() <= LONGEST).take(16).collect();
    let versions: Vec<Version> = lines.iter().filter_map(|line| line.parse().ok()).collect();
    for left in &versions {
        let canonical: Version = left.to_canonical().parse().expect("the canonical form is a version");
        assert_eq!(*left, canonical);
        for right in &versions {
            assert_eq!(left.cmp(right), right.cmp(left).reverse());
        }
    }
    let mut sorted = versions.clone();
    sorted.sort();
    assert!(sorted.is_sorted());
    let Some(first) = lines.first() else { return };
    if let Ok(constraint) = first.parse::<Constraint>() {
        for version in &versions {
            let canonical = version.to_canonical().parse().expect("the canonical form is a version");
            assert_eq!(constraint.matches(version), constraint.matches(&canonical));
        }
    }
    let _ = select_version("a", &lines, first);
});
