use serde_json::json;

use super::*;

fn code(key: &str, value: &Value) -> Option<&'static str> {
    recognise(&Path::of(key), value).map(|secret| secret.code)
}

#[test]
fn secrets_by_text_key_and_chance() {
    let cases = [
        ("tls", json!("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n"), Some("private_key")),
        ("tls", json!("-----BEGIN PRIVATE KEY-----\nMIIE\n"), Some("private_key")),
        ("tls", json!("-----BEGIN CERTIFICATE-----\nMIIE\n"), None),
        ("id", json!("AKIAQWERTYUIOPASDFGH"), Some("aws_access_key")),
        ("id", json!("AKIAIOSFODNN7EXAMPLE"), None),
        ("x", json!(format!("ghp_{}", "a1B2".repeat(9))), Some("github_token")),
        ("url", json!("postgres://admin:hunter2@db:5432/x"), Some("url_credentials")),
        ("url", json!("postgres://{{ .user }}:{{ .password }}@db"), None),
        ("url", json!("https://example.test/a:b@c"), None),
        ("adminPassword", json!("admin"), Some("password")),
        ("DB_PASSWORD", json!("hunter2"), Some("password")),
        ("password", json!(123_456), Some("password")),
        ("auth-token", json!("letmein"), Some("password")),
        ("password", json!(""), None),
        ("password", json!(null), None),
        ("usePassword", json!(true), None),
        ("token", json!(5), None),
        ("existingSecretPassword", json!("x"), None),
        ("passwordSecretName", json!("x"), None),
        ("password", json!("{{ .Values.x }}"), None),
        ("password", json!("$(PASSWORD)"), None),
        ("password", json!("is asked for"), None),
        ("passwordPath", json!("x"), None),
        ("checksum/some-secret", json!("0123456789abcdef"), None),
        ("ALLOW_EMPTY_PASSWORD", json!("yes"), None),
        ("pullSecret", json!("my-registry"), None),
        ("passwordSecretKey", json!("redis-password"), None),
        ("jwtSecret", json!("letmein"), Some("password")),
        ("anything", json!("q8Zk2LmN4pR7tVxY1bC3dF5gH9jK0sWe"), Some("high_entropy")),
        ("checksum", json!("q8Zk2LmN4pR7tVxY1bC3dF5gH9jK0sWe"), None),
        ("anything", json!("a-long-name-of-many-words-With-1-digit"), None),
        ("anything", json!("replicas"), None),
    ];
    for (key, value, expected) in cases {
        assert_eq!(code(key, &value), expected, "{key}: {value}");
    }
}

#[test]
fn names_beside_values_and_whole_values() {
    let pod =
        json!({ "env": [{ "name": "A_TOKEN", "value": "letmein" }, { "name": "B", "value": "letmein" }] });
    let mut found = Vec::new();
    walk(&pod, None, &mut |leaf| {
        found.extend(recognise(leaf.path, leaf.value).map(|_| leaf.path.text()));
    });
    assert_eq!(found, ["env[0].value"]);
    assert!(holds_secret(&Path::of("x"), &pod));
    assert!(!holds_secret(&Path::of("x"), &json!({ "a.b": ["c"] })));
    assert!(holds_secret(&Path::of("password"), &json!("x")));
    assert!(holds_secret(&Path::of("passwords"), &json!([{ "password": "x" }])));
}

#[test]
fn lines_of_files() {
    let body = "A".repeat(64);
    let cases = [
        (format!("a\n-----BEGIN EC PRIVATE KEY-----\n{body}\n"), Some(2)),
        (format!("  -----BEGIN RSA PRIVATE KEY-----\n  Proc-Type: 4,ENCRYPTED\n\n  {body}\n"), Some(1)),
        (format!("# -----BEGIN EC PRIVATE KEY-----\n# {body}\n"), None),
        ("hasPrefix \"-----BEGIN PRIVATE KEY-----\" .key".to_owned(), None),
        ("# AKIAQWERTYUIOPASDFGH\nkey: AKIAQWERTYUIOPASDFGH\n".to_owned(), Some(2)),
        ("url: postgres://admin:hunter2@db\n".to_owned(), None),
    ];
    for (text, line) in cases {
        assert_eq!(patterns::in_lines(&text).map(|(_, line)| line), line, "{text}");
    }
}
