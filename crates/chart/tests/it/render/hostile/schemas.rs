//! Schemas that want to be followed forever. The texts are Helm's where Helm survives them.

use super::{assert_none, failure};

const NOT_MET: &str =
    "ERR values don't meet the specifications of the schema(s) in the following chart(s):\nt:\n";
const NO_SCHEMA: &str = "\"file:///values.schema.json#\" is not valid against metaschema: jsonschema validation failed with 'https://json-schema.org/draft/2020-12/schema#'\n";
const NOT_FOLLOWED: &str =
    "references to other files and addresses are not followed; put the schema into values.schema.json";

/// Checks what comes of each schema for a long text `a` and a large number `b`.
fn check_schemas(cases: &[(&str, String)]) {
    let values = format!("a: {}b\nb: 1e308\n", "a".repeat(100_000));
    assert_none(cases.iter().map(|(schema, expected)| {
        let files =
            [("values.schema.json", *schema), ("values.yaml", &values), ("templates/x.yaml", "rendered")];
        failure(&files, expected)
    }));
}

#[test]
fn references() {
    let chain = (0..100_000).map(|step| format!(r##""d{step}":{{"$ref":"#/$defs/d{}"}},"##, step + 1));
    let chain =
        format!(r##"{{"$ref":"#/$defs/d0","$defs":{{{}"d100000":{{}}}}}}"##, chain.collect::<String>());
    let twice = |step: usize| {
        format!(r##""d{step}":{{"allOf":[{{"$ref":"#/$defs/d{0}"}},{{"$ref":"#/$defs/d{0}"}}]}},"##, step + 1)
    };
    let ways: String = (0..60).map(twice).collect();
    let ways = format!(r##"{{"$ref":"#/$defs/d0","$defs":{{{ways}"d60":{{}}}}}}"##);
    check_schemas(&[
        (
            r##"{"$ref":"#"}"##,
            format!(
                "{NOT_MET}- at '': both /$ref and  resolve to \"file:///values.schema.json#\" causing reference cycle\n"
            ),
        ),
        (
            r##"{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}}"##,
            format!(
                "{NOT_MET}- at '': both /$ref/$ref/$ref and /$ref resolve to \"file:///values.schema.json#/$defs/a\" causing reference cycle\n"
            ),
        ),
        (
            r##"{"allOf":[{"$ref":"#"},{"$ref":"#"}]}"##,
            format!(
                "{NOT_MET}- at '': 'allOf' failed\n  - at '': both /allOf/0/$ref and  resolve to \"file:///values.schema.json#\" causing reference cycle\n  - at '': both /allOf/1/$ref and  resolve to \"file:///values.schema.json#\" causing reference cycle\n"
            ),
        ),
        (
            r##"{"anyOf":[{"$ref":"#/$defs/a"},{"$ref":"#/$defs/a"}],"$defs":{"a":{"anyOf":[{"$ref":"#/$defs/b"},{"$ref":"#/$defs/b"}]},"b":{"not":{"$ref":"#/$defs/a"}}}}"##,
            "rendered".to_owned(),
        ),
        (
            r#"{"$ref":"http://127.0.0.1:1/x.json"}"#,
            format!("{NOT_MET}failing loading \"http://127.0.0.1:1/x.json\": {NOT_FOLLOWED}…"),
        ),
        (
            r#"{"$ref":"file:///dev/zero"}"#,
            format!("{NOT_MET}failing loading \"file:///dev/zero\": {NOT_FOLLOWED}…"),
        ),
        (
            r#"{"$ref":"/etc/passwd"}"#,
            format!("{NOT_MET}failing loading \"file:///etc/passwd\": {NOT_FOLLOWED}…"),
        ),
        (&chain, format!("{NOT_MET}the schema takes more than 500000 steps to check…")),
        (&ways, format!("{NOT_MET}the schema takes more than 500000 steps to check…")),
    ]);
}

#[test]
fn patterns_and_shapes() {
    let deep = format!(r#"{}{{}}{}"#, r#"{"not":"#.repeat(100_000), "}".repeat(100_000));
    check_schemas(&[
        (
            r#"{"properties":{"a":{"pattern":"((a{1000}){1000}){1000}"}}}"#,
            format!(
                "{NOT_MET}{NO_SCHEMA}- at '': 'allOf' failed\n  - at '/properties/a': 'allOf' failed\n    - at '/properties/a/pattern': '((a{{1000}}){{1000}}){{1000}}' is not valid regex: error parsing regexp: …"
            ),
        ),
        (
            r#"{"properties":{"a":{"pattern":"(a+)+$"}}}"#,
            format!("{NOT_MET}- at '/a': 'aaaa…aab' does not match pattern '(a+)+$'\n"),
        ),
        (
            r#"{"multipleOf":1e-300,"type":"object","required":[null]}"#,
            format!(
                "{NOT_MET}{NO_SCHEMA}- at '': 'allOf' failed\n  - at '/required/0': got null, want string…"
            ),
        ),
        ("", format!("{NOT_MET}EOF")),
        ("null", format!("{NOT_MET}{NO_SCHEMA}- at '': got null, want boolean or object…")),
        ("[]", format!("{NOT_MET}{NO_SCHEMA}- at '': got array, want boolean or object…")),
        (&deep, format!("{NOT_MET}exceeded max depth")),
    ]);
}
