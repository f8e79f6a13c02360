//! Proxies of the operator.

use chandlery_source::outbound::{Outbound, OutboundSettings, Proxies, Request};

use crate::server::{Answer, Names, Server, settings};

/// A proxy has any address, here one that no URL may name.
#[tokio::test]
async fn through_a_proxy() {
    let proxy = Server::start(|_| Answer::ok("by proxy")).await;
    let direct = Server::start(|_| Answer::ok("direct")).await;
    let proxies = Proxies {
        http: Some(proxy.url("").replace("http://", "http://user:pass@")),
        https: None,
        except: "direct.test".to_owned(),
    };
    let strict = OutboundSettings { proxies: proxies.clone(), ..OutboundSettings::default() };
    // A name that only the proxy knows.
    let client = Outbound::with_resolver(strict.clone(), Names::new(&[])).unwrap();
    let response = client.send(Request::get("http://charts.test/a")).await.unwrap();
    assert_eq!(response.bytes().await.unwrap(), b"by proxy");
    let requests = proxy.requests();
    assert!(requests[0].starts_with("GET http://charts.test/a HTTP/1.1\r\n"), "{requests:?}");
    assert!(requests[0].contains("proxy-authorization: Basic dXNlcjpwYXNz"), "{requests:?}");

    // What this machine knows to be refused is not asked of the proxy either.
    let client = Outbound::with_resolver(strict, Names::new(&[&["169.254.169.254"]])).unwrap();
    for url in ["http://charts.test/", "http://169.254.169.254/", "http://127.0.0.1/", &proxy.url("/")] {
        let error = client.send(Request::get(url)).await.unwrap_err();
        assert_eq!(error.stage(), "address_refused", "{url}: {error}");
    }
    assert_eq!(proxy.requests().len(), 1);

    let open = OutboundSettings { proxies, ..settings() };
    let client = Outbound::with_resolver(open, Names::new(&[&["127.0.0.1"]])).unwrap();
    let response = client.send(Request::get(&direct.url_by_name("direct.test", "/"))).await.unwrap();
    assert_eq!(response.bytes().await.unwrap(), b"direct");
    assert!(!direct.requests()[0].contains("proxy-authorization"));
}

/// `https://` asks the proxy for a tunnel, and the name stays the proxy's.
#[tokio::test]
async fn a_tunnel() {
    let proxy = Server::start(|_| Answer::status("403 Forbidden", "")).await;
    let proxies = Proxies { https: Some(proxy.url("")), ..Proxies::default() };
    let settings = OutboundSettings { proxies, ..OutboundSettings::default() };
    let client = Outbound::with_resolver(settings, Names::new(&[])).unwrap();
    let error = client.send(Request::get("https://charts.test/secret")).await.unwrap_err();
    assert_eq!(error.stage(), "connect", "{error}");
    assert!(proxy.requests()[0].starts_with("CONNECT charts.test:443 HTTP/1.1\r\n"));
}

#[test]
fn proxies_that_cannot_be_used() {
    for text in ["", "proxy:3128", "socks5://proxy:1080", "http://"] {
        let proxies = Proxies { https: Some(text.to_owned()), ..Proxies::default() };
        let error = Outbound::new(OutboundSettings { proxies, ..OutboundSettings::default() }).unwrap_err();
        assert!(error.to_string().contains("http://host:port"), "{text}: {error}");
    }
}
