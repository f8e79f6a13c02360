//! Object stores that no server here speaks the language of: what is asked of them, and how it is signed, as a server
//! that writes it down sees it. What they answer is the least that their documentation asks for.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;

use chandlery_source::foreign::{Access, Code, Credentials, Failure, Source, Stage};
use chandlery_source::outbound::Outbound;
use chandlery_source::testing::Certificate;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::{list_all, package};
use crate::server::{Answer, Server, settings};

/// All names lead to one server, also its port.
struct Here(SocketAddr);

impl Resolve for Here {
    fn resolve(&self, _: Name) -> Resolving {
        Box::pin(std::future::ready(Ok(Box::new(std::iter::once(self.0)) as Addrs)))
    }
}

const INDEX: &str =
    "apiVersion: v1\nentries: {web: [{apiVersion: v2, name: web, version: 1.0.0, urls: [web.tgz]}]}\n";

/// A store that has an index and a package, and lets in whoever shows what is wanted.
fn answer(request: &str, wanted: &str) -> Answer {
    if !request.contains(wanted) {
        return Answer::status("403 Forbidden", "");
    }
    let target = request.split(' ').nth(1).unwrap_or_default();
    let body = if target.contains("index.yaml") { INDEX.into() } else { package("web", "1.0.0") };
    let head = "etag: \"one\"\r\nlast-modified: Fri, 02 Jan 2026 03:04:05 GMT\r\n";
    if request.starts_with("HEAD ") {
        let length = body.len();
        return Answer::Text(format!(
            "HTTP/1.1 200 OK\r\n{head}content-length: {length}\r\nconnection: close\r\n\r\n"
        ));
    }
    // Google tells of an object in JSON.
    if target.starts_with("/storage/v1/b/") && !target.contains("alt=media") {
        let (length, updated) = (body.len(), "2026-01-02T03:04:05Z");
        return Answer::ok(&format!(
            r#"{{"name":"x","size":"{length}","etag":"one","updated":"{updated}","generation":"1","md5Hash":"","contentType":"text/plain"}}"#
        ));
    }
    Answer::with(head, body)
}

/// Lists a source and fetches its package, over a line that is not encrypted, wherever its URL leads.
async fn read(server: &Server, url: &str, credentials: Credentials) -> Result<Vec<u8>, Failure> {
    read_with(server, url, Access { tls: Some(false), ..Access::default() }, credentials).await
}

async fn read_with(
    server: &Server,
    url: &str,
    access: Access,
    credentials: Credentials,
) -> Result<Vec<u8>, Failure> {
    let client = Outbound::with_resolver(settings(), Arc::new(Here(server.address))).unwrap();
    let url = url.replace("PORT", &server.address.port().to_string());
    let source = Source::new(url.parse()?, access, credentials, &client)?;
    let all = list_all(&source).await?;
    source.open(all.packages[0].location.as_ref().unwrap(), 1 << 20).await?.bytes().await
}

/// A URL, who asks, the first line of the first request, what else is in all of them, what is in none.
type Case = (&'static str, Credentials, &'static str, &'static str, &'static str);

fn cases() -> Vec<Case> {
    let key = || Credentials::access_key("key", "aHVudGVyMg==");
    let nobody = Credentials::default;
    vec![
        ("gs://charts/a", nobody(), "GET /storage/v1/b/charts/o/a%2Findex.yaml", "", "authorization"),
        (
            "gs://charts/a",
            Credentials::bearer("ya29.token"),
            "GET /storage/v1/b/charts/o/a%2Findex.yaml",
            "authorization: Bearer ya29.token\r\n",
            "AWS4",
        ),
        (
            "gs://charts/a",
            key(),
            "HEAD /charts/a/index.yaml",
            "authorization: AWS4-HMAC-SHA256 Credential=key/",
            "Bearer",
        ),
        (
            "azblob://acc.blob.test:PORT/charts/a",
            key(),
            "HEAD /charts/a/index.yaml",
            "authorization: SharedKey key:",
            "aHVudGVyMg",
        ),
        (
            "azblob://acc.blob.test:PORT/charts/a",
            Credentials::bearer("?sv=2024&sig=s"),
            "HEAD /charts/a/index.yaml?sv=2024&sig=s",
            "sig=s",
            "authorization",
        ),
        ("azblob://acc.blob.test:PORT/charts", nobody(), "HEAD /charts/index.yaml", "", "authorization"),
        (
            "oss://oss-cn-hangzhou.test:PORT/charts/a",
            key(),
            "HEAD /a/index.yaml",
            "host: charts.oss-cn-hangzhou.test",
            "aHVudGVyMg",
        ),
        ("oss://oss.test:PORT/charts/a", key(), "HEAD /a/index.yaml", "authorization: OSS", "aHVudGVyMg"),
        ("oss://oss.test:PORT/charts", nobody(), "HEAD /index.yaml", "", "authorization"),
        (
            "cos://cos.test:PORT/charts-1/a",
            key(),
            "HEAD /a/index.yaml",
            "host: charts-1.cos.test",
            "aHVudGVyMg",
        ),
        ("cos://cos.test:PORT/charts-1/a", key(), "HEAD /a/index.yaml", "q-ak=key&", "aHVudGVyMg"),
        (
            "obs://obs.cn-north-4.myhuaweicloud.com/charts/a",
            key(),
            "HEAD /a/index.yaml",
            "host: charts.obs.cn-north-4.myhuaweicloud.com\r\n",
            "aHVudGVyMg",
        ),
        ("obs://obs.x.huawei.com/charts", key(), "HEAD /index.yaml", "authorization: OBS key:", "aHVudGVyMg"),
        (
            "swift://swift.test:PORT/v1/AUTH_a/charts/x",
            nobody(),
            "HEAD /v1/AUTH_a/charts/x/index.yaml",
            "",
            "Bearer",
        ),
        (
            "swift://swift.test:PORT/v1/AUTH_a/charts/x",
            Credentials::bearer("gAAAAA"),
            "HEAD /v1/AUTH_a/charts/x/index.yaml",
            "x-auth-token: gAAAAA\r\n",
            "authorization",
        ),
    ]
}

