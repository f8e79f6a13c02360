//! Signed charts of sources of each kind: both helms sign them, and both verify what they pull from us.

use serde_json::json;

use super::ALLOW;
use super::api::Api;
use super::face::{Face, REPOSITORY};
use super::upstream::{Bucket, Charts, Git, Registry, Upstream};
use crate::environment::{HELMS, Peer};
use crate::keys::{SIGNER, make_keyrings};
use crate::packages::Package;
use crate::program::Home;
use crate::server::Server;

#[test]
fn of_chartmuseum() {
    play(Charts::http());
}

#[test]
fn of_a_mirrored_chartmuseum() {
    play(Charts::https());
}

#[test]
fn of_a_bucket_with_an_index() {
    play(Bucket::with_index());
}

#[test]
fn of_a_mirrored_bucket_of_packages() {
    play(Bucket::of_packages());
}

#[test]
fn of_git() {
    play(Git::start());
}

#[test]
fn of_a_mirrored_registry() {
    play(Registry::start());
}

/// Charts by who signs them.
const SIGNED: [(Peer, &str); 2] = [(HELMS[0], "one"), (HELMS[1], "two")];

/// Where charts are signed.
fn signer() -> Home {
    let home = Home::new();
    make_keyrings(&home);
    for (helm, name) in SIGNED {
        Package::new(name, "1.0.0").write_folder(&home, name);
        let keyring = ["--keyring", "secring.gpg", "--key", SIGNER];
        home.peer(helm, &[&["package", name, "--sign"][..], &keyring].concat()).succeeded();
    }
    home
}

fn play(mut upstream: impl Upstream) {
    let signer = signer();
    for (_, name) in SIGNED {
        let file = format!("{name}-1.0.0.tgz");
        upstream.publish_signed(&file, &signer.read(&file), &signer.read(&format!("{file}.prov")));
    }
    upstream.publish("plain", "1.0.0");
    let server = Server::start_with(&ALLOW);
    let admin = Api::sign_in(&server);
    admin.create_workspace();
    admin.add(&upstream.given()).unwrap();
    let all = json!({ "path": "acme/all", "settings": { "visibility": "public" },
                      "virtual": { "members": [REPOSITORY] } });
    server.rest("POST", "/api/v1/repositories", &all, 201);
    for repository in [REPOSITORY, "acme/all"] {
        everybody_verifies(&server, &signer, repository);
    }
    upstream.stop();
    everybody_verifies(&server, &signer, REPOSITORY);
}

/// Both helms verify what they pull and what they render, and refuse what nobody has signed.
fn everybody_verifies(server: &Server, signer: &Home, repository: &str) {
    let url = format!("{}/{repository}", server.url());
    let flags = ["--repo", &url, "--verify", "--keyring", "pubring.gpg"];
    for helm in HELMS {
        let home = Home::new();
        home.write("pubring.gpg", signer.read("pubring.gpg"));
        for (_, name) in SIGNED {
            home.peer(helm, &[&["pull", name][..], &flags].concat()).succeeded().says("Verified");
            for file in [format!("{name}-1.0.0.tgz"), format!("{name}-1.0.0.tgz.prov")] {
                assert!(home.read(&file) == signer.read(&file), "{helm:?} {repository} {file}");
            }
            home.peer(helm, &[&["template", "release", name][..], &flags].concat()).succeeded();
        }
        home.peer(helm, &[&["pull", "plain"][..], &flags].concat()).failed(1, "prov");
    }
}
