//! Helm repositories over HTTP.

use std::io::Write as _;
use std::sync::Mutex;

use chandlery_chart::IndexFile;
use chandlery_source::foreign::{Code, Credentials, Known, Location, Stage};

use super::{list, list_all, source, source_with};
use crate::server::{Answer, Server};

const INDEX: &str = r#"apiVersion: v1
generated: "2026-01-02T03:04:05Z"
entries:
  web:
  - {apiVersion: v2, name: web, version: 1.1.0, digest: aa, urls: [charts/web-1.1.0.tgz]}
  - {apiVersion: v2, name: web, version: 1.0.0, urls: ["https://elsewhere.test/web-1.0.0.tgz"]}
  - {apiVersion: v2, name: web, version: 1.1.0, urls: [twice.tgz]}
  - null
  - {apiVersion: v2, name: web, version: one, urls: [x.tgz]}
  - {apiVersion: v2, name: web, version: 0.9.0, urls: ["javascript:alert(1)"]}
  - {apiVersion: v2, name: web, version: 0.8.0}
  - {apiVersion: v2, name: web, version: 0.7.0, urls: ["https://u:p@elsewhere.test/x.tgz"]}
  nothing: null
  addon:
  - {apiVersion: v2, name: addon, version: 1.0.0, urls: [a.tgz], annotations: {addon.name: addon}}
"#;

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// A server that always answers the same.
async fn serve(answer: Answer) -> Server {
    Server::start(move |_| answer.clone()).await
}

#[tokio::test]
async fn entries_good_and_bad() {
    let server = serve(Answer::ok(INDEX)).await;
    let all = list_all(&source(&server.url("/stable/index.yaml?key=1"))).await.unwrap();
    assert!(server.requests()[0].starts_with("GET /stable/index.yaml?key=1 HTTP/1.1\r\n"));
    let locations: Vec<_> = all
        .packages
        .iter()
        .map(|package| {
            let location = match &package.location {
                Ok(Location::Url { url }) => url.replace(&server.url(""), ""),
                Ok(other) => format!("{other:?}"),
                Err(reason) => reason.clone(),
            };
            format!("{} {} {location}", package.name, package.version)
        })
        .collect();
    assert_eq!(
        locations,
        [
            "web 1.1.0 /stable/charts/web-1.1.0.tgz?key=1",
            "web 1.0.0 https://elsewhere.test/web-1.0.0.tgz",
            "web 0.9.0 the URL of its package begins with javascript:, not with https://",
            "web 0.8.0 the entry has no URL of a package",
            "web 0.7.0 the URL of its package holds a user name or password",
            "addon 1.0.0 /stable/a.tgz?key=1",
        ]
    );
    let skipped: Vec<_> = all.skipped.iter().map(|skipped| skipped.reason.as_str()).collect();
    assert_eq!(
        skipped,
        [
            "the version is listed twice; the first one is used",
            "empty entry",
            "validation: chart.metadata.version \"one\" is invalid",
        ]
    );
    let counts = all.counts;
    assert_eq!((counts.charts, counts.versions, counts.duplicates), (2, 7, 1));
    assert_eq!((counts.unreachable, counts.invalid, counts.bytes), (3, 2, INDEX.len() as u64));
}

/// Whatever an index of the corpus has, Helm's own loader has the same number.
#[tokio::test]
async fn the_corpus() {
    let corpus = std::env::var_os("CHANDLERY_CORPUS").expect("CHANDLERY_CORPUS names the corpus");
    let mut versions = 0;
    for folder in std::fs::read_dir(std::path::Path::new(&corpus).join("index")).unwrap() {
        let text = std::fs::read_to_string(folder.unwrap().path().join("index.yaml")).unwrap();
        let loaded = IndexFile::read(text.as_bytes(), &chandlery_yaml::Limits::default()).unwrap();
        for body in [text.clone(), loaded.index.to_json()] {
            let server = serve(Answer::ok(&body)).await;
            let all = list_all(&source(&server.url("/"))).await.unwrap();
            let expected: usize = loaded.index.entries.values().map(Vec::len).sum();
            assert_eq!(all.counts.versions as usize, expected);
            versions += expected;
        }
    }
    assert!(versions > 500, "{versions}");
}

#[tokio::test]
async fn packed_answers() {
    let packed = gzip(INDEX);
    let zstandard = zstd::encode_all(INDEX.as_bytes(), 3).unwrap();
    for (headers, body) in [
        ("content-encoding: gzip\r\n", packed.clone()),
        ("content-encoding: zstd\r\n", zstandard.clone()),
        ("", packed.clone()),
        // A server that says so of what is not.
        ("content-encoding: gzip\r\n", INDEX.as_bytes().to_vec()),
    ] {
        let server = serve(Answer::with(headers, body)).await;
        let all = list_all(&source(&server.url("/"))).await.unwrap();
        assert_eq!(all.counts.versions, 7, "{headers}");
        assert!(server.requests()[0].contains("accept-encoding: zstd, gzip\r\n"));
    }
    for cut in [&packed[..packed.len() / 2], &packed[..packed.len() - 4], &zstandard[..zstandard.len() / 2]] {
        let server = serve(Answer::with("", cut)).await;
        let failure = list_all(&source(&server.url("/"))).await.unwrap_err();
        assert_eq!(failure.stage, Stage::Content, "{failure}");
    }
}

