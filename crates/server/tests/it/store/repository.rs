//! `/store`: every released version as a Helm repository.

use chandlery_core::Visibility;
use http::Method;
use serde_json::json;

use super::Release;
use crate::support::{Client, TestServer, package, provenance};

/// What clients of a Helm repository ask for.
async fn pulled_by(client: &Client, prefix: &str) {
    let index = client.index(&format!("{prefix}/index.yaml")).await;
    let url = index.entries["emqx"][0].urls[0].clone();
    assert_eq!(url, "charts/emqx-1.0.0.tgz");
    let answer = client.get(&format!("{prefix}/{url}")).await.expect(200);
    assert_eq!(answer.header("content-type"), "application/x-tar");
}

#[tokio::test(flavor = "multi_thread")]
async fn released_versions_can_be_pulled() {
    let server = TestServer::start().await;
    Release::of("isv", "emqx", "1.0.0").put(&server.store().await).await;
    let admin = server.admin().await;
    pulled_by(&admin, "/store").await;
    pulled_by(&admin, "/system/store").await;
    admin.get("/store/charts/emqx-1.0.0.tgz.prov").await.expect(404);
    admin.get("/store/artifacthub-repo.yml").await.expect(404);
    server.anonymous().get("/store/index.yaml").await.expect(401);
    // As any repository, it is made public by its settings.
    admin.set("system/store", &json!({ "visibility": "public" })).await;
    pulled_by(&server.anonymous(), "/store").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn its_visibility_is_set_at_the_first_start_only() {
    let server = TestServer::with(|config| config.store_visibility = Visibility::Public).await;
    server.anonymous().get("/store/index.yaml").await.expect(200);
    let directory = server.stop().await;
    let server = TestServer::start_in(directory, |_| {}).await.unwrap();
    server.anonymous().get("/store/index.yaml").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_a_release_changes_it() {
    let server = TestServer::start().await;
    Release::of("isv", "emqx", "1.0.0").put(&server.store().await).await;
    let admin = server.admin().await;
    let everything = admin.create_token(&json!({ "name": "push", "scope": "push" })).await;
    for client in [&admin, &everything] {
        for prefix in ["/api/system/store", "/system/store/api"] {
            let charts = format!("{prefix}/charts");
            for answer in [
                client.post(&charts, package("mine", "1.0.0")).await,
                client.post(&format!("{charts}?force"), package("emqx", "1.0.0")).await,
                client.post(&format!("{prefix}/prov"), provenance("emqx", "1.0.0")).await,
                client.delete(&format!("{charts}/emqx/1.0.0")).await,
            ] {
                assert_eq!(answer.status, 403, "{}", answer.text());
                assert!(answer.text().contains("filled by releases"), "{}", answer.text());
            }
        }
    }
    let refused = admin.delete("/api/v1/repositories/system/store").await.is_problem(403, "forbidden");
    assert!(refused["detail"].as_str().unwrap().contains("filled by releases"), "{refused}");
    // There is no other way in below /store.
    for (method, path) in [(Method::POST, "/store/api/charts"), (Method::POST, "/store/charts")] {
        let answer = admin.send_json(method, path, &json!({})).await;
        assert!([403, 404, 405].contains(&answer.status), "{path}: {}", answer.status);
    }
    pulled_by(&admin, "/store").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_not_the_default_repository() {
    let directory = std::sync::Arc::new(tempfile::TempDir::new().unwrap());
    let started = TestServer::start_in(directory, |config| {
        config.default_repository = "system/store".parse().unwrap();
    });
    let error = started.await.err().unwrap().to_string();
    assert!(error.contains("default repository") && error.contains("store"), "{error}");
}
