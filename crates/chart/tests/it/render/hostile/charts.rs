//! Charts of many, deep or wrongly named parts. The texts are Helm's where Helm survives them.

use chandlery_chart::{Chart, File, Metadata};

use super::{assert_none, check_charts, failure, on_default_stack, render_loaded};

#[test]
fn many_and_deep_subcharts() {
    const NONE: &str = "no templates/x.yaml";
    let chart = |name: String, subcharts: Vec<Chart>| Chart {
        metadata: Metadata::from_yaml(&format!("apiVersion: v2\nname: {name}\nversion: 0.1.0\n")).unwrap(),
        subcharts,
        ..Chart::default()
    };
    on_default_stack(|| {
        let wide =
            chart("t".to_owned(), (0..10_000).map(|place| chart(format!("s{place}"), Vec::new())).collect());
        assert_eq!(render_loaded(wide).unwrap(), NONE);
        let mut deep = chart("s".to_owned(), Vec::new());
        for _ in 0..500 {
            deep = chart("s".to_owned(), vec![deep]);
        }
        assert_eq!(render_loaded(deep).unwrap(), NONE);
        let mut many = chart("t".to_owned(), Vec::new());
        many.templates = (0..100_000)
            .map(|place| File {
                path: format!("templates/{place}.yaml"),
                data: "{{ 1 }}".into(),
                modified: 0,
            })
            .collect();
        assert_eq!(render_loaded(many).unwrap(), NONE);
        let mut large = chart("t".to_owned(), Vec::new());
        let data = "x: {{ 1 }} text text text text text text text text text text\n".repeat(800_000);
        large.templates = vec![File { path: "templates/x.yaml".to_owned(), data: data.into(), modified: 0 }];
        let error = render_loaded(large).unwrap_err().to_string();
        assert!(error.ends_with("more than 500000 operands and actions"), "{error}");
    });
}

#[test]
fn names_that_are_paths() {
    let named = |name: &str| format!("apiVersion: v2\nname: {name}\nversion: 0.1.0\n");
    let cases = [
        ("../x", r#"ERR validation: chart.metadata.name "../x" is invalid"#),
        ("a/b", r#"ERR validation: chart.metadata.name "a/b" is invalid"#),
        (".", r#"ERR validation: chart.metadata.name "." is not allowed"#),
        ("..", r#"ERR validation: chart.metadata.name ".." is not allowed"#),
        ("null", "ERR validation: chart.metadata.name is required"),
    ];
    assert_none(cases.map(|(name, expected)| {
        failure(&[("Chart.yaml", &named(name)), ("templates/x.yaml", "x")], expected)
    }));
    check_charts(&[(
        &[("charts/s/Chart.yaml", &named("../s")), ("templates/x.yaml", "x")],
        r#"ERR error unpacking subchart s in t: validation: chart.metadata.name "../s" is invalid"#,
    )]);
    let outside = r#"{{ .Files.Get "../../../etc/passwd" }}{{ .Files.Get "/etc/passwd" }}|{{ .Files.Glob "../**" | len }}"#;
    check_charts(&[
        (&[("templates/x.yaml", outside)], "|0"),
        (
            &[("templates/x.yaml", r#"{{ include "../../etc/passwd" . }}"#)],
            "ERR t/templates/x.yaml:1:3\n  executing \"t/templates/x.yaml\" at <include \"../../etc/passwd\" .>:…template: no template \"../../etc/passwd\" associated with template \"gotpl\"",
        ),
    ]);
}

#[test]
fn metadata_of_the_wrong_shape() {
    let cases = [
        ("dependencies: [null]", "ERR …validation: dependencies must not contain empty or null nodes"),
        ("maintainers: [null]", "ERR …validation: maintainers must not contain empty or null nodes"),
        ("keywords: [null]", "x"),
        (
            "dependencies: [{name: a, version: 1.0.0, repository: '', alias: ../../x}]",
            r#"ERR validation: dependency "a" has disallowed characters in the alias"#,
        ),
        ("dependencies: {a: b}", "ERR cannot load Chart.yaml: dependencies: expected a list, found a map"),
        ("annotations: [a]", "ERR cannot load Chart.yaml: annotations: expected a map, found a list"),
        ("description: \"\\x1b[31m\"", "x"),
    ];
    assert_none(cases.map(|(line, expected)| {
        let metadata = format!("apiVersion: v2\nname: t\nversion: 0.1.0\n{line}\n");
        failure(&[("Chart.yaml", &metadata), ("templates/x.yaml", "x")], expected)
    }));
}