#[tokio::test]
async fn bodies_that_are_no_index() {
    let cut = format!("HTTP/1.1 200 OK\r\ncontent-length: 10000\r\nconnection: close\r\n\r\n{INDEX}");
    let chunked =
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{INDEX}\r\n", INDEX.len());
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
                d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e]\n";
    let cases = [
        (Answer::ok("<!DOCTYPE html><html></html>"), Stage::Content, Code::NotARepository),
        (Answer::ok(""), Stage::Content, Code::NotARepository),
        (Answer::ok(" \n"), Stage::Content, Code::NotARepository),
        (Answer::ok("entries: {}"), Stage::Parse, Code::NotARepository),
        (Answer::ok("just text"), Stage::Parse, Code::IndexUnreadable),
        (Answer::ok("apiVersion: v1\nentries: ["), Stage::Parse, Code::IndexUnreadable),
        (Answer::ok("apiVersion: v1\nentries: {}\nother: 1"), Stage::Parse, Code::IndexUnreadable),
        (Answer::ok(bomb), Stage::Parse, Code::IndexUnreadable),
        (Answer::ok(&format!("{INDEX}  broken: [")), Stage::Parse, Code::IndexUnreadable),
        (Answer::ok(&format!("{INDEX}  shape: [{{name: [1]}}]")), Stage::Parse, Code::IndexUnreadable),
        (Answer::Text(cut), Stage::Content, Code::NoAccess),
        (Answer::Text(chunked), Stage::Content, Code::NoAccess),
        (Answer::status("404 Not Found", ""), Stage::Status, Code::NoAccess),
        (Answer::status("401 Unauthorized", ""), Stage::Auth, Code::NoAccess),
        (Answer::status("304 Not Modified", ""), Stage::Status, Code::NoAccess),
        (Answer::redirect("http://169.254.169.254/latest"), Stage::Dns, Code::NoAccess),
    ];
    for (answer, stage, code) in cases {
        let server = serve(answer.clone()).await;
        let failure = list_all(&source(&server.url("/"))).await.unwrap_err();
        assert_eq!((failure.stage, failure.code), (stage, code), "{failure}");
        assert!(!failure.advice.is_empty());
    }
}

#[tokio::test]
async fn unchanged_repositories() {
    let server = Server::start(|request| {
        if request.contains("if-none-match: \"one\"\r\n") {
            return Answer::Text("HTTP/1.1 304 Not Modified\r\nconnection: close\r\n\r\n".to_owned());
        }
        Answer::with("etag: \"one\"\r\nlast-modified: Fri, 02 Jan 2026 03:04:05 GMT\r\n", INDEX)
    })
    .await;
    let source_here = source(&server.url("/"));
    let all = list_all(&source_here).await.unwrap();
    assert!(list(&source_here, Some(&all.validator), Known::default()).await.unwrap().is_none());
    assert!(server.requests()[1].contains("if-modified-since: Fri, 02 Jan 2026 03:04:05 GMT\r\n"));
    // Another place has nothing to do with it.
    let other = source(&server.url("/other"));
    assert!(list(&other, Some(&all.validator), Known::default()).await.unwrap().is_some());
    assert!(!server.requests()[2].contains("if-none-match"));
}

#[tokio::test]
async fn servers_without_conditions() {
    let body = Mutex::new(INDEX.to_owned());
    let body = std::sync::Arc::new(body);
    let shown = body.clone();
    let server = Server::start(move |_| Answer::ok(&shown.lock().unwrap())).await;
    let source = source(&server.url("/"));
    let first = list_all(&source).await.unwrap();
    let again = list(&source, Some(&first.validator), first.known()).await.unwrap();
    assert!(again.is_none(), "the same bytes are the same index");

    *body.lock().unwrap() = INDEX.replace("digest: aa", "digest: bb");
    let changed = list(&source, Some(&first.validator), first.known()).await.unwrap().unwrap();
    assert_eq!((changed.names(), changed.known), (vec!["web 1.1.0".to_owned()], 5));
    assert_eq!(changed.counts.versions, first.counts.versions);
}

#[tokio::test]
async fn packages_and_credentials() {
    let elsewhere = serve(Answer::ok("foreign")).await;
    let foreign = elsewhere.url_by_name("localhost", "/x.tgz");
    let index = INDEX.replace("https://elsewhere.test/web-1.0.0.tgz", &foreign);
    let server = Server::start(move |request| {
        if !request.contains("authorization: Basic dTpw\r\n") {
            return Answer::status("401 Unauthorized", "");
        }
        if request.starts_with("GET /charts/") { Answer::ok("own") } else { Answer::ok(&index) }
    })
    .await;
    let source = source_with(
        &server.url("/"),
        chandlery_source::foreign::Access::default(),
        Credentials::basic("u", "p"),
    );
    let all = list_all(&source).await.unwrap();
    let mut bodies = Vec::new();
    for package in &all.packages[..2] {
        let reader = source.open(package.location.as_ref().unwrap(), 7).await.unwrap();
        bodies.push(String::from_utf8(reader.bytes().await.unwrap()).unwrap());
    }
    assert_eq!(bodies, ["own", "foreign"]);
    assert!(
        !elsewhere.requests()[0].contains("authorization"),
        "credentials belong to the repository's own server"
    );
    let failure = match source.open(all.packages[1].location.as_ref().unwrap(), 6).await {
        Ok(reader) => reader.bytes().await.unwrap_err(),
        Err(failure) => failure,
    };
    assert!(failure.cause.contains("larger than 6 bytes"), "{failure}");
}
