//! Reports for reviewers, from small charts of our own and from the corpus.

mod checks;
mod compare;
mod corpus;
mod hostile;
mod signature;

use chandlery_chart::review::{Options, Outcome, Report, examine};
use jiff::Timestamp;

use crate::common::{CHART_YAML, TarBuilder};

/// A package of these files, with a sound `Chart.yaml` unless there is one.
fn package(files: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = TarBuilder::default();
    if !files.iter().any(|(path, _)| *path == "Chart.yaml") {
        builder = builder.file("t/Chart.yaml", CHART_YAML);
    }
    files.iter().fold(builder, |builder, (path, text)| builder.file(&format!("t/{path}"), text)).gzip()
}

fn options() -> Options<'static> {
    Options::new(Timestamp::UNIX_EPOCH)
}

fn report(files: &[(&str, &str)]) -> Report {
    examine(&package(files)[..], &options())
}

fn outcome(report: &Report, id: &str) -> Outcome {
    report.check(id).unwrap_or_else(|| panic!("{id} is a check")).outcome
}

/// The codes of the findings of a check, the worst first.
fn codes<'r>(report: &'r Report, id: &str) -> Vec<&'r str> {
    let check = report.check(id).unwrap_or_else(|| panic!("{id} is a check"));
    check.findings.items.iter().map(|finding| finding.code.as_str()).collect()
}

/// What must hold for every report: all checks once and in order, small, and the same after it was stored.
fn assert_sound(report: &Report) {
    let ids: Vec<&str> = report.checks.iter().map(|check| check.id.as_str()).collect();
    assert_eq!(ids, chandlery_chart::review::CHECKS);
    let json = serde_json::to_string(report).unwrap();
    assert!(json.len() < 1 << 20, "the report has {} bytes", json.len());
    let read: Report = serde_json::from_str(&json).unwrap();
    assert_eq!(&read, report);
    for check in &report.checks {
        assert!(!check.summary.is_empty(), "{} says nothing", check.id);
        let is_clean = check.findings.items.is_empty();
        assert!(is_clean || check.outcome != Outcome::NotRun || check.id == "secrets", "{}", check.id);
    }
}
