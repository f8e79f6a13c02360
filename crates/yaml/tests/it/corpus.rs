//! The YAML files of real public charts: read, written, read again, and compared with libyaml event by event.
//!
//! The corpus is not part of the project; see `corpus_folder` for how to name it.

mod corpus_files;
mod libyaml;

use crate::is_same;
use chandlery_yaml::{Options, Parser, Shape, check, documents, from_str, to_string, to_string_pretty};
use corpus_files::{corpus_folder, visit_yaml_files};
use serde_json::Value;

/// Files on which libyaml and go-yaml differ by design; the rest must agree.
const KNOWN_DIFFERENCES: usize = 0;

#[test]
fn charts_survive_a_round_trip() {
    let mut files = 0;
    visit_yaml_files(|name, text| {
        let is_metadata = name.ends_with("/Chart.yaml") || name.ends_with("/values.yaml");
        if !is_metadata {
            return;
        }
        files += 1;
        let Ok(value) = from_str(text, &Options::default()) else { return };
        for written in [to_string(&value), to_string_pretty(&value)] {
            let written = written.unwrap_or_else(|error| panic!("{name}: {error}"));
            let again = from_str(&written, &Options::default());
            assert!(again.is_ok_and(|again| is_same(&again, &value)), "{name} is not the same in\n{written}");
        }
    });
    assert!(files > 1_000, "only {files} Chart.yaml and values.yaml files found");
}

#[test]
fn checking_agrees_with_reading() {
    let mut files = 0;
    visit_yaml_files(|name, text| {
        files += 1;
        for strict_duplicates in [false, true] {
            let options = Options { strict_duplicates, ..Options::default() };
            let expected = from_str(text, &options).map(|value| match value {
                Value::Null => Shape::Null,
                Value::Array(_) => Shape::Sequence,
                Value::Object(_) => Shape::Mapping,
                _ => Shape::Scalar,
            });
            assert_eq!(check(text.as_bytes(), &options), expected, "{name}");
        }
    });
    assert!(files > 2_000, "only {files} files found");
}

#[test]
fn events_are_those_of_libyaml() {
    let mut files = 0;
    let mut different = Vec::new();
    visit_yaml_files(|name, text| {
        files += 1;
        // The port of libyaml fails at the end of a block scalar without line break.
        let text = &format!("{text}\n");
        let ours = Parser::new(text, &Options::default().limits).map(|event| event.map_err(drop));
        if let Some(place) = libyaml::first_difference(ours, text) {
            different.push(format!("{name}: {place}"));
        }
    });
    assert!(files > 2_000, "only {files} files found");
    assert_eq!(different.len(), KNOWN_DIFFERENCES, "of {files} files:\n{}", different.join("\n"));
}

#[test]
fn real_indexes_are_written_as_they_were() {
    let folder = corpus_folder().join("index");
    let mut cases = 0;
    for case in std::fs::read_dir(&folder).unwrap() {
        let path = case.unwrap().path();
        if path.ends_with("28-json") {
            continue;
        }
        let text = std::fs::read_to_string(path.join("index.yaml")).unwrap();
        let options = Options { strict_duplicates: true, ..Options::default() };
        let value = from_str(&text, &options).unwrap();
        assert!(to_string(&value).unwrap() == text, "{} is not written as it was", path.display());
        assert_eq!(documents(&text, &options).unwrap(), [value]);
        cases += 1;
    }
    assert_eq!(cases, 29);
}
