//! `/api/v1/categories`

use http::Method;
use serde_json::{Value, json};

use super::Release;
use crate::support::{Answer, Client, TestServer};

const ALL: &str = "/api/v1/categories";

async fn create(client: &Client, body: Value) -> Value {
    client.send_json(Method::POST, ALL, &body).await.expect(201).json()
}

async fn send_if(client: &Client, method: Method, url: &str, etag: &str, body: Option<&Value>) -> Answer {
    let request = client.request(method, url).header("if-match", etag);
    Answer::to(match body {
        Some(body) => request.json(body),
        None => request,
    })
    .await
}

/// An account with this role.
async fn account(server: &TestServer, admin: &Client, name: &str, role: &str) -> Client {
    let body = json!({ "name": name, "role": role, "password": "a good password" });
    admin.send_json(Method::POST, "/api/v1/accounts", &body).await.expect(201);
    server.anonymous().with_password(name, "a good password")
}

async fn names(client: &Client) -> Vec<String> {
    let listed = client.get(ALL).await.expect(200).json();
    let name = |item: &Value| item["name"].as_str().unwrap().to_owned();
    listed["items"].as_array().unwrap().iter().map(name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn life_of_a_category() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    assert_eq!(names(&admin).await, ["uncategorized"]);
    let iot =
        create(&admin, json!({ "name": "iot", "title": "IOT", "translations": { "zh": "物联网" } })).await;
    assert_eq!((&iot["position"], &iot["apps"], &iot["icon"]), (&json!(10), &json!(0), &json!("")));
    let database = create(&admin, json!({ "name": "database", "icon": "database", "position": 5 })).await;
    assert_eq!(database["title"], "database");
    assert_eq!(names(&admin).await, ["database", "iot", "uncategorized"]);
    let first = admin.get(&format!("{ALL}?limit=2")).await.expect(200);
    assert_eq!(first.json()["next"], "iot");
    let (next, _) = first.header("link")[1..].split_once('>').unwrap();
    let second = admin.get(next).await.expect(200).json();
    assert_eq!((&second["items"][0]["name"], second.get("next")), (&json!("uncategorized"), None));
    admin.get(&format!("{ALL}?cursor=nothing")).await.is_problem(400, "invalid");
    let again = admin.send_json(Method::POST, ALL, &json!({ "name": "iot" })).await;
    again.is_problem(409, "already_exists");

    let url = format!("{ALL}/iot");
    let answer = admin.get(&url).await.expect(200);
    let etag = answer.header("etag").to_owned();
    assert_eq!(answer.json(), iot);
    let change =
        json!({ "description": "Things", "translations": { "zh": "物联网", "ja": "モノ" }, "position": 1 });
    let changed = send_if(&admin, Method::PATCH, &url, &etag, Some(&change)).await.expect(200);
    assert_eq!(changed.json()["title"], "IOT");
    assert_eq!(changed.json()["translations"]["ja"], "モノ");
    assert_ne!(changed.header("etag"), etag);
    send_if(&admin, Method::PATCH, &url, &etag, Some(&change)).await.is_problem(412, "precondition_failed");
    send_if(&admin, Method::DELETE, &url, &etag, None).await.is_problem(412, "precondition_failed");
    assert_eq!(names(&admin).await, ["iot", "database", "uncategorized"]);
    let renamed = json!({ "name": "things" });
    admin.send_json(Method::PATCH, &url, &renamed).await.expect(200);
    admin.get(&url).await.is_problem(404, "not_found");
    admin.delete(&format!("{ALL}/things")).await.expect(204);
    assert_eq!(names(&admin).await, ["database", "uncategorized"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shelf_of_what_has_none_stays() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let url = format!("{ALL}/uncategorized");
    admin.delete(&url).await.is_problem(409, "conflict");
    admin.send_json(Method::PATCH, &url, &json!({ "name": "other" })).await.is_problem(409, "conflict");
    let changed =
        admin.send_json(Method::PATCH, &url, &json!({ "title": "Others" })).await.expect(200).json();
    assert_eq!((&changed["name"], &changed["title"]), (&json!("uncategorized"), &json!("Others")));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for bad in [
        json!({ "name": "No Name" }),
        json!({ "name": "a", "title": " " }),
        json!({ "name": "a", "title": "x".repeat(101) }),
        json!({ "name": "a", "title": "a\u{7}" }),
        json!({ "name": "a", "description": "x".repeat(1001) }),
        json!({ "name": "a", "translations": { "Chinese": "a" } }),
        json!({ "name": "a", "position": 1_000_000_001 }),
        json!({ "name": "a", "apps": 5 }),
        json!({ "name": "a", "revision": 5 }),
    ] {
        admin.send_json(Method::POST, ALL, &bad).await.is_problem(400, "invalid");
    }
    create(&admin, json!({ "name": "a" })).await;
    for query in ["move_to=a", "move_to=nothing", "move_to=No%20Name", "force=true"] {
        admin.delete(&format!("{ALL}/a?{query}")).await.is_problem(400, "invalid");
    }
    assert_eq!(names(&admin).await, ["a", "uncategorized"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn apps_on_shelves() {
    let server = TestServer::start().await;
    let store = server.store().await;
    for app in ["emqx", "redis"] {
        Release::of("isv", app, "1.0.0").put(&store).await;
    }
    let admin = server.admin().await;
    create(&admin, json!({ "name": "iot" })).await;
    let app_url = "/api/v1/workspaces/isv/apps/emqx/category";
    admin.send_json(Method::PUT, app_url, &json!({ "category": "iot" })).await.expect(204);
    admin.send_json(Method::PUT, app_url, &json!({ "category": "iot" })).await.expect(204);
    for (url, body, status) in [
        (app_url, json!({ "category": "nothing" }), 404),
        (app_url, json!({ "category": "No Name" }), 400),
        (app_url, json!({ "category": "iot", "state": "active" }), 400),
        ("/api/v1/workspaces/isv/apps/other/category", json!({ "category": "iot" }), 404),
        ("/api/v1/workspaces/other/apps/emqx/category", json!({ "category": "iot" }), 404),
    ] {
        let answer = admin.send_json(Method::PUT, url, &body).await;
        assert_eq!(answer.status, status, "{url} {body}: {}", answer.text());
    }
    let apps =
        async |name: &str| admin.get(&format!("{ALL}/{name}")).await.expect(200).json()["apps"].clone();
    assert_eq!((apps("iot").await, apps("uncategorized").await), (json!(1), json!(1)));
    let kept = admin.delete(&format!("{ALL}/iot")).await.is_problem(409, "conflict");
    assert!(kept["detail"].as_str().unwrap().contains("move_to"), "{kept}");
    admin.delete(&format!("{ALL}/iot?move_to=uncategorized")).await.expect(204);
    assert_eq!(apps("uncategorized").await, json!(2));
    let reader = store.database().reader();
    let entries = chandlery_store::audit::list(reader, &Default::default(), None, 100).await.unwrap();
    let actions: Vec<_> = entries.iter().map(|row| row.entry.action.as_str()).collect();
    for action in ["category.create", "app.category", "category.delete"] {
        assert!(actions.contains(&action), "{action}: {actions:?}");
    }
    assert_eq!(actions.iter().filter(|action| **action == "app.category").count(), 1);
}

/// Curators of categories put every app anywhere; nobody else touches one that was released.
#[tokio::test(flavor = "multi_thread")]
async fn who_may() {
    let server = TestServer::start().await;
    Release::of("isv", "emqx", "1.0.0").put(&server.store().await).await;
    let admin = server.admin().await;
    create(&admin, json!({ "name": "iot" })).await;
    let regular = account(&server, &admin, "regular", "platform-regular").await;
    assert_eq!(names(&regular).await, ["iot", "uncategorized"]);
    let body = json!({ "name": "mine" });
    regular.send_json(Method::POST, ALL, &body).await.is_problem(403, "forbidden");
    regular.delete(&format!("{ALL}/iot")).await.is_problem(403, "forbidden");
    let url = "/api/v1/workspaces/isv/apps/emqx/category";
    let body = json!({ "category": "iot" });
    regular.send_json(Method::PUT, url, &body).await.is_problem(404, "not_found");
    server.anonymous().send_json(Method::PUT, url, &body).await.is_problem(401, "unauthenticated");
    server.anonymous().get(ALL).await.is_problem(401, "unauthenticated");
    admin.set("system/store", &json!({ "visibility": "public" })).await;
    assert_eq!(names(&server.anonymous()).await, ["iot", "uncategorized"]);
}
