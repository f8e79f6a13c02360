//! What the source publishes is served, and goes on being served when the source is gone.

use std::time::Duration;

use http::Method;
use jiff::{Timestamp, ToSpan};
use serde_json::json;

use super::{MIRROR, Pair, RUNS, SOURCE, figures, on_both_databases};
use crate::support::package;

on_both_databases!(it_follows_its_source, what_was_fetched_outlives_the_source);

async fn it_follows_its_source(pair: Pair) {
    let Pair { publisher, admin, server, .. } = &pair;
    for version in ["1.0.0", "1.1.0"] {
        publisher.post("/api/team/apps/charts", package("redis", version)).await.expect(201);
    }
    publisher.post("/api/team/apps/charts", package("secret", "1.0.0")).await.expect(201);
    let run = pair.create(json!({ "exclude": ["sec*"] })).await;
    assert_eq!(figures(&run), json!(["synced", 3, 2, 0, 0, 0]));
    assert_eq!((&run["cause"], &run["actor"]), (&json!("created"), &json!("admin")));
    assert_eq!(pair.served().await, ["redis-1.0.0", "redis-1.1.0"]);

    let pulled = server.anonymous().get("/mirrors/upstream/charts/redis-1.0.0.tgz").await.expect(200);
    assert_eq!(pulled.body, package("redis", "1.0.0"));
    let values = server.anonymous().get("/api/mirrors/upstream/charts/redis/1.1.0/templates").await;
    values.expect(200);
    assert_eq!(admin.get(SOURCE).await.expect(200).json()["cached_packages"], json!(2));

    assert_eq!(figures(&pair.sync().await)[0], json!("unchanged"));
    publisher.post("/api/team/apps/charts", package("redis", "2.0.0")).await.expect(201);
    publisher.delete("/api/team/apps/charts/redis/1.0.0").await.expect(200);
    assert_eq!(figures(&pair.sync().await), json!(["synced", 3, 1, 0, 1, 0]));
    assert_eq!(pair.served().await, ["redis-1.0.0", "redis-1.1.0", "redis-2.0.0"], "1.0.0 is here");
    assert_eq!(admin.get(SOURCE).await.json()["vanished_versions"], json!(1));

    let last = admin.get(RUNS).await.json()["items"][0]["id"].as_i64().unwrap();
    let settings = json!({ "url": pair.url(), "period": 0, "include": ["sec*"] });
    admin.send_json(Method::PUT, SOURCE, &json!({ "settings": settings })).await.expect(200);
    let run = pair.next_run(last).await;
    assert_eq!((&run["cause"], &run["added"], &run["vanished"]), (&json!("changed"), &json!(1), &json!(2)));
    assert!(pair.served().await.contains(&"secret-1.0.0".to_owned()));

    admin.post("/api/mirrors/upstream/charts", package("mine", "1.0.0")).await.expect(403);
    admin.delete("/api/mirrors/upstream/charts/redis/1.1.0").await.expect(403);
    let impact = admin.get(&format!("{MIRROR}/removal")).await.expect(200).json();
    assert_eq!((&impact["charts"], &impact["cached_packages"]), (&json!(2), &json!(2)));
    admin.delete(MIRROR).await.expect(204);
    let audit = admin.get("/api/v1/audit?kind=repository").await.expect(200).json();
    let actions: Vec<&str> =
        audit["items"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["repository.delete", "repository.create"]);
    admin.get("/mirrors/upstream/index.yaml").await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_quota_lets_go_comes_back() {
    let pair = Pair::on_sqlite().await;
    let Pair { publisher, server, admin, .. } = &pair;
    for name in ["first", "second"] {
        publisher.post("/api/team/apps/charts", package(name, "1.0.0")).await.expect(201);
    }
    // Room for the one that was pulled last.
    pair.create(json!({ "cache_quota": 1 })).await;
    let store = server.store().await;
    for name in ["first", "second", "first"] {
        let path = format!("/mirrors/upstream/charts/{name}-1.0.0.tgz");
        let pulled = server.anonymous().get(&path).await.expect(200);
        assert_eq!(pulled.body, package(name, "1.0.0"));
        assert_eq!(admin.get(SOURCE).await.json()["cached_packages"], json!(1));
        for hours in [1, 3] {
            let now = Timestamp::now() + hours.hours();
            store.collect_garbage(Duration::from_secs(3600), now).await.unwrap();
        }
    }
}

async fn what_was_fetched_outlives_the_source(pair: Pair) {
    let Pair { publisher, server, admin, .. } = &pair;
    for name in ["kept", "lost"] {
        publisher.post("/api/team/apps/charts", package(name, "1.0.0")).await.expect(201);
    }
    pair.create(json!({})).await;
    server.anonymous().get("/mirrors/upstream/charts/kept-1.0.0.tgz").await.expect(200);
    publisher
        .send_json(Method::PATCH, "/api/v1/repositories/team/apps", &json!({"visibility": "private"}))
        .await
        .expect(200);

    let run = pair.sync().await;
    assert_eq!(run["outcome"], json!("failed"));
    assert!(run["message"].as_str().unwrap().starts_with("auth: "), "{run}");
    let source = admin.get(SOURCE).await.json();
    assert_eq!((&source["state"], &source["failures"]), (&json!("failed"), &json!(1)));
    assert_eq!(pair.served().await, ["kept-1.0.0", "lost-1.0.0"], "the last good index");
    let pulled = server.anonymous().get("/mirrors/upstream/charts/kept-1.0.0.tgz").await.expect(200);
    assert_eq!(pulled.body, package("kept", "1.0.0"));
    let refused = server.anonymous().get("/mirrors/upstream/charts/lost-1.0.0.tgz").await.expect(503);
    assert!(!refused.text().contains("127.0.0.1"), "addresses are not for everybody: {}", refused.text());

    // Credentials open it again, and are never shown.
    let credentials = json!({ "username": "admin", "password": pair.upstream.password() });
    let request = json!({ "settings": { "url": pair.url(), "period": 0, "cache": "mirror" }, "credentials": credentials });
    let shown = admin.send_json(Method::PUT, SOURCE, &request).await.expect(200);
    assert!(!shown.text().contains(pair.upstream.password()));
    assert_eq!(shown.json()["has_credentials"], json!(true));
    let run = pair.sync().await;
    assert_ne!(run["outcome"], json!("failed"), "{run}");
    assert_eq!(admin.get(SOURCE).await.json()["cached_packages"], json!(2), "a mirror has everything");

    // Whoever does not know the credentials cannot have them sent elsewhere.
    let elsewhere = json!({ "settings": { "url": "http://127.0.0.1:1/", "period": 0 } });
    let refused = admin.send_json(Method::PUT, SOURCE, &elsewhere).await;
    refused.is_problem(400, "invalid");
    let none = json!({ "settings": { "url": "http://127.0.0.1:1/", "period": 0 }, "credentials": null });
    admin.send_json(Method::PUT, SOURCE, &none).await.expect(200);
    let run = pair.sync().await;
    assert!(run["message"].as_str().unwrap().starts_with("connect: "), "{run}");
    let pulled = server.anonymous().get("/mirrors/upstream/charts/lost-1.0.0.tgz").await.expect(200);
    assert_eq!(pulled.body, package("lost", "1.0.0"), "the source is gone");
}
