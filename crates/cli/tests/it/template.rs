//! `template`.

use serde_json::json;

use crate::program::Program;

const CHART: &str = "apiVersion: v2\nname: a\nversion: 0.1.0\n";

/// A chart with what the flags choose from.
fn chart() -> Program {
    let program = Program::new();
    program
        .write("a/Chart.yaml", CHART)
        .write("a/values.yaml", "replicas: 1\nname: x\nlist: [1]\n")
        .write("a/crds/c.yaml", "kind: CustomResourceDefinition\n")
        .write("a/templates/NOTES.txt", "Hello {{ .Release.Name }}\n")
        .write("a/templates/b.yaml", "kind: Service\nn: {{ .Values.replicas }}\n---\nkind: Namespace\n")
        .write(
            "a/templates/up.yaml",
            "kind: ConfigMap\nup: {{ .Release.IsUpgrade }}\nns: {{ .Release.Namespace }}\n",
        )
        .write(
            "a/templates/test.yaml",
            "kind: Pod\nmetadata:\n  name: {{ .Values.name }}\n  annotations: {helm.sh/hook: test}\n",
        );
    program
}

const NAMESPACE: &str = "---\n# Source: a/templates/b.yaml\nkind: Namespace\n";
const HOOK: &str = "---\n# Source: a/templates/test.yaml\nkind: Pod\nmetadata:\n  name: x\n  annotations: {helm.sh/hook: test}\n\n";

#[test]
fn documents_are_sorted_and_hooks_come_last() {
    let program = chart();
    let text = program.run(["template", "demo", "a", "-n", "shop"]).succeeded().to_owned();
    let config = "---\n# Source: a/templates/up.yaml\nkind: ConfigMap\nup: false\nns: shop\n";
    let service = "---\n# Source: a/templates/b.yaml\nkind: Service\nn: 1\n";
    assert_eq!(text, format!("{NAMESPACE}\n{config}\n{service}{HOOK}"));
    let without = program.run(["template", "demo", "a", "-n", "shop", "--no-hooks"]);
    assert_eq!(format!("{}{HOOK}", without.succeeded()), text);
    assert_eq!(program.run(["template", "demo", "a", "--skip-tests", "-n", "shop"]).output, without.output);
    let crds = program.run(["template", "demo", "a", "--include-crds", "-n", "shop"]);
    assert_eq!(
        crds.succeeded(),
        format!("---\n# Source: a/crds/c.yaml\nkind: CustomResourceDefinition\n\n{text}")
    );
    program.run(["package", "a"]).succeeded();
    assert_eq!(program.run(["template", "demo", "a-0.1.0.tgz", "-n", "shop"]).succeeded(), text);
}

#[test]
fn parts_are_shown_alone() {
    let program = chart();
    let shown = program.run(["template", "a", "-s", "templates/u*.yaml", "--is-upgrade"]);
    assert_eq!(
        shown.succeeded(),
        "---\n# Source: a/templates/up.yaml\nkind: ConfigMap\nup: true\nns: default\n\n\n"
    );
    program
        .run(["template", "a", "-s", "templates/no.yaml"])
        .failed(1, "could not find template templates/no.yaml in chart");
    let raw = program.run(["template", "demo", "a", "-n", "shop", "--raw", "-o", "json"]).json();
    assert_eq!(raw["a/templates/NOTES.txt"], "Hello demo\n");
    assert_eq!(raw["a/templates/b.yaml"], "kind: Service\nn: 1\n---\nkind: Namespace\n");
    let documents = program.run(["template", "demo", "a", "-o", "json"]).json();
    assert_eq!(documents[0]["kind"], "Namespace");
    assert_eq!(documents[3]["hookEvents"], json!(["test"]));
}

#[test]
fn values_come_from_files_and_flags() {
    let program = chart();
    program
        .write("v.yaml", "replicas: 5\n")
        .write("text", "x y")
        .write("a/templates/values.yaml", "v: {{ .Values | toJson }}\n");
    let value = |arguments: &[&str], input: &str| -> serde_json::Value {
        let all =
            ["template", "a", "-s", "templates/values.yaml"].into_iter().chain(arguments.iter().copied());
        let mut child = program
            .command(all)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
        let output = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
        let line = output.lines().find_map(|line| line.strip_prefix("v: ")).unwrap_or("null");
        serde_json::from_str(line).unwrap()
    };
    let cases: &[(&[&str], &str, serde_json::Value)] = &[
        (&[], "", json!({"replicas": 1, "name": "x", "list": [1]})),
        (
            &["-f", "v.yaml", "-f", "-"],
            "name: null\nmore: {a: 1}",
            json!({"replicas": 5, "list": [1], "more": {"a": 1}}),
        ),
        (
            &["--set", "name=7,list[0]=b", "-f", "v.yaml"],
            "",
            json!({"replicas": 5, "name": 7, "list": ["b"]}),
        ),
        (
            &["--set-string", "name=7", "--set", "name=8"],
            "",
            json!({"replicas": 1, "name": "7", "list": [1]}),
        ),
        (
            &["--set-json", "name={\"a\":[1]}", "--set-literal", "list=a,b"],
            "",
            json!({"replicas": 1, "name": {"a": [1]}, "list": "a,b"}),
        ),
        (&["--set-file", "name=text"], "", json!({"replicas": 1, "name": "x y", "list": [1]})),
    ];
    for (arguments, input, expected) in cases {
        assert_eq!(value(arguments, input), *expected, "{arguments:?}");
    }
    program.write("bad.yaml", "a: b: c");
    program.run(["template", "a", "-f", "bad.yaml"]).failed(
        1,
        "failed to parse bad.yaml: cannot unmarshal yaml document: error converting YAML to JSON: yaml: mapping values",
    );
    program
        .run(["template", "a", "--set", "a"])
        .failed(1, "failed parsing --set data: key \"a\" has no value");
    program.run(["template", "a", "-f", "absent.yaml"]).failed(1, "absent.yaml");
}

