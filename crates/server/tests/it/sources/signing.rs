//! Provenance files of a source: fetched when somebody asks, checked, kept with their packages, and imported.

use http::Method;
use serde_json::{Value, json};

use super::{Pair, RUNS, SOURCE, on_both_databases};
use crate::support::{Answer, Client, package, provenance, provenance_of};

on_both_databases!(
    they_come_with_the_first_pull,
    what_does_not_belong_to_the_package_is_refused,
    a_mirror_has_them,
    apps_have_them
);

/// Publishes `redis` at a version with the provenance file of `signed`.
async fn publish(pair: &Pair, version: &str, signed: Option<&[u8]>) {
    pair.publisher.post("/api/team/apps/charts", package("redis", version)).await.expect(201);
    if let Some(package) = signed {
        let provenance = provenance_of("redis", version, package);
        pair.publisher.post("/api/team/apps/prov", provenance).await.expect(201);
    }
}

async fn publish_signed(pair: &Pair, version: &str) {
    publish(pair, version, Some(&package("redis", version))).await;
}

/// Who may read what the publisher has.
async fn set_visibility(pair: &Pair, visibility: &str) {
    let settings = json!({ "visibility": visibility });
    pair.publisher.send_json(Method::PATCH, "/api/v1/repositories/team/apps", &settings).await.expect(200);
}

async fn pull(client: &Client, version: &str) -> Answer {
    client.get(&format!("/mirrors/upstream/charts/redis-{version}.tgz.prov")).await
}

async fn runs(pair: &Pair) -> Vec<Value> {
    pair.admin.get(RUNS).await.expect(200).json()["items"].as_array().unwrap().clone()
}

async fn they_come_with_the_first_pull(pair: Pair) {
    let anyone = pair.server.anonymous();
    for version in ["1.0.0", "2.0.0", "3.0.0+build.1"] {
        publish_signed(&pair, version).await;
    }
    publish(&pair, "4.0.0", None).await;
    pair.create(json!({})).await;
    let signed = provenance_of("redis", "1.0.0", &package("redis", "1.0.0"));
    let pulled = pull(&anyone, "1.0.0").await.expect(200);
    assert_eq!((&pulled.body, pulled.header("content-type")), (&signed, "application/pgp-signature"));
    let source = pair.admin.get(SOURCE).await.expect(200).json();
    let both = package("redis", "1.0.0").len() + signed.len();
    assert_eq!((&source["cached_packages"], &source["cached_bytes"]), (&json!(1), &json!(both)));
    pull(&anyone, "3.0.0%2Bbuild.1").await.expect(200);

    // There is none, which is not asked again at once.
    pull(&anyone, "4.0.0").await.is_error(404, "object not found");
    let late = provenance_of("redis", "4.0.0", &package("redis", "4.0.0"));
    pair.publisher.post("/api/team/apps/prov", late).await.expect(201);
    pull(&anyone, "4.0.0").await.is_error(404, "object not found");
    pull(&anyone, "5.0.0").await.is_error(404, "object not found");
    pair.admin.post("/api/mirrors/upstream/prov", provenance("redis", "5.0.0")).await.expect(403);

    // The source is gone, and comes back.
    set_visibility(&pair, "private").await;
    assert_eq!(pull(&anyone, "1.0.0").await.expect(200).body, signed);
    let refused = pull(&anyone, "2.0.0").await.expect(503);
    assert!(!refused.text().contains("127.0.0.1"), "{}", refused.text());
    set_visibility(&pair, "public").await;
    let members = json!({ "members": ["mirrors/upstream"] });
    let request = json!({ "path": "acme/all", "settings": { "visibility": "public" }, "virtual": members });
    pair.admin.send_json(Method::POST, "/api/v1/repositories", &request).await.expect(201);
    let through = anyone.get("/acme/all/charts/redis-2.0.0.tgz.prov").await.expect(200);
    assert_eq!(through.body, provenance_of("redis", "2.0.0", &package("redis", "2.0.0")));
    pull(&anyone, "2.0.0").await.expect(200);
}

