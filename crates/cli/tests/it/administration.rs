//! `repo`, `token`, `account` and `password`.

use crate::packages::package;
use crate::program::Program;
use crate::server::Server;

#[test]
fn repositories_are_made_changed_and_removed() {
    let home = Program::new();
    let server = Server::start(&home);
    let admin = server.admin();
    admin
        .run(["repo", "create", "team/charts", "--visibility", "public", "--keep-versions", "3"])
        .succeeded();
    admin.run(["repo", "create", "team/charts"]).failed(1, "already exists");
    admin.run(["repo", "create", "api/charts"]).failed(2, "reserved");
    let update =
        ["repo", "update", "team/charts", "--keep-versions", "none", "--allow-overwrite", "-o", "json"];
    let changed = admin.run(update).json();
    assert_eq!(changed["keep_versions"], serde_json::Value::Null);
    assert_eq!((&changed["allow_overwrite"], &changed["visibility"]), (&true.into(), &"public".into()));
    let list = admin.run(["repo", "list", "-o", "json"]).json();
    let paths: Vec<_> = list.as_array().unwrap().iter().map(|one| one["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["default/charts", "system/store", "team/charts"]);
    admin.run(["repo", "delete", "team/charts", "--yes"]).succeeded();
    admin.run(["repo", "get", "team/charts"]).failed(1, "404");
}

#[test]
fn categories_are_made_changed_and_removed() {
    let home = Program::new();
    let server = Server::start(&home);
    let admin = server.admin();
    let create = ["category", "create", "iot", "--title", "IOT", "--translation", "zh=物联网", "-o", "json"];
    let made = admin.run(create).json();
    assert_eq!(made["translations"]["zh"], "物联网");
    admin.run(["category", "create", "iot"]).failed(1, "already exists");
    admin.run(["category", "create", "iot2", "--translation", "zh"]).failed(2, "LANGUAGE=TEXT");
    admin.run(["category", "update", "iot"]).failed(2, "nothing to change");
    admin.run(["category", "update", "iot", "--position", "-5", "--rename", "things"]).succeeded();
    let listed = admin.run(["category", "list"]);
    assert!(listed.succeeded().find("things") < listed.output.find("uncategorized"), "{}", listed.output);
    admin.run(["category", "assign", "things", "isv/emqx"]).failed(1, "404");
    admin.run(["category", "assign", "things", "emqx"]).failed(2, "WORKSPACE/APP");
    admin.run(["category", "delete", "uncategorized"]).failed(1, "409");
    admin.run(["category", "delete", "things", "--move-to", "uncategorized"]).succeeded();
    let store = admin.run(["store", "list", "--sort", "downloads", "-o", "json"]).json();
    assert_eq!(store, serde_json::json!([]));
    assert_eq!(admin.run(["store", "search", "anything", "-o", "json"]).json(), serde_json::json!([]));
    admin.run(["store", "show", "isv/emqx"]).failed(1, "404");
}

#[test]
fn tokens_do_what_their_scope_says() {
    let home = Program::new();
    let server = Server::start(&home);
    let admin = server.admin();
    let token = |scope: &str| {
        let created = admin.run(["token", "create", &format!("ci-{scope}"), "--scope", scope]);
        created.succeeded().trim().to_owned()
    };
    let (pull, push) = (token("pull"), token("push"));
    let mut ci = Program::new();
    ci.set("CHANDLERY_SERVER", server.url()).write("a-0.1.0.tgz", package("a", "0.1.0"));
    ci.set("CHANDLERY_TOKEN", &pull).run(["push", "a-0.1.0.tgz", "default"]).failed(1, "403");
    ci.set("CHANDLERY_TOKEN", &push).run(["push", "a-0.1.0.tgz", "default"]).succeeded();
    ci.run(["repo", "create", "team/charts"]).failed(1, "workspace not found");
    ci.set("CHANDLERY_TOKEN", &pull).run(["pull", "a"]).succeeded();
    admin.run(["token", "delete", "ci-pull"]).succeeded();
    ci.run(["pull", "a"]).failed(1, "401");
    let names = admin.run(["token", "list"]);
    assert!(names.succeeded().contains("ci-push") && !names.output.contains("ci-pull"));
    assert!(!names.output.contains(&push));
}

#[test]
fn accounts_are_made_changed_and_removed() {
    let home = Program::new();
    let server = Server::start(&home);
    let admin = server.admin();
    admin.run(["account", "create", "dev"]).failed(2, "--password-stdin");
    admin.run_with_input(["account", "create", "dev", "--password-stdin"], "short").failed(1, "password");
    admin.run_with_input(["account", "create", "dev", "--password-stdin"], "first password\n").succeeded();
    let dev = Program::new();
    let login = ["login", server.url(), "-u", "dev", "--password-stdin"];
    dev.run_with_input(login, "first password").succeeded();
    dev.run(["account", "list"]).failed(1, "403");
    dev.run_with_input(["password", "--password-stdin"], "wrong\nsecond password\n").failed(1, "");
    dev.run_with_input(["password", "--password-stdin"], "first password\nsecond password\n").succeeded();
    dev.run_with_input(login, "first password").failed(1, "401");
    dev.run_with_input(login, "second password").succeeded();
    admin.run(["account", "update", "dev", "--disabled"]).succeeded();
    dev.run(["whoami"]).failed(1, "401");
    let list = admin.run(["account", "list", "-o", "json"]).json();
    let names: Vec<_> = list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["admin", "dev"]);
    admin.run(["account", "delete", "dev"]).succeeded();
    assert!(!admin.run(["account", "list"]).succeeded().contains("dev"));
}
