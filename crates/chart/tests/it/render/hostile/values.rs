//! Values and flags that are bombs, deep, or not what a template expects. The texts are Helm's where Helm survives them.

use chandlery_chart::render::{SetKind, set_values};
use serde_json::Map;

use super::{assert_none, check_charts, failure, matches, on_default_stack};

/// Nine lists of nine references each, nine levels deep.
fn bomb() -> String {
    let levels = (1..9)
        .map(|level| format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 9].join(", ")));
    format!("a0: &a0 [x, x, x, x, x, x, x, x, x]\n{}", levels.collect::<String>())
}

#[test]
fn values_files() {
    let (bomb, nested) = (bomb(), "{a: ".repeat(100_000));
    let indented: String = (0..2_000).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    let cases = [
        (bomb.as_str(), "error converting YAML to JSON: yaml: document contains excessive aliasing"),
        (&nested, "error converting YAML to JSON: yaml: exceeded max depth of 1000"),
        (&indented, "error converting YAML to JSON: yaml: line 1001: exceeded max depth of 1000"),
        ("a: &a [*a]\n", "error converting YAML to JSON: yaml: anchor 'a' value contains itself"),
        ("- 1\n", "expected a map, found a list"),
        ("text\n", "expected a map, found text"),
        (
            "null: 1\n? {a: 1}\n: 2\n",
            "error converting YAML to JSON: yaml: invalid map key: map[interface {}]interface {}{\"a\":1}",
        ),
        ("a: .nan\n", "error converting YAML to JSON: json: unsupported value: NaN"),
    ];
    assert_none(cases.map(|(values, error)| {
        let files = [("values.yaml", values), ("templates/x.yaml", "{{ .Values }}")];
        failure(&files, &format!("ERR cannot load values.yaml: {error}"))
    }));
}

