//! `/api/v1/session`

use chandlery_core::Digest;
use chandlery_store::sessions;
use http::Method;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::json;

use super::{PASSWORD, account};
use crate::support::{Answer, Client, TestServer};

const SESSION: &str = "/api/v1/session";

/// The cookie of a log-in.
async fn log_in(client: &Client, name: &str, password: &str) -> String {
    let body = json!({ "account": name, "password": password });
    let answer = client.send_json(Method::POST, SESSION, &body).await.expect(201);
    let cookie = answer.header("set-cookie").to_owned();
    assert!(cookie.contains("; HttpOnly; SameSite=Strict"), "{cookie}");
    assert!(!answer.text().contains("chs_"), "{}", answer.text());
    cookie.split(';').next().unwrap().to_owned()
}

/// A request of a page: with the cookie, and saying where it comes from.
async fn from_page(client: &Client, method: Method, path: &str, cookie: &str, site: (&str, &str)) -> Answer {
    Answer::to(client.request(method, path).header("cookie", cookie).header(site.0, site.1)).await
}

const OWN: (&str, &str) = ("sec-fetch-site", "same-origin");

#[tokio::test(flavor = "multi_thread")]
async fn life_of_a_session() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    account(&server, &admin, "someone", "platform-regular").await;
    let nobody = server.anonymous();
    let cookie = log_in(&nobody, "someone", PASSWORD).await;
    assert!(cookie.starts_with("chandlery=chs_") && cookie.len() > 50, "{cookie}");
    let session = nobody.get_with(SESSION, "cookie", &cookie).await.expect(200).json();
    assert_eq!(session["account"], "someone");
    let who = nobody.get_with("/api/v1/whoami", "cookie", &cookie).await.expect(200).json();
    assert_eq!((&who["account"], &who["scope"]), (&json!("someone"), &json!("all")));
    nobody.get_with("/api/v1/tokens", "cookie", &cookie).await.expect(200);
    // Credentials that are sent come first.
    let who = admin.get_with("/api/v1/whoami", "cookie", &cookie).await.expect(200).json();
    assert_eq!(who["account"], "admin");
    // A cookie that is no good is none.
    let who = nobody.get_with("/api/v1/whoami", "cookie", "chandlery=chs_wrong").await.expect(200).json();
    assert_eq!(who["account"], json!(null));
    let refused = nobody.get_with("/api/v1/tokens", "cookie", "chandlery=chs_wrong").await;
    refused.is_problem(401, "unauthenticated");
    assert!(!refused.header("www-authenticate").starts_with("Basic"), "a browser would ask for a password");

    from_page(&nobody, Method::DELETE, SESSION, &cookie, ("sec-fetch-site", "cross-site"))
        .await
        .is_problem(403, "forbidden");
    let out = from_page(&nobody, Method::DELETE, SESSION, &cookie, OWN).await.expect(204);
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    nobody.get_with(SESSION, "cookie", &cookie).await.is_problem(404, "not_found");
    nobody.get_with("/api/v1/tokens", "cookie", &cookie).await.is_problem(401, "unauthenticated");
    nobody.get(SESSION).await.is_problem(404, "not_found");
    nobody.delete(SESSION).await.expect(204);
}

