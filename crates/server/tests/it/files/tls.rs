//! The same bytes over TLS, where the kernel cannot send files by itself.

use std::path::Path;

use chandlery_server::TlsConfig;
use http::Version;

use crate::support::{
    Client, RawConnection, TestServer, big_package, certificate, eventually, in_bounded_time,
    signed_certificate,
};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_by_every_protocol() {
    let keys = tempfile::tempdir().unwrap();
    let tls = certificate(keys.path(), "one");
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let big = big_package("big", "1.0.0", 3);
    admin.post("/api/charts", big.clone()).await.expect(201);
    let plain_index = admin.get("/index.yaml").await.expect(200);
    assert_eq!(plain_index.version, Version::HTTP_11);

    let directory = server.stop().await;
    let server = TestServer::start_in(directory, |config| config.tls = Some(tls)).await.unwrap();
    assert!(server.url().starts_with("https://"));
    let admin = admin.at(server.url());
    let first = admin.over(Client::builder().http1_only().build().unwrap());
    let second = admin.over(Client::builder().build().unwrap());
    for (client, version) in [(first, Version::HTTP_11), (second, Version::HTTP_2)] {
        let whole = client.get("/charts/big-1.0.0.tgz").await.expect(200);
        assert_eq!(whole.version, version);
        assert!(whole.body == big, "{version:?}");
        for (range, from, to) in [("bytes=0-0", 0, 1), ("bytes=70000-9999999", 70_000, 10_000_000)] {
            let part = client.get_with("/charts/big-1.0.0.tgz", "range", range).await.expect(206);
            assert!(part.body == big[from..to], "{version:?} {range}");
        }
        if version == Version::HTTP_11 {
            let index = client.get("/index.yaml").await.expect(200);
            assert_eq!((&index.body, index.header("etag")), (&plain_index.body, plain_index.header("etag")));
        }
        let gzip = client.get_with("/index.yaml", "accept-encoding", "gzip").await.expect(200);
        assert_eq!(gzip.header("content-encoding"), "gzip");
        let head = client.head("/charts/big-1.0.0.tgz").await.expect(200);
        assert_eq!(head.header("content-length"), big.len().to_string());
        // An upload by the same way, and several at once on one connection.
        let name = if version == Version::HTTP_2 { "second" } else { "first" };
        let uploads = (0..10).map(|number| {
            let client = client.clone();
            let chart = crate::support::package(name, &format!("{number}.0.0"));
            async move { client.post("/api/charts", chart).await.expect(201) }
        });
        futures_util::future::join_all(uploads).await;
        assert_eq!(client.index("/index.yaml").await.entries[name].len(), 10);
        let downloads = (0..5).map(|_| client.get("/charts/big-1.0.0.tgz"));
        for download in futures_util::future::join_all(downloads).await {
            assert!(download.expect(200).body == big);
        }
    }
}

/// A start with files that are not there says which.
#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_be_used() {
    let keys = tempfile::tempdir().unwrap();
    let good = certificate(keys.path(), "one");
    let garbage = keys.path().join("garbage");
    std::fs::write(&garbage, "no certificate").unwrap();
    let cases = [
        (TlsConfig { certificate: keys.path().join("missing"), ..good.clone() }, "missing"),
        (TlsConfig { certificate: garbage.clone(), ..good.clone() }, "garbage"),
        (TlsConfig { key: garbage.clone(), ..good.clone() }, "garbage"),
        (TlsConfig { client_authority: Some(garbage), ..good }, "garbage"),
    ];
    for (tls, file) in cases {
        let directory = tempfile::tempdir().unwrap();
        let mut config = TestServer::config(directory.path());
        config.tls = Some(tls);
        let outcome = match chandlery_server::Server::start(config).await {
            Ok(server) => server.run(std::future::ready(())).await,
            Err(error) => Err(error),
        };
        let error = outcome.unwrap_err();
        assert_eq!(error.code(), "invalid");
        assert!(error.to_string().contains(file), "{error}");
    }
}

/// With an authority for clients, nobody gets in without a certificate.
#[tokio::test(flavor = "multi_thread")]
async fn certificates_of_clients() {
    let keys = tempfile::tempdir().unwrap();
    let mut tls = certificate(keys.path(), "both");
    tls.client_authority = Some(tls.certificate.clone());
    let client = signed_certificate(keys.path(), "client", Some(&tls));
    let pem = [std::fs::read(&client.certificate).unwrap(), std::fs::read(&client.key).unwrap()].concat();
    let server = TestServer::with(|config| config.tls = Some(tls)).await;
    let stranger = server.anonymous().request(http::Method::GET, "/health").send().await;
    assert!(stranger.is_err());
    let identity = reqwest::Identity::from_pem(&pem).unwrap();
    let known = server.anonymous().over(Client::builder().identity(identity).build().unwrap());
    known.get("/health").await.expect(200);
}

/// New files are used without a restart.
#[tokio::test(flavor = "multi_thread")]
async fn files_that_change() {
    let keys = tempfile::tempdir().unwrap();
    let authorities = ["first", "second"].map(|name| certificate(keys.path(), name));
    let tls = signed_certificate(keys.path(), "one", Some(&authorities[0]));
    let next = signed_certificate(keys.path(), "two", Some(&authorities[1]));
    let [first, second] = authorities.map(|authority| authority.certificate);
    let server = TestServer::with(|config| config.tls = Some(tls.clone())).await;
    // A client of its own for each question: a kept connection keeps its certificate.
    let trusts = async |certificate: &Path| {
        let pem = std::fs::read(certificate).unwrap();
        let root = reqwest::Certificate::from_pem(&pem).unwrap();
        let http = Client::builder().tls_danger_accept_invalid_certs(false).tls_certs_only([root]);
        let client = server.anonymous().over(http.build().unwrap());
        client.request(http::Method::GET, "/health").send().await.is_ok()
    };
    assert!(trusts(&first).await && !trusts(&second).await);
    // Half of the new pair does not fit, and changes nothing.
    std::fs::copy(&next.certificate, &tls.certificate).unwrap();
    assert!(trusts(&first).await);
    std::fs::copy(&next.key, &tls.key).unwrap();
    eventually("the new certificate", async || trusts(&second).await.then_some(())).await;
    assert!(!trusts(&first).await);
}

/// Whoever connects and does not shake hands is cut, and holds up nobody.
#[tokio::test(flavor = "multi_thread")]
async fn clients_that_do_not_shake_hands() {
    let keys = tempfile::tempdir().unwrap();
    let tls = certificate(keys.path(), "one");
    let server = TestServer::with(|config| {
        config.tls = Some(tls);
        config.timeouts.head = std::time::Duration::from_secs(2);
    })
    .await;
    for bytes in [&b""[..], b"\x16\x03\x01", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"] {
        let mut connection = RawConnection::open(server.address()).await;
        connection.send(bytes).await;
        server.anonymous().get("/health").await.expect(200);
        // At most an alert, then the end.
        assert!(in_bounded_time("the end", connection.exactly(100)).await.is_none());
    }
}