#[test]
fn bombs_in_files_of_the_chart() {
    let bomb = bomb();
    let from_yaml = r#"{{ .Files.Get "bomb" | fromYaml | toYaml }}"#;
    let error = "Error: 'error converting YAML to JSON: yaml: document contains excessive aliasing'";
    check_charts(&[
        (&[("templates/x.yaml", from_yaml), ("bomb", &bomb)], error),
        (
            &[("templates/x.yaml", r#"{{ tpl (.Files.Get "big") . }}"#), ("big", &"{{ 1 }}".repeat(500_001))],
            "ERR …executing \"t/templates/x.yaml\" at <tpl (.Files.Get \"big\") .>: …more than 500000 operands and actions",
        ),
    ]);
}

#[test]
fn values_of_the_wrong_kind() {
    const NIL: &str = "ERR t/templates/x.yaml:1:10\n  executing \"t/templates/x.yaml\" at <.Values.…>:\n    nil pointer evaluating interface {}.";
    const NO_MAP: &str = "ERR t/templates/x.yaml:1:1…\n  executing \"t/templates/x.yaml\" at <.Values.a>:\n    wrong type for value; expected map[string]interface {}; got interface {}";
    let cases = [
        ("a: null\n", "{{ .Values.a.b }}", format!("{NIL}b")),
        ("a: null\n", "{{ .Values.a.b.c }}", format!("{NIL}b")),
        ("global: null\n", "{{ .Values.global.x }}", format!("{NIL}x")),
        (
            "a: text\n",
            "{{ .Values.a.b.c }}",
            "ERR t/templates/x.yaml:1:10\n  executing \"t/templates/x.yaml\" at <.Values.a.b.c>:\n    can't evaluate field b in type interface {}".to_owned(),
        ),
        (
            "a: [null]\n",
            "{{ range .Values.a }}{{ .x }}{{ end }}",
            "ERR t/templates/x.yaml:1:24\n  executing \"t/templates/x.yaml\" at <.x>:\n    nil pointer evaluating interface {}.x".to_owned(),
        ),
        ("a: null\n", "{{ range .Values.a }}x{{ end }}y", "y".to_owned()),
        ("a: null\n", "{{ with .Values.a }}x{{ end }}y", "y".to_owned()),
        ("a: null\n", r#"{{ hasKey .Values.a "x" }}"#, NO_MAP.to_owned()),
        ("a: null\n", "{{ merge .Values.a (dict) }}", NO_MAP.to_owned()),
        ("a: null\n", r#"{{ get .Values.a "x" }}"#, NO_MAP.to_owned()),
        ("a: null\n", "{{ keys .Values.a }}", NO_MAP.to_owned()),
        ("null\n", "{{ .Values }}", "map[]".to_owned()),
        ("&a a: *a\n", "{{ .Values }}", "map[a:a]".to_owned()),
        ("", "{{ .Values }}", "map[]".to_owned()),
    ];
    assert_none(cases.map(|(values, template, expected)| {
        failure(&[("values.yaml", values), ("templates/x.yaml", template)], &expected)
    }));
}

#[test]
fn values_of_subcharts_of_the_wrong_kind() {
    let cases = [
        ("s: null\n", "map[s:map[a:map[b:1] global:map[]]]"),
        ("s: x\n", "ERR type mismatch on s: %!t(string=x)"),
        ("s: [1]\n", "ERR type mismatch on s: [%!t(float64=1)]"),
        ("s: {global: null}\nglobal: {a: 1}\n", "map[global:map[a:1] s:map[a:map[b:1] global:map[a:1]]]"),
        ("s: {global: x}\nglobal: {a: 1}\n", "map[global:map[a:1] s:map[a:map[b:1] global:x]]"),
    ];
    assert_none(cases.map(|(values, expected)| {
        let files = [
            ("values.yaml", values),
            ("templates/x.yaml", "{{ .Values }}"),
            ("charts/s/Chart.yaml", "apiVersion: v2\nname: s\nversion: 0.1.0\n"),
            ("charts/s/values.yaml", "a: {b: 1}\n"),
        ];
        failure(&files, expected)
    }));
}

#[test]
fn flags() {
    const NESTED: &str = "…lists are nested more than 30 levels deep";
    let cases = [
        (
            SetKind::Typed,
            "a[99999999]=1".to_owned(),
            "index of 99999999 is greater than maximum supported index of 65536",
        ),
        (SetKind::Typed, "a[9223372036854775808]=1".to_owned(), "error parsing index: strconv.Atoi…"),
        (SetKind::Typed, "a[-1]=1".to_owned(), "negative -1 index not allowed"),
        (SetKind::Typed, "a[65536]".repeat(2) + "=1", "unexpected data at end of array index: ['a']"),
        (SetKind::Typed, format!("a{}=1", "[0]".repeat(100_000)), NESTED),
        (SetKind::Typed, format!("a{}=1", "[65536]".repeat(1_000)), NESTED),
        (
            SetKind::Typed,
            format!("{}a=1", "a.".repeat(100_000)),
            "value name nested level is greater than maximum supported nested level of 30",
        ),
        (SetKind::Typed, format!("a{}=1", "[0].a".repeat(100_000)), NESTED),
        (SetKind::Literal, format!("a{}=1", "[0]".repeat(100_000)), NESTED),
        (SetKind::Json, format!("a={}", "[".repeat(100_000)), "…exceeded max depth"),
        (SetKind::Json, format!("a{}=1", "[0]".repeat(100_000)), NESTED),
        (SetKind::Typed, "=".repeat(100_000), ""),
        (SetKind::Typed, "a={".to_owned() + &"1,".repeat(100_000), "list must terminate with '}'"),
    ];
    assert_none(cases.map(|(kind, text, expected)| {
        let error = on_default_stack(|| {
            let mut values = Map::new();
            let result = set_values(&mut values, kind, &text, &mut |_| Ok(String::new()));
            result.err().map_or_else(String::new, |error| error.to_string())
        });
        (!matches(&error, expected))
            .then(|| format!("{text:.100}\n  got    {error:.300}\n  wanted {expected}\n"))
    }));
}
