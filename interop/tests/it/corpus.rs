//! Every public chart goes in and comes out as it was, and the real Helm loads what came out.

use std::collections::BTreeSet;
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

use crate::environment::{HELMS, corpus};
use crate::http::{Request, basic};
use crate::program::Home;
use crate::server::{PASSWORD, Server};

/// How many charts the corpus has at least: a folder that was cut short must not pass.
const CHARTS: usize = 559;

fn charts() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(corpus().join("charts")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "tgz"));
    files.sort();
    assert!(files.len() >= CHARTS, "only {} charts in the corpus", files.len());
    files
}

/// The index as JSON.
fn index(server: &Server) -> serde_json::Value {
    let answer = server.send_as_admin(Request::get("/index.yaml")).expect(200);
    chandlery_yaml::from_str_as(&answer.text(), &chandlery_yaml::Options::default()).unwrap()
}

/// Of every entry the first url and the digest.
fn entries(index: &serde_json::Value) -> Vec<(String, String)> {
    let charts = index["entries"].as_object().unwrap().values();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    charts
        .flat_map(|versions| versions.as_array().unwrap())
        .map(|entry| (text(&entry["urls"][0]), text(&entry["digest"])))
        .collect()
}

#[test]
fn every_chart_is_pulled_as_it_was_pushed_and_loads_in_helm() {
    let server = Server::start();
    let mut digests = BTreeSet::new();
    for path in charts() {
        let bytes = std::fs::read(&path).unwrap();
        let answer = server.send_as_admin(Request::post("/api/charts", bytes.clone()));
        assert_eq!(answer.status, 201, "{}: {}", path.display(), answer.text());
        digests.insert(hex::encode(Sha256::digest(&bytes)));
    }
    let home = Home::new();
    let entries = entries(&index(&server));
    assert_eq!(entries.iter().map(|(_, digest)| digest.clone()).collect::<BTreeSet<_>>(), digests);
    for (url, digest) in &entries {
        let package = server.send_as_admin(Request::get(&format!("/{url}"))).expect(200).body;
        assert_eq!(hex::encode(Sha256::digest(&package)), *digest, "{url}");
        home.write(&format!("pulled/{}", url.rsplit('/').next().unwrap()), package);
    }
    for helm in HELMS {
        // This command loads every package in full, and ends at the first that does not load.
        home.peer(helm, &["repo", "index", "pulled"]).succeeded();
        let written: serde_json::Value =
            chandlery_yaml::from_str_as(&home.text("pulled/index.yaml"), &chandlery_yaml::Options::default())
                .unwrap();
        let loaded = self::entries(&written).into_iter().map(|(_, digest)| digest);
        assert_eq!(loaded.collect::<BTreeSet<_>>(), digests, "{helm:?}");
        home.peer(helm, &["repo", "add", "all", server.url(), "--username", "admin", "--password", PASSWORD])
            .succeeded();
        let listed = home.peer(helm, &["search", "repo", "-l", "--devel", "-o", "json"]).succeeded().json();
        assert_eq!(listed.as_array().unwrap().len(), entries.len(), "{helm:?}");
    }
}

#[test]
fn a_sample_is_pulled_and_rendered_by_helm() {
    let server = Server::start();
    let sample: Vec<PathBuf> = charts().into_iter().step_by(40).collect();
    for path in &sample {
        server.push("/api/charts", std::fs::read(path).unwrap());
    }
    let index = index(&server);
    for helm in HELMS {
        let home = Home::new();
        home.peer(helm, &["repo", "add", "all", server.url(), "--username", "admin", "--password", PASSWORD])
            .succeeded();
        for (name, versions) in index["entries"].as_object().unwrap() {
            let chart = format!("all/{name}");
            let version = versions[0]["version"].as_str().unwrap();
            home.peer(helm, &["pull", &chart, "--version", version]).succeeded();
            home.peer(helm, &["show", "chart", &chart, "--version", version]).succeeded().says(name);
        }
        for path in &sample {
            let pulled = home.read(path.file_name().unwrap().to_str().unwrap());
            assert!(pulled == std::fs::read(path).unwrap(), "{helm:?} {}", path.display());
        }
    }
}

#[test]
fn downloads_in_parts_make_the_whole() {
    let server = Server::start();
    let path = charts().into_iter().max_by_key(|path| path.metadata().unwrap().len()).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    server.push("/api/charts", bytes.clone());
    let (url, _) = entries(&index(&server)).remove(0);
    let part = |range: String| {
        let request = Request::get(&format!("/{url}")).header("Range", &range);
        request.header("Authorization", &basic("admin", PASSWORD)).send(server.address()).expect(206).body
    };
    let half = bytes.len() / 2;
    assert!([part(format!("bytes=0-{}", half - 1)), part(format!("bytes={half}-"))].concat() == bytes);
}