async fn what_does_not_belong_to_the_package_is_refused(pair: Pair) {
    let anyone = pair.server.anonymous();
    publish(&pair, "1.0.0", Some(b"another")).await;
    publish(&pair, "2.0.0", None).await;
    // Without a signature.
    pair.publisher.post("/api/team/apps/prov", provenance("redis", "2.0.0")).await.expect(201);
    pair.create(json!({})).await;
    for (version, cause) in [("1.0.0", "sha256 sum does not match"), ("2.0.0", "signature block not found")] {
        let before = runs(&pair).await.len();
        for _ in 0..2 {
            pull(&anyone, version).await.expect(503);
        }
        let runs = runs(&pair).await;
        assert_eq!((runs.len(), &runs[0]["cause"]), (before + 1, &json!("pull")), "noted once");
        let message = runs[0]["message"].as_str().unwrap();
        assert!(message.contains("tgz.prov is refused") && message.contains(cause), "{message}");
    }
    assert_eq!(pair.admin.get(SOURCE).await.json()["cached_packages"], json!(0));

    // Both were swapped: what was listed cannot be had any more, nor what somebody says of it.
    publish_signed(&pair, "3.0.0").await;
    pair.sync().await;
    let swapped =
        crate::support::package_of("apiVersion: v2\nname: redis\nversion: 3.0.0\nhome: https://x\n");
    let signed = provenance_of("redis", "3.0.0", &swapped);
    pair.publisher.post("/api/team/apps/charts", swapped.clone()).await.expect(201);
    pair.publisher.post("/api/team/apps/prov", signed.clone()).await.expect(201);
    pull(&anyone, "3.0.0").await.expect(503);
    pair.sync().await;
    let digest = chandlery_core::Digest::of(&swapped);
    let accept = json!({ "chart": "redis", "version": "3.0.0", "digest": digest });
    pair.admin.send_json(Method::POST, &format!("{SOURCE}/digests"), &accept).await.expect(204);
    assert_eq!(pull(&anyone, "3.0.0").await.expect(200).body, signed, "it belongs to what was accepted");
}

async fn a_mirror_has_them(pair: Pair) {
    let anyone = pair.server.anonymous();
    publish_signed(&pair, "1.0.0").await;
    publish(&pair, "2.0.0", None).await;
    publish(&pair, "3.0.0", Some(b"another")).await;
    let run = pair.create(json!({ "cache": "mirror" })).await;
    let problems = run["problems"].as_array().unwrap();
    let told = problems[0].as_str().unwrap();
    assert_eq!(problems.len(), 1, "{run}");
    assert!(told.starts_with("the provenance file of redis-3.0.0.tgz is refused: sha256"), "{told}");
    assert_eq!(runs(&pair).await.len(), 1, "the look itself tells it");

    // What was answered once is not asked for at the next look.
    let late = provenance_of("redis", "2.0.0", &package("redis", "2.0.0"));
    pair.publisher.post("/api/team/apps/prov", late).await.expect(201);
    publish_signed(&pair, "4.0.0").await;
    let run = pair.sync().await;
    assert_eq!((&run["added"], &run["problems"]), (&json!(1), &json!([])), "{run}");
    set_visibility(&pair, "private").await;
    for (version, status) in [("1.0.0", 200), ("2.0.0", 404), ("3.0.0", 503), ("4.0.0", 200)] {
        pull(&anyone, version).await.expect(status);
    }
}

/// Versions of apps are made with the provenance files of their packages.
async fn apps_have_them(pair: Pair) {
    publish(&pair, "1.0.0", None).await;
    publish_signed(&pair, "2.0.0").await;
    publish(&pair, "3.0.0", Some(b"another")).await;
    let run = pair.create(json!({ "import": { "newest": 3 } })).await;
    assert_eq!(run["imported"], json!(3), "{run}");
    let problem = run["problems"][0].as_str().unwrap();
    assert!(problem.starts_with("redis-3.0.0.tgz is imported without its provenance file: "), "{run}");
    let apps = "/api/v1/workspaces/mirrors/apps";
    for (version, signed) in [("1.0.0", false), ("2.0.0", true), ("3.0.0", false)] {
        let view = pair.admin.get(&format!("{apps}/redis/versions/{version}")).await.expect(200).json();
        assert_eq!(view["signed"], json!(signed), "{view}");
    }
}

/// Who may not have the package may not have its provenance file either, whether it is here or not.
#[tokio::test(flavor = "multi_thread")]
async fn other_tenants_do_not_have_them() {
    let pair = Pair::on_sqlite().await;
    publish_signed(&pair, "1.0.0").await;
    pair.create(json!({})).await;
    pair.admin.set("mirrors/upstream", &json!({ "visibility": "private" })).await;
    pair.admin.create_repository("acme/own", &json!({ "visibility": "private" })).await;
    let token = |name, repository| json!({ "name": name, "scope": "pull", "repository": repository });
    let other = pair.admin.create_token(&token("other", "acme/own")).await;
    let own = pair.admin.create_token(&token("own", "mirrors/upstream")).await;
    for _ in 0..2 {
        for file in ["redis-1.0.0.tgz", "redis-1.0.0.tgz.prov"] {
            let path = format!("/mirrors/upstream/charts/{file}");
            pair.server.anonymous().get(&path).await.expect(401);
            other.get(&path).await.expect(404);
        }
        pull(&own, "1.0.0").await.expect(200);
    }
}
