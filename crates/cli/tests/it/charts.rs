//! `push`, `pull`, `show` and `search`.

use crate::packages::{package, provenance};
use crate::program::Program;
use crate::server::Server;

#[test]
fn what_is_pushed_is_pulled() {
    let home = Program::new();
    let server = Server::start(&home);
    let admin = server.admin();
    let (first, second) = (package("a", "0.1.0"), package("a", "0.2.0-rc.1+build"));
    admin.run(["repo", "create", "team/charts"]).succeeded();
    admin
        .write("a-0.1.0.tgz", &first)
        .write("a-0.1.0.tgz.prov", provenance("a", "0.1.0"))
        .write("two.tgz", &second);
    admin.run(["push", "a-0.1.0.tgz", "team/charts", "--prov"]).succeeded();
    admin.run(["push", "two.tgz", &format!("{}/team/charts", server.url())]).succeeded();
    admin.run(["push", "two.tgz", "team/charts"]).failed(1, "--force");
    admin.run(["push", "two.tgz", "team/charts", "--force"]).succeeded();
    admin.run(["push", "two.tgz", "no/such"]).failed(1, "404");

    let url = format!("{}/team/charts", server.url());
    for (arguments, expected) in [
        (["pull", "a", "--repo", "team/charts"].as_slice(), &first),
        (&["pull", "a", "--repo", &url], &first),
        (&["pull", "team/charts/a", "--version", "0.1"], &first),
        (&["pull", "team/charts/a", "--version", "0.1.0"], &first),
        (&["pull", "team/charts/a", "--devel"], &second),
        (&["pull", "a", "--repo", &url, "--devel"], &second),
        (&["pull", &format!("{url}/charts/a-0.1.0.tgz")], &first),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let destination = folder.path().join("made/by/pull");
        let output = admin.command(arguments).arg("-d").arg(&destination).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        let pulled: Vec<_> = destination.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(pulled.len(), 1, "{arguments:?}");
        assert!(std::fs::read(&pulled[0]).unwrap() == *expected, "{arguments:?}: {pulled:?}");
    }
    admin.run(["pull", "team/charts/a", "--version", "3"]).failed(1, "no a 3");
    admin.run(["pull", "team/charts/b"]).failed(1, "404");
    Program::new().run(["pull", &format!("{url}/charts/a-0.1.0.tgz")]).failed(1, "401");
}

#[test]
fn a_folder_is_packaged_and_pushed() {
    let home = Program::new();
    let server = Server::start(&home);
    let admin = server.admin();
    admin.write("a/Chart.yaml", "apiVersion: v2\nname: a\nversion: 0.1.0\n");
    admin.run(["push", "a", "default", "--version", "0.3.0"]).succeeded();
    assert!(admin.run(["search", "a"]).succeeded().contains("0.3.0"));
    admin.run(["push", "a", "default", "--prov"]).failed(2, "--prov");
    admin
        .write("x.tgz", package("x", "0.1.0"))
        .run(["push", "x.tgz", "default", "--version", "2"])
        .failed(2, "folders");
}

#[test]
fn charts_are_unpacked_into_new_folders() {
    let home = Program::new();
    let server = Server::start(&home);
    let admin = server.admin();
    admin.write("a.tgz", package("a", "0.1.0")).write("a.tgz.prov", provenance("a", "0.1.0"));
    admin.run(["push", "a.tgz", "default", "--prov"]).succeeded();
    admin.run(["pull", "a", "--untar", "--untardir", "sub"]).succeeded();
    let values = std::fs::read_to_string(admin.home().join("sub/a/values.yaml")).unwrap();
    assert_eq!(values, "# how many\nreplicas: 1\n");
    assert!(!admin.home().join("a-0.1.0.tgz").exists());
    admin.run(["pull", "a", "--untar", "--untardir", "sub"]).failed(1, "sub/a");
    std::os::unix::fs::symlink("/tmp", admin.home().join("sub/link")).unwrap();
    admin.run(["pull", "a", "--prov"]).succeeded();
    let pulled = std::fs::read_to_string(admin.home().join("a-0.1.0.tgz.prov")).unwrap();
    assert_eq!(pulled, provenance("a", "0.1.0"));
}

