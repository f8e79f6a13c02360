//! Values against the real Helm: the shared vectors of `--set`, and the cases in `tests/cases/values`.

use std::path::Path;

use chandlery_chart::render::{PrepareOptions, SetKind, floats, merge_files, prepare, set_values};
use chandlery_chart::{Chart, Limits};
use serde_json::{Map, Value};

use crate::common::{CHART_YAML, TarBuilder};

fn object(value: &Value) -> Map<String, Value> {
    let mut map = value.as_object().cloned().unwrap_or_default();
    floats(&mut map);
    map
}

#[test]
fn set_flags_like_helm() {
    let vectors: Value = serde_json::from_str(include_str!("../vectors/helm-vectors.json")).unwrap();
    let kinds = [
        ("set", SetKind::Typed),
        ("set-string", SetKind::Text),
        ("set-json", SetKind::Json),
        ("set-literal", SetKind::Literal),
    ];
    let mut count = 0;
    for (name, kind) in kinds {
        for vector in vectors["strvals"][name].as_array().unwrap() {
            let text = vector["in"].as_str().unwrap();
            let mut values = Map::new();
            let result = set_values(&mut values, kind, text, &mut |_| Err("no files".to_owned()));
            match vector["error"].as_str() {
                Some(expected) => assert_eq!(result.unwrap_err().to_string(), expected, "--{name} {text}"),
                None => {
                    result.unwrap_or_else(|error| panic!("--{name} {text}: {error}"));
                    floats(&mut values);
                    assert_eq!(values, object(&vector["out"]), "--{name} {text}");
                }
            }
            count += 1;
        }
    }
    assert!(count >= 56, "{count} vectors");
}

fn chart_of(files: &Map<String, Value>) -> Chart {
    let mut archive = TarBuilder::default();
    if !files.contains_key("Chart.yaml") {
        archive = archive.file("t/Chart.yaml", CHART_YAML);
    }
    for (path, text) in files {
        archive = archive.file(&format!("t/{path}"), text.as_str().unwrap());
    }
    Chart::read(&archive.gzip()[..], &Limits::default()).unwrap()
}

fn user_values(case: &Value) -> Map<String, Value> {
    let mut user = Map::new();
    if let Some(text) = case["user"].as_str() {
        let options = chandlery_yaml::Options::default();
        merge_files(&mut user, object(&chandlery_yaml::from_slice(text.as_bytes(), &options).unwrap()));
    }
    for text in case["set"].as_array().into_iter().flatten() {
        let text = text.as_str().unwrap();
        set_values(&mut user, SetKind::Typed, text, &mut |_| Err(String::new())).unwrap();
    }
    user
}

/// What differs from the case's outputs.
fn difference(case: &Value) -> Option<String> {
    let chart = chart_of(case["files"].as_object().unwrap());
    let result = prepare(chart, &user_values(case), &PrepareOptions::default());
    let (got, log) = match result {
        Ok(mut prepared) => {
            floats(&mut prepared.values);
            prepared.warnings.sort();
            (Ok(prepared.values), prepared.warnings)
        }
        Err(error) => (Err(error.to_string()), Vec::new()),
    };
    let wanted = match case["error"].as_str() {
        Some(error) => Err(error.to_owned()),
        None => Ok(object(&case["values"])),
    };
    if got != wanted {
        return Some(format!("got    {got:?}\nwanted {wanted:?}"));
    }
    let mut wanted_log: Vec<&str> =
        case["log"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    wanted_log.dedup();
    (got.is_ok() && log != wanted_log).then(|| format!("got    {log:#?}\nwanted {wanted_log:#?}"))
}

#[test]
fn cases_like_helm() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/values");
    let mut count = 0;
    let mut failures = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let cases: Vec<Value> = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        for case in &cases {
            count += 1;
            if let Some(difference) = difference(case) {
                let file = path.file_name().unwrap().to_string_lossy().into_owned();
                failures.push(format!("{file}: {}\n{difference}", case["name"]));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {count} cases:\n{}", failures.len(), failures.join("\n"));
    assert!(count > 100, "{count} cases");
}
