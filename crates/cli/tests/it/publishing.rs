//! `app` where it is refused, and in the words of a terminal; what people do with it is told by the tutorial among the
//! tests against other programs.

use crate::packages::package;
use crate::program::{Outcome, Program};
use crate::server::Server;

#[test]
fn refusals_say_what_to_do() {
    let home = Program::new();
    let server = Server::start(&home);
    let admin = server.admin();
    admin.run(["workspace", "create", "demo"]).succeeded();
    admin.write("emqx-1.0.0.tgz", package("emqx", "1.0.0"));
    admin.run(["app", "upload", "demo", "emqx-1.0.0.tgz", "--replace", "1.0.0"]).failed(2, "WORKSPACE/APP");
    admin.run(["app", "upload", "demo/emqx", "emqx-1.0.0.tgz", "--name", "x"]).failed(2, "new app");
    assert!(admin.run(["app", "upload", "demo", "emqx-1.0.0.tgz"]).succeeded().contains("demo/emqx"));
    admin.run(["app", "upload", "demo", "emqx-1.0.0.tgz"]).failed(1, "already exists");
    admin.run(["app", "edit", "demo/emqx"]).failed(2, "nothing to change");
    pictures(&admin);
    admin.run(["app", "release", "demo/emqx", "1.0.0"]).failed(1, "possible now: edit, submit, delete");
    admin.run(["app", "submit", "demo/emqx", "1.0.0"]).succeeded();
    assert!(admin.run(["app", "queue"]).succeeded().contains("demo/emqx"));
    assert!(admin.run(["app", "report", "demo/emqx", "1.0.0"]).succeeded().contains("render"));
    admin.run(["app", "reject", "demo/emqx", "1.0.0"]).failed(2, "--message");
    assert!(admin.run(["app", "info", "demo/emqx", "1.0.0"]).succeeded().contains("submitted"));
    admin.run(["app", "delete", "demo/emqx", "1.0.0"]).failed(1, "possible now");

    let filter = ["--workspace", "demo", "--action", "submit"];
    let [flag, workspace, action, submit] = filter;
    let list = admin.run(["audit", "list", flag, workspace, action, submit, "-o", "json"]).json();
    assert_eq!((list.as_array().unwrap().len(), &list[0]["to"]), (1, &"submitted".into()));
    let export = ["audit", "export", flag, workspace, "--format", "csv", "--file", "audit.csv"];
    admin.run(export).succeeded();
    let exported = admin.run(["audit", "export", flag, workspace, action, submit]);
    assert!(exported.succeeded().contains("\"action\":\"submit\""), "{}", exported.output);
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
