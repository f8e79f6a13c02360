//! `/api/v1/roles`, `/api/v1/workspaces/{workspace}/roles` and `/api/v1/permissions`.

use http::Method;
use serde_json::{Value, json};

use super::{account, all_items};
use crate::support::{Answer, Client, TestServer};

const ROLES: &str = "/api/v1/roles";
const TEAM_ROLES: &str = "/api/v1/workspaces/team/roles";

async fn make(client: &Client, path: &str, name: &str, permissions: &[&str]) -> Answer {
    client.send_json(Method::POST, path, &json!({ "name": name, "permissions": permissions })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn life_of_a_role() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let made =
        make(&admin, ROLES, "app-review", &["categories.manage", "apps.review"]).await.expect(201).json();
    assert_eq!(made["permissions"], json!(["apps.review", "categories.manage"]));
    assert_eq!((&made["built_in"], &made["kind"]), (&json!(false), &json!("platform")));
    make(&admin, ROLES, "app-review", &[]).await.is_problem(409, "already_exists");
    make(&admin, ROLES, "platform-admin", &[]).await.is_problem(409, "already_exists");
    make(&admin, ROLES, "other", &["apps.everything"]).await.is_problem(400, "invalid");
    make(&admin, ROLES, "Not A Name", &[]).await.is_problem(400, "invalid");

    let reviewer = account(&server, &admin, "reviewer", "app-review").await;
    let who = reviewer.get("/api/v1/whoami").await.expect(200).json();
    assert_eq!(who["permissions"], json!(["apps.review", "categories.manage"]));
    // A change holds for those who have the role, at once.
    let body = json!({ "permissions": ["apps.review"], "description": "looks at apps" });
    let path = "/api/v1/roles/app-review";
    let changed = admin.send_json(Method::PATCH, path, &body).await.expect(200).json();
    assert_eq!(changed["description"], "looks at apps");
    assert_eq!(admin.get(path).await.expect(200).json(), changed);
    let who = reviewer.get("/api/v1/whoami").await.expect(200).json();
    assert_eq!(who["permissions"], json!(["apps.review"]));
    admin.delete(path).await.is_problem(409, "conflict");
    let regular = json!({ "role": "platform-regular" });
    admin.send_json(Method::PATCH, "/api/v1/accounts/reviewer", &regular).await.expect(200);
    admin.delete(path).await.expect(204);
    admin.get(path).await.is_problem(404, "not_found");
    let body = json!({ "name": "x", "role": "app-review", "password": super::PASSWORD });
    admin.send_json(Method::POST, "/api/v1/accounts", &body).await.is_problem(400, "invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn built_in_roles_stay() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    admin.create_repository("team/charts", &json!({})).await;
    for path in ["/api/v1/roles/platform-admin", "/api/v1/workspaces/team/roles/workspace-admin"] {
        assert_eq!(admin.get(path).await.expect(200).json()["built_in"], true);
        admin.send_json(Method::PATCH, path, &json!({ "permissions": [] })).await.is_problem(409, "conflict");
        admin.delete(path).await.is_problem(409, "conflict");
    }
    // Those of one kind are none of the other.
    admin.get("/api/v1/roles/workspace-admin").await.is_problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_makes_a_role_with_more_than_they_have() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    make(&admin, ROLES, "roles-only", &["roles.manage", "apps.view"]).await.expect(201);
    make(&admin, ROLES, "strong", &["users.manage"]).await.expect(201);
    let keeper = account(&server, &admin, "keeper", "roles-only").await;
    make(&keeper, ROLES, "mine", &["users.manage"]).await.is_problem(403, "forbidden");
    make(&keeper, ROLES, "mine", &["apps.view"]).await.expect(201);
    let patch = async |name: &str, permissions: &[&str]| {
        let body = json!({ "permissions": permissions });
        keeper.send_json(Method::PATCH, &format!("{ROLES}/{name}"), &body).await
    };
    patch("mine", &["apps.view", "apps.create"]).await.is_problem(403, "forbidden");
    patch("strong", &[]).await.is_problem(403, "forbidden");
    keeper.delete("/api/v1/roles/strong").await.is_problem(403, "forbidden");
    // Their own role does not grow either.
    patch("roles-only", &["roles.manage", "apps.view", "users.manage"]).await.is_problem(403, "forbidden");
    patch("mine", &[]).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_of_workspaces() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for workspace in ["team", "other"] {
        admin.create_repository(&format!("{workspace}/charts"), &json!({})).await;
    }
    for platform in ["apps.review", "users.manage", "roles.manage"] {
        make(&admin, TEAM_ROLES, "x", &[platform]).await.is_problem(400, "invalid");
    }
    make(&admin, TEAM_ROLES, "pusher", &["apps.view", "apps.create"]).await.expect(201);
    // Another workspace has its own.
    admin.get("/api/v1/workspaces/other/roles/pusher").await.is_problem(404, "not_found");
    make(&admin, "/api/v1/workspaces/other/roles", "pusher", &[]).await.expect(201);
    let dev = account(&server, &admin, "dev", "platform-regular").await;
    let body = json!({ "account": "dev", "role": "pusher" });
    admin.send_json(Method::POST, "/api/v1/workspaces/team/members", &body).await.expect(201);
    admin.delete("/api/v1/workspaces/team/roles/pusher").await.is_problem(409, "conflict");
    admin.delete("/api/v1/workspaces/other/roles/pusher").await.expect(204);
    dev.post("/api/team/charts/charts", crate::support::package("a", "1.0.0")).await.expect(201);
    dev.get("/api/v1/workspaces/team/roles").await.expect(200);
    make(&dev, TEAM_ROLES, "mine", &[]).await.is_problem(403, "forbidden");
    dev.get("/api/v1/workspaces/other/roles").await.is_problem(404, "not_found");
    let body = json!({ "permissions": ["apps.view"] });
    admin.send_json(Method::PATCH, "/api/v1/workspaces/team/roles/pusher", &body).await.expect(200);
    dev.post("/api/team/charts/charts", crate::support::package("a", "1.0.1")).await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_have_built_in_and_custom_roles_in_order() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for name in ["aaa", "platform-b", "zzz"] {
        make(&admin, ROLES, name, &[]).await.expect(201);
    }
    let expected = [
        "aaa",
        "platform-admin",
        "platform-b",
        "platform-regular",
        "repositories-manager",
        "workspaces-manager",
        "zzz",
    ];
    for limit in [1, 2, 3, 7, 500] {
        let (roles, pages) = all_items(&admin, ROLES, limit).await;
        let names: Vec<_> = roles.iter().map(|role| role["name"].as_str().unwrap()).collect();
        assert_eq!(names, expected, "{limit}");
        assert_eq!(pages, expected.len().div_ceil(limit as usize));
    }
    admin.get("/api/v1/roles?cursor=a%00b").await.is_problem(400, "invalid");
    let permissions = admin.get("/api/v1/permissions").await.expect(200).json();
    let permissions = permissions["items"].as_array().unwrap().clone();
    assert_eq!(permissions.len(), 15);
    let kinds = |name: &str| -> Value {
        permissions.iter().find(|permission| permission["name"] == name).unwrap()["kinds"].clone()
    };
    assert_eq!(kinds("users.manage"), json!(["platform"]));
    assert_eq!(kinds("instances.view"), json!(["platform", "workspace", "project"]));
}
