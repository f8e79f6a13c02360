//! Connections that carry many answers, files sent by the kernel among them, and clients that go away.

use bytes::Bytes;
use futures_util::future::join_all;

use crate::support::{RawConnection, TestServer, big_package, package};

fn request(method: &str, path: &str, authorization: &str, more: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: a\r\nAuthorization: {authorization}\r\n{more}\r\n")
}

/// Answers from memory and from files follow each other in the order of their requests, whole and unmixed.
#[tokio::test(flavor = "multi_thread")]
async fn pipelined_requests() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let (small, big) = (package("small", "1.0.0"), big_package("big", "1.0.0", 2));
    for chart in [&small, &big] {
        admin.post("/api/charts", chart.clone()).await.expect(201);
    }
    let index = admin.get("/index.yaml").await.expect(200).body;
    let tag = admin.head("/index.yaml").await.header("etag").to_owned();
    let json = admin.get("/api/charts/small/1.0.0").await.expect(200).body;
    let missing = Bytes::from_static(br#"{"error":"object not found"}"#);
    let none_match = format!("If-None-Match: {tag}\r\n");
    let cases = [
        ("GET", "/charts/small-1.0.0.tgz", "", 200, small.clone()),
        ("GET", "/api/charts/small/1.0.0", "", 200, json),
        ("HEAD", "/charts/big-1.0.0.tgz", "", 200, Bytes::new()),
        ("GET", "/index.yaml", "", 200, index),
        ("GET", "/charts/big-1.0.0.tgz", "Range: bytes=100-199\r\n", 206, big.slice(100..200)),
        ("GET", "/index.yaml", &none_match, 304, Bytes::new()),
        ("GET", "/charts/nothing.tgz", "", 404, missing),
        ("HEAD", "/index.yaml", "", 200, Bytes::new()),
        ("GET", "/charts/big-1.0.0.tgz", "", 200, big.clone()),
        ("GET", "/health", "", 200, Bytes::from_static(br#"{"healthy":true}"#)),
    ];
    let requests: String = cases
        .iter()
        .map(|(method, path, more, ..)| request(method, path, admin.authorization(), more))
        .collect();
    let mut connection = RawConnection::open(server.address()).await;
    for round in 0..5 {
        connection.send(&requests).await;
        for (method, path, more, status, body) in &cases {
            let answer = connection.receive(*method == "HEAD").await;
            assert_eq!(answer.status, *status, "{round} {method} {path} {more}");
            assert!(answer.body == *body, "{round} {method} {path} {more}: other bytes");
        }
    }
}

/// A client that goes in the middle of a file disturbs nobody.
#[tokio::test(flavor = "multi_thread")]
async fn clients_that_go_away() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let big = big_package("big", "1.0.0", 4);
    admin.post("/api/charts", big.clone()).await.expect(201);
    for length in [1, 1000, 100_000, 5_000_000] {
        for path in ["/charts/big-1.0.0.tgz", "/index.yaml"] {
            let mut connection = RawConnection::open(server.address()).await;
            // The second request is still waiting when the client goes.
            connection.send(request("GET", path, admin.authorization(), "")).await;
            connection.send(request("GET", "/charts/big-1.0.0.tgz", admin.authorization(), "")).await;
            connection.exactly(length).await.unwrap();
        }
        assert!(admin.get("/charts/big-1.0.0.tgz").await.expect(200).body == big);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_downloads_at_once() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let big = big_package("big", "1.0.0", 6);
    let digest = chandlery_core::Digest::of(&big);
    let size = big.len();
    admin.post("/api/charts", big).await.expect(201);
    assert!(size > 30 << 20);
    let index = admin.index("/index.yaml").await;
    assert_eq!(index.entries["big"][0].digest, digest.to_hex());
    let downloads = (0..20).map(|_| {
        let admin = admin.clone();
        tokio::spawn(async move {
            let body = admin.get("/charts/big-1.0.0.tgz").await.expect(200).body;
            (body.len(), chandlery_core::Digest::of(&body))
        })
    });
    for download in join_all(downloads).await {
        assert_eq!(download.unwrap(), (size, digest));
    }
}
