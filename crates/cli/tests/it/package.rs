//! `package`.

use crate::program::Program;

fn chart(program: &Program) {
    program
        .write("a/Chart.yaml", "# comment\nversion: 0.1.0\nname: a\napiVersion: v2\nappVersion: \"1\"\n")
        .write("a/values.yaml", "# kept\nreplicas: 1\n")
        .write("a/templates/x.yaml", "a: {{ .Values.replicas }}\n")
        .write("a/.helmignore", "*.bak\n")
        .write("a/secret.bak", "x");
}

#[test]
fn packages_are_reproducible() {
    let mut program = Program::new();
    program.set("SOURCE_DATE_EPOCH", "1700000000");
    chart(&program);
    assert_eq!(program.run(["package", "a", "-d", "one"]).succeeded(), "one/a-0.1.0.tgz\n");
    std::fs::rename(program.home().join("a"), program.home().join("moved")).unwrap();
    program.write("moved/values.yaml", "# kept\nreplicas: 1\n");
    program.run(["package", "moved", "-d", "two"]).succeeded();
    let read = |path: &str| std::fs::read(program.home().join(path)).unwrap();
    assert!(read("one/a-0.1.0.tgz") == read("two/a-0.1.0.tgz"));
    assert_eq!(program.run(["show", "values", "one/a-0.1.0.tgz"]).succeeded(), "# kept\nreplicas: 1\n");
    program.set("SOURCE_DATE_EPOCH", "tomorrow").run(["package", "moved"]).failed(1, "SOURCE_DATE_EPOCH");
}

#[test]
fn versions_can_be_set() {
    let program = Program::new();
    chart(&program);
    let made = program.run(["package", "a", "--version", "1.2.3+x", "--app-version", "9"]);
    assert_eq!(made.succeeded(), "./a-1.2.3+x.tgz\n");
    let shown = program.run(["show", "chart", "a-1.2.3+x.tgz"]);
    assert_eq!(shown.succeeded(), "apiVersion: v2\nappVersion: \"9\"\nname: a\nversion: 1.2.3+x\n");
    program.run(["package", "a", "--version", "abc"]).failed(1, "\"abc\"");
}

#[test]
fn what_is_no_chart_is_refused_by_name() {
    let program = Program::new();
    program.run(["package", "absent"]).failed(2, "absent");
    program.write("empty/x", "").run(["package", "empty"]).failed(1, "empty");
    program
        .write("bad/Chart.yaml", "apiVersion: v2\nname: ../x\nversion: 1.0.0\n")
        .run(["package", "bad"])
        .failed(1, "bad");
    let needs = "apiVersion: v2\nname: b\nversion: 1.0.0\ndependencies: [{name: other, version: 1.0.0}]\n";
    program.write("b/Chart.yaml", needs).run(["package", "b"]).failed(1, "other");
    assert!(!program.home().join("b-1.0.0.tgz").exists());
}
