//! Finding apps: in the store, and in the workspaces of the caller.

use http::Method;
use serde_json::{Value, json};

use super::Release;
use crate::support::{Client, TestServer, eventually};

fn names(page: &Value) -> Vec<String> {
    let name = |item: &Value| item["name"].as_str().unwrap().to_owned();
    page["items"].as_array().unwrap().iter().map(name).collect()
}

async fn found(client: &Client, path: &str) -> String {
    names(&client.get(path).await.expect(200).json()).join(" ")
}

/// Asks until the index has caught up with what was done behind the server's back.
async fn finds(client: &Client, path: &str, expected: &str) {
    let mut last = String::new();
    let ask = async || {
        let names = found(client, path).await;
        names == expected
    };
    for _ in 0..200 {
        if ask().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        last = found(client, path).await;
    }
    panic!("{path}: {last:?}, not {expected:?}");
}

async fn put_three(server: &TestServer) {
    let store = server.store().await;
    let releases = [
        Release {
            display_name: "EMQ X",
            information: json!({
                "summary": "A broker for things",
                "keywords": ["mqtt", "IoT"],
                "maintainers": [{ "name": "Ada Lovelace" }],
                "zh": { "summary": "分布式物联网消息中间件" },
            }),
            ..Release::of("isv", "emqx", "1.0.0")
        },
        Release { readme: "It keeps keys and values.", ..Release::of("isv", "redis", "1.0.0") },
        Release { information: json!({ "keywords": ["iot"] }), ..Release::of("other", "mosquitto", "1.0.0") },
    ];
    for release in releases {
        release.put(&store).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn words_errors_beginnings_and_chinese() {
    let server = TestServer::start().await;
    put_three(&server).await;
    let admin = server.admin().await;
    let path = |query: &str| format!("/api/v1/store/apps?{query}");
    for (query, expected) in [
        ("q=redis", "redis"),
        ("q=reids", "redis"),
        ("q=emq", "emqx"),
        ("q=%E6%B6%88%E6%81%AF", "emqx"),
        ("q=broker%20things", "emqx"),
        ("q=values", "redis"),
        ("q=iot&sort=name", "emqx mosquitto"),
        ("q=iot&workspace=other", "mosquitto"),
        ("q=iot&category=nothing", ""),
        ("q=iot&sort=downloads", "mosquitto emqx"),
        ("keyword=mqtt", "emqx"),
        ("maintainer=ada%20lovelace", "emqx"),
        ("q=nothinglikethis", ""),
    ] {
        finds(&admin, &path(query), expected).await;
    }
    let page = admin.get(&path("q=iot&limit=1")).await.expect(200).json();
    assert_eq!((&page["total"], &page["categories"]), (&json!(2), &json!({ "uncategorized": 2 })));
    // The next page goes on behind this one.
    for sort in ["relevance", "name", "newest", "downloads"] {
        let first = admin.get(&path(&format!("q=iot&limit=1&sort={sort}"))).await.expect(200);
        let (next, _) = first.header("link")[1..].split_once('>').unwrap();
        let second = admin.get(next).await.expect(200).json();
        let mut both = [names(&first.json()), names(&second)].concat();
        both.sort();
        assert_eq!(both, ["emqx", "mosquitto"], "{sort}");
        assert_eq!(second.get("next"), None, "{sort}");
    }
    for hostile in ["%22%27%28%29", "*:*", "a%20OR%20b", "%00", &"x".repeat(5000)] {
        admin.get(&path(&format!("q={hostile}"))).await.expect(200);
    }
    admin.get(&path("q=iot&sort=name&cursor=r.1.5")).await.is_problem(400, "invalid");
}

/// The tenant filter comes from the caller's permissions and from nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn apps_of_other_tenants_are_not_found() {
    let server = TestServer::start().await;
    put_three(&server).await;
    let admin = server.admin().await;
    let body = json!({ "name": "member", "role": "platform-regular", "password": "a good password" });
    admin.send_json(Method::POST, "/api/v1/accounts", &body).await.expect(201);
    let store = server.store().await;
    let reader = store.database().reader();
    let account = chandlery_store::accounts::find(reader, &"member".parse().unwrap()).await.unwrap().unwrap();
    let isv = chandlery_store::workspaces::find(reader, &"isv".parse().unwrap()).await.unwrap().unwrap();
    let member = server.anonymous().with_password("member", "a good password");
    finds(&admin, "/api/v1/apps?q=iot", "emqx mosquitto").await;
    for path in ["/api/v1/apps", "/api/v1/apps?q=iot", "/api/v1/apps?q=mosquitto"] {
        assert_eq!(found(&member, path).await, "", "{path}");
    }
    let role = "workspace-viewer".parse().unwrap();
    let now = jiff::Timestamp::now();
    chandlery_store::members::create(store.database().writer(), isv.id, account.id, &role, now)
        .await
        .unwrap();
    // What an account may do is asked again within seconds.
    eventually("the membership", async || {
        (found(&member, "/api/v1/apps?q=iot").await == "emqx").then_some(())
    })
    .await;
    assert_eq!(found(&member, "/api/v1/apps").await, "emqx redis");
    assert_eq!(found(&member, "/api/v1/apps?q=mosquitto").await, "");
    member.get("/api/v1/apps?workspace=other").await.is_problem(400, "invalid");
    server.anonymous().get("/api/v1/apps").await.is_problem(401, "unauthenticated");
    let limited = json!({ "name": "limited", "scope": "pull", "repository": "default/charts" });
    let limited = admin.create_token(&limited).await;
    assert_eq!(found(&limited, "/api/v1/apps").await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_follows_the_rows_and_may_be_lost() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    finds(&admin, "/api/v1/store/apps?q=emqx", "").await;
    put_three(&server).await;
    finds(&admin, "/api/v1/store/apps?q=emqx", "emqx").await;
    let search = server.data().join("search");
    let directory = server.stop().await;
    std::fs::remove_dir_all(&search).unwrap();
    let server = TestServer::start_in(directory, |_| {}).await.unwrap();
    let admin = server.admin().await;
    finds(&admin, "/api/v1/store/apps?q=broker", "emqx").await;
    // An index that cannot be written is none: the beginnings of names are found all the same.
    let directory = server.stop().await;
    std::fs::remove_dir_all(&search).unwrap();
    std::fs::write(&search, "in the way").unwrap();
    let server = TestServer::start_in(directory, |_| {}).await.unwrap();
    let admin = server.admin().await;
    finds(&admin, "/api/v1/store/apps?q=emq", "emqx").await;
}
