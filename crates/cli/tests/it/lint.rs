//! `lint`.

use serde_json::json;

use crate::program::Program;

const CHART: &str = "apiVersion: v2\nname: a\nversion: 0.1.0\nicon: https://example.org/a.png\n";
/// Files of a chart, the exit code, and the findings.
type Case<'a> = (&'a [(&'a str, &'a str)], i32, String);

const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n";

fn chart() -> Program {
    let program = Program::new();
    program.write("a/Chart.yaml", CHART).write("a/values.yaml", "").write("a/templates/a.yaml", SERVICE);
    program
}

#[test]
fn a_good_chart_passes() {
    let program = chart();
    let linted = "==> Linting a\n\n1 chart(s) linted, 0 chart(s) failed\n";
    assert_eq!(program.run(["lint", "a"]).succeeded(), linted);
    assert_eq!(program.run(["lint", "a", "--quiet"]).succeeded(), "");
    assert_eq!(program.run(["lint", "a", "--strict"]).succeeded(), linted);
    program.run(["package", "a"]).succeeded();
    assert!(
        program.run(["lint", "a-0.1.0.tgz"]).succeeded().starts_with("==> Linting a-0.1.0.tgz\n\n1 chart")
    );
}

/// What `helm lint` 4.3.1 says.
#[test]
fn findings_have_helms_words_and_order() {
    let program = chart();
    let place = std::fs::canonicalize(program.home()).unwrap().join("a").display().to_string();
    let subdomain = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and \
                     must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
                     '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    let v1 =
        "apiVersion: v1\nname: a\nversion: v1.2\ntype: application\ndependencies: [{name: x, version: 1}]\n";
    let odd = "apiVersion: v2\nname: a\nversion: 1\nfoo: 1\nicon: bad\nappVersion: 1.5\nsources: [x]\nmaintainers: \
               [{name: a, email: bad}]\n";
    let yaml = "templates/a.yaml: unable to parse YAML: error unmarshaling JSON: while decoding JSON: json: cannot \
                unmarshal array into Go struct field";
    let cases: &[Case<'_>] = &[
        (&[("Chart.yaml", odd), ("templates/a.yaml", "metadata: {name: []}\nkind: List\n")], 1, format!(
            "[WARNING] Chart.yaml: failed to strictly parse chart metadata file\n\terror unmarshaling JSON: while \
             decoding JSON: json: unknown field \"foo\"\n\
             [ERROR] Chart.yaml: version should be of type string but it's of type float64\n\
             [ERROR] Chart.yaml: appVersion should be of type string but it's of type float64\n\
             [ERROR] Chart.yaml: invalid email 'bad' for maintainer 'a'\n\
             [ERROR] Chart.yaml: invalid source URL 'x'\n\
             [ERROR] Chart.yaml: invalid icon URL 'bad'\n\
             [WARNING] Chart.yaml: version '1' is not a valid SemVerV2\n\
             [ERROR] {yaml} k8sYamlMetadata.Metadata.Name of type string\n"
        )),
        (&[("Chart.yaml", "apiVersion: v2\nname: a\nversion: 0.0.0-0\nname: a\n"), ("templates/b.json", "")], 1,
            "[WARNING] Chart.yaml: failed to strictly parse chart metadata file\n\terror converting YAML to JSON: yaml: \
             unmarshal errors:\n  line 4: key \"name\" already set in map\n\
             [ERROR] Chart.yaml: version \"0.0.0-0\" is less than or equal to \"0.0.0-0\"\n\
             [INFO] Chart.yaml: icon is recommended\n\
             [ERROR] templates/b.json: file extension '.json' not valid. Valid extensions are .yaml, .yml, .tpl, or .txt\n".to_owned()),
        (&[("Chart.yaml", v1)], 1, format!(
            "[INFO] Chart.yaml: icon is recommended\n\
             [ERROR] Chart.yaml: chart type is not valid in apiVersion 'v1'. It is valid in apiVersion 'v2'\n\
             [ERROR] Chart.yaml: dependencies are not valid in the Chart file with apiVersion 'v1'. They are valid in \
             apiVersion 'v2'\n\
             [WARNING] Chart.yaml: version 'v1.2' is not a valid SemVerV2\n\
             [WARNING] {place}: chart directory is missing these dependencies: x\n"
        )),
        (&[("templates/a.yaml", "  kind: Deployment\n  apiVersion: extensions/v1beta1\n  metadata: {name: A_b}\n--- x\n")], 1,
            "[WARNING] templates/a.yaml: document starts with an illegal indent: \"  kind: Deployment\", which may cause \
             parsing problems\n\
             [ERROR] templates/a.yaml: unable to parse YAML: invalid Yaml document separator: x\n".to_owned()),
        (&[("templates/a.yaml", "kind: Deployment\napiVersion: extensions/v1beta1\nmetadata: {name: A_b}\n")], 1, format!(
            "[WARNING] templates/a.yaml: object name does not conform to Kubernetes naming requirements: \"A_b\": \
             metadata.name: Invalid value: \"A_b\": {subdomain}\n\
             [WARNING] templates/a.yaml: extensions/v1beta1 Deployment is deprecated in v1.8+, unavailable in v1.16+; use \
             apps/v1 Deployment\n\
             [ERROR] templates/a.yaml: a Deployment must contain matchLabels or matchExpressions, and \"A_b\" does not\n"
        )),
        (&[("crds/a.yaml", "kind: X\n")], 1,
            "[ERROR] crds/a.yaml: apiVersion is not in 'apiextensions.k8s.io'\n\
             [ERROR] crds/a.yaml: object kind is not 'CustomResourceDefinition'\n".to_owned()),
        (&[("values.yaml", "port: x"), ("values.schema.json", "{\"properties\": {\"port\": {\"type\": \"number\"}}}")], 1,
            "[ERROR] values.yaml: - at '/port': got string, want number\n\n\
             [ERROR] templates/: values don't meet the specifications of the schema(s) in the following chart(s):\na:\n- at \
             '/port': got string, want number\n\n".to_owned()),
        (&[("templates/a.yaml", "{{ required \"r\" .Values.no }}{{ fail \"f\" }}")], 0, String::new()),
    ];
    for (files, code, expected) in cases {
        let program_files = chart();
        let place_there =
            std::fs::canonicalize(program_files.home()).unwrap().join("a").display().to_string();
        for (path, text) in *files {
            program_files.write(&format!("a/{path}"), text);
        }
        let run = program_files.run(["lint", "a"]);
        let summary = if *code == 0 { "1 chart(s) linted, 0 chart(s) failed\n" } else { "" };
        let expected = expected.replace(&place, &place_there);
        assert_eq!(run.output, format!("==> Linting a\n{expected}\n{summary}"), "{files:?}");
        assert_eq!(run.code, *code);
        assert_eq!(run.messages.contains("1 chart(s) linted, 1 chart(s) failed"), *code == 1);
    }
}

