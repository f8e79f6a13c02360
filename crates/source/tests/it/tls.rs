//! Whom the client trusts, and to whom it shows its certificate.

use chandlery_core::Secret;
use chandlery_source::outbound::{Outbound, Request, TlsSettings};

use crate::server::{Answer, Names, Server, client, client_with};
use chandlery_source::testing::Certificate;

async fn stage(client: &Outbound, url: &str) -> &'static str {
    client.send(Request::get(url)).await.map_or_else(|error| error.stage(), |_| "ok")
}

#[tokio::test]
async fn trust() {
    let keys = tempfile::tempdir().unwrap();
    let (one, two) = (Certificate::new(keys.path(), "one"), Certificate::new(keys.path(), "two"));
    let server = Server::tls(one.acceptor(None), |_| Answer::ok("")).await;
    let trusting = |certificate: &Certificate| TlsSettings {
        authorities: Some(certificate.pem()),
        ..TlsSettings::default()
    };
    let careless = TlsSettings { skip_verification: true, ..TlsSettings::default() };
    let names = Names::new(&[&["127.0.0.1"]]);
    let client = client_with(&names);
    let cases = [
        (TlsSettings::default(), server.url("/"), "tls"),
        (trusting(&two), server.url("/"), "tls"),
        (trusting(&one), server.url("/"), "ok"),
        (trusting(&one), server.url_by_name("charts.test", "/"), "ok"),
        // The certificate is for other names.
        (trusting(&one), server.url_by_name("other.test", "/"), "tls"),
        (careless.clone(), server.url_by_name("other.test", "/"), "ok"),
    ];
    for (number, (tls, url, expected)) in cases.into_iter().enumerate() {
        assert_eq!(stage(&client.with_tls(&tls).unwrap(), &url).await, expected, "{number}");
    }
    // Whom the operator trusts, all repositories trust, whatever they trust besides.
    let operator = client.with_tls(&trusting(&one)).unwrap();
    for own in [TlsSettings::default(), trusting(&two)] {
        assert_eq!(stage(&operator.with_tls(&own).unwrap(), &server.url("/")).await, "ok");
    }
    // Careless about certificates is not careless about addresses.
    let client = client.with_tls(&careless).unwrap();
    assert_eq!(stage(&client, "https://169.254.169.254/").await, "address_refused");
    // One client's settings are not another's.
    assert_eq!(stage(&self::client(), &server.url("/")).await, "tls");
}

#[tokio::test]
async fn not_from_https_to_http() {
    let keys = tempfile::tempdir().unwrap();
    let certificate = Certificate::new(keys.path(), "one");
    let plain = Server::start(|_| Answer::ok("")).await;
    let location = plain.url("/");
    let server = Server::tls(certificate.acceptor(None), move |_| Answer::redirect(&location)).await;
    let tls = TlsSettings { authorities: Some(certificate.pem()), ..TlsSettings::default() };
    let error = client().with_tls(&tls).unwrap().send(Request::get(&server.url("/"))).await.unwrap_err();
    assert!(error.to_string().ends_with("it leads from https to http"), "{error}");
    // The other way is an improvement.
    let secure = Server::tls(certificate.acceptor(None), |_| Answer::ok("")).await;
    let location = secure.url("/");
    let plain = Server::start(move |_| Answer::redirect(&location)).await;
    assert_eq!(stage(&client().with_tls(&tls).unwrap(), &plain.url("/")).await, "ok");
}

/// The certificate of the client goes to the server of the request, and to no other that it redirects to.
#[tokio::test]
async fn the_client_certificate_stays_behind() {
    let keys = tempfile::tempdir().unwrap();
    let (ours, theirs) = (Certificate::new(keys.path(), "ours"), Certificate::new(keys.path(), "theirs"));
    let asking = || theirs.acceptor(Some(&ours));
    let other = Server::tls(asking(), |_| Answer::ok("")).await;
    let away = other.url("/");
    let server = Server::tls(asking(), move |request| match request.split(' ').nth(1) {
        Some("/away") => Answer::redirect(&away),
        _ => Answer::ok(""),
    })
    .await;
    let without = TlsSettings { authorities: Some(theirs.pem()), ..TlsSettings::default() };
    let with = TlsSettings { identity: Some(Secret::new(ours.identity())), ..without.clone() };
    let client = client();
    let (without, with) = (client.with_tls(&without).unwrap(), client.with_tls(&with).unwrap());
    assert_ne!(stage(&without, &server.url("/")).await, "ok");
    assert_eq!(stage(&with, &server.url("/")).await, "ok");
    assert_eq!(stage(&with, &other.url("/")).await, "ok");
    assert_ne!(stage(&with, &server.url("/away")).await, "ok");
    assert_eq!(other.requests().len(), 1);
}

#[tokio::test]
async fn settings_that_cannot_be_read() {
    let bad = [
        TlsSettings { authorities: Some(b"no certificate".to_vec()), ..TlsSettings::default() },
        TlsSettings { identity: Some(Secret::new("no identity".to_owned())), ..TlsSettings::default() },
    ];
    for tls in bad {
        let error = client().with_tls(&tls).unwrap_err();
        assert!(error.stage() == "url" && error.to_string().contains("PEM"), "{error}");
    }
}
