//! `/api/v1/workspaces/{workspace}/robots`

use http::Method;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use super::{account, all_items};
use crate::support::{Client, TestServer, package};

const ROBOTS: &str = "/api/v1/workspaces/team/robots";

async fn make(client: &Client, body: Value) -> Value {
    client.send_json(Method::POST, ROBOTS, &body).await.expect(201).json()
}

fn robot(name: &str, role: &str, scope: &str) -> Value {
    json!({ "name": name, "role": role, "scope": scope })
}

#[tokio::test(flavor = "multi_thread")]
async fn life_of_a_robot() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    admin.create_repository("team/charts", &json!({})).await;
    admin.create_repository("other/charts", &json!({})).await;
    let made = make(&admin, robot("ci", "workspace-regular", "push")).await;
    assert_eq!((&made["name"], &made["account"]), (&json!("ci"), &json!("robot.team.ci")));
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("chy_"), "{secret}");
    admin
        .send_json(Method::POST, ROBOTS, &robot("ci", "workspace-viewer", "pull"))
        .await
        .is_problem(409, "already_exists");
    let ci = server.anonymous().with_token(secret);
    ci.post("/api/team/charts/charts", package("a", "1.0.0")).await.expect(201);
    ci.get("/other/charts/index.yaml").await.is_error(404, "repository not found");
    let shown = admin.get(&format!("{ROBOTS}/ci")).await.expect(200);
    assert!(!shown.text().contains("chy_"), "{}", shown.text());

    let rotated =
        admin.send_json(Method::POST, &format!("{ROBOTS}/ci/rotate"), &json!({})).await.expect(200).json();
    ci.get("/api/v1/whoami").await.is_problem(401, "unauthenticated");
    let ci = server.anonymous().with_token(rotated["secret"].as_str().unwrap());
    let who = ci.get("/api/v1/whoami").await.expect(200).json();
    assert_eq!((&who["account"], &who["scope"]), (&json!("robot.team.ci"), &json!("push")));
    admin.delete(&format!("{ROBOTS}/ci")).await.expect(204);
    ci.get("/api/v1/whoami").await.is_problem(401, "unauthenticated");
    for path in ["ci", "robot.team.ci", "No%20Name"] {
        admin.get(&format!("{ROBOTS}/{path}")).await.is_problem(404, "not_found");
    }
    for name in ["c", "a", "b"] {
        make(&admin, robot(name, "workspace-viewer", "pull")).await;
    }
    let (robots, pages) = all_items(&admin, ROBOTS, 2).await;
    let names: Vec<_> = robots.iter().map(|robot| robot["name"].as_str().unwrap()).collect();
    assert_eq!((names, pages), (vec!["a", "b", "c"], 2));
}

/// Robots are programs of their workspace, and neither people nor ways around its rules.
#[tokio::test(flavor = "multi_thread")]
async fn a_robot_is_nobody() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let owner = account(&server, &admin, "owner", "platform-regular").await;
    let body = json!({ "name": "team", "administrator": "owner" });
    admin.send_json(Method::POST, "/api/v1/workspaces", &body).await.expect(201);
    let made = make(&owner, robot("root", "workspace-admin", "all")).await;
    let root = server.anonymous().with_token(made["secret"].as_str().unwrap());
    // It does what its role says.
    root.create_repository("team/charts", &json!({})).await;
    // But it makes no tokens that outlive its own, has no password, and joins nothing else.
    let token = json!({ "name": "mine", "scope": "pull" });
    root.send_json(Method::POST, "/api/v1/tokens", &token).await.is_problem(403, "forbidden");
    let passwords = json!({ "current": "", "new": "a good password" });
    root.send_json(Method::PUT, "/api/v1/password", &passwords).await.is_problem(403, "forbidden");
    let invitation = json!({ "role": "workspace-viewer" });
    let path = "/api/v1/workspaces/team/invitations";
    let invitation = owner.send_json(Method::POST, path, &invitation).await.expect(201).json();
    let secret = json!({ "secret": invitation["secret"] });
    root.send_json(Method::POST, "/api/v1/invitations/accept", &secret).await.is_problem(403, "forbidden");
    // It is no account to be managed or given rights.
    admin.get("/api/v1/accounts/robot.team.root").await.is_problem(404, "not_found");
    let promote = json!({ "role": "platform-admin" });
    let path = "/api/v1/accounts/robot.team.root";
    admin.send_json(Method::PATCH, path, &promote).await.is_problem(404, "not_found");
    let member = json!({ "account": "robot.team.root", "role": "workspace-viewer" });
    let elsewhere = json!({ "name": "else" });
    admin.send_json(Method::POST, "/api/v1/workspaces", &elsewhere).await.expect(201);
    let path = "/api/v1/workspaces/else/members";
    admin.send_json(Method::POST, path, &member).await.is_problem(400, "invalid");
    let taken = json!({ "name": "robot.team.other", "password": super::PASSWORD });
    admin.send_json(Method::POST, "/api/v1/accounts", &taken).await.is_problem(400, "invalid");
    let members = owner.get("/api/v1/workspaces/team/members").await.expect(200).json();
    assert_eq!(members["items"].as_array().unwrap().len(), 1);
    // It is no administrator that may stay alone.
    owner.delete("/api/v1/workspaces/team/members/owner").await.is_problem(409, "conflict");
}

#[tokio::test(flavor = "multi_thread")]
async fn robots_get_no_more_than_their_maker_has() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    admin.send_json(Method::POST, "/api/v1/workspaces", &json!({ "name": "team" })).await.expect(201);
    let role = json!({ "name": "keeper", "permissions": ["workspaces.manage"] });
    admin.send_json(Method::POST, "/api/v1/workspaces/team/roles", &role).await.expect(201);
    let keeper = account(&server, &admin, "keeper", "platform-regular").await;
    let member = json!({ "account": "keeper", "role": "keeper" });
    admin.send_json(Method::POST, "/api/v1/workspaces/team/members", &member).await.expect(201);
    make(&admin, robot("strong", "workspace-admin", "all")).await;
    let strong = robot("mine", "workspace-viewer", "pull");
    keeper.send_json(Method::POST, ROBOTS, &strong).await.is_problem(403, "forbidden");
    let path = format!("{ROBOTS}/strong/rotate");
    keeper.send_json(Method::POST, &path, &json!({})).await.is_problem(403, "forbidden");
    keeper.delete(&format!("{ROBOTS}/strong")).await.is_problem(403, "forbidden");
    make(&keeper, robot("mine", "keeper", "all")).await;
    let past = Timestamp::now() - 1.hour();
    for bad in [
        json!({ "name": "a.b", "role": "keeper", "scope": "pull" }),
        json!({ "name": "x".repeat(60), "role": "keeper", "scope": "pull" }),
        json!({ "name": "x", "role": "nothing", "scope": "pull" }),
        json!({ "name": "x", "role": "keeper", "scope": "pull", "expires_at": past }),
        json!({ "name": "x", "role": "keeper", "scope": "pull", "password": "a good password" }),
    ] {
        keeper.send_json(Method::POST, ROBOTS, &bad).await.is_problem(400, "invalid");
    }
}
