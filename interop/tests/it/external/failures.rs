//! Validating what does not work: every reason for which the stores before had a number, and how it is told by the API
//! and by our commands.

use chandlery_source::testing::{Answer, Server as Upstream};
use serde_json::json;

use super::ALLOW;
use super::api::Api;
use super::commands::Commands;
use super::face::{Face, Given};
use super::upstream::{Bucket, Charts, Cloud, Git, Registry, STRANGER, Upstream as _};
use crate::server::{Server, free_port};

/// The stage that fails, its number, and words of its cause or advice.
type Reason = (&'static str, u16, &'static str);

/// What is tried, and why it fails.
type Case = (Given, Reason);

/// URLs, kinds and credentials that cannot be, as they are written.
fn on_paper() -> Vec<Case> {
    let of_kind = |kind: &str, url: &str| Given::new(url).set("kind", kind);
    vec![
        (Given::new("charts.example.org"), ("url", 102, "the text is not a URL")),
        (
            Given::new("oci://registry.example.org/x").secret("docker_config", "{"),
            ("url", 103, "is not the JSON that docker writes"),
        ),
        (
            Given::new("s3://s3.example.org/charts").key("", "hunter2"),
            ("url", 104, "access key id is missing"),
        ),
        (Given::new("s3://s3.example.org/"), ("url", 107, "it names no bucket")),
        (Given::new("https://"), ("url", 107, "it has no host")),
        (of_kind("http", "https://charts.example.org"), ("url", 108, "of kind http")),
        (of_kind("https", "http://charts.example.org"), ("url", 110, "of kind https")),
        (Given::new("ftp://charts.example.org"), ("url", 111, "no kind of repository for ftp://")),
        (of_kind("s3", "https://charts.example.org"), ("url", 114, "of kind s3")),
        (Given::new("http://charts.invalid/"), ("dns", 109, "charts.invalid")),
        (Given::new("http://169.254.169.254/"), ("dns", 109, "refused")),
        (Given::new(format!("http://127.0.0.1:{}/", free_port())), ("connect", 109, "Check host and port")),
    ]
}

/// Web servers that are no Helm repositories, or broken ones.
fn answer(request: &str) -> Answer {
    match request.split(' ').nth(1).unwrap_or_default() {
        "/page/index.yaml" => Answer::ok("<!DOCTYPE html><title>Welcome</title>"),
        "/nothing/index.yaml" => Answer::ok(""),
        "/other/index.yaml" => Answer::ok("entries: {}\n"),
        "/broken/index.yaml" => Answer::ok("apiVersion: v1\nentries: ["),
        "/forbidden/index.yaml" => Answer::status("403 Forbidden", ""),
        "/failing/index.yaml" => Answer::status("500 Internal Server Error", ""),
        "/gone/index.yaml" => {
            Answer::ok("apiVersion: v1\nentries: {web: [{name: web, version: 1.0.0, urls: [web.tgz]}]}")
        }
        _ => Answer::status("404 Not Found", ""),
    }
}

fn by_the_web(server: &Upstream) -> Vec<Case> {
    let cases: [(&str, Reason); 8] = [
        ("/missing", ("status", 109, "status 404")),
        ("/forbidden", ("auth", 109, "status 403")),
        ("/failing", ("status", 109, "status 500")),
        ("/page", ("content", 113, "a web page")),
        ("/nothing", ("content", 113, "the index is empty")),
        ("/other", ("parse", 113, "no index of a Helm repository")),
        ("/broken", ("parse", 115, "the index cannot be read")),
        ("/gone", ("sample-package", 109, "web 1.0.0 cannot be fetched")),
    ];
    cases.map(|(path, reason)| (Given::new(server.url(path)), reason)).into()
}

