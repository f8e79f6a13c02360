//! Outputs of the real Helm on our inputs.

use serde_json::{Value, json};

#[test]
fn strings_are_written_as_helm_writes_them() {
    let vectors: Vec<Value> = serde_json::from_str(include_str!("vectors/to-yaml-strings.json")).unwrap();
    assert_eq!(vectors.len(), 137);
    let mut wrong = Vec::new();
    for vector in &vectors {
        let input = vector["in"].as_str().unwrap();
        let expected = vector["out"].as_str().unwrap();
        let written = chandlery_yaml::to_string(&json!({ "k": input })).unwrap_or_default();
        let written = written.strip_suffix('\n').unwrap_or(&written);
        if written != expected {
            wrong.push(format!("{input:?}: {written:?} instead of {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
