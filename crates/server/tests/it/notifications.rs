//! Webhooks and mail, from the move of a version to who is told of it.

mod mail;
mod receiver;
mod sending;

use http::Method;
use serde_json::{Value, json};

use self::receiver::Receiver;
use crate::support::{Answer, Client, TestServer, eventually};

/// A secret, and one that replaces it.
const SECRETS: [&str; 2] = [
    "whsec_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",
    "whsec_AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=",
];

const WEBHOOKS: &str = "/api/v1/workspaces/team/webhooks";

/// A server that may send to this machine.
async fn server() -> (TestServer, Client) {
    let server = TestServer::with(allow_loopback).await;
    let admin = server.admin().await;
    admin.send_json(Method::POST, "/api/v1/workspaces", &json!({ "name": "team" })).await.expect(201);
    (server, admin)
}

fn allow_loopback(config: &mut chandlery_server::Config) {
    config.outbound.settings.allowed = "127.0.0.0/8".parse().unwrap();
}

fn hook(name: &str, url: &str) -> Value {
    json!({ "name": name, "url": url, "secret": SECRETS[0] })
}

async fn create(client: &Client, body: &Value) -> Answer {
    client.send_json(Method::POST, WEBHOOKS, body).await
}

/// Sends a ping and returns the number of its delivery.
async fn ping(client: &Client, webhook: &str) -> i64 {
    let sent = client.post(&format!("{webhook}/test"), "").await.expect(201).json();
    sent["id"].as_i64().unwrap()
}

/// The delivery of a number.
async fn delivery(client: &Client, webhook: &str, id: i64) -> Value {
    let list = client.get(&format!("{webhook}/deliveries")).await.expect(200).json();
    list["items"].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap().clone()
}

