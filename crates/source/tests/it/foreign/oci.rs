//! Registries: a small one that does what the specification says, and some that do not.

use std::sync::Arc;

use chandlery_core::Digest;
use chandlery_source::foreign::{Access, Code, Credentials, Known, Source, Stage};
use chandlery_source::testing::Certificate;

use super::{check_packages, list, list_all, package, source_with};
use crate::server::{Answer, Server};

const CHART: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";

fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", Digest::of(bytes))
}

fn config(name: &str, version: &str) -> String {
    format!(r#"{{"name":"{name}","version":"{version}","apiVersion":"v2","maintainers":null}}"#)
}

fn manifest(name: &str, version: &str) -> String {
    let (config, package) = (sha256(config(name, version).as_bytes()), sha256(&package(name, version)));
    format!(
        r#"{{"schemaVersion":2,"config":{{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":"{config}"}},
        "layers":[{{"mediaType":"{CHART}","digest":"{package}"}}],
        "annotations":{{"org.opencontainers.image.created":"2026-01-02T03:04:05Z"}}}}"#
    )
}

/// What the registry has at a path below `/v2/`. The charts are `team/web` and `team/db`; `team/image` is none.
fn content(path: &str) -> Option<Answer> {
    let json = |text: &str| Some(Answer::with("content-type: application/json\r\n", text));
    let (repository, rest) =
        path.rsplit_once("/manifests/").or_else(|| path.rsplit_once("/blobs/")).unwrap_or((path, ""));
    let versions: &[(&str, &str)] =
        &[("web", "1.0.0"), ("web", "1.1.0+build.1"), ("db", "2.0.0"), ("db", "3.0.0")];
    let tag = |version: &str| version.replace('+', "_");
    match path {
        "_catalog?n=1000" => {
            json(r#"{"repositories":["other/x","team/db","team/image","team/web","teams/y"]}"#)
        }
        // In two pages.
        "team/web/tags/list?n=1000" => Some(Answer::with(
            "link: </v2/team/web/tags/list?n=1000&last=1.0.0>; rel=\"next\"\r\n",
            r#"{"name":"team/web","tags":["1.0.0","latest","sha256-00.sig"]}"#,
        )),
        "team/web/tags/list?n=1000&last=1.0.0" => json(r#"{"tags":["1.1.0_build.1"]}"#),
        "team/db/tags/list?n=1000" => json(r#"{"tags":["2.0.0","3.0.0","gone-1","4.0.0"]}"#),
        "team/image/tags/list?n=1000" => json(r#"{"tags":["1.0.0"]}"#),
        "team/image/manifests/1.0.0" => json(
            r#"{"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"x"},"layers":[]}"#,
        ),
        // The tag says 3.0.0.
        "team/db/manifests/3.0.0" => json(&manifest("db", "2.0.0")),
        _ => versions.iter().find_map(|(name, version)| {
            if repository != format!("team/{name}") {
                return None;
            }
            if rest == tag(version) {
                return json(&manifest(name, version));
            }
            if rest == sha256(config(name, version).as_bytes()) {
                return json(&config(name, version));
            }
            let bytes = package(name, version);
            (rest == sha256(&bytes)).then(|| Answer::with("", bytes))
        }),
    }
}

fn registry(request: &str) -> Answer {
    let path = request.split(' ').nth(1).and_then(|target| target.strip_prefix("/v2/")).unwrap_or_default();
    content(path).unwrap_or_else(|| Answer::status("404 Not Found", "{\"errors\":[]}"))
}

fn at(server: &Server, path: &str, credentials: Credentials) -> Source {
    let access = Access { tls: Some(false), ..Access::default() };
    source_with(&format!("oci://{}{path}", server.address), access, credentials)
}

#[tokio::test]
async fn one_chart_and_namespaces() {
    let server = Server::start(registry).await;
    let anonymous = |path| at(&server, path, Credentials::default());
    let chart = anonymous("/team/web");
    let all = list_all(&chart).await.unwrap();
    assert_eq!(all.names(), ["web 1.0.0", "web 1.1.0+build.1"]);
    assert_eq!(all.packages[0].created.as_str(), "2026-01-02T03:04:05Z");
    check_packages(&chart, &all).await;
    let before = server.requests().len();
    assert!(list(&chart, Some(&all.validator), all.known()).await.unwrap().is_none());
    assert_eq!(server.requests().len(), before + 2, "only the two pages of tags");

    let team = list_all(&anonymous("/team")).await.unwrap();
    assert_eq!(team.names(), ["db 2.0.0", "web 1.0.0", "web 1.1.0+build.1"]);
    let skipped: Vec<_> =
        team.skipped.iter().map(|skipped| (skipped.name.as_str(), skipped.reason.as_str())).collect();
    assert_eq!(
        skipped,
        [
            ("team/db", "the tag says 3.0.0 and the chart \"2.0.0\""),
            ("team/db", "the tag is listed and is not there"),
            ("team/image", "it is no Helm chart"),
        ]
    );
    // Of what is known nothing is asked.
    let before = server.requests().len();
    let again = list(&anonymous("/team"), None, team.known()).await.unwrap().unwrap();
    assert_eq!((again.packages.len(), again.known), (0, 3));
    assert!(
        server.requests()[before..]
            .iter()
            .all(|request| !request.contains("/manifests/1.") || request.contains("/team/image/"))
    );

    let nothing = list_all(&anonymous("/nobody")).await.unwrap_err();
    assert_eq!(nothing.code, Code::NotARepository, "{nothing}");
}

/// A registry that sends to a token server, which wants a password.
async fn guarded(realm: impl Fn() -> String + Send + Sync + 'static) -> Server {
    Server::start(move |request| {
        if request.contains("authorization: Bearer token-of-team\r\n") {
            return registry(request);
        }
        Answer::Text(format!(
            "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Bearer realm=\"{}\",service=\"registry\"\r\n\
             content-length: 0\r\nconnection: close\r\n\r\n",
            realm()
        ))
    })
    .await
}

#[tokio::test]
async fn tokens_of_another_server() {
    let tokens = Server::start(|request| {
        if request.contains("authorization: Basic dTpodW50ZXIy\r\n") {
            Answer::ok(r#"{"token":"token-of-team"}"#)
        } else {
            Answer::status("401 Unauthorized", "")
        }
    })
    .await;
    let realm = tokens.url("/token");
    let server = guarded(move || realm.clone()).await;
    let failure = list_all(&at(&server, "/team/web", Credentials::basic("u", "hunter2"))).await.unwrap_err();
    assert_eq!(failure.stage, Stage::Auth, "{failure}");
    assert!(failure.advice.contains(&tokens.address.to_string()), "{}", failure.advice);
    let asked = tokens.requests();
    assert!(asked[0].contains("scope=repository%3Ateam%2Fweb%3Apull"), "{}", asked[0]);
    assert!(!asked[0].contains("authorization"), "the password stays here");
    // A token that the caller has is for the registry itself.
    let all = list_all(&at(&server, "/team/web", Credentials::bearer("token-of-team"))).await.unwrap();
    assert_eq!(all.names(), ["web 1.0.0", "web 1.1.0+build.1"]);
}

#[tokio::test]
async fn tokens_of_the_registry_itself() {
    let server = Server::start(|request| {
        if request.starts_with("GET /token?") {
            return match request.contains("authorization: Basic dTpodW50ZXIy\r\n") {
                true => Answer::ok(r#"{"access_token":"token-of-team"}"#),
                false => Answer::status("401 Unauthorized", ""),
            };
        }
        if request.contains("authorization: Bearer token-of-team\r\n") {
            return registry(request);
        }
        let host = request.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        Answer::Text(format!(
            "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Bearer realm=\"http://{host}/token\",service=\"s\"\r\n\
             content-length: 0\r\nconnection: close\r\n\r\n"
        ))
    })
    .await;
    let source = at(&server, "/team/web", Credentials::basic("u", "hunter2"));
    check_packages(&source, &list_all(&source).await.unwrap()).await;
    let wrong = list_all(&at(&server, "/team/web", Credentials::basic("u", "wrong"))).await.unwrap_err();
    assert_eq!((wrong.stage, wrong.status), (Stage::Auth, Some(401)), "{wrong}");
}

#[tokio::test]
async fn passwords_and_docker_configs() {
    let server = Server::start(|request| {
        if request.contains("authorization: Basic dTpodW50ZXIy\r\n") {
            return registry(request);
        }
        Answer::Text(
            "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Basic realm=\"x\"\r\ncontent-length: 0\r\n\
             connection: close\r\n\r\n"
                .to_owned(),
        )
    })
    .await;
    let json = format!(r#"{{"auths":{{"{}":{{"auth":"dTpodW50ZXIy"}}}}}}"#, server.address);
    let docker =
        serde_json::from_value(serde_json::json!({"login": {"kind": "dockerConfig", "json": json}})).unwrap();
    for credentials in [Credentials::basic("u", "hunter2"), docker] {
        let all = list_all(&at(&server, "/team/web", credentials)).await.unwrap();
        assert_eq!(all.names(), ["web 1.0.0", "web 1.1.0+build.1"]);
    }
}

#[tokio::test]
async fn blobs_elsewhere() {
    let elsewhere = Arc::new(Server::start(|_| Answer::with("", package("web", "1.0.0"))).await);
    let location = elsewhere.url("/blob");
    let server = Server::start(move |request| {
        if !request.contains("authorization: Bearer secret\r\n") {
            Answer::status("401 Unauthorized", "")
        } else if request.contains(&sha256(&package("web", "1.0.0"))) {
            Answer::redirect(&location)
        } else {
            registry(request)
        }
    })
    .await;
    let source = at(&server, "/team/web", Credentials::bearer("secret"));
    let all = list_all(&source).await.unwrap();
    check_packages(&source, &all).await;
    assert!(!elsewhere.requests()[0].contains("authorization"));
}

#[tokio::test]
async fn registries_that_are_broken() {
    type Registry = fn(&str) -> Answer;
    let endless: Registry = |request| {
        let number = request.len();
        Answer::with(
            &format!(
                "link: </v2/team/web/tags/list?n=1000&last={}>; rel=\"next\"\r\n",
                "x".repeat(number % 1000)
            ),
            r#"{"tags":["1.0.0"]}"#,
        )
    };
    let elsewhere: Registry =
        |_| Answer::with("link: <https://elsewhere.test/v2/>; rel=\"next\"\r\n", r#"{"tags":["1.0.0"]}"#);
    let cases: [(Registry, Stage); 5] = [
        (endless, Stage::Parse),
        (elsewhere, Stage::Parse),
        (|_| Answer::ok("<html>"), Stage::Content),
        (|_| Answer::status("500 Oops", ""), Stage::Status),
        (|_| Answer::redirect("http://169.254.169.254/"), Stage::Dns),
    ];
    for (answer, stage) in cases {
        let server = Server::start(answer).await;
        let failure = list_all(&at(&server, "/team/web", Credentials::default())).await.unwrap_err();
        assert_eq!(failure.stage, stage, "{failure}");
    }
    // A config that is not the one of the manifest.
    let server = Server::start(|request| match request.contains("/blobs/") {
        true => Answer::ok(&config("web", "6.6.6")),
        false => registry(request),
    })
    .await;
    let all = list(&at(&server, "/team/web", Credentials::default()), None, Known::default())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((all.packages.len(), all.skipped.len()), (0, 2));
}

/// An index may name charts of registries; the password goes to the one that stands where the index is, and to no other.
#[tokio::test]
async fn charts_that_an_index_names() {
    let keys = tempfile::tempdir().unwrap();
    let certificate = Certificate::new(keys.path(), "charts");
    let elsewhere = Arc::new(Server::tls(certificate.acceptor(None), registry).await);
    let spoilt = Server::tls(certificate.acceptor(None), |request| match request.contains("/blobs/") {
        true => Answer::ok("something else"),
        false => registry(request),
    })
    .await;
    let (digest, foreign, bad) = (sha256(&package("db", "2.0.0")), elsewhere.address, spoilt.address);
    let digest = digest.trim_start_matches("sha256:").to_owned();
    let server = Server::tls(certificate.acceptor(None), move |request| {
        if !request.contains("authorization: Basic dTpodW50ZXIy\r\n") {
            return Answer::Text(
                "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Basic realm=\"x\"\r\ncontent-length: 0\r\n\
                 connection: close\r\n\r\n"
                    .to_owned(),
            );
        }
        let own = request.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        match request.starts_with("GET /index.yaml ") {
            true => Answer::ok(&format!(
                "apiVersion: v1\nentries:\n  db:\n  - {{name: db, version: 2.0.0, digest: {digest}, \
                 urls: ['oci://{foreign}/team/db:2.0.0']}}\n  web:\n  - {{name: web, version: 1.1.0+build.1, \
                 urls: ['oci://{own}/team/web']}}\n  - {{name: web, version: 1.0.0, urls: ['oci://{bad}/team/web:1.0.0']}}\n  \
                 - {{name: web, version: 0.9.0, urls: ['oci://{foreign}/team/web:0.9.0']}}\n  \
                 - {{name: web, version: 0.8.0, urls: ['oci://{foreign}/team/image:1.0.0']}}\n"
            )),
            false => registry(request),
        }
    })
    .await;
    let trusting = Access {
        certificate_authorities: Some(String::from_utf8(certificate.pem()).unwrap()),
        ..Access::default()
    };
    let source = source_with(&server.url("/"), trusting, Credentials::basic("u", "hunter2"));
    let all = list_all(&source).await.unwrap();
    assert_eq!(all.names(), ["db 2.0.0", "web 1.1.0+build.1", "web 1.0.0", "web 0.9.0", "web 0.8.0"]);
    let mut outcomes = Vec::new();
    for package in &all.packages {
        let opened = source.open(package.location.as_ref().unwrap(), 1 << 20).await;
        outcomes.push(match opened {
            Ok(reader) => reader.bytes().await,
            Err(failure) => Err(failure),
        });
    }
    assert_eq!(outcomes[0].as_ref().unwrap(), &package("db", "2.0.0"));
    assert_eq!(outcomes[1].as_ref().unwrap(), &package("web", "1.1.0+build.1"));
    for (outcome, words) in
        outcomes[2..].iter().zip(["its manifest says", "there is no", "it is no Helm chart"])
    {
        let failure = outcome.as_ref().unwrap_err();
        assert!(failure.cause.contains(words), "{failure}");
    }
    assert!(elsewhere.requests().iter().all(|request| !request.contains("authorization")));
}
