//! `app`: from upload to the store and back, as the people of the tutorial do it.

use crate::packages::package;
use crate::program::{Outcome, Program};
use crate::server::Server;
use crate::tenancy::account;

#[test]
fn the_tutorial() {
    let home = Program::new();
    let server = Server::start(&home);
    let admin = server.admin();
    let role =
        ["role", "create", "app-review", "--permission", "apps.review", "--permission", "categories.manage"];
    admin.run(role).succeeded();
    let isv = account(&server, &admin, "isv", "platform-regular");
    let reviewer = account(&server, &admin, "reviewer", "app-review");
    admin.run(["workspace", "create", "demo", "--administrator", "isv"]).succeeded();
    isv.run(["member", "add", "demo", "reviewer", "--role", "workspace-regular"]).succeeded();

    isv.write("emqx-1.0.0.tgz", package("emqx", "1.0.0")).write("about.md", "# A broker\n");
    let made =
        isv.run(["app", "upload", "demo", "emqx-1.0.0.tgz", "--update-log", "First", "-o", "json"]).json();
    assert_eq!((&made["name"], &made["state"]), (&"emqx".into(), &"draft".into()));
    isv.run(["app", "upload", "demo", "emqx-1.0.0.tgz"]).failed(1, "already exists");
    isv.run(["app", "upload", "demo/emqx", "emqx-1.0.0.tgz"]).failed(1, "already exists");
    isv.run(["app", "upload", "demo/emqx", "emqx-1.0.0.tgz", "--replace", "1.0.0"]).succeeded();
    let edit = [
        "app",
        "edit",
        "demo/emqx",
        "--display-name",
        "EMQ X",
        "--keyword",
        "iot",
        "--description-file",
        "about.md",
    ];
    isv.run(edit).succeeded();
    isv.run(["app", "edit", "demo/emqx"]).failed(2, "nothing to change");
    pictures(&isv);
    isv.run(["app", "submit", "demo/emqx", "1.0.0"]).succeeded();

    assert!(reviewer.run(["app", "queue"]).succeeded().contains("demo/emqx"));
    let report = reviewer.run(["app", "report", "demo/emqx", "1.0.0"]);
    assert!(report.succeeded().contains("render"), "{}", report.output);
    reviewer.run(["app", "reject", "demo/emqx", "1.0.0"]).failed(2, "--message");
    reviewer.run(["app", "review", "demo/emqx", "1.0.0"]).succeeded();
    reviewer.run(["app", "reject", "demo/emqx", "1.0.0", "-m", "no icon"]).succeeded();
    isv.run(["app", "release", "demo/emqx", "1.0.0"]).failed(1, "possible now: edit, submit, delete");
    isv.run(["app", "submit", "demo/emqx", "1.0.0"]).succeeded();
    isv.run(["app", "pass", "demo/emqx", "1.0.0"]).failed(1, "403");
    reviewer.run(["app", "pass", "demo/emqx", "1.0.0"]).succeeded();
    assert_eq!(reviewer.run(["app", "queue", "-o", "json"]).json(), serde_json::json!([]));
    reviewer.run(["category", "create", "iot", "--title", "IOT"]).succeeded();
    reviewer.run(["category", "assign", "iot", "demo/emqx"]).succeeded();
    isv.run(["app", "release", "demo/emqx", "1.0.0"]).succeeded();

    let anybody = account(&server, &admin, "anybody", "platform-regular");
    let found = anybody.run(["store", "search", "emq", "-o", "json"]).json();
    assert_eq!((&found[0]["display_name"], &found[0]["category"]), (&"EMQ X".into(), &"iot".into()));
    isv.write("emqx-1.1.0.tgz", package("emqx", "1.1.0"));
    isv.run(["app", "upload", "demo/emqx", "emqx-1.1.0.tgz", "--update-log", "Second"]).succeeded();
    isv.run(["app", "submit", "demo/emqx", "1.1.0"]).succeeded();
    reviewer.run(["app", "pass", "demo/emqx", "1.1.0"]).succeeded();
    isv.run(["app", "release", "demo/emqx", "1.1.0"]).succeeded();
    assert!(isv.run(["app", "diff", "demo/emqx", "1.0.0", "1.1.0"]).succeeded().contains("1.1.0"));
    reviewer.run(["app", "suspend", "demo/emqx", "1.0.0", "-m", "a flaw"]).succeeded();
    reviewer.run(["app", "suspend", "demo/emqx"]).succeeded();
    anybody.run(["store", "show", "demo/emqx"]).failed(1, "404");
    reviewer.run(["app", "recover", "demo/emqx"]).succeeded();
    anybody.run(["store", "show", "demo/emqx"]).succeeded();
    let versions = isv.run(["app", "versions", "demo/emqx", "-o", "json"]).json();
    let states: Vec<_> =
        versions.as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["active", "active"]);
    let audit = isv.run(["app", "audit", "demo/emqx", "1.0.0", "-o", "json"]).json();
    let steps: Vec<_> =
        audit.as_array().unwrap().iter().rev().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(
        steps,
        [
            "upload",
            "edit",
            "submit",
            "start-review",
            "reject",
            "submit",
            "pass",
            "release",
            "suspend",
            "recover",
        ]
    );
    isv.run(["app", "info", "demo/emqx", "1.0.0"]).succeeded();
    isv.run(["app", "delete", "demo/emqx", "1.0.0"]).failed(1, "possible now");
}

/// An icon and screenshots of the draft.
fn pictures(isv: &Program) {
    let svg = |side: u32| {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{side}\" height=\"{side}\"><path d=\"M0 0h1\"/></svg>"
        )
    };
    isv.write("a.svg", svg(8)).write("b.svg", svg(9)).write("c.svg", svg(10)).write("text", "no picture");
    isv.run(["app", "edit", "demo/emqx", "--icon", "text"]).failed(1, "text was not taken");
    isv.run(["app", "edit", "demo/emqx", "--no-icon"]).failed(1, "icon not found");
    let edited = isv.run(["app", "edit", "demo/emqx", "--icon", "a.svg", "-o", "json"]).json();
    assert_eq!(edited["icon"]["width"], 8);
    isv.run(["app", "edit", "demo/emqx", "--no-icon"]).succeeded();
    isv.run(["app", "edit", "demo/emqx", "--icon", "a.svg", "--no-icon"]).failed(2, "cannot be used with");
    let digests = |outcome: Outcome| -> Vec<String> {
        let list = outcome.json();
        list.as_array().unwrap().iter().map(|one| one["digest"].as_str().unwrap().to_owned()).collect()
    };
    let add = ["app", "screenshots", "add", "demo/emqx", "a.svg", "b.svg", "c.svg", "-o", "json"];
    let added = digests(isv.run(add));
    assert_eq!(added.len(), 3);
    let [first, second, third] = [0, 1, 2].map(|place: usize| added[place].as_str());
    let order = ["app", "screenshots", "order", "demo/emqx", third, first, second, "-o", "json"];
    assert_eq!(digests(isv.run(order)), [third, first, second]);
    isv.run(["app", "screenshots", "remove", "demo/emqx", first]).succeeded();
    isv.run(["app", "screenshots", "remove", "demo/emqx", first]).failed(1, "screenshot not found");
    let list = ["app", "screenshots", "list", "demo/emqx", "-o", "json"];
    assert_eq!(digests(isv.run(list)), [third, second]);
    assert!(isv.run(["app", "screenshots", "list", "demo/emqx"]).succeeded().contains("image/svg+xml"));
}
