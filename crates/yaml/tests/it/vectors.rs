//! Outputs of the real Helm and of go-yaml on our inputs.
//!
//! The rows are `{op, in | v, out | err}`: `read` and `strict` take YAML text, `emit` and `pretty` a value.
//! `helm-templates.json` and `to-yaml-strings.json` come from Helm 4.2.3, which cuts the final line break;
//! `go-yaml-*.json` from sigs.k8s.io/yaml 1.6.0 with go-yaml 2.4.4 and 3.0.5.

use chandlery_yaml::{Options, from_str, to_string, to_string_pretty};
use serde_json::{Value, json};

use crate::is_same;

fn rows(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

fn run(row: &Value) -> Result<Value, String> {
    let input = &row["in"];
    let value = &row["v"];
    match row["op"].as_str().unwrap() {
        "emit" => to_string(value).map(Value::from),
        "pretty" => to_string_pretty(value).map(Value::from),
        op => {
            let options = Options { strict_duplicates: op == "strict", ..Options::default() };
            from_str(input.as_str().unwrap(), &options)
        }
    }
    .map_err(|error| error.to_string())
}

/// The faults of JSON's emitter are known by kind only: go-yaml names a line of the JSON in between.
fn is_as_expected(row: &Value, result: &Result<Value, String>, cut: bool) -> bool {
    match result {
        Ok(Value::String(text)) if cut && row["in"].is_null() => {
            row["out"] == text.strip_suffix('\n').unwrap_or(text)
        }
        Ok(value) => row.get("out").is_some_and(|expected| is_same(value, expected)),
        Err(error) => row["err"].as_str().is_some_and(|expected| expected == error || row["op"] == "emit"),
    }
}

fn check(text: &str, count: usize, cut: bool) {
    let rows = rows(text);
    assert_eq!(rows.len(), count);
    let wrong: Vec<_> = rows
        .iter()
        .map(|row| (row, run(row)))
        .filter(|(row, result)| !is_as_expected(row, result, cut))
        .map(|(row, result)| format!("{row}\n   gives {result:?}"))
        .collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn strings_are_written_as_helm_writes_them() {
    let vectors = rows(include_str!("../vectors/to-yaml-strings.json"));
    assert_eq!(vectors.len(), 137);
    for vector in &vectors {
        let written = to_string(&json!({ "k": vector["in"] })).unwrap_or_default();
        let written = written.strip_suffix('\n').unwrap_or(&written);
        assert_eq!(written, vector["out"], "{}", vector["in"]);
    }
}

#[test]
fn templates_see_what_helm_shows_them() {
    check(include_str!("../vectors/helm-templates.json"), 11, true);
}

#[test]
fn text_is_read_as_go_yaml_reads_it() {
    check(include_str!("../vectors/go-yaml-read.json"), 230, false);
}

#[test]
fn values_are_written_as_go_yaml_writes_them() {
    check(include_str!("../vectors/go-yaml-write.json"), 250, false);
}
