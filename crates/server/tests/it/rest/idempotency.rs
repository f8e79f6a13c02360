//! `Idempotency-Key`: what was asked is done once, and answered as often as it is asked.

use chandlery_store::DatabaseUrl;
use chandlery_store::testing::TestPostgres;
use http::Method;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::support::{Answer, Client, Form, TestServer, package};

const KEY: &str = "0e8400-e29b-41d4-a716";

async fn post_with(client: &Client, path: &str, key: &str, body: &Value) -> Answer {
    Answer::to(client.request(Method::POST, path).header("idempotency-key", key).json(body)).await
}

/// Runs each function as a test on SQLite and on PostgreSQL.
macro_rules! on_both_databases {
    ($($name:ident),*) => {
        $(mod $name {
            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                super::$name(super::TestServer::start().await).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                let postgres = super::TestPostgres::shared();
                let super::DatabaseUrl::Postgres(url) = postgres.create_database() else {
                    panic!("it is PostgreSQL")
                };
                let server = super::TestServer::with(|config| config.database_url = Some(url)).await;
                super::$name(server).await;
            }
        })*
    };
}

on_both_databases!(answered_again, done_once_by_many);

async fn answered_again(server: TestServer) {
    let admin = server.admin().await;
    let team = json!({ "name": "team" });
    let first = post_with(&admin, "/api/v1/workspaces", KEY, &team).await.expect(201);
    assert_eq!(first.header("idempotency-replayed"), "");
    let again = post_with(&admin, "/api/v1/workspaces", KEY, &team).await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.body, first.body);
    for name in ["content-type", "etag", "location"] {
        assert_eq!(again.header(name), first.header(name), "{name}");
    }
    // The same words of somebody else, or without the key, are another request.
    admin.send_json(Method::POST, "/api/v1/workspaces", &team).await.is_problem(409, "already_exists");
    let other = json!({ "name": "other" });
    let problem = post_with(&admin, "/api/v1/workspaces", KEY, &other).await;
    problem.is_problem(409, "idempotency_key_reused");
    post_with(&admin, "/api/v1/roles", KEY, &team).await.is_problem(409, "idempotency_key_reused");
    admin.get("/api/v1/workspaces/other").await.expect(404);
    let body = json!({ "name": "second", "role": "platform-admin", "password": "a good password" });
    admin.send_json(Method::POST, "/api/v1/accounts", &body).await.expect(201);
    let second = server.anonymous().with_password("second", "a good password");
    post_with(&second, "/api/v1/workspaces", KEY, &team).await.is_problem(409, "already_exists");
    post_with(&second, "/api/v1/workspaces", KEY, &other).await.expect(201);

    // What was refused was not done: it may be asked again, and otherwise.
    let key = "refused-at-first-0001";
    post_with(&admin, "/api/v1/workspaces", key, &team).await.is_problem(409, "already_exists");
    let third = json!({ "name": "third" });
    post_with(&admin, "/api/v1/workspaces", key, &third).await.expect(201);
    post_with(&admin, "/api/v1/workspaces", key, &third).await.expect(201);

    // Actions and uploads are requests like others.
    let upload = |version: &'static str| {
        let form = Form::new().file("package", "x", &package("mychart", version)).finish(true);
        let request = admin.request(Method::POST, "/api/v1/workspaces/team/apps");
        let request = request.header("content-type", Form::content_type());
        Answer::to(request.header("idempotency-key", "an upload is large".replace(' ', "-")).body(form))
    };
    let made = upload("1.0.0").await.expect(201);
    let again = upload("1.0.0").await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), &again.body), ("true", &made.body));
    assert_eq!(again.header("etag"), made.header("etag"));
    upload("2.0.0").await.is_problem(409, "idempotency_key_reused");
    for key in ["", "too short", "with a blank in the middle", &"x".repeat(256), "sechzehn-größere-Zeichen"]
    {
        post_with(&admin, "/api/v1/workspaces", key, &team).await.is_problem(400, "invalid");
    }
    let anonymous = post_with(&server.anonymous(), "/api/v1/workspaces", KEY, &team).await;
    anonymous.is_problem(401, "unauthenticated");
}

async fn done_once_by_many(server: TestServer) {
    let admin = server.admin().await;
    for round in 0..5 {
        let body = json!({ "name": format!("team-{round}") });
        let key = format!("{KEY}-{round}");
        let answers = (0..10).map(|_| post_with(&admin, "/api/v1/workspaces", &key, &body));
        let answers = futures_util::future::join_all(answers).await;
        let (good, busy): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
        let done: Vec<_> =
            good.iter().filter(|answer| answer.header("idempotency-replayed").is_empty()).collect();
        assert_eq!(done.len(), 1, "of {} good answers", good.len());
        assert!(good.iter().all(|answer| answer.body == done[0].body));
        for answer in busy {
            answer.is_problem(409, "idempotency_key_in_use");
            assert_eq!(answer.header("retry-after"), "1");
        }
    }
    let audit = admin.get("/api/v1/audit?action=workspace.create").await.expect(200).json();
    assert_eq!(audit["items"].as_array().unwrap().len(), 5);
}

/// Answers with secrets are not kept, nor anything from which a secret could be had.
#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_not_kept() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    admin.send_json(Method::POST, "/api/v1/workspaces", &json!({ "name": "team" })).await.expect(201);
    let robot = json!({ "name": "ci", "role": "workspace-viewer", "scope": "pull" });
    admin.send_json(Method::POST, "/api/v1/workspaces/team/robots", &robot).await.expect(201);
    for (path, body) in [
        ("tokens", json!({ "name": "t", "scope": "all" })),
        ("workspaces/team/robots", json!({ "name": "ci-2", "role": "workspace-viewer", "scope": "pull" })),
        ("workspaces/team/robots/ci/rotate", json!({})),
        ("workspaces/team/invitations", json!({ "role": "workspace-viewer" })),
        ("session", json!({ "account": "admin", "password": "x" })),
    ] {
        let problem = post_with(&admin, &format!("/api/v1/{path}"), KEY, &body).await;
        let problem = problem.is_problem(400, "invalid");
        assert!(problem["detail"].as_str().unwrap().contains("leave the header out"), "{path}: {problem}");
    }
    let password = "a password that nobody guesses";
    let account = json!({ "name": "new", "role": "platform-regular", "password": password });
    post_with(&admin, "/api/v1/accounts", KEY, &account).await.expect(201);
    post_with(&admin, "/api/v1/accounts", KEY, &account).await.expect(201);
    for file in crate::support::files_below(server.data()) {
        let bytes = std::fs::read(&file).unwrap();
        for text in [password, KEY] {
            let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!found, "{} holds {text}", file.display());
        }
    }
}

/// Keys are forgotten after a day.
#[tokio::test(flavor = "multi_thread")]
async fn keys_end() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let team = json!({ "name": "team" });
    post_with(&admin, "/api/v1/workspaces", KEY, &team).await.expect(201);
    let store = server.store().await;
    let forget =
        |at: Timestamp| chandlery_store::idempotency_keys::delete_expired(store.database().writer(), at);
    assert_eq!(forget(Timestamp::now() - 1.hour()).await.unwrap(), 0);
    post_with(&admin, "/api/v1/workspaces", KEY, &team).await.expect(201);
    assert_eq!(forget(Timestamp::now()).await.unwrap(), 1);
    post_with(&admin, "/api/v1/workspaces", KEY, &team).await.is_problem(409, "already_exists");
}
