//! Names, their addresses, and answers that change.

use chandlery_source::outbound::{Outbound, OutboundSettings, Request};

use crate::server::{Answer, Names, Server, client, client_with};

#[tokio::test]
async fn an_exchange() {
    let server = Server::start(|_| Answer::ok("hello")).await;
    let names = Names::new(&[&["127.0.0.1"]]);
    let response =
        client_with(&names).send(Request::get(&server.url_by_name("charts.test", "/a?b=c"))).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.url().path(), "/a");
    assert_eq!(response.success().unwrap().bytes().await.unwrap(), b"hello");
    assert_eq!(names.asked(), ["charts.test"]);
    let requests = server.requests();
    assert!(requests[0].starts_with("GET /a?b=c HTTP/1.1\r\n"), "{requests:?}");
    assert!(requests[0].contains("user-agent: chandlery/"), "{requests:?}");
    assert!(!requests[0].contains("accept-encoding"), "{requests:?}");
}

/// Without a list, this machine is out of reach by address and by the system's own resolver.
#[tokio::test]
async fn loopback_is_refused() {
    let server = Server::start(|_| Answer::ok("")).await;
    let strict = Outbound::new(OutboundSettings::default()).unwrap();
    for url in [server.url("/"), server.url_by_name("localhost", "/"), server.url_by_name("[::1]", "/")] {
        let error = strict.send(Request::get(&url)).await.unwrap_err();
        assert_eq!(error.stage(), "address_refused", "{url}: {error}");
        assert!(error.to_string().contains("is a loopback address; an operator can allow"), "{error}");
    }
    assert!(strict.check_url(&server.url("/")).is_err());
    assert!(strict.check_url("https://example.org/").is_ok());
    assert!(server.requests().is_empty());
    client().send(Request::get(&server.url("/"))).await.unwrap();
}

#[tokio::test]
async fn names_of_refused_addresses() {
    let server = Server::start(|_| Answer::ok("")).await;
    let cases: [(&[&str], &str); 8] = [
        (&["169.254.169.254"], "metadata service"),
        (&["fd00:ec2::254"], "metadata service"),
        (&["10.0.0.1"], "private"),
        (&["::ffff:10.0.0.1"], "private"),
        (&["0.0.0.0"], "unspecified"),
        (&["64:ff9b::7f00:2"], "loopback"),
        // One bad address among good ones.
        (&["127.0.0.1", "192.168.1.1"], "private"),
        (&["127.0.0.1", "::1"], "loopback"),
    ];
    for (addresses, reason) in cases {
        let url = server.url_by_name("charts.test", "/");
        let error = client_with(&Names::new(&[addresses])).send(Request::get(&url)).await.unwrap_err();
        assert_eq!(error.stage(), "address_refused", "{addresses:?}: {error}");
        assert!(error.to_string().contains(reason), "{addresses:?}: {error}");
    }
    assert!(server.requests().is_empty());
}

/// What is checked is what is connected to: each request looks up once, and a name that changes is seen.
#[tokio::test]
async fn an_answer_that_changes() {
    let server = Server::start(|_| Answer::ok("")).await;
    let names = Names::new(&[&["127.0.0.1"], &["169.254.169.254"]]);
    let (client, url) = (client_with(&names), server.url_by_name("charts.test", "/"));
    client.send(Request::get(&url)).await.unwrap();
    assert_eq!(names.asked().len(), 1);
    let error = client.send(Request::get(&url)).await.unwrap_err();
    assert_eq!(error.stage(), "address_refused", "{error}");
    assert_eq!((names.asked().len(), server.requests().len()), (2, 1));
}

#[tokio::test]
async fn names_without_addresses() {
    let url = "http://charts.test/";
    let error = client_with(&Names::new(&[])).send(Request::get(url)).await.unwrap_err();
    assert_eq!(
        (error.stage(), error.to_string().as_str()),
        ("dns", "the name charts.test cannot be resolved: it has no address")
    );
    // Longer than a label may be: the system's resolver knows it without asking anybody.
    let url = format!("http://{}.test/", "x".repeat(64));
    let error = client().send(Request::get(&url)).await.unwrap_err();
    assert_eq!(error.stage(), "dns", "{error}");
}
