//! Deliveries to a receiver.

use std::io::Write as _;
use std::process::{Command, Stdio};

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

/// The tested block of the documents that is written in a language.
fn documented(language: &str) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/NOTIFICATIONS.md");
    let text = std::fs::read_to_string(path).unwrap();
    let start = format!("<!-- tested -->\n```{language}\n");
    let (_, block) = text.split_once(&start).unwrap_or_else(|| panic!("{path} has no block of {language}"));
    block.split_once("```").unwrap().0.to_owned()
}

/// What a program prints that reads `input`.
fn output(command: &mut Command, input: &[u8]) -> String {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Receivers that do as docs/NOTIFICATIONS.md says take what is signed here, and nothing else.
#[test]
fn the_documented_receivers_verify() {
    let (secret, other) = (SigningSecret::generate(), SigningSecret::generate());
    let body = "{\"message\":\"größer\"}".as_bytes();
    let signature = sign(&[other, secret.clone()], "msg_1", 1_800_000_000, body);
    let text = secret.to_secret();
    let check = "\nimport sys\nbody = sys.stdin.buffer.read()\n\
        headers = dict(zip(('webhook-id', 'webhook-timestamp', 'webhook-signature'), sys.argv[2:5]))\n\
        print(verify(sys.argv[1], headers, body, float(sys.argv[5])))\n";
    let program = documented("python") + check;
    let cases: [(&str, &str, &[u8], &str); 4] = [
        ("msg_1", "1800000100", body, "True"),
        ("msg_2", "1800000100", body, "False"),
        ("msg_1", "1800000301", body, "False"),
        ("msg_1", "1800000100", b"{}", "False"),
    ];
    for (id, now, body, expected) in cases {
        let arguments = [text.expose(), id, "1800000000", &signature, now];
        let found = output(Command::new("python3").arg("-c").arg(&program).args(arguments), body);
        assert_eq!(found, expected, "{id} {now}");
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), body).unwrap();
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(documented("sh")).env("SECRET", text.expose()).env("BODY", file.path());
    let found = output(shell.env("ID", "msg_1").env("TIMESTAMP", "1800000000"), b"");
    assert!(signature.split(' ').any(|one| one == found), "{found}");
}
