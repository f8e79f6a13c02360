//! Redirects, and what follows them.

use chandlery_core::Secret;
use chandlery_source::outbound::{Credentials, Request};
use http::{HeaderName, HeaderValue, header};

use crate::server::{Answer, Names, Server, client, client_with};

/// Redirects `/N` to `/N-1`, down to `/0`.
fn count_down(request: &str) -> Answer {
    let number = request.split(['/', ' ']).nth(2).and_then(|number| number.parse().ok());
    match number {
        None | Some(0) => Answer::ok("done"),
        Some(number) => Answer::redirect(&format!("/{}", number - 1_u32)),
    }
}

#[tokio::test]
async fn at_most_five() {
    let server = Server::start(count_down).await;
    let response = client().send(Request::get(&server.url("/5"))).await.unwrap();
    assert_eq!((response.status().as_u16(), response.url().path()), (200, "/0"));
    let error = client().send(Request::get(&server.url("/6"))).await.unwrap_err();
    assert_eq!(error.stage(), "too_many_redirects", "{error}");
    assert_eq!(server.requests().len(), 6 + 6);
}

#[tokio::test]
async fn to_refused_places() {
    let cases = [
        ("http://169.254.169.254/latest/meta-data/", "address_refused"),
        ("//169.254.169.254/", "address_refused"),
        ("http://[fd00:ec2::254]/", "address_refused"),
        ("http://10.0.0.1/", "address_refused"),
        ("http://[::1]/", "address_refused"),
        ("http://2852039166/", "url"),
        ("http://user:pass@127.0.0.1/", "url"),
        ("file:///etc/passwd", "url"),
        ("gopher://127.0.0.1/", "url"),
        ("\u{e9}", "url"),
    ];
    for (location, stage) in cases {
        let server = Server::start(move |_| Answer::redirect(location)).await;
        let error = client().send(Request::get(&server.url("/"))).await.unwrap_err();
        assert_eq!(error.stage(), stage, "{location}: {error}");
    }
}

/// The name is resolved again for the second request, and its second answer refused.
#[tokio::test]
async fn to_a_name_that_has_changed() {
    let server = Server::start(|_| Answer::redirect("/again")).await;
    let names = Names::new(&[&["127.0.0.1"], &["169.254.169.254"]]);
    let url = server.url_by_name("charts.test", "/");
    let error = client_with(&names).send(Request::get(&url)).await.unwrap_err();
    assert_eq!(error.stage(), "address_refused", "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_post_follows_none() {
    let server = Server::start(|_| Answer::redirect("/elsewhere")).await;
    let response = client().send(Request::post(&server.url("/"), "body")).await.unwrap();
    assert_eq!(response.status(), 302);
    assert_eq!(response.success().unwrap_err().stage(), "status");
    assert_eq!(server.requests().len(), 1);
    assert!(server.requests()[0].ends_with("\r\n\r\nbody"));
}

fn with_secrets(url: &str) -> [Request; 3] {
    let name = HeaderName::from_static("x-api-key");
    [
        Request::get(url).credentials(Credentials::basic("user".to_owned(), "secret-1".to_owned())),
        Request::get(url).credentials(Credentials::Bearer(Secret::new("secret-2".to_owned()))),
        Request::get(url).credentials(Credentials::Header(name, Secret::new("secret-3".to_owned()))),
    ]
    .map(|request| {
        request
            .header(HeaderName::from_static("x-other"), HeaderValue::from_static("other"))
            .header(header::ACCEPT, HeaderValue::from_static("text/plain"))
    })
}

fn holds_credentials(request: &str) -> bool {
    ["authorization:", "x-api-key:", "secret"].iter().any(|text| request.contains(text))
}

/// Credentials stay on one scheme, host and port, and are gone for good once a redirect has left it.
#[tokio::test]
async fn credentials_stay_behind() {
    let target = Server::start(|_| Answer::ok("")).await;
    let back = target.url("/back");
    let other = Server::start(move |_| Answer::redirect(&back)).await;
    let away = other.url("/away");
    // First to a path of the same server, then to another port, then back.
    let first = Server::start(move |request| match request.split(' ').nth(1) {
        Some("/start") => Answer::redirect("/second"),
        _ => Answer::redirect(&away),
    })
    .await;
    for request in with_secrets(&first.url("/start")) {
        client().send(request).await.unwrap();
    }
    assert_eq!(first.requests().len(), 6);
    assert!(first.requests().iter().all(|request| holds_credentials(request) && request.contains("x-other")));
    for elsewhere in [other.requests(), target.requests()] {
        assert_eq!(elsewhere.len(), 3);
        let clean = |request: &String| !holds_credentials(request) && !request.contains("x-other");
        assert!(elsewhere.iter().all(clean), "{elsewhere:?}");
        assert!(elsewhere.iter().all(|request| request.contains("accept: text/plain")), "{elsewhere:?}");
    }
}

/// Back on the first server, nobody knows who sent the client there.
#[tokio::test]
async fn credentials_do_not_come_back() {
    let names = Names::new(&[&["127.0.0.1"]]);
    let server = Server::start(|request| match request.split(' ').nth(1) {
        Some("/start") => Answer::redirect(&format!("http://other.test:{}/away", port(request))),
        Some("/away") => Answer::redirect(&format!("http://charts.test:{}/end", port(request))),
        _ => Answer::ok(""),
    })
    .await;
    for request in with_secrets(&server.url_by_name("charts.test", "/start")) {
        client_with(&names).send(request).await.unwrap();
    }
    let found: Vec<bool> = server.requests().iter().map(|request| holds_credentials(request)).collect();
    assert_eq!(found, [true, false, false, true, false, false, true, false, false]);
}

fn port(request: &str) -> &str {
    let host = request.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    host.rsplit(':').next().unwrap()
}

#[tokio::test]
async fn user_information_is_sent_as_credentials() {
    let server = Server::start(|_| Answer::ok("")).await;
    let url = server.url("/x").replace("http://", "http://us%40er:pass@");
    let response = client().send(Request::get(&url)).await.unwrap();
    assert!(!response.url().as_str().contains("pass"));
    assert!(server.requests()[0].contains("authorization: Basic dXNAZXI6cGFzcw==\r\n"));
    let twice = Request::get(&url).credentials(Credentials::Bearer(Secret::new("x".to_owned())));
    assert_eq!(client().send(twice).await.unwrap_err().stage(), "url");
}
