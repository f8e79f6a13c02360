//! Sources that change under us: their certificates, and where they send us.

use chandlery_source::testing::{Answer, Server as Web};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::ALLOW;
use super::api::Api;
use super::face::{Face, Given, REPOSITORY};
use super::upstream::{Charts, Registry, Upstream as _};
use crate::environment::HELMS;
use crate::keys::{SIGNER, make_keyrings};
use crate::packages::{Package, package};
use crate::program::Home;
use crate::recorder::Recorder;
use crate::server::{PASSWORD, Server};

/// Both helms pull a version from us.
fn everybody_pulls(server: &Server, name: &str, version: &str) {
    for helm in HELMS {
        let home = Home::new();
        let url = format!("{}/{REPOSITORY}", server.url());
        home.peer(helm, &["pull", name, "--repo", &url, "--version", version]).succeeded();
        assert!(home.read(&format!("{name}-{version}.tgz")) == package(name, version), "{name} {version}");
    }
}

#[test]
fn certificates_that_change() {
    let mut upstream = Charts::https();
    upstream.publish("web", "1.0.0");
    let server = Server::start_with(&ALLOW);
    let admin = Api::sign_in(&server);
    admin.create_workspace();
    admin.add(&upstream.given()).unwrap();

    // The same authority signs another one: nobody notices.
    upstream.change_certificate(true);
    upstream.publish("web", "1.1.0");
    admin.sync().unwrap();
    assert_eq!(admin.versions().len(), 2);

    // Somebody else does: that might be anybody, and what was there is served on.
    upstream.change_certificate(false);
    upstream.publish("web", "1.2.0");
    let error = admin.sync().unwrap_err();
    assert!(error.starts_with("tls: ") && error.contains("give its certificate"), "{error}");
    let checked = admin.check();
    let tls = checked["stages"].as_array().unwrap().iter().find(|stage| stage["stage"] == "tls").unwrap();
    assert_eq!((&tls["outcome"], &tls["details"]["issuer"]), (&json!("failed"), &json!("CN=other CA")));
    assert_eq!(admin.versions().len(), 2);
    everybody_pulls(&server, "web", "1.1.0");

    // Its authority is given.
    admin.replace(&upstream.given());
    admin.sync().unwrap();
    assert_eq!(admin.versions().len(), 3);
    everybody_pulls(&server, "web", "1.2.0");
}

/// The source sends to a server that wants a password: it does not get this one's.
#[test]
fn another_host_asks_for_the_password() {
    let mut other = Charts::http();
    other.publish("web", "1.0.0");
    let recorder = Recorder::before(Some(other.address()));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let location = recorder.url().to_owned();
    let redirecting = runtime.block_on(Web::start(move |request| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        Answer::redirect(&format!("{location}{path}"))
    }));
    let server = Server::start_with(&ALLOW);
    let admin = Api::sign_in(&server);
    admin.create_workspace();
    // Both have the same password; only one of them is to know.
    let given = Given { url: redirecting.url("/"), ..other.given() };
    let error = admin.add(&given).unwrap_err();
    assert!(error.starts_with("auth: ") && error.contains("status 401"), "{error}");
    assert!(redirecting.requests().iter().any(|request| request.contains("authorization: Basic ")));
    let seen = recorder.seen();
    assert!(
        !seen.is_empty() && seen.iter().all(|request| request.header("authorization").is_none()),
        "{seen:?}"
    );
}

