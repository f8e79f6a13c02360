//! A stop lets requests in flight end.

use std::time::Duration;

use tokio::net::TcpStream;

use crate::support::{RawConnection, TestServer, big_package, eventually, in_bounded_time, package};

fn get(path: &str, authorization: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: {authorization}\r\n\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_download_and_an_upload_in_flight() {
    let mut server = TestServer::start().await;
    let admin = server.admin().await;
    let big = big_package("big", "1.0.0", 6);
    admin.post("/api/charts", big.clone()).await.expect(201);
    let address = server.address();

    let mut download = RawConnection::open(address).await;
    download.send(get("/charts/big-1.0.0.tgz", admin.authorization())).await;
    let beginning = download.exactly(1000).await.unwrap();
    let chart = package("late", "1.0.0");
    let mut upload = RawConnection::open(address).await;
    let framing = format!("Expect: 100-continue\r\nContent-Length: {}", chart.len());
    let authorization = admin.authorization();
    upload
        .send(format!(
            "POST /api/charts HTTP/1.1\r\nHost: a\r\nAuthorization: {authorization}\r\n{framing}\r\n\r\n"
        ))
        .await;
    assert_eq!(upload.receive(false).await.status, 100);
    upload.send(&chart[..100]).await;
    let mut idle = RawConnection::open(address).await;
    idle.send(get("/health", "")).await;
    idle.receive(false).await.expect(200);

    server.begin_stop();
    eventually("the end of listening", async || TcpStream::connect(address).await.is_err().then_some(()))
        .await;
    assert!(idle.is_closed().await);
    upload.send(&chart[100..]).await;
    upload.receive(false).await.expect(201);
    let text = String::from_utf8_lossy(&beginning).into_owned();
    let head = text.find("\r\n\r\n").unwrap() + 4;
    let rest = in_bounded_time("the download", download.exactly(big.len() + head - 1000)).await.unwrap();
    assert!([&beginning[head..], &rest].concat() == big);

    let directory = in_bounded_time("the stop", server.stop()).await;
    let server = TestServer::start_in(directory, |_| {}).await.unwrap();
    let index = admin.at(server.url()).index("/index.yaml").await;
    assert_eq!(index.entries.keys().collect::<Vec<_>>(), ["big", "late"]);
}

/// Who takes for ever is cut when the time to drain is over.
#[tokio::test(flavor = "multi_thread")]
async fn with_a_client_that_hangs() {
    let server = TestServer::with(|config| config.timeouts.drain = Duration::from_secs(1)).await;
    let admin = server.admin().await;
    admin.post("/api/charts", big_package("big", "1.0.0", 6)).await.expect(201);
    let mut download = RawConnection::open(server.address()).await;
    download.send(get("/charts/big-1.0.0.tgz", admin.authorization())).await;
    download.exactly(1000).await.unwrap();
    let directory = in_bounded_time("the stop", server.stop()).await;
    TestServer::start_in(directory, |_| {}).await.unwrap();
}