/// A page of another site gets nothing done with the cookie, and Helm's paths know none.
#[tokio::test(flavor = "multi_thread")]
async fn cookies_are_for_the_console() {
    let server = TestServer::start().await;
    let nobody = server.anonymous();
    let cookie = log_in(&nobody, "admin", "a password for tests").await;
    let host = server.address().to_string();
    let (own, foreign) = (format!("http://{host}"), "http://evil.example.org".to_owned());
    let cases = [
        (OWN, 404),
        (("sec-fetch-site", "same-site"), 403),
        (("sec-fetch-site", "cross-site"), 403),
        (("sec-fetch-site", "none"), 403),
        (("origin", own.as_str()), 404),
        (("origin", foreign.as_str()), 403),
        (("origin", "null"), 403),
        (("x-nothing", "x"), 403),
    ];
    for (site, status) in cases {
        let answer = from_page(&nobody, Method::DELETE, "/api/v1/tokens/nothing", &cookie, site).await;
        assert_eq!(answer.status, status, "{site:?}: {}", answer.text());
    }
    for path in ["/index.yaml", "/api/charts", "/default/charts/index.yaml"] {
        nobody.get_with(path, "cookie", &cookie).await.is_error(401, "unauthorized");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_end_with_the_password_and_the_account() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let someone = account(&server, &admin, "someone", "platform-regular").await;
    let nobody = server.anonymous();
    let patch =
        async |body| admin.send_json(Method::PATCH, "/api/v1/accounts/someone", &body).await.expect(200);
    let ended = async |cookie: &str| {
        nobody.get_with("/api/v1/tokens", "cookie", cookie).await.is_problem(401, "unauthenticated");
    };
    let cookies = [log_in(&nobody, "someone", PASSWORD).await, log_in(&nobody, "someone", PASSWORD).await];
    nobody.get_with("/api/v1/tokens", "cookie", &cookies[0]).await.expect(200);
    let passwords = json!({ "current": PASSWORD, "new": "another password" });
    someone.send_json(Method::PUT, "/api/v1/password", &passwords).await.expect(204);
    for cookie in &cookies {
        ended(cookie).await;
    }
    let cookie = log_in(&nobody, "someone", "another password").await;
    patch(json!({ "disabled": true })).await;
    ended(&cookie).await;
    patch(json!({ "disabled": false })).await;
    // It does not come back with the account.
    ended(&cookie).await;
    let cookie = log_in(&nobody, "someone", "another password").await;
    patch(json!({ "password": PASSWORD })).await;
    ended(&cookie).await;
    let cookie = log_in(&nobody, "someone", PASSWORD).await;
    admin.delete("/api/v1/accounts/someone").await.expect(204);
    ended(&cookie).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn log_ins_that_fail() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let nobody = server.anonymous();
    admin.send_json(Method::POST, "/api/v1/workspaces", &json!({ "name": "team" })).await.expect(201);
    let robot = json!({ "name": "ci", "role": "workspace-viewer", "scope": "all" });
    let made =
        admin.send_json(Method::POST, "/api/v1/workspaces/team/robots", &robot).await.expect(201).json();
    let secret = made["secret"].as_str().unwrap();
    for (name, password) in
        [("admin", "wrong"), ("nobody", PASSWORD), ("Not A Name", PASSWORD), ("robot.team.ci", secret)]
    {
        let body = json!({ "account": name, "password": password });
        let answer = nobody.send_json(Method::POST, SESSION, &body).await;
        answer.is_problem(401, "unauthenticated");
        assert!(answer.header("set-cookie").is_empty());
    }
    let form = nobody.request(Method::POST, SESSION).header("content-type", "text/plain");
    let form = Answer::to(form.body(r#"{"account":"admin","password":"a password for tests"}"#)).await;
    form.is_problem(415, "unsupported_type");
    let mut limited = false;
    for number in 0..40 {
        let body = json!({ "account": "admin", "password": format!("guess {number}") });
        limited = limited || nobody.send_json(Method::POST, SESSION, &body).await.status == 429;
    }
    assert!(limited, "guessing goes on without an end");
}

/// A session that is used lives on, but not for ever; one that ended is none.
#[tokio::test(flavor = "multi_thread")]
async fn sessions_end_in_time() {
    let server = TestServer::start().await;
    let nobody = server.anonymous();
    let store = server.store().await;
    let writer = store.database().writer();
    let now = Timestamp::now();
    for (end, made, status, lives_until) in [
        (now + 1.hours(), now, 200, Some(now + 12.hours())),
        (now + 1.hours(), now - 164.hours(), 200, Some(now + 4.hours())),
        (now - 1.seconds(), now - 13.hours(), 401, None),
    ] {
        let cookie = log_in(&nobody, "admin", "a password for tests").await;
        let hash = Digest::of(cookie.split_once('=').unwrap().1.as_bytes());
        let session = sessions::delete(writer, &hash).await.unwrap().unwrap();
        sessions::create(writer, session.account_id, &hash, made, end).await.unwrap();
        assert_eq!(nobody.get_with("/api/v1/tokens", "cookie", &cookie).await.status, status);
        let shown = nobody.get_with(SESSION, "cookie", &cookie).await;
        let Some(lives_until) = lives_until else {
            shown.is_problem(404, "not_found");
            continue;
        };
        let shown: Timestamp = shown.expect(200).json()["expires_at"].as_str().unwrap().parse().unwrap();
        let late = shown.duration_since(lives_until);
        assert!(late >= SignedDuration::ZERO && late < SignedDuration::from_mins(10), "{late}");
    }
}
