//! Time, size, and answers that are not answers.

use std::time::Duration;

use chandlery_source::outbound::{Limits, Outbound, OutboundError, Request};
use tokio::net::TcpListener;

use crate::server::{Answer, Server, client, limits};

/// Asks and reads everything.
async fn fetch(client: &Outbound, url: &str, limits: Limits) -> Result<Vec<u8>, OutboundError> {
    client.send(Request::get(url).limits(limits)).await?.bytes().await
}

#[tokio::test]
async fn slow_answers() {
    let total = Duration::from_millis(200);
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n";
    for beginning in ["", head, &format!("{head}\r\n"), &format!("{head}\r\n12345")] {
        let answer = Answer::Stall(beginning.to_owned());
        let server = Server::start(move |_| answer.clone()).await;
        let error = fetch(&client(), &server.url("/"), Limits { total, ..limits() }).await.unwrap_err();
        assert_eq!(error.stage(), "too_slow", "{beginning:?}: {error}");
        assert!(error.to_string().ends_with("was not done within 0.2 s"), "{error}");
    }
}

/// A server that always has a little more.
#[tokio::test]
async fn endless_answers() {
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
    let cases = [
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", chunk.as_str(), "too_large"),
        ("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n", "endless ", "too_large"),
        ("HTTP/1.1 200 OK\r\n", "x-more: and more\r\n", "broken"),
        ("HTTP/1.1 200 OK\r\nx-more: ", "and more", "broken"),
        ("HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n", "too_slow"),
        ("HTTP/1.1 200 ", "fine ", "broken"),
    ];
    for (first, again, stage) in cases {
        let answer = Answer::Endless(first.to_owned(), again.to_owned());
        let server = Server::start(move |_| answer.clone()).await;
        // Only the one that never comes to an answer is to run out of time.
        let total = if stage == "too_slow" { Duration::from_millis(200) } else { limits().total };
        let limits = Limits { total, ..limits() };
        let error = fetch(&client(), &server.url("/"), limits).await.unwrap_err();
        assert_eq!(error.stage(), stage, "{first:?}: {error}");
    }
}

#[tokio::test]
async fn announced_and_exact_sizes() {
    let server = Server::start(|request| match request.split(' ').nth(1) {
        Some("/exact") => Answer::ok(&"x".repeat(1000)),
        Some("/over") => Answer::ok(&"x".repeat(1001)),
        // It says so and sends nothing: the limit does not wait for the bytes.
        Some("/announced") => {
            Answer::Stall("HTTP/1.1 200 OK\r\ncontent-length: 3000000000\r\n\r\n".to_owned())
        }
        _ => Answer::Text(format!("HTTP/1.1 200 OK\r\nx: {}\r\ncontent-length: 0\r\n\r\n", "y".repeat(1000))),
    })
    .await;
    let limits = Limits { body: 1000, headers: 900, ..limits() };
    assert_eq!(fetch(&client(), &server.url("/exact"), limits).await.unwrap().len(), 1000);
    for path in ["/over", "/announced", "/headers"] {
        let error = fetch(&client(), &server.url(path), limits).await.unwrap_err();
        assert_eq!(error.stage(), "too_large", "{path}: {error}");
    }
}

#[tokio::test]
async fn broken_answers() {
    let cases = [
        "",
        "hello\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ];
    for text in cases {
        let server = Server::start(move |_| Answer::Text(text.to_owned())).await;
        let error = fetch(&client(), &server.url("/secret-path?secret"), limits()).await.unwrap_err();
        assert_eq!(error.stage(), "broken", "{text:?}: {error}");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(&server.address.to_string()) && !shown.contains("secret"), "{shown}");
    }
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let error = fetch(&client(), &url, limits()).await.unwrap_err();
    assert_eq!(error.stage(), "connect", "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
}

/// Compressed bodies come as they are: what they could grow to is the reader's to bound.
#[tokio::test]
async fn nothing_is_decompressed() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nGZIP";
    let server = Server::start(move |_| Answer::Text(answer.to_owned())).await;
    assert_eq!(fetch(&client(), &server.url("/"), limits()).await.unwrap(), b"GZIP");
}
