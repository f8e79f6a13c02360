//! `helm cm-push`, the client that most pipelines use: as a plugin of both helms, and by itself.

use crate::environment::{HELMS, Peer, helm_plugins};
use crate::http::Request;
use crate::packages::{Package, package};
use crate::program::{Home, Outcome};
use crate::recorder::Recorder;
use crate::server::{PASSWORD, Server};

/// One way to start it.
struct Pusher {
    peer: Peer,
    home: Home,
}

impl Pusher {
    /// As a plugin of both helms and by itself, with the repository `r` added where helm keeps repositories.
    fn all(url: &str) -> Vec<Self> {
        [Peer::Helm3, Peer::Helm4, Peer::CmPush].into_iter().map(|peer| Self::new(peer, url)).collect()
    }

    fn new(peer: Peer, url: &str) -> Self {
        let mut home = Home::new();
        let helm = home.path().join("helm");
        home.set("HELM_PLUGINS", helm_plugins());
        // What a helm sets for its plugins; by itself the program asks this helm for its version.
        home.set("HELM_BIN", Peer::Helm3.path());
        home.set("HELM_REPOSITORY_CONFIG", helm.join("config/repositories.yaml"));
        home.set("HELM_REPOSITORY_CACHE", helm.join("cache/repository"));
        Package::new("folder", "0.1.0").write_folder(&home, "folder");
        home.write("packed.tgz", package("packed", "0.1.0"));
        let helm = if peer == Peer::CmPush { Peer::Helm3 } else { peer };
        home.peer(helm, &["repo", "add", "r", url, "--username", "admin", "--password", PASSWORD])
            .succeeded();
        Self { peer, home }
    }

    fn push(&self, arguments: &[&str]) -> Outcome {
        let plugin: &[&str] = if self.peer == Peer::CmPush { &[] } else { &["cm-push"] };
        self.home.peer(self.peer, &[plugin, arguments].concat())
    }
}

const LOGIN: [&str; 4] = ["--username", "admin", "--password", PASSWORD];

#[track_caller]
fn expect_stored(server: &Server, path: &str) {
    server.send_as_admin(Request::get(path)).expect(200);
}

#[test]
fn folders_and_packages_are_pushed_by_name_and_by_url() {
    // A server for each, since all push the same.
    for index in 0..3 {
        let server = Server::start();
        let pusher = Pusher::all(server.url()).swap_remove(index);
        pusher.push(&["folder", "r"]).succeeded().says("Done.");
        pusher.push(&["packed.tgz", "r"]).succeeded();
        pusher.push(&["folder", "r", "--version", "9.9.9-dev1"]).succeeded();
        pusher
            .push(&[&["packed.tgz", server.url(), "--version", "0.2.0+by.url"], &LOGIN[..]].concat())
            .succeeded();
        for path in ["folder-0.1.0", "packed-0.1.0", "folder-9.9.9-dev1", "packed-0.2.0+by.url"] {
            expect_stored(&server, &format!("/charts/{path}.tgz"));
        }
        let shown = server.send_as_admin(Request::get("/api/charts/folder/0.1.0/values")).expect(200);
        assert!(shown.text().starts_with("# how many"), "{}", shown.text());
    }
}

#[test]
fn an_existing_version_needs_force() {
    let server = Server::start();
    for pusher in Pusher::all(server.url()) {
        let version = format!("1.0.{}", pusher.peer as u8);
        let push = ["folder", "r", "--version", &version];
        pusher.push(&push).succeeded();
        pusher.push(&push).failed(1, "409: chart already exists");
        pusher.push(&[&push[..], &["--force"]].concat()).succeeded();
    }
}

#[test]
fn wrong_credentials_are_told() {
    let server = Server::start();
    for pusher in Pusher::all(server.url()) {
        let wrong = ["--username", "admin", "--password", "wrong"];
        pusher.push(&[&["packed.tgz", "r"], &wrong[..]].concat()).failed(1, "401: unauthorized");
        pusher.push(&["packed.tgz", server.url()]).failed(1, "401: unauthorized");
    }
}

#[test]
fn a_token_may_be_used_instead_of_a_password() {
    let server = Server::start();
    let token = server.create_token("pipeline", "push");
    server.create_repository("team/charts", "private");
    for mut pusher in Pusher::all(server.url()) {
        let version = format!("1.0.{}", pusher.peer as u8);
        pusher.home.set("HELM_REPO_ACCESS_TOKEN", &token);
        let url = format!("{}/team/charts", server.url());
        let push = ["packed.tgz", &url, "--version", &version];
        pusher.push(&push).succeeded();
        expect_stored(&server, &format!("/team/charts/charts/packed-{version}.tgz"));
        let flags = ["--version", &version, "--access-token", "wrong"];
        pusher.push(&[&["folder", &url], &flags[..]].concat()).failed(1, "401: unauthorized");
    }
}

#[test]
fn the_context_path_is_found_in_the_index() {
    let server = Server::start_with(&["--context-path", "/some/where"]);
    let url = format!("http://{}/some/where", server.address());
    for pusher in Pusher::all(&url) {
        let version = format!("1.0.{}", pusher.peer as u8);
        pusher.push(&["folder", "r", "--version", &version]).succeeded();
        pusher.push(&[&["packed.tgz", &url, "--version", &version], &LOGIN[..]].concat()).succeeded();
        expect_stored(&server, &format!("/some/where/charts/folder-{version}.tgz"));
        expect_stored(&server, &format!("/some/where/charts/packed-{version}.tgz"));
    }
}

#[test]
fn cm_urls_are_pulled_through_the_plugin() {
    let server = Server::start();
    server.push("/api/charts", package("a", "0.1.0"));
    for peer in HELMS {
        let mut pusher = Pusher::new(peer, server.url());
        pusher.home.set("HELM_REPO_USE_HTTP", "true");
        pusher.home.set("HELM_REPO_USERNAME", "admin").set("HELM_REPO_PASSWORD", PASSWORD);
        pusher.home.peer(peer, &["repo", "add", "cm", &format!("cm://{}", server.address())]).succeeded();
        pusher.home.peer(peer, &["pull", "cm/a"]).succeeded();
        assert!(pusher.home.read("a-0.1.0.tgz") == package("a", "0.1.0"), "{peer:?}");
    }
}

#[test]
fn a_push_comes_in_chunks_with_the_path_of_a_temporary_file() {
    let server = Server::start();
    let recorder = Recorder::before(Some(server.address()));
    let pusher = Pusher::new(Peer::CmPush, server.url());
    pusher.push(&[&["folder", recorder.url()], &LOGIN[..]].concat()).succeeded();
    expect_stored(&server, "/charts/folder-0.1.0.tgz");
    let seen = recorder.seen();
    let lines: Vec<&str> = seen.iter().map(|request| request.line.as_str()).collect();
    assert_eq!(lines, ["GET /index.yaml HTTP/1.1", "POST /api/charts HTTP/1.1"]);
    let push = &seen[1];
    assert_eq!(push.header("transfer-encoding"), Some("chunked"), "{:?}", push.headers);
    assert_eq!(push.header("content-length"), None);
    assert!(push.header("content-type").unwrap().starts_with("multipart/form-data; boundary="));
    let body = String::from_utf8_lossy(&push.body);
    let part = body.lines().nth(1).unwrap();
    assert!(part.contains("name=\"chart\"; filename=\"/") && part.contains("folder-0.1.0.tgz\""), "{part}");
}
