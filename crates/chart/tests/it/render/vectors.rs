//! Small templates and small charts, with what Helm 3 and Helm 4 make of them.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chandlery_chart::render::{Compat, Release};
use chandlery_chart::{Chart, Limits};
use serde_json::{Map, Value, json};

use super::render_chart;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../vectors/helm-vectors.json")).unwrap()
}

/// The chart that a directory with these files holds; text that begins with `base64:` stands for bytes.
fn load(files: &Map<String, Value>) -> Result<Chart, String> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("t");
    fs::create_dir(&root).unwrap();
    if !files.contains_key("Chart.yaml") {
        fs::write(root.join("Chart.yaml"), "apiVersion: v2\nname: t\nversion: 0.1.0\n").unwrap();
    }
    for (path, text) in files {
        write(&root.join(path), text.as_str().unwrap());
    }
    Chart::read_directory(&root, &Limits::default()).map_err(|error| error.to_string())
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    match text.strip_prefix("base64:") {
        Some(encoded) => fs::write(path, STANDARD.decode(encoded).unwrap()).unwrap(),
        None => fs::write(path, text).unwrap(),
    }
}

/// What a chart renders to; an error as the vectors have it.
pub(super) fn render(
    files: &Map<String, Value>,
    user: &Value,
    compat: Compat,
    release: Release,
) -> Result<Value, String> {
    let rendered = load(files).and_then(|chart| {
        render_chart(chart, Some(user), compat, release).map_err(|error| error.to_string())
    });
    rendered.map(|files| json!(files)).map_err(|error| format!("ERR {error}"))
}

/// Both columns of a vector, where both are to be checked.
fn columns(vector: &Value) -> [(Compat, &Value); 2] {
    let newest = &vector["helm_4_2_3"];
    [(Compat::Helm43, newest), (Compat::Helm3, vector.get("helm_3_18_1").unwrap_or(newest))]
}

/// The few differences between Helm 3.18.1 and the Helm 3 that the compat switch stands for: the Kubernetes version that
/// build knew, names of Go types, and the words of its libraries.
fn as_newest(text: &str) -> String {
    text.replace("chartutil.Values", "common.Values")
        .replace("Invalid Semantic Version", "invalid semantic version")
}

#[test]
fn templates_like_helm() {
    let data = vectors();
    let mut failures = Vec::new();
    let list = data["vectors"].as_array().unwrap();
    for vector in list {
        let set = vector["set"].as_str().unwrap();
        let mut files = data["files"][set].as_object().cloned().unwrap_or_default();
        files.insert("values.yaml".to_owned(), data["values_yaml"][set].clone());
        files.insert("templates/x.txt".to_owned(), vector["template"].clone());
        let user = &data["values_json"][set];
        for (compat, expected) in columns(vector) {
            let result = render(&files, user, compat, Release::install("rel", "ns"));
            let got = match &result {
                Ok(files) => files["t/templates/x.txt"].as_str().unwrap_or_default(),
                Err(error) => error,
            };
            let wanted = expected.as_str().unwrap();
            if got != wanted && !(compat == Compat::Helm3 && got == as_newest(wanted)) {
                failures.push(format!(
                    "{compat:?} {}\n  got    {got:?}\n  wanted {wanted:?}",
                    vector["template"]
                ));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), list.len() * 2, failures.join("\n"));
}

#[test]
fn whole_charts_like_helm() {
    let data = vectors();
    let mut failures = Vec::new();
    let list = data["whole_charts"].as_array().unwrap();
    for vector in list {
        let files = vector["files"].as_object().unwrap();
        for (compat, expected) in columns(vector) {
            let got = render(files, &vector["user_values"], compat, Release::install("r", "n"));
            let got = got.unwrap_or_else(Value::from);
            if got != *expected {
                failures.push(format!("{compat:?} {}\n  got    {got}\n  wanted {expected}", vector["label"]));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), list.len() * 2, failures.join("\n"));
}

#[test]
fn strings_in_yaml_like_helm() {
    let data = vectors();
    let list = data["toYaml_of_dict_k_string"].as_array().unwrap();
    let mut failures = Vec::new();
    for vector in list {
        let files = json!({ "templates/x.txt": "{{ dict \"k\" .Values.in | toYaml }}" });
        let user = json!({ "in": vector["in"] });
        let got =
            render(files.as_object().unwrap(), &user, Compat::Helm43, Release::install("rel", "ns")).unwrap();
        if got["t/templates/x.txt"] != vector["out"] {
            failures.push(format!("{vector} got {got}"));
        }
    }
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), list.len(), failures.join("\n"));
}
