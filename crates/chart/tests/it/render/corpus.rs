//! Every public chart of the corpus, with its default values and those of its own tests, against what Helm rendered.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use chandlery_chart::render::{Compat, Release};
use chandlery_chart::{Chart, Limits};
use serde_json::Value;

use super::render_chart;
use crate::common::corpus;

/// Stands in the expected text for what differs from run to run.
const MASK: &str = "⦃MASK⦄";

/// The cases that are known to differ, one `CHART CASE: CAUSE` in a line.
const KNOWN: &str = include_str!("../../known-differences.txt");

/// Looks at the charts whose file name contains this, and prints where they differ.
const ONLY: &str = "CHANDLERY_ONLY_CHART";

#[test]
fn charts_render_like_helm() {
    let only = std::env::var(ONLY).unwrap_or_default();
    let mut files: Vec<PathBuf> =
        fs::read_dir(corpus().join("golden")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.to_string_lossy().contains(&only));
    files.sort();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut results = BTreeMap::new();
        while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            compare_chart(path, &mut results);
        }
        results
    };
    let results: BTreeMap<String, Option<String>> = std::thread::scope(|scope| {
        let workers = [scope.spawn(work), scope.spawn(work)];
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let known: BTreeSet<&str> =
        KNOWN.lines().filter_map(|line| line.split_once(": ")).map(|(case, _)| case).collect();
    let differing: BTreeMap<_, _> =
        results.iter().filter_map(|(case, difference)| Some((case.as_str(), difference.as_ref()?))).collect();
    for (case, difference) in &differing {
        eprintln!("{case}: {difference}");
    }
    eprintln!("{} of {} cases differ", differing.len(), results.len());
    let unexpected: Vec<_> = differing.keys().filter(|case| !known.contains(**case)).collect();
    assert!(unexpected.is_empty(), "{} cases that should not differ: {unexpected:#?}", unexpected.len());
    if only.is_empty() {
        let mended: Vec<_> = known.iter().filter(|case| !differing.contains_key(**case)).collect();
        assert!(mended.is_empty(), "no longer differ, take them off the list: {mended:#?}");
        assert!(results.len() >= 856, "{} cases", results.len());
    }
}

/// Adds the cases of one chart: what differs, if anything does.
fn compare_chart(golden: &Path, results: &mut BTreeMap<String, Option<String>>) {
    let file_name = golden.file_name().unwrap().to_string_lossy().into_owned();
    let name = file_name.strip_suffix(".json.gz").unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(File::open(golden).unwrap()).read_to_string(&mut text).unwrap();
    let cases: BTreeMap<String, Value> = serde_json::from_str(&text).unwrap();
    let archive = corpus().join("charts").join(format!("{name}.tgz"));
    let chart = Chart::read(File::open(archive).unwrap(), &Limits::default()).unwrap();
    for (case, golden) in &cases {
        results.insert(format!("{name} {case}"), compare_case(chart.clone(), golden));
    }
}

fn compare_case(chart: Chart, golden: &Value) -> Option<String> {
    let user = golden["values"].as_str().map(|text| {
        chandlery_yaml::from_slice(text.as_bytes(), &chandlery_yaml::Options::default()).unwrap()
    });
    let rendered = std::panic::catch_unwind(|| {
        render_chart(chart, user.as_ref(), Compat::Helm43, Release::install("demo", "shop"))
    });
    let Ok(rendered) = rendered else { return Some("panic".to_owned()) };
    match (rendered, golden.get("error").and_then(Value::as_str)) {
        (Err(error), Some(expected)) => {
            let expected = expected.trim_start_matches("HelmRenderError: ").trim_end();
            let got = error.to_string();
            (got.trim_end() != expected).then(|| format!("error\n  got    {got:?}\n  wanted {expected:?}"))
        }
        (Err(error), None) => Some(format!("error {error}")),
        (Ok(_), Some(expected)) => Some(format!("no error, wanted {expected}")),
        (Ok(files), None) => {
            let expected = golden.get("manifest").or_else(|| golden.get("masked")).unwrap();
            compare_files(&files, expected.as_object()?)
        }
    }
}

fn compare_files(
    files: &BTreeMap<String, String>,
    expected: &serde_json::Map<String, Value>,
) -> Option<String> {
    let got: BTreeSet<&str> = files.keys().map(String::as_str).collect();
    let wanted: BTreeSet<&str> = expected.keys().map(String::as_str).collect();
    if got != wanted {
        let difference: Vec<_> = got.symmetric_difference(&wanted).collect();
        return Some(format!("files {difference:?}"));
    }
    files.iter().find_map(|(path, text)| {
        let wanted = expected[path].as_str().unwrap();
        let difference = compare_text(text, wanted)?;
        Some(format!("{path} {difference}"))
    })
}

/// The first line that differs.
fn compare_text(text: &str, wanted: &str) -> Option<String> {
    if text == wanted {
        return None;
    }
    let (got_lines, wanted_lines): (Vec<_>, Vec<_>) =
        (text.split('\n').collect(), wanted.split('\n').collect());
    let line = got_lines.iter().zip(&wanted_lines).position(|(got, wanted)| !line_matches(got, wanted));
    match line {
        Some(line) => Some(format!(
            "line {}\n  got    {:?}\n  wanted {:?}",
            line + 1,
            got_lines[line],
            wanted_lines[line]
        )),
        None if got_lines.len() != wanted_lines.len() => {
            Some(format!("has {} lines, wanted {}", got_lines.len(), wanted_lines.len()))
        }
        None => None,
    }
}

/// Is the line as wanted, with anything in the place of masks?
fn line_matches(line: &str, wanted: &str) -> bool {
    let mut parts = wanted.split(MASK);
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, inner)) = parts.split_last() else { return rest.is_empty() };
    for part in inner {
        let Some(position) = rest.find(part) else { return false };
        rest = &rest[position + part.len()..];
    }
    rest.ends_with(last)
}
