//! `/api/v1/workspaces`, their members, invitations and projects.

use http::Method;
use jiff::{Timestamp, ToSpan};
use serde_json::json;

use super::{account, all_items};
use crate::support::{Answer, Client, TestServer};

const WORKSPACES: &str = "/api/v1/workspaces";
const TEAM: &str = "/api/v1/workspaces/team";
const MEMBERS: &str = "/api/v1/workspaces/team/members";
const INVITATIONS: &str = "/api/v1/workspaces/team/invitations";
const PROJECTS: &str = "/api/v1/workspaces/team/projects";
const ACCEPT: &str = "/api/v1/invitations/accept";

async fn add(client: &Client, name: &str, role: &str) -> Answer {
    client.send_json(Method::POST, MEMBERS, &json!({ "account": name, "role": role })).await
}

async fn set_role(client: &Client, name: &str, role: &str) -> Answer {
    client.send_json(Method::PATCH, &format!("{MEMBERS}/{name}"), &json!({ "role": role })).await
}

async fn names_of(client: &Client, path: &str, field: &str) -> Vec<String> {
    let (items, _) = all_items(client, path, 2).await;
    items.iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn life_of_a_workspace() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let manager = account(&server, &admin, "manager", "workspaces-manager").await;
    let owner = account(&server, &admin, "owner", "platform-regular").await;
    let stranger = account(&server, &admin, "stranger", "platform-regular").await;
    let body = json!({ "name": "team", "display_name": "The team", "administrator": "owner" });
    owner.send_json(Method::POST, WORKSPACES, &body).await.is_problem(403, "forbidden");
    let made = manager.send_json(Method::POST, WORKSPACES, &body).await.expect(201).json();
    assert_eq!((&made["name"], &made["display_name"]), (&json!("team"), &json!("The team")));
    // Who made it for somebody else only manages it.
    assert_eq!(made["permissions"], json!(["workspaces.manage"]));
    manager.send_json(Method::POST, WORKSPACES, &body).await.is_problem(409, "already_exists");
    for bad in [
        json!({ "name": "api" }),
        json!({ "name": "x", "administrator": "nobody" }),
        json!({ "name": "x", "display_name": "a\nb" }),
        json!({ "name": "x", "owner": "me" }),
    ] {
        manager.send_json(Method::POST, WORKSPACES, &bad).await.is_problem(400, "invalid");
    }
    let own = json!({ "name": "own" });
    let made = manager.send_json(Method::POST, WORKSPACES, &own).await.expect(201).json();
    assert_eq!(made["permissions"].as_array().unwrap().len(), 10);
    assert_eq!(names_of(&manager, "/api/v1/workspaces/own/members", "account").await, ["manager"]);
    assert_eq!(names_of(&manager, WORKSPACES, "name").await, ["default", "own", "system", "team"]);
    assert_eq!(names_of(&owner, WORKSPACES, "name").await, ["team"]);
    assert_eq!(names_of(&stranger, WORKSPACES, "name").await, [""; 0]);
    stranger.get(TEAM).await.is_problem(404, "not_found");

    let body = json!({ "description": "what\nfor" });
    let changed = owner.send_json(Method::PATCH, TEAM, &body).await.expect(200).json();
    assert_eq!(
        (&changed["description"], &changed["display_name"]),
        (&json!("what\nfor"), &json!("The team"))
    );
    owner.create_repository("team/charts", &json!({})).await;
    owner.delete(TEAM).await.is_problem(409, "conflict");
    owner.delete("/api/v1/repositories/team/charts").await.expect(204);
    owner.send_json(Method::POST, PROJECTS, &json!({ "name": "web" })).await.expect(201);
    owner.delete(TEAM).await.is_problem(409, "conflict");
    owner.delete(&format!("{PROJECTS}/web")).await.expect(204);
    owner.delete(TEAM).await.expect(204);
    owner.get(TEAM).await.is_problem(404, "not_found");
    assert_eq!(names_of(&owner, WORKSPACES, "name").await, [""; 0]);
}