#[test]
fn charts_can_be_read_before_they_are_pulled() {
    let home = Program::new();
    let server = Server::start(&home);
    let admin = server.admin();
    admin.write("a.tgz", package("a", "0.1.0")).run(["push", "a.tgz", "default"]).succeeded();
    admin.write("a/Chart.yaml", "name: a # comment\nversion: 0.1.0\napiVersion: v2\n");
    let chart = "apiVersion: v2\nname: a\nversion: 0.1.0\n";
    assert_eq!(admin.run(["show", "chart", "./a"]).succeeded(), chart);
    assert_eq!(admin.run(["show", "values", "a.tgz"]).succeeded(), "# how many\nreplicas: 1\n");
    assert_eq!(admin.run(["show", "readme", "default/a"]).succeeded(), "# Hello\n");
    let all = admin.run(["show", "all", "default/a", "--version", "0.1.0"]);
    assert!(
        all.succeeded().contains("name: a")
            && all.output.contains("replicas")
            && all.output.contains("Hello")
    );
    admin.run(["show", "readme", "a"]).failed(1, "no README");
    admin.write("b/x", "").run(["show", "chart", "b"]).failed(1, "Chart.yaml");
    admin.write("c.tgz", "x").run(["show", "chart", "c.tgz"]).failed(1, "c.tgz");
}

#[test]
fn charts_are_found() {
    let home = Program::new();
    let server = Server::start(&home);
    let admin = server.admin();
    admin.run(["repo", "create", "team/charts"]).succeeded();
    for (name, version, repository) in
        [("redis", "1.0.0", "default"), ("redis", "1.1.0", "default"), ("redis-ha", "2.0.0", "team/charts")]
    {
        admin.write("x.tgz", package(name, version)).run(["push", "x.tgz", repository]).succeeded();
    }
    let versions = |outcome: serde_json::Value| {
        let line = |one: &serde_json::Value| {
            format!("{} {} {}", one["repository"], one["name"], one["version"]).replace('"', "")
        };
        outcome.as_array().unwrap().iter().map(line).collect::<Vec<_>>()
    };
    let newest = ["default/charts redis 1.1.0", "team/charts redis-ha 2.0.0"];
    assert_eq!(versions(admin.run(["search", "redis", "-o", "json"]).json()), newest);
    let all = versions(admin.run(["search", "REDIS", "--versions", "-o", "json"]).json());
    assert_eq!(
        all,
        ["default/charts redis 1.1.0", "default/charts redis 1.0.0", "team/charts redis-ha 2.0.0"]
    );
    let here = versions(admin.run(["search", "--repo", "team/charts", "-o", "json"]).json());
    assert_eq!(here, ["team/charts redis-ha 2.0.0"]);
    assert_eq!(versions(admin.run(["search", "nothing-like-it", "-o", "json"]).json()), Vec::<String>::new());
    assert!(admin.run(["search"]).succeeded().starts_with("REPOSITORY"));
}

#[test]
fn a_refusal_is_heard_in_the_middle_of_an_upload() {
    let home = Program::new();
    let server = Server::start(&home);
    let mut stranger = Program::new();
    stranger.set("CHANDLERY_SERVER", server.url()).write("huge.tgz", vec![0; 150 << 20]);
    stranger.run(["push", "huge.tgz", "default"]).failed(1, "401");
    let admin = server.admin();
    admin.write("huge.tgz", vec![0; 150 << 20]);
    let refused = admin.run(["push", "huge.tgz", "default"]);
    assert!(refused.messages.contains("413") || refused.messages.contains("may not take"), "{refused:?}");
}
