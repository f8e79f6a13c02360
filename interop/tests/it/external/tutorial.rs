//! KubeSphere's public tutorial on app repositories: somebody adds one, presses Validate, and what is in it can be had
//! from here; with each kind of source, by the API and by our commands.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::ALLOW;
use super::api::Api;
use super::commands::Commands;
use super::face::{Face, REPOSITORY};
use super::upstream::{Bucket, Charts, Cloud, Git, Registry, Upstream};
use crate::environment::{HELMS, Peer};
use crate::program::Home;
use crate::server::Server;

#[test]
fn http_by_the_api() {
    Stage::<Api, _>::set(Charts::http()).play();
}

#[test]
fn http_by_commands() {
    Stage::<Commands, _>::set(Charts::http()).play();
}

#[test]
fn https_by_the_api() {
    Stage::<Api, _>::set(Charts::https()).play();
}

#[test]
fn https_by_commands() {
    Stage::<Commands, _>::set(Charts::https()).play();
}

#[test]
fn a_bucket_with_an_index_by_the_api() {
    Stage::<Api, _>::set(Bucket::with_index()).play();
}

#[test]
fn a_bucket_of_packages_by_commands() {
    Stage::<Commands, _>::set(Bucket::of_packages()).play();
}

#[test]
fn buckets_of_google() {
    Stage::<Api, _>::set(Cloud::google(true)).play();
    Stage::<Commands, _>::set(Cloud::google(false)).play();
}

#[test]
fn containers_of_azure() {
    Stage::<Api, _>::set(Cloud::azure(true)).play();
    Stage::<Commands, _>::set(Cloud::azure(false)).play();
}

#[test]
fn git_by_the_api() {
    Stage::<Api, _>::set(Git::start()).play();
}

#[test]
fn git_by_commands() {
    Stage::<Commands, _>::set(Git::start()).play();
}

#[test]
fn a_registry_by_the_api() {
    Stage::<Api, _>::set(Registry::start()).play();
}

#[test]
fn a_registry_by_commands() {
    Stage::<Commands, _>::set(Registry::start()).play();
}

/// What the source has when it is added. A `+` cannot stand in the tag of a registry, and is escaped in URLs.
const FIRST: [(&str, &str); 4] =
    [("db", "2.0.0"), ("web", "1.0.0"), ("web", "1.1.0+build.7"), ("web", "1.2.0-rc.1")];

/// What is published later.
const NEW: (&str, &str) = ("web", "1.3.0");

/// The stages of a validation in their order.
const STAGES: [&str; 10] =
    ["url", "dns", "connect", "tls", "auth", "status", "content", "parse", "counts", "sample-package"];

/// A server of ours, and a source with some charts.
struct Stage<F, U> {
    server: Server,
    admin: F,
    upstream: U,
}

impl<F: Face, U: Upstream> Stage<F, U> {
    fn set(mut upstream: U) -> Self {
        for (name, version) in FIRST {
            upstream.publish(name, version);
        }
        let server = Server::start_with(&ALLOW);
        let admin = F::sign_in(&server);
        admin.create_workspace();
        Self { server, admin, upstream }
    }

    fn play(mut self) {
        self.it_is_validated();
        self.it_is_added();
        self.everybody_pulls(&FIRST);
        self.a_version_is_published();
        self.the_plug_is_pulled();
        self.the_history_knows();
        self.it_is_deleted();
    }

    fn it_is_validated(&self) {
        let given = self.upstream.given();
        let found = self.admin.validate(&given);
        assert_eq!(found["valid"], true, "{found:#}");
        let stages = found["stages"].as_array().unwrap();
        assert_eq!(stages.iter().map(|stage| &stage["stage"]).collect::<Vec<_>>(), STAGES);
        let details = &stage(&found, "counts")["details"];
        assert_eq!((&details["charts"], &details["versions"]), (&json!("2"), &json!("4")), "{found:#}");
        assert_eq!(stage(&found, "dns")["details"]["addresses"], "127.0.0.1");
        assert_eq!(stage(&found, "sample-package")["outcome"], "ok", "{found:#}");
        if given.settings.get("certificate_authority").is_some() {
            let issuer = stage(&found, "tls")["details"]["issuer"].as_str().unwrap_or_default();
            assert!(issuer.starts_with("CN=") && issuer.ends_with(" CA"), "{found:#}");
        }
        let found = self.admin.validate(&given.anonymous());
        if self.upstream.lets_everybody_in() {
            assert_eq!(found["valid"], true, "{found:#}");
            return;
        }
        let (expected, code) = self.upstream.refusal();
        let refused = stage(&found, expected);
        assert_eq!((&refused["outcome"], &refused["code"]), (&json!("failed"), &json!(code)), "{found:#}");
        assert!(refused["advice"].is_string(), "{found:#}");
    }

