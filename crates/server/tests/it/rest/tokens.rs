//! `/api/v1/tokens`

use http::Method;
use jiff::{Timestamp, ToSpan};
use serde_json::json;

use super::{account, all_items};
use crate::support::{TestServer, package};

#[tokio::test(flavor = "multi_thread")]
async fn life_of_a_token() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let expiry = Timestamp::now() + 24.hours();
    let request =
        json!({ "name": "ci", "scope": "push", "repository": "default/charts", "expires_at": expiry });
    let created = admin.send_json(Method::POST, "/api/v1/tokens", &request).await.expect(201).json();
    let secret = created["secret"].as_str().unwrap();
    assert!(secret.starts_with("chy_") && secret.len() > 40, "{secret}");
    assert_eq!((&created["scope"], &created["repository"]), (&json!("push"), &json!("default/charts")));
    assert_eq!(created["expires_at"].as_str().unwrap().parse::<Timestamp>().unwrap(), expiry);
    admin.send_json(Method::POST, "/api/v1/tokens", &request).await.is_problem(409, "already_exists");
    let listed = admin.get("/api/v1/tokens").await.expect(200).text();
    assert!(listed.contains("\"ci\"") && !listed.contains("chy_") && !listed.contains("secret"), "{listed}");

    let token = server.anonymous().with_token(secret);
    token.post("/api/charts", package("a", "1.0.0")).await.expect(201);
    admin.delete("/api/v1/tokens/ci").await.expect(204);
    // At once, although it was used a moment ago.
    token.get("/index.yaml").await.is_error(401, "unauthorized");
    token.post("/api/charts", package("a", "2.0.0")).await.is_error(401, "unauthorized");
    admin.delete("/api/v1/tokens/ci").await.is_problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_makes_no_stronger_one() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    admin.create_repository("team/a", &json!({})).await;
    admin.create_repository("team/b", &json!({})).await;
    let pull = admin.create_token(&json!({ "name": "pull", "scope": "pull" })).await;
    let push = admin.create_token(&json!({ "name": "push", "scope": "push" })).await;
    let limited =
        admin.create_token(&json!({ "name": "limited", "scope": "all", "repository": "team/a" })).await;
    for (client, request) in [
        (&pull, json!({ "name": "x", "scope": "push" })),
        (&pull, json!({ "name": "x", "scope": "all" })),
        (&push, json!({ "name": "x", "scope": "all" })),
        (&limited, json!({ "name": "x", "scope": "pull" })),
    ] {
        client.send_json(Method::POST, "/api/v1/tokens", &request).await.is_problem(403, "forbidden");
    }
    // What the token cannot see does not exist for it.
    let other = json!({ "name": "x", "scope": "pull", "repository": "team/b" });
    limited.send_json(Method::POST, "/api/v1/tokens", &other).await.is_problem(404, "not_found");
    let same =
        limited.create_token(&json!({ "name": "same", "scope": "push", "repository": "team/a" })).await;
    same.post("/api/team/a/charts", package("a", "1.0.0")).await.expect(201);
    same.post("/api/team/b/charts", package("a", "1.0.0")).await.is_error(404, "repository not found");
}

/// Nobody sees, deletes or blocks the tokens of others.
#[tokio::test(flavor = "multi_thread")]
async fn everybody_has_their_own() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let someone = account(&server, &admin, "someone", "platform-regular").await;
    let mine = admin.create_token(&json!({ "name": "mine", "scope": "pull" })).await;
    let theirs = someone.create_token(&json!({ "name": "mine", "scope": "pull" })).await;
    someone.delete("/api/v1/tokens/mine").await.expect(204);
    someone.delete("/api/v1/tokens/mine").await.is_problem(404, "not_found");
    theirs.get("/api/v1/whoami").await.expect(401);
    mine.get("/api/v1/whoami").await.expect(200);
    mine.delete("/api/v1/tokens/mine").await.is_problem(403, "forbidden");
    let passwords = json!({ "current": "x", "new": "something else" });
    mine.send_json(Method::PUT, "/api/v1/password", &passwords).await.is_problem(403, "forbidden");
    assert_eq!(someone.get("/api/v1/tokens").await.expect(200).json(), json!({ "items": [] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_and_pages() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for bad in [
        json!({ "name": "x" }),
        json!({ "name": "x", "scope": "everything" }),
        json!({ "name": "X Y", "scope": "pull" }),
        json!({ "name": "x", "scope": "pull", "secret": "chy_mine" }),
        json!({ "name": "x", "scope": "pull", "account": "admin" }),
        json!({ "name": "x", "scope": "pull", "expires_at": "yesterday" }),
        json!({ "name": "x", "scope": "pull", "expires_at": Timestamp::now() - 1.hour() }),
        json!({ "name": "x", "scope": "pull", "repository": "../x" }),
    ] {
        admin.send_json(Method::POST, "/api/v1/tokens", &bad).await.is_problem(400, "invalid");
    }
    for number in 0..7 {
        admin.create_token(&json!({ "name": format!("t{number}"), "scope": "pull" })).await;
    }
    let (tokens, pages) = all_items(&admin, "/api/v1/tokens", 3).await;
    assert_eq!((tokens.len(), pages), (8, 3));
}

/// A token ends with the repository it is for.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_a_deleted_repository() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    admin.create_repository("team/gone", &json!({})).await;
    let token = admin.create_token(&json!({ "name": "x", "scope": "push", "repository": "team/gone" })).await;
    token.post("/api/team/gone/charts", package("a", "1.0.0")).await.expect(201);
    admin.delete("/api/v1/repositories/team/gone").await.expect(204);
    admin.create_repository("team/gone", &json!({})).await;
    let answer = token.post("/api/team/gone/charts", package("a", "1.0.0")).await;
    assert!(matches!(answer.status, 401 | 404), "{} {}", answer.status, answer.text());
    // Above all it did not become one for everything.
    let elsewhere = token.post("/api/charts", package("a", "1.0.0")).await;
    assert!(matches!(elsewhere.status, 401 | 403 | 404), "{} {}", elsewhere.status, elsewhere.text());
}
