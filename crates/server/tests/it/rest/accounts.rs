//! `/api/v1/accounts`, `/api/v1/whoami` and `/api/v1/password`.

use http::Method;
use serde_json::json;

use super::{PASSWORD, account, all_items};
use crate::support::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn whoami() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let who = server.anonymous().get("/api/v1/whoami").await.expect(200).json();
    let nobody = json!({ "account": null, "role": null, "permissions": [], "workspaces": [], "scope": null, "repository": null });
    assert_eq!(who, nobody);
    let who = server.admin_by_password().get("/api/v1/whoami").await.expect(200).json();
    assert_eq!((&who["account"], &who["role"]), (&json!("admin"), &json!("platform-admin")));
    assert_eq!((&who["scope"], &who["repository"]), (&json!("all"), &json!(null)));
    assert!(who["permissions"].as_array().unwrap().contains(&json!("users.manage")));
    let request = json!({ "name": "ci", "scope": "push", "repository": "default/charts" });
    let who = admin.create_token(&request).await.get("/api/v1/whoami").await.expect(200).json();
    assert_eq!((&who["scope"], &who["repository"]), (&json!("push"), &json!("default/charts")));
    // A token as a password, with any name, as `helm repo add --password` sends it.
    let secret = admin.authorization().strip_prefix("Bearer ").unwrap().to_owned();
    let who =
        server.anonymous().with_password("anything", &secret).get("/api/v1/whoami").await.expect(200).json();
    assert_eq!(who["account"], "admin");
}