#[test]
fn files_are_written_one_per_template() {
    let program = chart();
    let run = program.run(["template", "demo", "a", "--output-dir", "out", "--release-name"]);
    assert!(run.succeeded().contains("wrote out/demo/a/templates/b.yaml\n"));
    let read = |path: &str| std::fs::read_to_string(program.home().join(path)).unwrap();
    assert_eq!(
        read("out/demo/a/templates/b.yaml"),
        format!("{NAMESPACE}\n---\n# Source: a/templates/b.yaml\nkind: Service\nn: 1\n\n")
    );
    assert_eq!(read("out/demo/a/templates/test.yaml"), HOOK);
    program.run(["template", "demo", "a", "--output-dir", "out", "--release-name"]).succeeded();
    assert_eq!(read("out/demo/a/templates/test.yaml"), HOOK);
}

#[test]
fn what_helm_refuses_is_refused_in_its_words() {
    let program = chart();
    let debug = "\n\nUse --debug flag to render out invalid YAML";
    program.write("a/templates/x.yaml", "a: {{ required \"need it\" .Values.no }}");
    program
        .run(["template", "a"])
        .failed(1, &format!("error: execution error at (a/templates/x.yaml:1:6): need it{debug}"));
    program.write("a/templates/x.yaml", "a: b: c");
    let yaml = "YAML parse error on a/templates/x.yaml: error converting YAML to JSON: yaml: mapping values";
    program.run(["template", "a"]).failed(1, yaml);
    let shown = program.run(["template", "a", "--debug"]);
    shown.failed(1, yaml);
    assert!(shown.output.contains("# Source: a/templates/x.yaml\na: b: c\n"));
    program.write("a/templates/x.yaml", "");
    program.write("a/Chart.yaml", format!("{CHART}kubeVersion: '>=1.99'\n"));
    let version = "chart requires kubeVersion: >=1.99 which is incompatible with Kubernetes v1.30.0";
    program.run(["template", "a", "--kube-version", "1.30.0"]).failed(1, version);
    program.run(["template", "a", "--kube-version", "1.99.1"]).succeeded();
    program.run(["template", "a", "--kube-version", "1.30.0", "--raw", "-o", "json"]).succeeded();
    program
        .run(["template", "a", "--kube-version", "x"])
        .failed(1, "invalid kube version 'x': could not parse \"x\"");
    program.write("a/Chart.yaml", format!("{CHART}dependencies: [{{name: b, version: 1}}]\n"));
    program.run(["template", "a"]).failed(1, "found in Chart.yaml, but missing in charts/ directory: b");
    program.run(["template", "a", "--raw"]).succeeded();
    program.write("a/Chart.yaml", format!("{CHART}type: library\n"));
    program.run(["template", "a"]).failed(1, "library charts are not installable");
    program.write("a/Chart.yaml", CHART).write("a/values.schema.json", "{\"required\": [\"port\"]}");
    program.run(["template", "a"]).failed(1, "a:\n- at '': missing property 'port'");
    program.run(["template", "a", "--skip-schema-validation"]).succeeded();
    program.run(["template", "UPPER", "a"]).failed(1, "release name \"UPPER\": invalid release name");
    program.run(["template", "one", "a", "three"]).failed(2, "expected at most two arguments");
    program.run(["template", "./absent"]).failed(1, "path \"./absent\" not found");
}

#[test]
fn names_can_be_made() {
    let program = chart();
    program.write("a/templates/n.yaml", "n: {{ .Release.Name }}\n");
    let name = |arguments: &[&str]| {
        let all = ["template", "a", "-s", "templates/n.yaml"].into_iter().chain(arguments.iter().copied());
        let output = program.command(all).output().unwrap();
        String::from_utf8(output.stdout).unwrap().lines().nth(2).unwrap_or_default().to_owned()
    };
    assert_eq!(name(&[]), "n: release-name");
    assert_eq!(name(&["--generate-name"]), "n: release-name");
    assert_eq!(name(&["--name-template", "{{ \"A-B\" | lower }}"]), "n: a-b");
}

#[test]
fn templates_have_limits() {
    let program = chart();
    let cases = [
        ("{{ range until 100000000 }}{{ end }}", &["--max-steps", "1000000"][..]),
        ("{{ repeat 1000000000 \"x\" }}", &["--max-memory", "1000000"]),
        ("{{ define \"r\" }}{{ template \"r\" . }}{{ end }}{{ template \"r\" . }}", &["--max-depth", "100"]),
    ];
    for (text, limit) in cases {
        program.write("a/templates/x.yaml", text);
        let arguments = ["template", "a"].into_iter().chain(limit.iter().copied());
        let output = program.command(arguments).output().unwrap();
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(message.contains("a/templates/x.yaml"), "{message}");
    }
}

#[test]
fn versions_of_helm_differ() {
    let program = chart();
    program.write("a/templates/b.yaml", "kind: Service\n\n---\nkind: Namespace\n");
    let cases = [
        ("helm3", "kind: Service\n---"),
        ("helm4.1", "kind: Service\n---"),
        ("helm4.2", "kind: Service\n---"),
        ("helm4.3", "kind: Service\n\n---"),
    ];
    program.write("a/templates/b.yaml", "kind: Service\n---\nkind: Service\nn: 2");
    for (version, part) in cases {
        let run = program.run(["template", "a", "--compat", version]);
        assert!(run.succeeded().contains(part), "{version}: {}", run.output);
    }
}
