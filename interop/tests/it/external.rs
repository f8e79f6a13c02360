//! External repositories: real servers of other projects are the sources, both helms pull, and plugs are pulled on both
//! sides.

mod api;
mod changes;
mod commands;
mod face;
mod failures;
mod signing;
mod tutorial;
mod upstream;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value, json};

use crate::chartmuseum::ChartMuseum;
use crate::cli::logged_in;
use crate::environment::HELMS;
use crate::http::Request;
use crate::packages::package;
use crate::program::Home;
use crate::server::{PASSWORD, Server};

const ALLOW: [&str; 2] = ["--outbound-allow", "127.0.0.0/8"];
const SOURCE: &str = "/api/v1/repositories/mirrors/upstream/source";

#[test]
fn chartmuseum_is_followed_and_outlived() {
    let upstream = ChartMuseum::start(&[]);
    for name in ["kept", "lost"] {
        upstream.send_as_admin(Request::post("/api/charts", package(name, "1.0.0"))).expect(201);
    }
    let server = Server::start_with(&ALLOW);
    let home = logged_in(&server);
    home.write("password", PASSWORD);
    let url = format!("http://{}", upstream.address());
    let add = ["repo", "add", "mirrors/upstream", &url, "--visibility", "public", "--period", "0", "--wait"];
    home.chandlery(&["repo", "validate", &url]).failed(1, "status 401");
    home.chandlery(
        &[&add[..], &["--source-username", "admin", "--source-password-file", "password"]].concat(),
    )
    .succeeded()
    .without(PASSWORD);
    home.chandlery(&["repo", "check", "mirrors/upstream"]).succeeded().says("versions=2");
    for helm in HELMS {
        let other = Home::new();
        let mirror = format!("{}/mirrors/upstream", server.url());
        other.peer(helm, &["repo", "add", "mirror", &mirror]).succeeded();
        other.peer(helm, &["search", "repo", "mirror/"]).succeeded().says("mirror/kept").says("mirror/lost");
        other.peer(helm, &["pull", "mirror/kept"]).succeeded();
        assert_eq!(other.read("kept-1.0.0.tgz"), package("kept", "1.0.0"));
    }
    upstream.send_as_admin(Request::post("/api/charts", package("kept", "1.1.0"))).expect(201);
    home.chandlery(&["repo", "sync", "mirrors/upstream", "--wait"]).succeeded();
    home.chandlery(&["repo", "events", "mirrors/upstream"]).succeeded().says("+1 ~0 -0");

    drop(upstream);
    home.chandlery(&["repo", "sync", "mirrors/upstream", "--wait"]).failed(1, "connect: ");
    for helm in HELMS {
        let other = Home::new();
        let mirror = format!("{}/mirrors/upstream", server.url());
        other.peer(helm, &["repo", "add", "mirror", &mirror]).succeeded();
        other.peer(helm, &["pull", "mirror/kept", "--version", "1.0.0"]).succeeded();
        other.peer(helm, &["pull", "mirror/lost"]).failed(1, "503");
    }
}

/// `NAME VERSION` of a JSON object.
fn name_and_version(value: &Value) -> String {
    let text = |name: &str| value[name].as_str().unwrap_or_default();
    format!("{} {}", text("name"), text("version"))
}

/// Versions of the large index: looking at it takes long enough to be killed in the middle.
const VERSIONS: usize = 20_000;

/// An index of many versions, sent in pieces with pauses to whoever asks.
fn slow_index() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut index = String::from("apiVersion: v1\nentries:\n");
    for number in 0..VERSIONS {
        if number % 20 == 0 {
            index.push_str(&format!("  chart-{}:\n", number / 20));
        }
        let (chart, version) = (number / 20, number % 20);
        let digest = format!("f{number:063x}");
        index.push_str(&format!(
            "  - apiVersion: v2\n    name: chart-{chart}\n    version: 1.{version}.0\n    digest: {digest}\n    \
             urls: [chart-{chart}-1.{version}.0.tgz]\n"
        ));
    }
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(mut stream), index) = (stream, index.clone()) else { continue };
            std::thread::spawn(move || {
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    index.len()
                );
                let mut pieces = std::iter::once(head.as_bytes()).chain(index.as_bytes().chunks(1 << 18));
                while pieces.next().is_some_and(|piece| stream.write_all(piece).is_ok()) {
                    std::thread::sleep(Duration::from_millis(20));
                }
            });
        }
    });
    format!("http://{address}/")
}

#[test]
fn killed_in_the_middle_of_a_sync_it_begins_again() {
    let url = slow_index();
    let mut server = Server::start_with(&ALLOW);
    let settings = json!({ "url": url, "period": 180 });
    let request = json!({ "path": "mirrors/upstream", "source": { "settings": settings } });
    server.rest("POST", "/api/v1/repositories", &request, 201);
    let arguments = ["--data-dir", "data", "--admin-password-file", "admin-password", ALLOW[0], ALLOW[1]];
    for milliseconds in [20, 150, 300, 450, 600] {
        std::thread::sleep(Duration::from_millis(milliseconds));
        server = Server::start_in(server.kill(), &arguments);
    }
    let source = loop {
        let source = server.rest("GET", SOURCE, &Value::Null, 200);
        if source["state"] == "synced" {
            break source;
        }
        assert_ne!(source["state"], "failed", "{source}");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(source["next_at"].is_string(), "{source}");
    let repository = server.rest("GET", "/api/v1/repositories/mirrors/upstream", &Value::Null, 200);
    assert_eq!((&repository["charts"], &repository["versions"]), (&json!(VERSIONS / 20), &json!(VERSIONS)));
    let index = server.send_as_admin(Request::new("GET", "/mirrors/upstream/index.yaml")).expect(200);
    assert_eq!(String::from_utf8_lossy(&index.body).matches("\n    version: ").count(), VERSIONS);
}