#[tokio::test(flavor = "multi_thread")]
async fn life_of_an_account() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let someone = account(&server, &admin, "someone", "platform-regular").await;
    let token = someone.create_token(&json!({ "name": "ci", "scope": "all" })).await;
    let view = admin.get("/api/v1/accounts/someone").await.expect(200);
    assert!(!view.text().contains("password") && !view.text().contains("argon2"), "{}", view.text());
    let view = view.json();
    assert_eq!((&view["name"], &view["role"]), (&json!("someone"), &json!("platform-regular")));
    let again = json!({ "name": "someone", "password": PASSWORD });
    admin.send_json(Method::POST, "/api/v1/accounts", &again).await.is_problem(409, "already_exists");

    let patch = async |body| admin.send_json(Method::PATCH, "/api/v1/accounts/someone", &body).await;
    let changed = patch(json!({ "role": "repositories-manager" })).await.expect(200).json();
    assert_eq!(changed["role"], "repositories-manager");
    assert_eq!(token.get("/api/v1/whoami").await.expect(200).json()["role"], "repositories-manager");
    patch(json!({ "disabled": true })).await.expect(200);
    for client in [&someone, &token] {
        client.get("/api/v1/whoami").await.is_problem(401, "unauthenticated");
    }
    patch(json!({ "disabled": false })).await.expect(200);
    token.get("/api/v1/whoami").await.expect(200);
    patch(json!({ "password": "another password" })).await.expect(200);
    someone.get("/api/v1/whoami").await.is_problem(401, "unauthenticated");
    server.anonymous().with_password("someone", "another password").get("/api/v1/whoami").await.expect(200);

    admin.delete("/api/v1/accounts/someone").await.expect(204);
    token.get("/api/v1/whoami").await.is_problem(401, "unauthenticated");
    for method in [Method::GET, Method::DELETE] {
        let answer = crate::support::Answer::to(admin.request(method, "/api/v1/accounts/someone")).await;
        answer.is_problem(404, "not_found");
    }
    patch(json!({})).await.is_problem(404, "not_found");
    // A new one of this name has nothing of the old one.
    account(&server, &admin, "someone", "platform-regular").await;
    token.get("/api/v1/whoami").await.is_problem(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_administrator_stays() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    account(&server, &admin, "other", "repositories-manager").await;
    let patch = async |name: &str, body| {
        admin.send_json(Method::PATCH, &format!("/api/v1/accounts/{name}"), &body).await
    };
    for body in [json!({ "disabled": true }), json!({ "role": "platform-regular" })] {
        patch("admin", body).await.is_problem(409, "conflict");
    }
    admin.delete("/api/v1/accounts/admin").await.is_problem(409, "conflict");
    assert_eq!(admin.get("/api/v1/accounts/admin").await.expect(200).json()["role"], "platform-admin");
    // A disabled administrator does not count.
    patch("other", json!({ "role": "platform-admin", "disabled": true })).await.expect(200);
    admin.delete("/api/v1/accounts/admin").await.is_problem(409, "conflict");
    patch("other", json!({ "disabled": false })).await.expect(200);
    admin.delete("/api/v1/accounts/admin").await.expect(204);
    admin.get("/api/v1/whoami").await.is_problem(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn workspaces_keep_an_administrator() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let role = json!({ "name": "hr", "permissions": ["users.manage"] });
    admin.send_json(Method::POST, "/api/v1/roles", &role).await.expect(201);
    let hr = account(&server, &admin, "hr", "hr").await;
    account(&server, &admin, "owner", "platform-regular").await;
    account(&server, &admin, "second", "platform-regular").await;
    let workspace = json!({ "name": "team", "administrator": "owner" });
    admin.send_json(Method::POST, "/api/v1/workspaces", &workspace).await.expect(201);
    let disable = json!({ "disabled": true });
    let path = "/api/v1/accounts/owner";
    let problem = hr.send_json(Method::PATCH, path, &disable).await.is_problem(409, "conflict");
    assert!(problem["detail"].as_str().unwrap().contains("the workspace team"), "{problem}");
    hr.delete(path).await.is_problem(409, "conflict");
    let member = json!({ "account": "second", "role": "workspace-admin" });
    admin.send_json(Method::POST, "/api/v1/workspaces/team/members", &member).await.expect(201);
    hr.send_json(Method::PATCH, path, &disable).await.expect(200);
    hr.delete(path).await.expect(204);
    hr.delete("/api/v1/accounts/second").await.is_problem(409, "conflict");
    // Who manages all workspaces is not locked out of this one.
    admin.delete("/api/v1/accounts/second").await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let someone = account(&server, &admin, "someone", "platform-regular").await;
    let put = async |body| someone.send_json(Method::PUT, "/api/v1/password", &body).await;
    put(json!({ "current": "wrong", "new": "another password" })).await.is_problem(403, "forbidden");
    for bad in ["short", "", "chy_looks-like-a-token"] {
        put(json!({ "current": PASSWORD, "new": bad })).await.is_problem(400, "invalid");
    }
    put(json!({ "current": PASSWORD, "new": "another password" })).await.expect(204);
    someone.get("/api/v1/whoami").await.is_problem(401, "unauthenticated");
    let someone = server.anonymous().with_password("someone", "another password");
    someone.get("/api/v1/whoami").await.expect(200);
    let anonymous = server.anonymous();
    let body = json!({ "current": PASSWORD, "new": "another password" });
    anonymous.send_json(Method::PUT, "/api/v1/password", &body).await.is_problem(401, "unauthenticated");
    // Any letters, a colon among them.
    for (name, password) in [("colon", "with:colons: "), ("letters", "pässwörter 密码密码")] {
        let body = json!({ "name": name, "password": password });
        admin.send_json(Method::POST, "/api/v1/accounts", &body).await.expect(201);
        server.anonymous().with_password(name, password).get("/api/v1/whoami").await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_pages() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for bad in ["", "A", "a b", "../a", "a/b", "-a", &"a".repeat(64), "a\u{0}"] {
        let body = json!({ "name": bad, "password": PASSWORD });
        admin.send_json(Method::POST, "/api/v1/accounts", &body).await.is_problem(400, "invalid");
    }
    for path in ["/api/v1/accounts/No%20Name", "/api/v1/accounts/%2E%2E%2Fadmin", "/api/v1/accounts/nobody"] {
        admin.get(path).await.is_problem(404, "not_found");
    }
    for number in 0..4 {
        account(&server, &admin, &format!("someone-{number}"), "platform-regular").await;
    }
    for limit in [1, 2, 3, 4, 5, 500] {
        let (accounts, pages) = all_items(&admin, "/api/v1/accounts", limit).await;
        let names: Vec<_> = accounts.iter().map(|account| account["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["admin", "someone-0", "someone-1", "someone-2", "someone-3"]);
        assert_eq!(pages, 5_usize.div_ceil(limit as usize));
    }
    for bad in ["limit=0", "limit=501", "limit=x", "limit=-1", "unknown=1", "limit=1&limit=2"] {
        admin.get(&format!("/api/v1/accounts?{bad}")).await.is_problem(400, "invalid");
    }
}
