//! Clients that hang, crawl, or go away.

use std::time::Duration;

use crate::support::{Client, RawConnection, TestServer, big_package, certificate, eventually, package};

/// So short that a test can wait for it, so long that an honest client on a busy machine is not cut.
const SHORT: Duration = Duration::from_secs(3);

async fn impatient() -> TestServer {
    TestServer::with(|config| {
        config.timeouts.head = SHORT;
        config.timeouts.body = SHORT;
    })
    .await
}

fn head(authorization: &str, framing: &str) -> String {
    format!("POST /api/charts HTTP/1.1\r\nHost: a\r\nAuthorization: {authorization}\r\n{framing}\r\n\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn that_hang_in_a_body() {
    let server = impatient().await;
    let admin = server.admin().await;
    let chart = big_package("big", "1.0.0", 1);
    for framing in [format!("Content-Length: {}", chart.len()), "Transfer-Encoding: chunked".to_owned()] {
        let mut connection = RawConnection::open(server.address()).await;
        connection.send(head(admin.authorization(), &framing)).await;
        if framing.starts_with("Transfer") {
            connection.send(format!("{:x}\r\n", chart.len())).await;
        }
        // More than stays in memory, so that there is a file.
        connection.send(&chart[..3 << 20]).await;
        eventually("a temporary file", async || (!server.temporary_files().is_empty()).then_some(())).await;
        let answer = connection.receive(false).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        assert!(answer.text().contains("sent nothing for too long"), "{}", answer.text());
        assert!(connection.is_closed().await);
        eventually("its removal", async || server.temporary_files().is_empty().then_some(())).await;
    }
    assert!(admin.index("/index.yaml").await.entries.is_empty());
    admin.post("/api/charts", chart).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn that_go_away_in_a_body() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let chart = big_package("big", "1.0.0", 1);
    for half_closed in [false, true] {
        let mut connection = RawConnection::open(server.address()).await;
        connection.send(head(admin.authorization(), &format!("Content-Length: {}", chart.len()))).await;
        connection.send(&chart[..3 << 20]).await;
        eventually("a temporary file", async || (!server.temporary_files().is_empty()).then_some(())).await;
        if half_closed {
            connection.end().await;
            // An answer may come, but not one that says it was stored.
            if let Some(answer) = connection.next(false).await {
                assert_eq!(answer.status, 400, "{}", answer.text());
            }
        }
        drop(connection);
        eventually("its removal", async || server.temporary_files().is_empty().then_some(())).await;
    }
    assert!(admin.index("/index.yaml").await.entries.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn that_send_no_head() {
    let server = impatient().await;
    for beginning in
        ["", "GET", "GET /health HTTP/1.1\r\nHost: a\r\n", "GET /health HTTP/1.1\r\nHost: a\r\nX: "]
    {
        let mut connection = RawConnection::open(server.address()).await;
        connection.send(beginning).await;
        // Cut, with or without a last word, and never an answer.
        if let Some(answer) = crate::support::in_bounded_time("the end", connection.next(false)).await {
            assert_eq!(answer.status, 408, "{beginning:?}");
        }
    }
    server.anonymous().get("/health").await.expect(200);
}

/// Heads that come letter by letter are cut by the clock of the whole head, not of each letter.
#[tokio::test(flavor = "multi_thread")]
async fn that_crawl() {
    let server = impatient().await;
    let mut connection = RawConnection::open(server.address()).await;
    connection.send("GET /health HTTP/1.1\r\nHost: a\r\nX: ").await;
    let mut interval = tokio::time::interval(Duration::from_millis(50));
    let crawling = async {
        loop {
            interval.tick().await;
            if connection.try_send("x").await.is_err() {
                break;
            }
        }
    };
    crate::support::in_bounded_time("the crawling", crawling).await;
    server.anonymous().get("/health").await.expect(200);
}

/// How many connections a server at this port still keeps, as the kernel lists them.
fn established(port: u16) -> usize {
    const ESTABLISHED: &str = "01";
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let local = format!(":{port:04X}");
    let of_server = |line: &&str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        fields[1].ends_with(&local) && fields[3] == ESTABLISHED
    };
    table.lines().filter(of_server).count()
}

/// A client that takes no bytes does not keep a connection for ever.
#[tokio::test(flavor = "multi_thread")]
async fn that_do_not_read() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let chart = big_package("big", "1.0.0", 6);
    let size = chart.len();
    admin.post("/api/charts", chart).await.expect(201);
    let directory = server.stop().await;
    let server = TestServer::start_in(directory, |config| config.timeouts.body = SHORT).await.unwrap();
    let admin = admin.at(server.url());
    let mut connection = RawConnection::open(server.address()).await;
    let request = "GET /charts/big-1.0.0.tgz HTTP/1.1\r\nHost: a\r\nAuthorization: ";
    connection.send(format!("{request}{}\r\n\r\n", admin.authorization())).await;
    let port = server.address().port();
    eventually("the end of the server's patience", async || (established(port) == 0).then_some(())).await;
    assert!(connection.exactly(size).await.is_none());
    admin.get("/health").await.expect(200);
}

/// The same over TLS.
#[tokio::test(flavor = "multi_thread")]
async fn that_do_not_read_over_tls() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    admin.post("/api/charts", big_package("big", "1.0.0", 6)).await.expect(201);
    let directory = server.stop().await;
    let keys = tempfile::tempdir().unwrap();
    let tls = certificate(keys.path(), "slow");
    let server = TestServer::start_in(directory, |config| {
        config.tls = Some(tls);
        config.timeouts.body = SHORT;
    })
    .await
    .unwrap();
    let admin = admin.at(server.url()).over(Client::builder().http1_only().build().unwrap());
    let unread = admin.request(http::Method::GET, "/charts/big-1.0.0.tgz").send().await.unwrap();
    let port = server.address().port();
    eventually("the end of the server's patience", async || (established(port) == 0).then_some(())).await;
    assert!(unread.bytes().await.is_err());
}