    fn it_is_added(&self) {
        self.admin.add(&self.upstream.given()).unwrap();
        let source = self.admin.source();
        assert_eq!(source["state"], "synced", "{source:#}");
        assert_eq!(
            (&source["kind"], &source["has_credentials"]),
            (&json!(self.upstream.kind()), &json!(true))
        );
        assert_eq!(self.admin.versions(), names(&FIRST));
        assert_eq!(self.admin.check()["valid"], true);
    }

    /// Both helms find these versions, and no others, and pull the same bytes as at the source.
    fn everybody_pulls(&self, versions: &[(&str, &str)]) {
        for helm in HELMS {
            let home = self.helm(helm);
            let found =
                home.peer(helm, &["search", "repo", "mirror/", "--versions", "--devel", "-o", "json"]);
            let found = found.succeeded().json();
            let found = found.as_array().unwrap().iter().map(super::name_and_version);
            let prefixed = names(versions).into_iter().map(|name| format!("mirror/{name}"));
            assert_eq!(found.collect::<BTreeSet<_>>(), prefixed.collect());
            for (name, version) in versions {
                self.pulls(helm, &home, name, version);
            }
        }
    }

    fn helm(&self, helm: Peer) -> Home {
        let home = Home::new();
        let url = format!("{}/{REPOSITORY}", self.server.url());
        home.peer(helm, &["repo", "add", "mirror", &url]).succeeded();
        home
    }

    fn pulls(&self, helm: Peer, home: &Home, name: &str, version: &str) {
        home.peer(helm, &["pull", &format!("mirror/{name}"), "--version", version]).succeeded();
        self.upstream.expected(name, version).check(&home.read(&format!("{name}-{version}.tgz")));
    }

    fn a_version_is_published(&mut self) {
        self.upstream.publish(NEW.0, NEW.1);
        self.admin.sync().unwrap();
        assert_eq!(self.admin.versions(), names(&[&FIRST[..], &[NEW]].concat()));
        assert_eq!(self.admin.events()[0]["added"], 1);
    }

    /// What was pulled before is served on; what was not, if the repository is a mirror.
    fn the_plug_is_pulled(&mut self) {
        self.upstream.stop();
        let error = self.admin.sync().unwrap_err();
        assert!(error.contains("connect: ") && error.contains("(code 109)"), "{error}");
        let source = self.admin.source();
        assert_eq!(source["state"], "failed", "{source:#}");
        assert!(source["synced_at"].is_string(), "{source:#}");
        assert_eq!(self.admin.check()["valid"], false);
        for helm in HELMS {
            let home = self.helm(helm);
            for (name, version) in FIRST {
                self.pulls(helm, &home, name, version);
            }
            if source["settings"]["cache"] == "mirror" {
                self.pulls(helm, &home, NEW.0, NEW.1);
            } else {
                home.peer(helm, &["pull", "mirror/web", "--version", NEW.1]).failed(1, "503");
            }
        }
    }

    fn the_history_knows(&self) {
        let events = self.admin.events();
        let told = events.iter().map(|run| {
            let text = |name: &str| run[name].as_str().unwrap_or_default();
            format!("{} {} +{} of {}", text("cause"), text("outcome"), run["added"], run["versions"])
        });
        let told = told.collect::<Vec<_>>();
        assert_eq!(told, ["demand failed +0 of 0", "demand synced +1 of 5", "created synced +4 of 4"]);
        assert!(
            events[0]["message"].as_str().is_some_and(|text| text.starts_with("connect: ")),
            "{events:?}"
        );
    }

    fn it_is_deleted(&self) {
        assert_eq!(self.admin.removal(), (2, 5));
        self.admin.delete();
        let home = Home::new();
        let url = format!("{}/{REPOSITORY}", self.server.url());
        assert_ne!(home.peer(Peer::Helm4, &["repo", "add", "mirror", &url]).code, 0);
    }
}

fn names(versions: &[(&str, &str)]) -> BTreeSet<String> {
    versions.iter().map(|(name, version)| format!("{name} {version}")).collect()
}

/// A stage of a validation.
fn stage<'a>(validation: &'a Value, name: &str) -> &'a Value {
    let stages = validation["stages"].as_array().expect("a validation has stages");
    stages.iter().find(|stage| stage["stage"] == name).expect("every stage is there")
}
