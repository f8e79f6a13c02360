//! Outputs of the real Helm and of go-yaml on our inputs.
//!
//! The rows are `{op, in | v, out | err}`: `read` and `strict` take YAML text, `emit` and `pretty` a value.
//! `helm-templates.json` and `to-yaml-strings.json` come from Helm 4.2.3, which cuts the final line break;
//! `go-yaml-*.json` from sigs.k8s.io/yaml 1.6.0 with go-yaml 2.4.4 and 3.0.5.

use chandlery_yaml::{Options, from_str, from_str_with_keys, to_string, to_string_pretty};
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

fn is_as_expected(row: &Value, result: &Result<Value, String>, cut: bool) -> bool {
    match result {
        Ok(Value::String(text)) if cut && row["in"].is_null() => {
            row["out"] == text.strip_suffix('\n').unwrap_or(text)
        }
        Ok(value) => row.get("out").is_some_and(|expected| is_same(value, expected)),
        Err(error) => row["err"] == error.as_str(),
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

/// sigs.k8s.io/yaml writes JSON and reads that as YAML: a key must end on its line, within 1,024 characters, and some
/// characters that JSON leaves as they are end lines or are refused. The texts are those of Helm's `mustToYaml`.
#[test]
fn values_whose_json_is_no_yaml_are_refused_as_by_helm() {
    let long = |text: &str, count: usize| text.repeat(count);
    let cases = [
        (json!({ "\u{85}": null }), "yaml: line 1: did not find expected ',' or '}'"),
        (json!({ "a": "\u{85}", "x\u{85}y\u{85}z": 1 }), "yaml: line 3: did not find expected ',' or '}'"),
        (json!({ long("a", 1023): 1 }), "yaml: did not find expected ',' or '}'"),
        (json!({ "a": "\u{85}", long("b", 1023): 1 }), "yaml: line 1: did not find expected ',' or '}'"),
        (json!([{ long("<", 171): 1 }]), "yaml: did not find expected ',' or '}'"),
        (json!(["a\u{85}...\u{85}"]), "yaml: line 2: found unexpected document indicator"),
        (
            json!({ "a": "\u{85}", "a\u{85}...\u{85}": 1 }),
            "yaml: line 3: found unexpected document indicator",
        ),
        (json!({ "a": "\u{85}", "\u{7f}": 1 }), "yaml: control characters are not allowed"),
        (json!(["\u{80}"]), "yaml: control characters are not allowed"),
        (json!("\u{fffe}"), "yaml: control characters are not allowed"),
    ];
    for (value, error) in cases {
        assert_eq!(
            to_string(&value).map_err(|error| error.to_string()),
            Err(error.to_owned()),
            "{value:.80}"
        );
    }
    for (value, written) in [
        (json!({ long("a", 1022): 1 }), format!("? {}\n: 1\n", long("a", 1022))),
        (json!({ long("<", 170): 1 }), format!("? {}\n: 1\n", long("<", 170))),
        (json!({ "k": "x\u{85}y\u{85}z" }), "k: x y z\n".to_owned()),
        (json!(["\u{85}---"]), "- ' ---'\n".to_owned()),
    ] {
        assert_eq!(to_string(&value).unwrap(), written);
    }
}

#[test]
fn wanted_keys_are_as_in_the_whole() {
    let options = Options::default();
    let more = [
        "b: &x {a: 1, c: [2, {d: e}]}\nq: 1\n<<: *x\n",
        "a: &x [1, {b: c}]\nb: *x\nq: {<<: {r: 1}, s: *x}\n? *x\n: 1\n",
        "q: {a: 1, a: 2}\na: 1\na: 2\nb: {.nan: 1}\n",
        "q: .inf\na: 1\n",
        "[1, {a: b}]",
    ];
    let rows = rows(include_str!("../vectors/go-yaml-read.json"));
    let texts = rows.iter().filter_map(|row| row["in"].as_str()).chain(more);
    let wishes: [fn(&str) -> bool; 4] = [|_| true, |_| false, |key| key < "b", |key| key >= "b"];
    for text in texts {
        let whole = from_str(text, &options);
        for is_wanted in wishes {
            let mut expected = whole.clone();
            let mut found = from_str_with_keys(text, &options, &is_wanted);
            for value in [&mut expected, &mut found] {
                if let Ok(Value::Object(map)) = value {
                    map.retain(|key, _| is_wanted(key));
                }
            }
            let text_of =
                |result: Result<Value, chandlery_yaml::Error>| result.map_err(|error| error.to_string());
            assert_eq!(text_of(found), text_of(expected), "{text}");
        }
    }
}
