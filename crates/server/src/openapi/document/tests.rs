use std::path::Path;

use serde_json::Value;

use super::*;
use crate::http::documentation::text_of;
use crate::routes::documented;

/// Set to write the committed document anew, which `make openapi` does.
const UPDATE: &str = "CHANDLERY_UPDATE_OPENAPI";

fn made() -> Value {
    serde_json::to_value(document(&documented(), "/")).unwrap()
}

#[test]
fn the_committed_document_is_the_one_of_the_server() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let text = text_of(&document(&documented(), "/"));
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let differing = committed.lines().zip(text.lines()).find(|(committed, made)| committed != made);
    assert!(
        committed == text,
        "docs/openapi.json is not what the server says: run `make openapi`; {differing:?}"
    );
}

#[test]
fn rows_and_operations_are_the_same() {
    let mut rows: Vec<String> = documented()
        .iter()
        .map(|row| format!("{} {}", row.method.as_str().to_lowercase(), row.path))
        .collect();
    let document = made();
    let operations = operations(&document);
    let mut listed: Vec<String> =
        operations.iter().map(|(path, method, _)| format!("{method} {path}")).collect();
    rows.sort();
    listed.sort();
    assert_eq!(rows, listed);
    for row in &rows {
        assert!(row.contains(" /api/v1/"), "{row} is outside of the REST API");
    }
}

/// Path, method and operation.
fn operations(document: &Value) -> Vec<(&String, &String, &Value)> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.push((path, method, operation));
        }
    }
    operations
}

#[test]
fn operations_are_complete() {
    let document = made();
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let what = format!("{method} {path}: {operation}");
        let id = operation["operationId"].as_str().unwrap();
        assert!(ids.insert(id), "two handlers are called {id}: rename one");
        assert!(id.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_'), "{what}");
        let summary = operation["summary"].as_str().unwrap();
        assert!(summary.starts_with(|first: char| first.is_uppercase()) && !summary.ends_with('.'), "{what}");
        let statuses: Vec<&str> =
            operation["responses"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(statuses.iter().filter(|status| status.starts_with('2')).count(), 1, "{what}");
        let anonymous = operation["security"].as_array().unwrap();
        assert_eq!(anonymous.is_empty(), !statuses.contains(&"401"), "{what}");
        let names =
            operation["parameters"].as_array().into_iter().flatten().map(|parameter| &parameter["name"]);
        let in_path = path.matches('{').count();
        assert!(names.clone().count() >= in_path, "{what}");
        // A POST may be an order that needs no words.
        let has_body = operation["requestBody"].is_object();
        match method.as_str() {
            "put" | "patch" => assert!(has_body, "{what}"),
            "post" => {}
            _ => assert!(!has_body, "{what}"),
        }
    }
}

#[test]
fn references_resolve_and_requests_are_closed() {
    let document = made();
    for reference in references(&document) {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    for (path, method, operation) in operations(&document) {
        let Some(reference) = operation.pointer("/requestBody/content/application~1json/schema/$ref") else {
            continue;
        };
        let schema = document.pointer(reference.as_str().unwrap().trim_start_matches('#')).unwrap();
        assert_eq!(schema["additionalProperties"], false, "{method} {path}: add deny_unknown_fields");
    }
}

/// Every `$ref` below a value.
fn references(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(object) => object
            .iter()
            .flat_map(|(key, value)| match (key.as_str(), value) {
                ("$ref", Value::String(reference)) => vec![reference.as_str()],
                _ => references(value),
            })
            .collect(),
        Value::Array(values) => values.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn schemas_say_nothing_in_the_language_of_code() {
    let text = text_of(&document(&documented(), "/"));
    for trace in ["[`", "::"] {
        let line = text.lines().find(|line| line.contains(trace));
        assert_eq!(line, None, "descriptions are for callers of the API");
    }
}
