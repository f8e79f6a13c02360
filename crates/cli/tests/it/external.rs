//! `repo add`, `source`, `set-source`, `sync`, `events`, `check`: another server is the source.

use crate::packages::package;
use crate::program::Program;
use crate::server::Server;

#[test]
fn a_repository_that_comes_from_elsewhere() {
    let upstream_home = Program::new();
    let upstream = Server::start(&upstream_home);
    let publisher = upstream.admin();
    publisher.run(["repo", "create", "team/apps"]).succeeded();
    publisher.write("redis.tgz", package("redis", "1.0.0"));
    publisher.run(["push", "redis.tgz", "team/apps"]).succeeded();

    let mut home = Program::new();
    home.set("CHANDLERY_OUTBOUND_ALLOW", "127.0.0.0/8");
    let server = Server::start(&home);
    let admin = server.admin();
    let url = format!("{}/team/apps", upstream.url());
    admin.run(["repo", "add", "mirrors/apps", &url, "--period", "0", "--wait"]).failed(1, "auth: ");
    assert!(admin.run(["repo", "events", "mirrors/apps"]).succeeded().contains("code 109"));
    admin.run(["repo", "check", "mirrors/apps"]).failed(1, "cannot be used");

    admin.write("password", upstream.password());
    let credentials = ["--source-username", "admin", "--source-password-file", "password"];
    let set = ["repo", "set-source", "mirrors/apps", &url, "--period", "0"];
    let outcome = admin.command(set.iter().chain(&credentials)).output().unwrap();
    assert!(outcome.status.success(), "{outcome:?}");
    assert!(!String::from_utf8_lossy(&outcome.stdout).contains(upstream.password()));
    admin.run(["repo", "sync", "mirrors/apps", "--wait"]).succeeded();
    let checked = admin.run(["repo", "check", "mirrors/apps"]);
    assert!(checked.succeeded().contains("versions=1"), "{}", checked.succeeded());
    let source = admin.run(["repo", "source", "mirrors/apps", "-o", "json"]).json();
    assert_eq!((&source["state"], &source["has_credentials"]), (&"synced".into(), &true.into()));
    let source = admin.run(["repo", "source", "mirrors/apps", "-o", "json"]).json();
    assert_eq!(source["settings"].get("import"), None);
    let events = admin.run(["repo", "events", "mirrors/apps", "-o", "json"]).json();
    assert!(events.as_array().unwrap().iter().any(|run| run["added"] == 1), "{events}");

    admin.run(["pull", "redis", "--repo", "mirrors/apps"]).succeeded();
    assert_eq!(std::fs::read(admin.home().join("redis-1.0.0.tgz")).unwrap(), package("redis", "1.0.0"));
    admin.run(["repo", "delete", "mirrors/apps"]).failed(2, "1 versions of 1 charts");
    admin.run(["repo", "delete", "mirrors/apps", "--yes"]).succeeded();
    admin.run(["repo", "add", "mirrors/bad", "javascript:alert(1)"]).failed(1, "url");
}

#[test]
fn apps_by_rule() {
    let upstream_home = Program::new();
    let upstream = Server::start(&upstream_home);
    let publisher = upstream.admin();
    publisher.run(["repo", "create", "team/apps", "--visibility", "public"]).succeeded();
    for name in ["mysql", "web"] {
        publisher.write("chart.tgz", package(name, "1.0.0"));
        publisher.run(["push", "chart.tgz", "team/apps"]).succeeded();
    }
    let mut home = Program::new();
    home.set("CHANDLERY_OUTBOUND_ALLOW", "127.0.0.0/8");
    let server = Server::start(&home);
    let admin = server.admin();
    for name in ["database", "other"] {
        admin.run(["category", "create", name]).succeeded();
    }
    let url = format!("{}/team/apps", upstream.url());
    let add = ["repo", "add", "mirrors/apps", &url, "--period", "0", "--wait"];
    let rule = ["--import", "draft", "--category", "other", "--map-category", "*sql*=database"];
    let outcome = admin.command(add.iter().chain(&rule)).output().unwrap();
    assert!(outcome.status.success(), "{outcome:?}");
    assert!(String::from_utf8_lossy(&outcome.stderr).contains("2 imported"), "{outcome:?}");
    let apps = admin.run(["app", "list", "mirrors", "-o", "json"]).json();
    let told: Vec<_> = apps
        .as_array()
        .unwrap()
        .iter()
        .map(|app| format!("{} {} {}", app["name"], app["category"], app["imported_from"]).replace('"', ""))
        .collect();
    assert_eq!(told, ["mysql database mirrors/apps", "web other mirrors/apps"]);
    let source = admin.run(["repo", "source", "mirrors/apps"]);
    assert!(source.succeeded().contains("draft, newest 1, category other, *sql*=database"));
    admin.run(["repo", "delete", "mirrors/apps"]).failed(2, "imported by rule: mysql, web");
    admin.run(["repo", "set-source", "mirrors/apps", &url, "--category", "other"]).failed(2, "--import");
    admin.run(["repo", "set-source", "mirrors/apps", &url, "--period", "0"]).succeeded();
    let source = admin.run(["repo", "source", "mirrors/apps", "-o", "json"]).json();
    assert_eq!((source["settings"].get("import"), &source["imported_apps"]), (None, &2.into()));
}
