//! What operators rely on: signals, certificates, probes, metrics, logs, traces.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::environment::HELMS;
use crate::http::{Request, basic};
use crate::packages::package;
use crate::program::Home;
use crate::recorder::Recorder;
use crate::server::{PASSWORD, Server};

/// Asks again and again until something that happens by itself has happened.
#[track_caller]
fn eventually(what: &str, mut has_happened: impl FnMut() -> bool) {
    let start = Instant::now();
    while !has_happened() {
        assert!(start.elapsed() < Duration::from_secs(60), "it never happened: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_request_in_flight_is_finished_after_sigterm() {
    let mut server = Server::start();
    let body = package("a", "0.1.0");
    let mut upload = TcpStream::connect(server.address()).unwrap();
    let head = format!(
        "POST /api/charts HTTP/1.1\r\nHost: {}\r\nAuthorization: {}\r\nContent-Length: {}\r\n\r\n",
        server.address(),
        basic("admin", PASSWORD),
        body.len()
    );
    let (first, second) = body.split_at(body.len() / 2);
    upload.write_all(head.as_bytes()).unwrap();
    upload.write_all(first).unwrap();
    // An answer on another connection: the server has had time to see the upload's head.
    server.send(&Request::get("/livez")).expect(200);
    server.terminate();
    eventually("no new connections", || TcpStream::connect(server.address()).is_err());
    upload.write_all(second).unwrap();
    let mut answer = String::new();
    upload.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    assert_eq!(server.wait(), Some(0), "{}", server.log());
}

/// A certificate for 127.0.0.1 that signs itself.
fn make_certificate(home: &Home, number: u32) {
    let serial = number.to_string();
    let arguments = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=127.0.0.1",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-set_serial",
        &serial,
        "-keyout",
        "next.key",
        "-out",
        "next.crt",
    ];
    home.run(Path::new("openssl"), &arguments).succeeded();
    for (from, to) in [("next.key", "tls.key"), ("next.crt", "tls.crt")] {
        std::fs::rename(home.path().join(from), home.path().join(to)).unwrap();
    }
}

#[test]
fn certificates_are_read_again_when_they_change() {
    let home = Home::new();
    home.write("admin-password", PASSWORD);
    make_certificate(&home, 1);
    let flags = ["--data-dir", "data", "--admin-password-file", "admin-password"];
    let flags = [&flags[..], &["--tls-cert", "tls.crt", "--tls-key", "tls.key"]].concat();
    let server = Server::start_in(home, &flags);
    assert!(server.url().starts_with("https://127.0.0.1:"), "{}", server.url());
    let login = ["--username", "admin", "--password", PASSWORD];
    for helm in HELMS {
        let client = Home::new();
        client.write("ca.crt", server.home().read("tls.crt"));
        client
            .peer(helm, &[&["repo", "add", "no", server.url()], &login[..]].concat())
            .failed(1, "certificate");
        client
            .peer(helm, &[&["repo", "add", "r", server.url(), "--ca-file", "ca.crt"], &login[..]].concat())
            .succeeded();
    }
    make_certificate(server.home(), 2);
    let client = Home::new();
    client.write("ca.crt", server.home().read("tls.crt"));
    let add = [&["repo", "add", "r", server.url(), "--ca-file", "ca.crt"], &login[..]].concat();
    eventually("the new certificate is shown", || client.peer(HELMS[0], &add).code == 0);
}

#[test]
fn probes_and_metrics_answer_without_credentials() {
    let server = Server::start();
    server.push("/api/charts", package("a", "0.1.0"));
    server.push("/api/charts", package("a", "0.2.0"));
    assert_eq!(server.send(&Request::get("/livez")).expect(200).text().trim(), "ok");
    assert_eq!(server.send(&Request::get("/readyz")).expect(200).text().trim(), "ok");
    server.send(&Request::get("/no/such/path/at/all")).expect(404);
    server.send_as_admin(Request::get("/api/charts/a/0.1.0")).expect(200);
    let text = server.send(&Request::get("/metrics")).expect(200).text();
    for part in ["chartmuseum_charts_served_total 1", "chartmuseum_chart_versions_served_total 2", "process_"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.contains("/api/charts/{name}/{version}") && !text.contains("/api/charts/a/0.1.0"), "{text}");
    assert!(!text.contains("/no/such/path"), "labels must be bounded: {text}");
}

#[test]
fn logs_carry_request_ids_and_no_secrets() {
    // The most talkative level that an operator would use.
    let server = Server::start_with(&["--log-level", "debug"]);
    let token = server.create_token("secret", "all");
    let upload = |version: &str| Request::post("/api/charts?password=hidden", package("a", version));
    let named = upload("0.1.0").header("X-Request-Id", "my-request-1");
    let answer = named.header("Authorization", &basic("admin", &token)).send(server.address()).expect(201);
    assert_eq!(answer.header("x-request-id"), "my-request-1");
    let bearer = upload("0.2.0").header("Authorization", &format!("Bearer {token}"));
    let made_up = bearer.send(server.address()).expect(201).header("x-request-id").to_owned();
    let wrong = Request::get("/index.yaml").header("Authorization", &basic("admin", "wrong-password"));
    let refused = wrong.send(server.address()).expect(401).header("x-request-id").to_owned();
    let ids = ["my-request-1", &made_up, &refused];
    eventually("all requests are logged", || ids.iter().all(|id| server.log().contains(id)));
    let log = server.log();
    for line in log.lines() {
        let parsed: Result<serde_json::Value, _> = serde_json::from_str(line);
        assert!(parsed.is_ok(), "not JSON: {line}");
    }
    for secret in [PASSWORD, &token, "wrong-password", "hidden", "Basic ", "Bearer "] {
        assert!(!log.contains(secret), "{secret:?} is in the log: {log}");
    }
}

#[test]
fn a_first_start_shows_a_password_that_works() {
    let server = Server::start_in(Home::new(), &["--data-dir", "data"]);
    let password = server.banner()[1].rsplit_once(' ').unwrap().1.to_owned();
    assert!(password.len() >= 16, "{password}");
    let whoami = Request::get("/api/v1/whoami").header("Authorization", &basic("admin", &password));
    assert!(whoami.send(server.address()).expect(200).text().contains("admin"));
    assert!(!server.log().contains(&password));
}

#[test]
fn traces_are_sent_to_a_collector() {
    let collector = Recorder::before(None);
    let mut home = Home::new();
    home.write("admin-password", PASSWORD);
    home.set("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url())
        .set("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");
    home.set("OTEL_BSP_SCHEDULE_DELAY", "100").set("OTEL_SERVICE_NAME", "traced-server");
    let server = Server::start_in(home, &["--data-dir", "data", "--admin-password-file", "admin-password"]);
    server.send_as_admin(Request::get("/index.yaml")).expect(200);
    eventually("a trace arrives", || !collector.seen().is_empty());
    let trace = collector.seen().remove(0);
    assert_eq!(trace.line, "POST /v1/traces HTTP/1.1");
    assert_eq!(trace.header("content-type"), Some("application/x-protobuf"));
    assert!(trace.body.windows(13).any(|window| window == b"traced-server"), "no service name");
    let secret = basic("admin", PASSWORD);
    assert!(!trace.body.windows(secret.len()).any(|window| window == secret.as_bytes()));
}
