//! `index`.

use crate::packages::package;
use crate::program::Program;

#[test]
fn a_folder_gets_an_index() {
    let mut program = Program::new();
    program
        .set("SOURCE_DATE_EPOCH", "1700000000")
        .write("repo/a-0.1.0.tgz", package("a", "0.1.0"))
        .write("repo/sub/b-1.0.0.tgz", package("b", "1.0.0"))
        .write("repo/bad.tgz", "x");
    let outcome = program.run(["index", "repo", "--url", "https://charts.example.org"]);
    outcome.succeeded();
    assert!(
        outcome.messages.contains("bad.tgz was left out") && outcome.messages.contains("2 charts"),
        "{outcome:?}"
    );
    let path = program.home().join("repo/index.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("- https://charts.example.org/a-0.1.0.tgz\n"), "{text}");
    assert!(text.contains("- https://charts.example.org/sub/b-1.0.0.tgz\n"), "{text}");
    assert!(text.ends_with("generated: \"2023-11-14T22:13:20Z\"\n"), "{text}");

    program.write("next/a-0.2.0.tgz", package("a", "0.2.0"));
    program.run(["index", "next", "--merge", "repo/index.yaml", "--json"]).succeeded();
    let merged = std::fs::read_to_string(program.home().join("next/index.yaml")).unwrap();
    let merged: serde_json::Value = serde_json::from_str(&merged).unwrap();
    let versions: Vec<_> =
        merged["entries"]["a"].as_array().unwrap().iter().map(|one| &one["version"]).collect();
    assert_eq!(versions, ["0.2.0", "0.1.0"]);
    assert_eq!(merged["entries"]["b"][0]["urls"][0], "https://charts.example.org/sub/b-1.0.0.tgz");

    program.run(["index", "next", "--merge", "absent.yaml"]).succeeded();
    program
        .write("broken.yaml", "x: [")
        .run(["index", "next", "--merge", "broken.yaml"])
        .failed(1, "broken.yaml");
    program.run(["index", "absent"]).failed(2, "absent");
}
