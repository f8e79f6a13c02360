//! Values against the real Helm: the shared vectors of `--set`, and the cases in `tests/cases/values`.

use std::path::Path;

use chandlery_chart::render::{Compat, PrepareOptions, SetKind, floats, merge_files, prepare, set_values};
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

#[test]
fn whole_charts_in_both_versions() {
    let vectors: Value = serde_json::from_str(include_str!("../vectors/helm-vectors.json")).unwrap();
    let template = "{{ .Values | toJson }}";
    let mut count = 0;
    for vector in vectors["whole_charts"].as_array().unwrap() {
        let files = vector["files"].as_object().unwrap();
        if files.get("templates/x.yaml").and_then(Value::as_str).map(str::trim) != Some(template) {
            continue;
        }
        let newest = &vector["helm_4_2_3"];
        for (compat, output) in
            [(Compat::Helm43, newest), (Compat::Helm3, vector.get("helm_3_18_1").unwrap_or(newest))]
        {
            let Some(text) = output["t/templates/x.yaml"].as_str() else { continue };
            let options = PrepareOptions { compat, ..PrepareOptions::default() };
            let prepared = prepare(chart_of(files), &object(&vector["user_values"]), &options).unwrap();
            let expected: Value = serde_json::from_str(text.trim()).unwrap();
            assert_eq!(prepared.values, object(&expected), "{} for {compat:?}", vector["label"]);
            count += 1;
        }
    }
    assert!(count >= 10, "{count} outputs");
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

/// The error of a chart with a schema and values.
fn schema_error(schema: &str, values: &str) -> String {
    let files = serde_json::json!({"values.schema.json": schema, "values.yaml": values});
    let result = prepare(chart_of(files.as_object().unwrap()), &Map::new(), &PrepareOptions::default());
    result.map_or_else(|error| error.to_string(), |_| "fits".to_owned())
}

#[test]
fn hostile_schemas_end() {
    let chain = |length: usize| {
        let links: Vec<String> =
            (0..length).map(|step| format!(r##""d{step}":{{"$ref":"#/$defs/d{}"}}"##, step + 1)).collect();
        format!(r##"{{"$defs":{{{},"d{length}":{{}}}},"$ref":"#/$defs/d0"}}"##, links.join(","))
    };
    let (chain, long_chain) = (chain(5_000), chain(100_000));
    let doubling: Vec<String> = (0..40)
        .map(|step| {
            let next = step + 1;
            format!(r##""d{step}":{{"allOf":[{{"$ref":"#/$defs/d{next}"}},{{"$ref":"#/$defs/d{next}"}}]}}"##)
        })
        .collect();
    let doubling = format!(r##"{{"$defs":{{{},"d40":{{}}}},"$ref":"#/$defs/d0"}}"##, doubling.join(","));
    let nested = format!("{}true{}", r#"{"properties":{"a":"#.repeat(60), "}}".repeat(60));
    let too_nested = format!("{}true{}", r#"{"not":"#.repeat(5000), "}".repeat(5000));
    let recursive =
        r##"{"type":"object","additionalProperties":{"anyOf":[{"type":"string"},{"$ref":"#"}]}}"##;
    let deep_values = format!("a: {}x{}\n", "{a: ".repeat(300), "}".repeat(300));
    let slow = format!(r#"{{"properties":{{"a":{{"pattern":"^(a+)+$"}}}},"title":"{}"}}"#, "x".repeat(1000));
    let many_a = format!("a: {}b\n", "a".repeat(100_000));
    let cases = [
        (chain.as_str(), "a: 1\n", "400 schemas inside each other"),
        (&long_chain, "a: 1\n", "500000 steps"),
        (&doubling, "a: 1\n", "500000 steps"),
        (&nested, "a: 1\n", "fits"),
        (&too_nested, "a: 1\n", "exceeded max depth"),
        (recursive, &deep_values, "400 schemas inside each other"),
        (&slow, &many_a, "does not match pattern"),
        (
            r#"{"$ref":"http://127.0.0.1:1/s.json"}"#,
            "a: 1\n",
            "failing loading \"http://127.0.0.1:1/s.json\": references to",
        ),
        (
            r#"{"$ref":"file:///etc/passwd"}"#,
            "a: 1\n",
            "failing loading \"file:///etc/passwd\": references to",
        ),
        (r#"{"$ref":"other.json#/a"}"#, "a: 1\n", "failing loading \"file:///other.json\": references to"),
        (
            r#"{"$schema":"https://example.com/meta"}"#,
            "a: 1\n",
            "failing loading \"https://example.com/meta\"",
        ),
        (
            r#"{"properties":{"a":{"pattern":"((((a{1000}){1000}){1000}){1000})"}}}"#,
            "a: x\n",
            "error parsing regexp",
        ),
    ];
    for (schema, values, expected) in cases {
        let error = schema_error(schema, values);
        let shown: String = error.chars().take(500).collect();
        assert!(error.contains(expected), "{expected}: {shown}");
    }
}

#[test]
fn deep_values_merge() {
    let deep = |leaf: &str| format!("a: {}{leaf}{}\n", "{a: ".repeat(990), "}".repeat(990));
    let files = serde_json::json!({"values.yaml": deep("1")});
    let case = serde_json::json!({"user": deep("2")});
    let prepared =
        prepare(chart_of(files.as_object().unwrap()), &user_values(&case), &PrepareOptions::default())
            .unwrap();
    assert!(Value::Object(prepared.values).to_string().contains(":2.0}"));
}

#[test]
fn imports_into_themselves_end() {
    let files = serde_json::json!({
        "Chart.yaml": "apiVersion: v2\nname: t\nversion: 0.1.0\ndependencies:\n- name: s\n  import-values:\n  - {child: e.d, parent: x}\n  - {child: e, parent: x.k}\n",
        "charts/s/Chart.yaml": "apiVersion: v2\nname: s\nversion: 0.1.0\n",
        "charts/s/values.yaml": "e: {d: {a: 1}}\n",
    });
    let error = prepare(chart_of(files.as_object().unwrap()), &Map::new(), &PrepareOptions::default());
    assert!(error.unwrap_err().to_string().contains("puts a map into itself"));
}
