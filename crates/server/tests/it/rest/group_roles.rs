//! `/api/v1/group-roles` and `/api/v1/workspaces/{workspace}/group-roles`.

use http::Method;
use serde_json::json;

use super::{account, all_items};
use crate::support::{Answer, Client, TestServer};

const PLATFORM: &str = "/api/v1/group-roles";
const TEAM: &str = "/api/v1/workspaces/team/group-roles";

async fn give(client: &Client, path: &str, group: &str, role: &str) -> Answer {
    client.send_json(Method::POST, path, &json!({ "group": group, "role": role })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_give_roles_and_stop() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for workspace in ["team", "other"] {
        admin.send_json(Method::POST, "/api/v1/workspaces", &json!({ "name": workspace })).await.expect(201);
    }
    let group = "org/Dev Team: \u{738b}&a=b";
    let made = give(&admin, PLATFORM, group, "workspaces-manager").await.expect(201).json();
    assert_eq!(made, json!({ "group": group, "role": "workspaces-manager" }));
    give(&admin, PLATFORM, group, "platform-admin").await.is_problem(409, "already_exists");
    give(&admin, TEAM, group, "workspace-viewer").await.expect(201);
    for number in 0..3 {
        give(&admin, TEAM, &format!("g{number}"), "workspace-regular").await.expect(201);
    }
    let long = "g".repeat(256);
    let refusals = [
        (PLATFORM, "g", "workspace-admin"),
        (PLATFORM, "g", "nothing"),
        (TEAM, "g", "platform-admin"),
        (TEAM, "", "workspace-viewer"),
        (TEAM, "a\nb", "workspace-viewer"),
        (TEAM, long.as_str(), "workspace-viewer"),
    ];
    for (path, group, role) in refusals {
        give(&admin, path, group, role).await.is_problem(400, "invalid");
    }
    for limit in [1, 2, 500] {
        let (given, _) = all_items(&admin, TEAM, limit).await;
        let groups: Vec<_> = given.iter().map(|given| given["group"].as_str().unwrap()).collect();
        assert_eq!(groups, ["g0", "g1", "g2", group]);
    }
    assert_eq!(
        all_items(&admin, "/api/v1/workspaces/other/group-roles", 5).await.0,
        Vec::<serde_json::Value>::new()
    );
    let query = "?group=org%2FDev%20Team%3A%20%E7%8E%8B%26a%3Db";
    admin.delete(&format!("{TEAM}{query}")).await.expect(204);
    admin.delete(&format!("{TEAM}{query}")).await.is_problem(404, "not_found");
    admin.delete(TEAM).await.is_problem(400, "invalid");
    assert_eq!(all_items(&admin, PLATFORM, 5).await.0.len(), 1);
    // A role that a group gives is in use.
    let role = json!({ "name": "custom", "permissions": [] });
    admin.send_json(Method::POST, "/api/v1/roles", &role).await.expect(201);
    give(&admin, PLATFORM, "g", "custom").await.expect(201);
    admin.delete("/api/v1/roles/custom").await.is_problem(409, "conflict");
    let audit = admin.get("/api/v1/audit").await.expect(200).text();
    assert!(audit.contains("group-role.create") && audit.contains("group-role.delete"), "{audit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gives_a_group_more_than_they_have() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for (name, permissions) in
        [("roles-only", json!(["roles.manage"])), ("reviews", json!(["apps.review"])), ("empty", json!([]))]
    {
        let role = json!({ "name": name, "permissions": permissions });
        admin.send_json(Method::POST, "/api/v1/roles", &role).await.expect(201);
    }
    let keeper = account(&server, &admin, "keeper", "roles-only").await;
    give(&keeper, PLATFORM, "g", "platform-admin").await.is_problem(403, "forbidden");
    give(&keeper, PLATFORM, "g", "reviews").await.is_problem(403, "forbidden");
    give(&keeper, PLATFORM, "g", "empty").await.expect(201);
    give(&admin, PLATFORM, "strong", "reviews").await.expect(201);
    keeper.delete(&format!("{PLATFORM}?group=strong")).await.is_problem(403, "forbidden");
    keeper.delete(&format!("{PLATFORM}?group=g")).await.expect(204);

    let owner = account(&server, &admin, "owner", "platform-regular").await;
    let workspace = json!({ "name": "team", "administrator": "owner" });
    admin.send_json(Method::POST, "/api/v1/workspaces", &workspace).await.expect(201);
    give(&owner, TEAM, "devs", "workspace-admin").await.expect(201);
    give(&owner, PLATFORM, "devs", "empty").await.is_problem(403, "forbidden");
    let stranger = account(&server, &admin, "stranger", "platform-regular").await;
    give(&stranger, TEAM, "devs", "workspace-viewer").await.is_problem(404, "not_found");
    stranger.get(TEAM).await.is_problem(404, "not_found");
}