/// An index of the web names charts of a registry, as Helm 4 and large publishers write it.
#[test]
fn charts_of_a_registry_in_an_index() {
    let (mut guarded, mut open) = (Registry::start(), Registry::open());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let index_of = |registry: &mut Registry| {
        registry.publish("web", "1.0.0");
        registry.publish("web", "1.1.0+build.7");
        let place = format!("oci://{}/team/apps/web", registry.address());
        let entry = "apiVersion: v2, name: web";
        let index = format!(
            "apiVersion: v1\nentries:\n  web:\n  - {{{entry}, version: 1.0.0, urls: ['{place}:1.0.0']}}\n  \
             - {{{entry}, version: 1.1.0+build.7, urls: ['{place}:1.1.0_build.7']}}\n"
        );
        let web = runtime.block_on(Web::start(move |_| Answer::ok(&index)));
        let given = Given::new(web.url("/")).set("certificate_authority", registry.authority());
        (web, given.login("publisher", PASSWORD))
    };
    let server = Server::start_with(&ALLOW);
    let admin = Api::sign_in(&server);
    admin.create_workspace();

    // The password is the right one for the registry, and was given for the server of the index only.
    let (_web, given) = index_of(&mut guarded);
    let refused = admin.validate(&given);
    let sample = refused["stages"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&sample["outcome"], &sample["details"]["status"]),
        (&json!("failed"), &json!("401")),
        "{sample}"
    );

    let (_web, given) = index_of(&mut open);
    admin.add(&given).unwrap();
    assert_eq!(admin.versions(), ["web 1.0.0", "web 1.1.0+build.7"].map(str::to_owned).into());
    everybody_pulls(&server, "web", "1.0.0");
    open.stop();
    everybody_pulls(&server, "web", "1.0.0");
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Somebody moves a tag. Whoever asked to be told is told at the next look; the first package stays the package.
#[test]
fn a_tag_that_was_moved() {
    let mut registry = Registry::open();
    registry.publish("web", "1.0.0");
    let server = Server::start_with(&ALLOW);
    let admin = Api::sign_in(&server);
    admin.create_workspace();
    let given = registry.given().anonymous();
    admin.add(&given).unwrap();
    let moved = Package::new("web", "1.0.0").with("templates/other.yaml", "kind: List\n").bytes();
    registry.publisher().write("web-1.0.0.tgz", &moved);
    registry.push("web-1.0.0.tgz");

    admin.sync().unwrap();
    assert_eq!(admin.source()["changed_digests"], json!([]), "its tags are the same");
    admin.replace(&given.set("check_moved_tags", true));
    admin.sync().unwrap();
    let source = admin.source();
    let changed = source["changed_digests"].as_array().unwrap();
    assert_eq!(changed.len(), 1, "{source}");
    assert_eq!(changed[0]["digest"], json!(sha256(&package("web", "1.0.0"))));
    assert_eq!(changed[0]["claimed"], json!(sha256(&moved)));
    everybody_pulls(&server, "web", "1.0.0");
}

/// A chart that was signed and pushed with its provenance comes from us as it was signed.
#[test]
fn a_signed_chart_of_a_registry() {
    let mut registry = Registry::open();
    let publisher = registry.publisher();
    make_keyrings(publisher);
    Package::new("signed", "1.0.0").write_folder(publisher, "signed");
    let keyring = ["--keyring", "secring.gpg", "--key", SIGNER];
    publisher.peer(HELMS[0], &[&["package", "signed", "--sign"][..], &keyring].concat()).succeeded();
    let (file, ring) = (publisher.read("signed-1.0.0.tgz"), publisher.read("pubring.gpg"));
    let provenance = publisher.read("signed-1.0.0.tgz.prov");
    registry.push("signed-1.0.0.tgz");

    let server = Server::start_with(&ALLOW);
    let admin = Api::sign_in(&server);
    admin.create_workspace();
    admin.add(&registry.at("team/apps").anonymous()).unwrap();
    for helm in HELMS {
        let home = Home::new();
        let url = format!("{}/{REPOSITORY}", server.url());
        home.peer(helm, &["pull", "signed", "--repo", &url]).succeeded();
        assert!(home.read("signed-1.0.0.tgz") == file, "{helm:?}");
        home.write("pubring.gpg", &ring);
        home.write("signed-1.0.0.tgz.prov", &provenance);
        home.peer(helm, &["verify", "signed-1.0.0.tgz", "--keyring", "pubring.gpg"]).succeeded();
    }
}