#[test]
fn warnings_fail_when_strict() {
    let program = chart();
    program.write("a/templates/a.yaml", "kind: X\n");
    program.run(["lint", "a"]).succeeded();
    program.run(["lint", "a", "--strict"]).failed(1, "1 chart(s) failed");
    let data = program.run(["lint", "a", "-o", "json"]).json();
    assert_eq!(data[0]["failed"], json!(false));
    assert_eq!(data[0]["findings"][0]["severity"], "warning");
}

#[test]
fn several_charts_and_subcharts() {
    let program = chart();
    program
        .write("a/charts/s/Chart.yaml", "apiVersion: v2\nname: s\nversion: 0.1.0\n")
        .write("a/charts/s/templates/x.yaml", SERVICE);
    program.write("a/Chart.yaml", format!("{CHART}dependencies: [{{name: s, version: 0.1.0}}]\n"));
    let run = program.run(["lint", "a", "nope", "--with-subcharts"]);
    run.failed(1, "3 chart(s) linted, 1 chart(s) failed");
    let missing =
        "Error unable to check Chart.yaml file in chart: stat nope/Chart.yaml: no such file or directory\n";
    assert!(run.output.contains(missing), "{run:?}");
    assert!(
        run.output.contains("==> Linting a/charts/s\n[INFO] Chart.yaml: icon is recommended\n"),
        "{run:?}"
    );
}