/// Real servers of each kind that do not let us in, or have nothing for us.
fn by_their_kinds(charts: &Charts, bucket: &Bucket, git: &Git, registry: &Registry) -> Vec<Case> {
    let (id, secret) = STRANGER;
    let wrong = |given: Given| given.anonymous().login("admin", "hunter2");
    let stranger = |given: Given| Given { settings: json!({}), ..given };
    vec![
        (wrong(charts.given()), ("tls", 109, "")),
        (charts.given().login("admin", "hunter2"), ("auth", 109, "status 401")),
        (stranger(charts.given()), ("tls", 109, "For a private authority give its certificate")),
        (bucket.given().key("key-of-nobody", "hunter2"), ("auth", 106, "Check the access key")),
        (bucket.given().key(id, secret), ("auth", 106, "Check the access key")),
        (bucket.given().set("tls", true), ("tls", 109, "no trusted connection")),
        (bucket.given().anonymous(), ("auth", 106, "Check the access key")),
        (bucket.at("charts/empty"), ("content", 113, "neither an index.yaml nor any .tgz")),
        (bucket.at("no-such-bucket"), ("status", 113, "Check the names of bucket and folder")),
        (git.given().secret("token", "hunter2"), ("auth", 109, "status 401")),
        (git.given().set("reference", "no-such-branch"), ("status", 113, "no-such-branch")),
        (git.given().set("sub_path", "no/such/folder"), ("status", 113, "no folder")),
        (registry.given().login("publisher", "hunter2"), ("auth", 109, "status 401")),
        (registry.at("nobody/knows"), ("status", 113, "push a chart if there is none yet")),
    ]
}

/// Stores of clouds.
fn by_clouds(google: &Cloud, azure: &Cloud) -> Vec<Case> {
    let denied = |given: Given| (given, ("auth", 106, "Check the access key"));
    let (reading, writing) = (azure.signature("rl"), azure.signature("wc"));
    vec![
        denied(azure.at("charts/stable").key("account", "aHVudGVyMg==")),
        denied(azure.at("charts/stable").key("nobody", "aHVudGVyMg==")),
        denied(azure.at("charts/stable").secret("token", writing)),
        denied(azure.at("charts/stable").secret("token", reading.replace("sig=", "sig=x"))),
        (
            azure.at("charts/empty").secret("token", &reading),
            ("content", 113, "neither an index.yaml nor any .tgz"),
        ),
        (
            azure.at("no-such-container").secret("token", reading),
            ("status", 113, "Check the names of bucket and folder"),
        ),
        (google.at("charts/empty"), ("content", 113, "neither an index.yaml nor any .tgz")),
        (google.at("no-such-bucket"), ("status", 113, "Check the names of bucket and folder")),
        (google.at("charts").secret("token", "{"), ("url", 103, "no key of a service account")),
    ]
}

/// Tries all, and tells of each that does not fail as it should.
fn check(face: &impl Face, name: &str, cases: &[Case]) {
    let mut wrong = Vec::new();
    for (given, (stage, code, words)) in cases {
        let found = face.validate(given);
        let stages = found["stages"].as_array().unwrap();
        let failed = stages.iter().find(|stage| stage["outcome"] == "failed");
        let told = failed.map(ToString::to_string).unwrap_or_default();
        let is_expected = failed.is_some_and(|failed| {
            failed["stage"] == *stage && failed["code"] == *code && failed["advice"].is_string()
        });
        if found["valid"] != false || !is_expected || !told.contains(words) {
            wrong.push(format!("{name} {}: {stage} {code} {words:?} is told as {told}", given.url));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn validating_says_why() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let web = runtime.block_on(Upstream::start(answer));
    let (mut charts, mut bucket) = (Charts::https(), Bucket::of_packages());
    let (mut git, mut registry) = (Git::start(), Registry::start());
    charts.publish("web", "1.0.0");
    bucket.publish("web", "1.0.0");
    git.publish("web", "1.0.0");
    registry.publish("web", "1.0.0");
    bucket.admit_stranger();
    let (google, azure) = (Cloud::google(false), Cloud::azure(false));
    let kinds = by_their_kinds(&charts, &bucket, &git, &registry);
    let cases = [on_paper(), by_the_web(&web), kinds, by_clouds(&google, &azure)].concat();
    let server = Server::start_with(&ALLOW);
    let api = Api::sign_in(&server);
    api.create_workspace();
    check(&api, "API", &cases);
    check(&Commands::sign_in(&server), "commands", &cases);
    let half = Given::new("s3://s3.example.org/charts").key("key", "");
    check(&api, "API", &[(half, ("url", 105, "secret key is missing"))]);
    // A command that is told half a key says so itself.
    let half = ["repo", "validate", "s3://s3.example.org/charts", "--username", "key"];
    server.home().chandlery(&half).failed(2, "--password-file");
    let kept = server.rest("GET", "/api/v1/repositories", &serde_json::Value::Null, 200);
    assert!(!kept.to_string().contains("mirrors"), "nothing is kept of trying: {kept}");
}
