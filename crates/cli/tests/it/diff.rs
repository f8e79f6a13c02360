//! `diff` and `show`.

use serde_json::json;

use crate::program::Program;

fn charts() -> Program {
    let program = Program::new();
    for (folder, version, tag, password) in [("one", "1.0.0", "1", "old"), ("two", "1.1.0", "2", "new")] {
        program
            .write(&format!("{folder}/Chart.yaml"), format!("apiVersion: v2\nname: a\nversion: {version}\n"))
            .write(&format!("{folder}/values.yaml"), format!("tag: {tag}\nsame: x\n"))
            .write(
                &format!("{folder}/templates/a.yaml"),
                "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: c\n    image: \"nginx:{{ \
                 .Values.tag }}\"\n",
            )
            .write(
                &format!("{folder}/templates/s.yaml"),
                format!("kind: Secret\nmetadata: {{name: s}}\nstringData: {{password: {password}}}\n"),
            );
    }
    program
        .write("two/templates/new.yaml", "kind: ConfigMap\nmetadata: {name: more}\n")
        .write("one/crds/c.yaml", "kind: X\n")
        .write("one/values.schema.json", "{}");
    program
}

#[test]
fn two_charts() {
    let program = charts();
    let text = program.run(["diff", "one", "two"]);
    assert_eq!(
        text.succeeded(),
        "=== Chart.yaml\n@@ -1,3 +1,3 @@\n apiVersion: v2\n name: a\n-version: 1.0.0\n+version: 1.1.0\n\
         === values.yaml\n@@ -1,2 +1,2 @@\n-tag: 1\n+tag: 2\n same: x\n\
         === ConfigMap default/more added\n@@ -0,0 +1,2 @@\n+kind: ConfigMap\n+metadata: {name: more}\n\
         === Pod default/p changed\n@@ -4,4 +4,4 @@\n spec:\n   containers:\n   - name: c\n-    image: \"nginx:1\"\n+    image: \
         \"nginx:2\"\n\
         === Secret default/s changed\n@@ -2,4 +2,4 @@\n metadata:\n   name: s\n stringData:\n-  password: <hidden, \
         before>\n+  password: <hidden, after>\n\
         === images\n-docker.io/library/nginx:1\n+docker.io/library/nginx:2\n"
    );
    assert_eq!(program.run(["diff", "one", "two", "--exit-code"]).code, 1);
    assert_eq!(program.run(["diff", "one", "one", "--exit-code"]).succeeded(), "");
    let data = program.run(["diff", "one", "two", "-o", "json"]);
    assert!(!data.output.contains("old") && !data.output.contains("new\\n"));
    assert_eq!(data.json()["images"]["added"], json!(["docker.io/library/nginx:2"]));
    assert_eq!(data.json()["objects"][0]["change"], "added");
}

#[test]
fn two_files_of_values() {
    let program = charts();
    program.write("v1.yaml", "tag: 5\n").write("v2.yaml", "tag: 6\n");
    let text = program.run(["diff", "--chart", "one", "v1.yaml", "v2.yaml"]);
    assert!(
        text.succeeded().starts_with("=== values.yaml\n@@ -1 +1 @@\n-tag: 5\n+tag: 6\n=== Pod"),
        "{text:?}"
    );
    assert!(!text.output.contains("Secret"));
    program.run(["diff", "one", "./absent"]).failed(1, "path \"./absent\" not found");
}

#[test]
fn parts_of_a_chart_are_shown() {
    let program = charts();
    assert_eq!(program.run(["show", "crds", "one"]).succeeded(), "---\nkind: X\n\n");
    assert_eq!(program.run(["show", "crds", "two"]).succeeded(), "");
    assert_eq!(program.run(["show", "schema", "one"]).succeeded(), "{}");
    program.run(["show", "schema", "two"]).failed(1, "no values.schema.json");
    assert_eq!(program.run(["show", "images", "one"]).succeeded(), "docker.io/library/nginx:1\n");
    let images = program.run(["show", "images", "one", "--set", "tag=7", "-o", "json"]).json();
    assert_eq!(images[0]["reference"], "docker.io/library/nginx:7");
}