#[tokio::test]
async fn what_stores_are_asked() {
    for (url, credentials, first, everywhere, nowhere) in cases() {
        let server = Server::start(move |request| answer(request, everywhere)).await;
        let bytes = read(&server, url, credentials).await;
        let seen = server.requests();
        assert_eq!(bytes, Ok(package("web", "1.0.0")), "{url}: {seen:#?}");
        assert!(seen[0].starts_with(first), "{url}: {}", seen[0]);
        assert!(!seen.concat().contains(nowhere), "{url}: {nowhere} is in {seen:#?}");
    }
}

/// The key of a service account is exchanged for a token at Google's server, and nowhere else.
#[tokio::test]
async fn service_accounts() {
    let keys = tempfile::tempdir().unwrap();
    let path = keys.path().join("key.pem");
    let made = Command::new("openssl").args(["genrsa", "-out"]).arg(&path).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let key = serde_json::json!({
        "type": "service_account",
        "client_email": "charts@example.iam.gserviceaccount.com",
        "private_key": std::fs::read_to_string(path).unwrap(),
        "token_uri": "https://elsewhere.test/token",
    });
    let certificate = Certificate::new(keys.path(), "google");
    let server = Server::tls(certificate.acceptor(None), |request| match request.starts_with("POST ") {
        true => Answer::with(
            "content-type: application/json\r\n",
            r#"{"access_token":"ya29.given","expires_in":3600,"token_type":"Bearer"}"#,
        ),
        false => answer(request, "authorization: Bearer ya29.given\r\n"),
    })
    .await;
    let access = Access { skip_verification: true, ..Access::default() };
    let credentials = Credentials::bearer(key.to_string());
    let bytes = read_with(&server, "gs://charts", access, credentials).await;
    let seen = server.requests();
    assert_eq!(bytes, Ok(package("web", "1.0.0")), "{seen:#?}");
    let posts = seen.iter().filter(|request| request.starts_with("POST ")).collect::<Vec<_>>();
    assert!(!posts.is_empty());
    for post in posts {
        assert!(post.starts_with("POST /token "), "{post}");
        assert!(post.contains("host: oauth2.googleapis.com\r\n") && post.contains("assertion="), "{post}");
    }
}

#[tokio::test]
async fn whom_stores_do_not_know() {
    let server = Server::start(|_| Answer::status("403 Forbidden", "")).await;
    let key = || Credentials::access_key("key", "aHVudGVyMg==");
    // Files that would have this machine read files, run programs or ask servers of somebody's choice for tokens.
    let external = r#"{"type": "external_account", "credential_source": {"file": "/etc/passwd"}, "client_email": "", "private_key": ""}"#;
    let broken = r#"{"type": "service_account", "client_email": "a@example.org", "private_key": "hunter2"}"#;
    let cases = [
        ("gs://charts", key(), Stage::Auth, Code::ObjectStoreDenied),
        ("gs://charts", Credentials::bearer(external), Stage::Url, Code::CredentialsNotJson),
        ("gs://charts", Credentials::bearer("{"), Stage::Url, Code::CredentialsNotJson),
        ("gs://charts", Credentials::bearer(broken), Stage::Auth, Code::ObjectStoreDenied),
        ("azblob://acc.blob.test:PORT/charts", key(), Stage::Auth, Code::ObjectStoreDenied),
        ("oss://oss.test:PORT/charts", key(), Stage::Auth, Code::ObjectStoreDenied),
        ("oss://oss.test:PORT/charts", Credentials::bearer("t"), Stage::Url, Code::NoAccessKey),
        ("cos://cos.test:PORT/charts", Credentials::default(), Stage::Url, Code::NoAccessKey),
        ("obs://obs.test:PORT/charts", Credentials::default(), Stage::Url, Code::NoAccessKey),
        ("swift://swift.test:PORT/v1/a/charts", key(), Stage::Url, Code::UrlFormat),
        (
            "swift://swift.test:PORT/v1/a/charts",
            Credentials::bearer("t"),
            Stage::Auth,
            Code::ObjectStoreDenied,
        ),
    ];
    for (url, credentials, stage, code) in cases {
        let failure = read(&server, url, credentials).await.unwrap_err();
        assert_eq!((failure.stage, failure.code), (stage, code), "{url}: {failure}");
        assert!(!format!("{failure:?}").contains("hunter2"), "{failure:?}");
    }
}