/// Whoever makes a workspace with its first repository administers it.
#[tokio::test(flavor = "multi_thread")]
async fn workspaces_of_repositories_have_an_administrator() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let manager = account(&server, &admin, "manager", "repositories-manager").await;
    manager.create_repository("team/charts", &json!({})).await;
    let members = manager.get(MEMBERS).await.expect(200).json();
    assert_eq!(members["items"][0]["account"], "manager");
    assert_eq!(members["items"][0]["role"], "workspace-admin");
    let who = manager.get("/api/v1/whoami").await.expect(200).json();
    assert_eq!(who["workspaces"][0]["workspace"], "team");
    // A second one changes nothing.
    admin.create_repository("team/more", &json!({})).await;
    assert_eq!(names_of(&admin, MEMBERS, "account").await, ["manager"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn members_come_change_and_go() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    admin.send_json(Method::POST, WORKSPACES, &json!({ "name": "team" })).await.expect(201);
    let dev = account(&server, &admin, "dev", "platform-regular").await;
    dev.get(TEAM).await.is_problem(404, "not_found");
    let made = add(&admin, "dev", "workspace-viewer").await.expect(201).json();
    assert_eq!((&made["account"], &made["role"]), (&json!("dev"), &json!("workspace-viewer")));
    assert_eq!(dev.get(TEAM).await.expect(200).json()["permissions"], json!(["apps.view", "instances.view"]));
    add(&admin, "dev", "workspace-viewer").await.is_problem(409, "already_exists");
    for (name, role) in [("nobody", "workspace-viewer"), ("dev", "platform-admin"), ("dev", "nothing")] {
        add(&admin, name, role).await.is_problem(400, "invalid");
    }
    set_role(&admin, "dev", "workspace-regular").await.expect(200);
    assert_eq!(dev.get(&format!("{MEMBERS}/dev")).await.expect(200).json()["role"], "workspace-regular");
    set_role(&admin, "nobody", "workspace-regular").await.is_problem(404, "not_found");
    dev.delete(&format!("{MEMBERS}/admin")).await.is_problem(403, "forbidden");
    set_role(&dev, "dev", "workspace-admin").await.is_problem(403, "forbidden");
    // One may leave oneself, but not with a token that may do less.
    let pull = dev.create_token(&json!({ "name": "pull", "scope": "pull" })).await;
    pull.delete(&format!("{MEMBERS}/dev")).await.is_problem(403, "forbidden");
    dev.delete(&format!("{MEMBERS}/dev")).await.expect(204);
    dev.get(TEAM).await.is_problem(404, "not_found");
    admin.delete(&format!("{MEMBERS}/dev")).await.is_problem(404, "not_found");
    for number in 0..4 {
        account(&server, &admin, &format!("m-{number}"), "platform-regular").await;
        add(&admin, &format!("m-{number}"), "workspace-viewer").await.expect(201);
    }
    assert_eq!(names_of(&admin, MEMBERS, "account").await, ["admin", "m-0", "m-1", "m-2", "m-3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gives_more_than_they_have() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    admin.send_json(Method::POST, WORKSPACES, &json!({ "name": "team" })).await.expect(201);
    let role = json!({ "name": "keeper", "permissions": ["workspaces.manage", "apps.view"] });
    admin.send_json(Method::POST, &format!("{TEAM}/roles"), &role).await.expect(201);
    let keeper = account(&server, &admin, "keeper", "platform-regular").await;
    account(&server, &admin, "dev", "platform-regular").await;
    add(&admin, "keeper", "keeper").await.expect(201);
    for role in ["workspace-admin", "workspace-regular", "workspace-viewer"] {
        add(&keeper, "dev", role).await.is_problem(403, "forbidden");
        let invitation = json!({ "role": role });
        keeper.send_json(Method::POST, INVITATIONS, &invitation).await.is_problem(403, "forbidden");
        set_role(&keeper, "keeper", role).await.is_problem(403, "forbidden");
    }
    add(&keeper, "dev", "keeper").await.expect(201);
    // Nor do they take away from those who have more.
    set_role(&keeper, "admin", "keeper").await.is_problem(403, "forbidden");
    keeper.delete(&format!("{MEMBERS}/admin")).await.is_problem(403, "forbidden");
    // Managing all workspaces is no right to what is in them.
    let manager = account(&server, &admin, "manager", "workspaces-manager").await;
    add(&manager, "manager", "workspace-admin").await.is_problem(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_workspace_admin_stays() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let owner = account(&server, &admin, "owner", "platform-regular").await;
    let second = account(&server, &admin, "second", "platform-regular").await;
    let body = json!({ "name": "team", "administrator": "owner" });
    admin.send_json(Method::POST, WORKSPACES, &body).await.expect(201);
    owner.delete(&format!("{MEMBERS}/owner")).await.is_problem(409, "conflict");
    set_role(&owner, "owner", "workspace-viewer").await.is_problem(409, "conflict");
    add(&owner, "second", "workspace-admin").await.expect(201);
    // One who cannot log in does not count.
    let disable = |disabled: bool| json!({ "disabled": disabled });
    admin.send_json(Method::PATCH, "/api/v1/accounts/second", &disable(true)).await.expect(200);
    owner.delete(&format!("{MEMBERS}/owner")).await.is_problem(409, "conflict");
    admin.send_json(Method::PATCH, "/api/v1/accounts/second", &disable(false)).await.expect(200);
    owner.delete(&format!("{MEMBERS}/owner")).await.expect(204);
    second.delete(&format!("{MEMBERS}/second")).await.is_problem(409, "conflict");
    // Who manages all workspaces can give it to others.
    admin.delete(&format!("{MEMBERS}/second")).await.expect(204);
    add(&admin, "owner", "workspace-admin").await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn invitations() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let owner = account(&server, &admin, "owner", "platform-regular").await;
    let guest = account(&server, &admin, "guest", "platform-regular").await;
    let body = json!({ "name": "team", "administrator": "owner" });
    admin.send_json(Method::POST, WORKSPACES, &body).await.expect(201);
    let invite = async |client: &Client, body| client.send_json(Method::POST, INVITATIONS, &body).await;
    for hours in [-1, 91 * 24] {
        let body = json!({ "role": "workspace-viewer", "expires_at": Timestamp::now() + hours.hours() });
        invite(&owner, body).await.is_problem(400, "invalid");
    }
    invite(&owner, json!({ "role": "nothing" })).await.is_problem(400, "invalid");
    let made = invite(&owner, json!({ "role": "workspace-regular" })).await.expect(201).json();
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("chi_") && secret.len() > 40, "{secret}");
    let listed = owner.get(INVITATIONS).await.expect(200);
    assert!(!listed.text().contains("chi_") && !listed.text().contains("hash"), "{}", listed.text());
    assert_eq!(listed.json()["items"][0]["created_by"], "owner");

    let accept = async |client: &Client, secret: &str| {
        client.send_json(Method::POST, ACCEPT, &json!({ "secret": secret })).await
    };
    accept(&server.anonymous(), secret).await.is_problem(401, "unauthenticated");
    accept(&guest, "chi_wrong").await.is_problem(404, "not_found");
    let pull = guest.create_token(&json!({ "name": "pull", "scope": "pull" })).await;
    accept(&pull, secret).await.is_problem(403, "forbidden");
    // Whoever is a member does not use it up.
    accept(&owner, secret).await.is_problem(409, "already_exists");
    let joined = accept(&guest, secret).await.expect(200).json();
    assert_eq!((&joined["workspace"], &joined["role"]), (&json!("team"), &json!("workspace-regular")));
    guest.get(TEAM).await.expect(200);
    // It works once.
    let third = account(&server, &admin, "third", "platform-regular").await;
    accept(&third, secret).await.is_problem(404, "not_found");

    let made = invite(&owner, json!({ "role": "workspace-viewer" })).await.expect(201).json();
    owner.delete(&format!("{INVITATIONS}/{}", made["id"])).await.expect(204);
    accept(&third, made["secret"].as_str().unwrap()).await.is_problem(404, "not_found");
    for bad in ["0", "x", "-1"] {
        owner.delete(&format!("{INVITATIONS}/{bad}")).await.is_problem(404, "not_found");
    }
    // What somebody handed out ends with their own rights.
    add(&admin, "third", "workspace-admin").await.expect(201);
    let made = invite(&third, json!({ "role": "workspace-admin" })).await.expect(201).json();
    owner.delete(&format!("{MEMBERS}/third")).await.expect(204);
    accept(&third, made["secret"].as_str().unwrap()).await.is_problem(404, "not_found");
    assert_eq!(owner.get(INVITATIONS).await.expect(200).json(), json!({ "items": [] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn projects() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    admin.send_json(Method::POST, WORKSPACES, &json!({ "name": "team" })).await.expect(201);
    let dev = account(&server, &admin, "dev", "platform-regular").await;
    add(&admin, "dev", "workspace-regular").await.expect(201);
    let body = json!({ "name": "web", "display_name": "Web", "description": "all of it" });
    dev.send_json(Method::POST, PROJECTS, &body).await.is_problem(403, "forbidden");
    let made = admin.send_json(Method::POST, PROJECTS, &body).await.expect(201).json();
    admin.send_json(Method::POST, PROJECTS, &body).await.is_problem(409, "already_exists");
    let path = format!("{PROJECTS}/web");
    // Times are kept to the nanosecond.
    assert_eq!(dev.get(&path).await.expect(200).json(), made);
    let changed =
        admin.send_json(Method::PATCH, &path, &json!({ "display_name": "" })).await.expect(200).json();
    assert_eq!((&changed["display_name"], &changed["description"]), (&json!(""), &json!("all of it")));
    for bad in [json!({ "name": "Web" }), json!({ "name": "b", "description": "\0" }), json!({})] {
        admin.send_json(Method::POST, PROJECTS, &bad).await.is_problem(400, "invalid");
    }
    for name in ["a", "b", "c", "d"] {
        admin.send_json(Method::POST, PROJECTS, &json!({ "name": name })).await.expect(201);
    }
    assert_eq!(names_of(&dev, PROJECTS, "name").await, ["a", "b", "c", "d", "web"]);
    admin.delete(&path).await.expect(204);
    admin.delete(&path).await.is_problem(404, "not_found");
}

/// Every change leaves its row, and no secret is in any.
#[tokio::test(flavor = "multi_thread")]
async fn changes_are_audited() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    admin.send_json(Method::POST, WORKSPACES, &json!({ "name": "team" })).await.expect(201);
    account(&server, &admin, "dev", "platform-regular").await;
    add(&admin, "dev", "workspace-viewer").await.expect(201);
    set_role(&admin, "dev", "workspace-regular").await.expect(200);
    let invitation = json!({ "role": "workspace-viewer" });
    let made = admin.send_json(Method::POST, INVITATIONS, &invitation).await.expect(201).json();
    admin.delete(&format!("{INVITATIONS}/{}", made["id"])).await.expect(204);
    admin.delete(&format!("{MEMBERS}/dev")).await.expect(204);
    admin.delete("/api/v1/accounts/dev").await.expect(204);
    // What is refused is not written.
    add(&admin, "dev", "workspace-viewer").await.is_problem(400, "invalid");
    let store = server.store().await;
    let filter = chandlery_store::audit::AuditFilter::default();
    let rows = chandlery_store::audit::list(store.database().reader(), &filter, None, 100).await.unwrap();
    let mut entries: Vec<_> = rows.into_iter().map(|row| row.entry).collect();
    entries.reverse();
    let told: Vec<_> = entries
        .iter()
        .map(|entry| format!("{} {} {} {}", entry.actor, entry.action, entry.workspace.1, entry.message))
        .collect();
    let expected = [
        "admin token.create  scope all",
        "admin workspace.create team workspace-admin: admin",
        "admin account.create  role platform-regular",
        "admin member.create team role workspace-viewer",
        "admin member.update team role workspace-regular",
        "admin invitation.create team role workspace-viewer",
        "admin invitation.delete team role workspace-viewer",
        "admin member.delete team role workspace-regular",
        "admin account.delete  ",
    ];
    assert_eq!(told, expected);
    assert_eq!((entries[3].kind.as_str(), entries[3].name.as_str()), ("member", "dev"));
}
