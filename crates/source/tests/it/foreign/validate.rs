//! What validating tells.

use chandlery_source::foreign::{
    Access, Code, Credentials, Outcome, Stage, StageReport, Validation, validate,
};

use super::package;
use crate::server::{Answer, Server, client};
use chandlery_source::testing::Certificate;

async fn run(url: &str, access: Access, credentials: Credentials) -> Validation {
    validate(None, url, access, credentials, &client()).await
}

fn stage(validation: &Validation, stage: Stage) -> &StageReport {
    validation.stages.iter().find(|report| report.stage == stage).unwrap()
}

fn index(digest: &str) -> String {
    format!(
        "apiVersion: v1\nentries:\n  web:\n  - {{apiVersion: v2, name: web, version: 1.0.0, urls: [web.tgz], digest: {digest}}}\n  - null\n"
    )
}

#[tokio::test]
async fn a_repository_that_works() {
    let keys = tempfile::tempdir().unwrap();
    let certificate = Certificate::new(keys.path(), "charts");
    let digest = chandlery_core::Digest::of(&package("web", "1.0.0")).to_hex();
    let server = Server::tls(certificate.acceptor(None), move |request| {
        if request.contains("/web.tgz") {
            return Answer::with("", package("web", "1.0.0"));
        }
        if request.starts_with("HEAD") {
            Answer::status("404 Not Found", "")
        } else {
            Answer::ok(&index(&digest))
        }
    })
    .await;
    let trusting = Access {
        certificate_authorities: Some(String::from_utf8(certificate.pem()).unwrap()),
        ..Access::default()
    };
    let validation = run(&server.url("/"), trusting, Credentials::default()).await;
    assert!(validation.is_ok(), "{validation:#?}");
    let outcomes: Vec<_> =
        validation.stages.iter().map(|report| (report.stage.name(), report.outcome)).collect();
    let ok = |name| (name, Outcome::Ok);
    let expected = [
        ok("url"),
        ok("dns"),
        ok("connect"),
        ok("tls"),
        ok("auth"),
        ok("status"),
        ok("content"),
        ok("parse"),
        ("counts", Outcome::Warning),
        ok("sample-package"),
    ];
    assert_eq!(outcomes, expected);
    assert_eq!(stage(&validation, Stage::Dns).addresses, ["127.0.0.1"]);
    let shown = stage(&validation, Stage::Tls).certificate.clone().unwrap();
    assert_eq!((shown.subject.as_str(), shown.issuer.as_str()), ("CN=charts", "CN=charts CA"));
    assert_eq!(shown.names, ["127.0.0.1", "charts.test"]);
    assert!(shown.not_after > shown.not_before);
    let details = stage(&validation, Stage::Tls).details();
    assert_eq!(details["issuer"], "CN=charts CA");
    assert!(details["expires"].starts_with("20") && details["expires"] > details["starts"], "{details:?}");
    let counts = stage(&validation, Stage::Counts);
    assert_eq!(counts.details()["versions"], "1");
    assert_eq!((counts.counts.unwrap().versions, counts.skipped.len()), (1, 1));
    let json = serde_json::to_string(&validation).unwrap();
    assert_eq!(serde_json::from_str::<Validation>(&json).unwrap(), validation);

    // Nobody trusts it without its authority, and its certificate is shown nevertheless.
    let stranger = run(&server.url("/"), Access::default(), Credentials::default()).await;
    let failure = stranger.failure().unwrap();
    assert_eq!((failure.stage, failure.code), (Stage::Tls, Some(Code::NoAccess)));
    assert_eq!(failure.certificate.as_ref().unwrap().issuer, "CN=charts CA");
    assert_eq!(stage(&stranger, Stage::Status).outcome, Outcome::Skipped);

    let careless = Access { skip_verification: true, ..Access::default() };
    let validation = run(&server.url("/"), careless, Credentials::default()).await;
    assert!(validation.is_ok());
    assert_eq!(stage(&validation, Stage::Tls).outcome, Outcome::Warning);
}

#[tokio::test]
async fn repositories_that_do_not_work() {
    let wrong = index("aa");
    let server = Server::start(move |request| match request.split(' ').nth(1).unwrap_or_default() {
        "/secret/index.yaml" if !request.contains("authorization: Basic dTpw") => {
            Answer::status("401 Unauthorized", "")
        }
        "/denied/index.yaml" => Answer::status("403 Forbidden", ""),
        "/page/index.yaml" => Answer::ok("<html>"),
        "/broken/index.yaml" => Answer::ok("apiVersion: v1\nentries: ["),
        "/wrong/index.yaml" => Answer::ok(&wrong),
        "/wrong/web.tgz" => Answer::with("", package("web", "1.0.0")),
        "/empty/index.yaml" => Answer::ok("apiVersion: v1\nentries: {}\n"),
        _ => Answer::status("404 Not Found", ""),
    })
    .await;
    let closed = {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    let cases = [
        ("nothing".to_owned(), Stage::Url, Code::NotAUrl),
        ("ftp://h/".to_owned(), Stage::Url, Code::UnknownKind),
        ("http://nobody.invalid/".to_owned(), Stage::Dns, Code::NoAccess),
        ("http://10.0.0.1/".to_owned(), Stage::Dns, Code::NoAccess),
        (closed, Stage::Connect, Code::NoAccess),
        (server.url("/secret"), Stage::Auth, Code::NoAccess),
        (server.url("/denied"), Stage::Auth, Code::NoAccess),
        (server.url("/missing"), Stage::Status, Code::NoAccess),
        (server.url("/page"), Stage::Content, Code::NotARepository),
        (server.url("/broken"), Stage::Parse, Code::IndexUnreadable),
        (server.url("/wrong"), Stage::SamplePackage, Code::NotARepository),
        (format!("s3://{}/bucket", server.address), Stage::Status, Code::NotARepository),
    ];
    for (url, expected, code) in cases {
        let validation = run(&url, Access::default(), Credentials::default()).await;
        let failure = validation.failure().unwrap_or_else(|| panic!("{url} works"));
        assert_eq!((failure.stage, failure.code), (expected, Some(code)), "{url}: {}", failure.cause);
        assert!(!failure.advice.is_empty(), "{url}");
        let after = validation.stages.iter().filter(|report| report.stage > expected);
        assert!(after.into_iter().all(|report| report.outcome == Outcome::Skipped), "{url}");
    }
    let empty = run(&server.url("/empty"), Access::default(), Credentials::default()).await;
    assert!(empty.is_ok());
    assert_eq!(stage(&empty, Stage::Counts).outcome, Outcome::Warning);
    assert_eq!(stage(&empty, Stage::SamplePackage).outcome, Outcome::Skipped);
    // A password over a line that anybody can read.
    let plain = run(&server.url("/secret"), Access::default(), Credentials::basic("u", "p")).await;
    assert_eq!(stage(&plain, Stage::Tls).outcome, Outcome::Warning);
    let kinds =
        validate(Some("s3"), "https://h/b", Access::default(), Credentials::default(), &client()).await;
    assert_eq!(kinds.failure().unwrap().code, Some(Code::NotS3));
}
