//! Deliveries to a receiver.

use chandlery_source::outbound::{Outbound, OutboundSettings};
use chandlery_source::webhook::{Attempt, Delivery, KEPT_OF_ANSWER, Outcome, SigningSecret, deliver, sign};

use crate::server::{Answer, Server, client};

fn delivery() -> Delivery {
    Delivery { id: "msg_1".to_owned(), timestamp: 1_800_000_000, body: r#"{"type":"review.passed"}"#.into() }
}

async fn attempt(url: &str) -> Attempt {
    deliver(&client(), url, &[SigningSecret::generate()], &delivery()).await
}

#[tokio::test]
async fn a_delivery() {
    let receiver = Server::start(|_| Answer::status("202 Accepted", "thanks")).await;
    let (old, new) = (SigningSecret::generate(), SigningSecret::generate());
    let secrets = [new, old];
    let attempt = deliver(&client(), &receiver.url("/hook"), &secrets, &delivery()).await;
    assert_eq!((attempt.status, attempt.answer.as_str()), (Some(202), "thanks"));
    assert_eq!((attempt.outcome, attempt.failure), (Outcome::Delivered, None));
    let request = &receiver.requests()[0];
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    assert!(head.starts_with("POST /hook HTTP/1.1\r\n"), "{head}");
    assert_eq!(header("content-type"), Some("application/json"));
    assert_eq!((header("webhook-id"), header("webhook-timestamp")), (Some("msg_1"), Some("1800000000")));
    let expected = sign(&secrets, "msg_1", 1_800_000_000, body.as_bytes());
    assert_eq!(header("webhook-signature"), Some(expected.as_str()));
    assert_eq!(body.as_bytes(), delivery().body);
}

#[tokio::test]
async fn answers_without_success() {
    let cases = [
        (Answer::status("500 Internal Server Error", "why"), Some(500), "status", Outcome::Retry, "why"),
        (Answer::status("410 Gone", ""), Some(410), "status", Outcome::Gone, ""),
        (Answer::redirect("http://169.254.169.254/"), Some(302), "status", Outcome::Retry, ""),
        (Answer::Text("nonsense".to_owned()), None, "broken", Outcome::Retry, ""),
    ];
    for (answer, status, stage, outcome, text) in cases {
        let receiver = Server::start(move |_| answer.clone()).await;
        let attempt = attempt(&receiver.url("/secret")).await;
        let (found, sentence) = attempt.failure.unwrap();
        assert_eq!(
            (attempt.status, found, attempt.outcome, attempt.answer.as_str()),
            (status, stage, outcome, text)
        );
        assert!(!sentence.contains("secret"), "{sentence}");
    }
}

/// A receiver that talks without end is heard for a kibibyte.
#[tokio::test]
async fn long_answers() {
    let head = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
    let endless = Answer::Endless(head.to_owned(), "and so on ".to_owned());
    for answer in [endless, Answer::ok(&"x".repeat(100_000))] {
        let receiver = Server::start(move |_| answer.clone()).await;
        let attempt = attempt(&receiver.url("/")).await;
        assert_eq!((attempt.status, attempt.outcome), (Some(200), Outcome::Delivered));
        assert_eq!(attempt.answer.len(), KEPT_OF_ANSWER);
    }
}

#[tokio::test]
async fn refused_receivers() {
    let strict = Outbound::new(OutboundSettings::default()).unwrap();
    let cases = [
        ("http://169.254.169.254/latest/meta-data/", "address_refused", Outcome::Retry),
        ("http://localhost:1/", "address_refused", Outcome::Retry),
        ("ftp://example.org/", "url", Outcome::GiveUp),
    ];
    for (url, stage, outcome) in cases {
        let attempt = deliver(&strict, url, &[SigningSecret::generate()], &delivery()).await;
        let (found, _) = attempt.failure.unwrap();
        assert_eq!((attempt.status, found, attempt.outcome), (None, stage, outcome), "{url}");
    }
    let bad = Delivery { id: "a\r\nb".to_owned(), ..delivery() };
    let attempt = deliver(&strict, "https://example.org/", &[], &bad).await;
    assert_eq!(attempt.outcome, Outcome::GiveUp);
}