/// What is not HTTP.
#[tokio::test(flavor = "multi_thread")]
async fn that_speak_something_else() {
    let server = TestServer::start().await;
    let many_headers: String = (0..1000).map(|number| format!("X-{number}: a\r\n")).collect();
    let huge = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(1 << 20));
    for bytes in [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        b"nonsense\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n".to_vec(),
        b"POST /api/charts HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n".to_vec(),
        b"POST /api/charts HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, x\r\n\r\n".to_vec(),
        format!("GET / HTTP/1.1\r\nHost: a\r\n{many_headers}\r\n").into_bytes(),
        huge.into_bytes(),
    ] {
        let mut connection = RawConnection::open(server.address()).await;
        // The server may close before it has read all.
        let _ = connection.try_send(&bytes).await;
        let _ = connection.try_send("").await;
        if let Some(answer) = crate::support::in_bounded_time("an answer", connection.next(false)).await {
            assert!(
                (400..500).contains(&answer.status),
                "{}: {:.40}",
                answer.status,
                String::from_utf8_lossy(&bytes)
            );
        }
        server.anonymous().get("/health").await.expect(200);
    }
    let admin = server.admin().await;
    admin.post("/api/charts", package("a", "1.0.0")).await.expect(201);
}

/// A chunk that announces more than there can be.
#[tokio::test(flavor = "multi_thread")]
async fn that_announce_too_much() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let mut connection = RawConnection::open(server.address()).await;
    connection.send(head(admin.authorization(), "Content-Length: 18446744073709551615")).await;
    let answer = connection.next(false).await.expect("an answer");
    assert!((400..500).contains(&answer.status), "{}", answer.status);
    let mut connection = RawConnection::open(server.address()).await;
    connection.send(head(admin.authorization(), "Transfer-Encoding: chunked")).await;
    connection.send("FFFFFFFFFFFFFFFFF\r\nx").await;
    if let Some(answer) = connection.next(false).await {
        assert_eq!(answer.status, 400);
    }
    admin.get("/health").await.expect(200);
}

/// Who is refused while still sending reads why, also when it sends all before it reads.
#[tokio::test(flavor = "multi_thread")]
async fn that_are_refused_while_they_send() {
    let server = TestServer::with(|config| config.max_upload_size = 1 << 20).await;
    let admin = server.admin().await;
    let body = vec![b'x'; 8 << 20];
    for _ in 0..10 {
        for (authorization, framing, status) in [
            (admin.authorization(), "Content-Length", 413),
            (admin.authorization(), "Transfer-Encoding", 413),
            ("Bearer wrong", "Content-Length", 401),
        ] {
            let mut connection = RawConnection::open(server.address()).await;
            let value =
                if framing == "Content-Length" { body.len().to_string() } else { "chunked".to_owned() };
            connection.send(head(authorization, &format!("{framing}: {value}"))).await;
            if framing != "Content-Length" {
                connection.send(format!("{:x}\r\n", body.len())).await;
            }
            connection.send(&body).await;
            let answer = connection.receive(false).await;
            assert_eq!(answer.status, status, "{framing}: {}", answer.text());
        }
    }
}
