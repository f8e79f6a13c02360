//! `repo add --member`, `members`, `set-members`, `resolve`: several repositories read as one.

use crate::packages::package;
use crate::program::Program;
use crate::server::Server;

#[test]
fn several_repositories_as_one() {
    let home = Program::new();
    let server = Server::start(&home);
    let admin = server.admin();
    for (path, version) in [("acme/own", "1.0.0"), ("acme/other", "2.0.0")] {
        admin.run(["repo", "create", path]).succeeded();
        admin.write("redis.tgz", package("redis", version));
        admin.run(["push", "redis.tgz", path]).succeeded();
    }
    let members = ["--member", "acme/own", "--member", "acme/other"];
    let add = ["repo", "add", "acme/all"];
    let options = ["--reserve", "acme-*", "--visibility", "internal", "-o", "json"];
    let all: Vec<&str> = [&add[..], &members, &options].concat();
    let made = admin.command(all).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let view: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
    assert_eq!((&view["kind"], &view["visibility"]), (&"virtual".into(), &"internal".into()));
    let told = admin.run(["repo", "members", "acme/all"]);
    for line in ["acme/own", "hosted", "acme-*", "reserved"] {
        assert!(told.succeeded().contains(line), "{}", told.succeeded());
    }
    assert!(admin.run(["repo", "get", "acme/all"]).succeeded().contains("virtual"));

    admin.run(["pull", "redis", "--repo", "acme/all"]).succeeded();
    assert_eq!(std::fs::read(admin.home().join("redis-2.0.0.tgz")).unwrap(), package("redis", "2.0.0"));
    admin.run(["push", "redis.tgz", "acme/all"]).failed(1, "virtual repository");
    let origins = admin.run(["repo", "resolve", "acme/all", "redis", "-o", "json"]).json();
    assert_eq!(origins["versions"][0]["member"], "acme/other");
    let one = admin.run(["repo", "resolve", "acme/all", "redis", "--version", "1.0.0"]);
    assert!(one.succeeded().contains("acme/own") && !one.succeeded().contains("acme/other"));
    admin.run(["repo", "resolve", "acme/all", "none"]).failed(1, "not found");

    let set = admin.run(["repo", "set-members", "acme/all", "--member", "acme/own", "-o", "json"]).json();
    assert_eq!((&set["revision"], set["reserved"].as_array().unwrap().len()), (&1.into(), 0));
    admin.run(["repo", "delete", "acme/own"]).failed(2, "taken out of the virtual repositories acme/all");

    let bad = ["repo", "add", "acme/bad"];
    admin.run(bad).failed(2, "required");
    let [repo, add, path] = bad;
    admin
        .run([repo, add, path, "https://example.org", "--member", "acme/own"])
        .failed(2, "cannot be used with");
    admin.run([repo, add, path, "--member", "acme/own", "--region", "x"]).failed(2, "need its URL");
    admin.run([repo, add, path, "https://example.org", "--reserve", "x"]).failed(2, "cannot be used with");
    admin.run(["repo", "members", "acme/other"]).failed(1, "not found");
}
