//! What is not believed, and what is refused.

use chandlery_core::Digest;
use http::Method;
use serde_json::json;

use super::{Pair, SOURCE, figures, on_both_databases};
use crate::support::{Archive, TestServer, chart_yaml, package};

on_both_databases!(a_version_keeps_its_first_digest);

/// Another package of the same version.
fn swapped() -> bytes::Bytes {
    Archive::new()
        .file("chart/Chart.yaml", chart_yaml("redis", "1.0.0"))
        .file("chart/templates/more.yaml", "a: b\n")
        .finish()
}

async fn a_version_keeps_its_first_digest(pair: Pair) {
    let Pair { publisher, server, admin, .. } = &pair;
    publisher.post("/api/team/apps/charts", package("redis", "1.0.0")).await.expect(201);
    pair.create(json!({})).await;
    publisher.post("/api/team/apps/charts", swapped()).await.expect(201);

    // Listed before, swapped after: these are not the bytes that were listed.
    server.anonymous().get("/mirrors/upstream/charts/redis-1.0.0.tgz").await.expect(503);
    let run = pair.next_run(1).await;
    assert_eq!(run["cause"], json!("pull"));
    assert!(run["message"].as_str().unwrap().contains("redis-1.0.0.tgz is not the package"), "{run}");

    let run = pair.sync().await;
    assert_eq!(figures(&run), json!(["synced", 1, 0, 1, 0, 0]));
    assert!(run["problems"][0].as_str().unwrap().contains("another digest"), "{run}");
    let source = admin.get(SOURCE).await.json();
    let changed = &source["changed_digests"][0];
    assert_eq!(changed["digest"], json!(Digest::of(&package("redis", "1.0.0"))));
    assert_eq!(changed["claimed"], json!(Digest::of(&swapped())));

    let accept = json!({ "chart": "redis", "version": "1.0.0", "digest": Digest::of(b"else") });
    let digests = format!("{SOURCE}/digests");
    admin.send_json(Method::POST, &digests, &accept).await.expect(404);
    let accept = json!({ "chart": "redis", "version": "1.0.0", "digest": Digest::of(&swapped()) });
    admin.send_json(Method::POST, &digests, &accept).await.expect(204);
    pair.sync().await;
    let pulled = server.anonymous().get("/mirrors/upstream/charts/redis-1.0.0.tgz").await.expect(200);
    assert_eq!(pulled.body, swapped());
    assert_eq!(admin.get(SOURCE).await.json()["changed_digests"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let create = async |source: serde_json::Value| {
        let request = json!({ "path": "mirrors/bad", "source": source });
        admin.send_json(Method::POST, "/api/v1/repositories", &request).await
    };
    let cases = [
        json!({ "settings": { "url": "javascript:alert(1)" } }),
        json!({ "settings": { "url": "ftp://example.org/" } }),
        json!({ "settings": { "url": "https://" } }),
        json!({ "settings": { "url": "https://example.org", "period": 60 } }),
        json!({ "settings": { "url": "https://example.org", "include": ["[a"] } }),
        json!({ "settings": { "url": "https://example.org", "kind": "oci" } }),
        json!({ "settings": { "url": "https://example.org", "certificate_authority": "none" } }),
        json!({ "settings": { "url": "https://example.org", "more": 1 } }),
        json!({ "settings": { "url": "https://example.org" }, "credentials": { "token": "a", "username": "b" } }),
        json!({ "settings": { "url": "https://a:b@example.org" }, "credentials": { "token": "a" } }),
        json!({ "settings": { "url": "s3://s3.example.org/a" }, "credentials": { "access_key_id": "a" } }),
    ];
    for source in cases {
        let answer = create(source.clone()).await;
        assert_eq!(answer.status, 400, "{source}: {}", answer.text());
    }
    admin.get("/api/v1/repositories/mirrors/bad").await.expect(404);

    // Addresses that only this machine reaches.
    for url in
        ["http://127.0.0.1:80/", "http://169.254.169.254/latest", "http://[::1]/", "http://localhost:1/"]
    {
        let answer = create(json!({ "settings": { "url": url, "period": 0 } })).await;
        if answer.status == 400 {
            continue;
        }
        answer.expect(201);
        let runs = "/api/v1/repositories/mirrors/bad/source/runs";
        let message = crate::support::eventually("a look", async || {
            let runs = admin.get(runs).await.json();
            runs["items"][0]["message"].as_str().map(str::to_owned)
        })
        .await;
        assert!(message.contains("not allowed") || message.contains("refused"), "{url}: {message}");
        admin.delete("/api/v1/repositories/mirrors/bad").await.expect(204);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_has_the_source_looked_at() {
    let pair = Pair::on_sqlite().await;
    let run = pair.create(json!({})).await;
    let hook = pair.admin.post(&format!("{SOURCE}/hook"), "").await.expect(201).json();
    let url = hook["secret"].as_str().unwrap();
    let path = &url[url.find("/api/").unwrap()..];
    pair.server.anonymous().post(path, "{\"any\":1}").await.expect(204);
    let source = pair.admin.get(SOURCE).await.json();
    assert!(source["next_at"].is_string() || source["state"] == json!("syncing"), "{source}");
    assert!(run["id"].as_i64().is_some());
    pair.admin.delete(&format!("{SOURCE}/hook")).await.expect(204);
    pair.server.anonymous().post(path, "").await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn trying_a_source_says_how_far_it_came() {
    let pair = Pair::on_sqlite().await;
    pair.publisher.post("/api/team/apps/charts", package("redis", "1.0.0")).await.expect(201);
    pair.create(json!({})).await;
    let validate = "/api/v1/workspaces/mirrors/sources/validate";
    let outcomes = async |url: &str, more: serde_json::Value| {
        let mut request = json!({ "settings": { "url": url } });
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = pair.admin.send_json(Method::POST, validate, &request).await.expect(200).json();
        let failed = answer["stages"].as_array().unwrap().iter().find(|stage| stage["outcome"] == "failed");
        assert_eq!(answer["valid"], json!(failed.is_none()));
        failed.map(|stage| (stage["stage"].as_str().unwrap().to_owned(), stage["code"].as_u64().unwrap()))
    };
    let (none, root) = (json!({}), pair.upstream.url());
    assert_eq!(outcomes(&pair.url(), none.clone()).await, None);
    let cases = [
        ("not a url", "url", 102),
        ("gopher://example.org/", "url", 111),
        ("https://169.254.169.254/latest", "dns", 109),
        ("http://127.0.0.1:1/", "connect", 109),
        (&format!("{root}/team/none"), "auth", 109),
    ];
    for (url, stage, code) in cases {
        let outcome = outcomes(url, none.clone()).await;
        assert_eq!(outcome, Some((stage.to_owned(), code)), "{url}");
    }
    let again = pair.admin.send_json(Method::POST, &format!("{SOURCE}/validate"), &json!({})).await;
    assert_eq!(again.expect(200).json()["valid"], json!(true));
}