/// The delivery of a number, once this many attempts of it ended.
async fn after_attempts(client: &Client, webhook: &str, id: i64, attempts: u64) -> Value {
    eventually("an attempt", async || {
        let found = delivery(client, webhook, id).await;
        let waits =
            found["status"] != "pending" || found["next_attempt_at"].as_str() > found["updated_at"].as_str();
        (found["attempts"] == attempts && waits && !found["last_attempt"].is_null()).then_some(found)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_live() {
    let (_server, admin) = server().await;
    let made = create(&admin, &hook("chat", "https://chat.invalid/hook")).await.expect(201).json();
    assert_eq!((&made["name"], &made["active"], &made["events"]), (&json!("chat"), &json!(true), &json!([])));
    create(&admin, &hook("chat", "https://chat.invalid/hook")).await.is_problem(409, "already_exists");
    let path = format!("{WEBHOOKS}/chat");
    let change =
        json!({ "events": ["version.released", "version.passed"], "active": false, "secret": SECRETS[1] });
    let changed = admin.send_json(Method::PATCH, &path, &change).await.expect(200).json();
    // In the order of the table, whoever wrote them how.
    assert_eq!(changed["events"], json!(["version.passed", "version.released"]));
    assert_eq!((&changed["active"], &changed["url"]), (&json!(false), &json!("https://chat.invalid/hook")));
    assert_eq!(admin.get(&path).await.expect(200).json(), changed);
    assert_eq!(admin.get(WEBHOOKS).await.expect(200).json()["items"], json!([changed]));
    // The platform's have names of their own.
    admin.get("/api/v1/webhooks/chat").await.is_problem(404, "not_found");
    admin.send_json(Method::POST, "/api/v1/webhooks", &hook("chat", "https://a.invalid")).await.expect(201);
    admin.delete("/api/v1/webhooks/chat").await.expect(204);
    admin.delete(&path).await.expect(204);
    admin.get(&path).await.is_problem(404, "not_found");
    let audit = admin.get("/api/v1/workspaces/team/audit?kind=webhook").await.expect(200).text();
    for text in ["webhook.create", "webhook.update", "webhook.delete", "to https://chat.invalid, all events"]
    {
        assert!(audit.contains(text), "{text}: {audit}");
    }
    assert!(!audit.contains("whsec_") && !audit.contains("/hook"), "{audit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_at_once() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    admin.send_json(Method::POST, "/api/v1/workspaces", &json!({ "name": "team" })).await.expect(201);
    let urls = [
        ("http://169.254.169.254/latest/meta-data/", "metadata service"),
        ("http://[fd00:ec2::254]/", "metadata service"),
        ("http://127.0.0.1:1/", "a loopback address"),
        ("http://localhost:1/", "a loopback address"),
        ("http://10.0.0.1/", "a private address; an operator can allow its range"),
        ("http://2130706433/", "write the address as"),
        ("ftp://example.org/", "must begin with https:// or http://"),
        ("https://user:hunter2@example.org/", "holds a user name or password"),
        ("example.org", "cannot be used"),
    ];
    for (url, reason) in urls {
        let problem = create(&admin, &hook("hook", url)).await.is_problem(400, "invalid");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.starts_with("url: ") && detail.contains(reason), "{url}: {detail}");
        assert!(!detail.contains("hunter2"), "{detail}");
    }
    for (field, value) in [
        ("secret", json!("hunter2")),
        ("secret", json!("whsec_AAAA")),
        ("events", json!(["version.deleted"])),
        ("name", json!("Not A Name")),
        ("workspace_id", json!(1)),
    ] {
        let mut body = hook("hook", "https://example.invalid/");
        body[field] = value;
        let problem = create(&admin, &body).await.is_problem(400, "invalid");
        assert!(!problem.to_string().contains("hunter2"), "{problem}");
    }
    create(&admin, &hook("hook", "https://example.invalid/")).await.expect(201);
    let change = json!({ "url": "http://169.254.169.254/" });
    let path = format!("{WEBHOOKS}/hook");
    admin.send_json(Method::PATCH, &path, &change).await.is_problem(400, "invalid");
}

/// What belongs to another tenant is not there, and one right of two is not enough.
#[tokio::test(flavor = "multi_thread")]
async fn other_tenants_and_half_the_rights() {
    let (server, admin) = server().await;
    let receiver = Receiver::start().await;
    admin.send_json(Method::POST, "/api/v1/workspaces", &json!({ "name": "other" })).await.expect(201);
    create(&admin, &hook("hook", &receiver.url())).await.expect(201);
    let foreign = "/api/v1/workspaces/other/webhooks";
    admin.send_json(Method::POST, foreign, &hook("mine", &receiver.url())).await.expect(201);
    let id = ping(&admin, &format!("{WEBHOOKS}/hook")).await;
    for path in [format!("{foreign}/hook"), format!("{foreign}/hook/deliveries")] {
        admin.get(&path).await.is_problem(404, "not_found");
    }
    for path in [format!("{foreign}/hook/test"), format!("{foreign}/mine/deliveries/{id}/redeliver")] {
        admin.post(&path, "").await.is_problem(404, "not_found");
    }
    for (name, permissions) in [("half", json!(["audit.view"])), ("other-half", json!(["workspaces.manage"]))]
    {
        let role = json!({ "name": name, "permissions": permissions });
        admin.send_json(Method::POST, "/api/v1/workspaces/team/roles", &role).await.expect(201);
        let account = json!({ "name": name, "role": "platform-regular", "password": "a good password" });
        admin.send_json(Method::POST, "/api/v1/accounts", &account).await.expect(201);
        let member = json!({ "account": name, "role": name });
        admin.send_json(Method::POST, "/api/v1/workspaces/team/members", &member).await.expect(201);
        let half = server.anonymous().with_password(name, "a good password");
        half.get(WEBHOOKS).await.is_problem(403, "forbidden");
        create(&half, &hook("new", &receiver.url())).await.is_problem(403, "forbidden");
    }
}
