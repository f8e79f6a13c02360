//! What an unchanged index costs, what a change changes, and members that go away.

use http::Method;
use serde_json::{Value, json};

use super::{ALL, VIRTUAL, add_external, add_virtual, listed, package_by, publish};
use crate::sources::{Pair, on_both_databases};
use crate::support::{Client, TestServer};

on_both_databases!(members_change_and_go, what_was_pulled_outlives_the_upstream);

/// How many indexes were made anew.
async fn refreshes(server: &TestServer) -> String {
    let metrics = server.anonymous().get("/metrics").await.expect(200).text();
    metrics.lines().find(|line| line.starts_with("chandlery_index_refreshes")).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_index_is_not_made_again() {
    let server = TestServer::with(|config| config.metrics = chandlery_server::Access::Open).await;
    let admin = server.admin().await;
    for path in ["acme/one", "acme/two", "acme/apart"] {
        admin.create_repository(path, &json!({})).await;
    }
    publish(&admin, "acme/one", &["both-1.0.0", "one-1.0.0", "z-1.0.0"]).await;
    publish(&admin, "acme/two", &["a-1.0.0", "both-2.0.0", "two-1.0.0"]).await;
    let merges = json!({ "members": ["acme/one", "acme/two"] });
    add_virtual(&admin, "acme/all", json!({}), merges).await.expect(201);

    let first = in_every_encoding(&admin).await;
    let made = refreshes(&server).await;
    publish(&admin, "acme/apart", &["both-9.0.0"]).await;
    for etag in &first {
        let known = admin.request(Method::GET, "/acme/all/index.yaml").header("if-none-match", etag);
        let encoding = etag.trim_matches('"').split_once('-').map_or("identity", |(_, name)| name);
        let answer = crate::support::Answer::to(known.header("accept-encoding", encoding)).await.expect(304);
        assert_eq!((answer.header("etag"), answer.body.len()), (etag.as_str(), 0));
    }
    assert_eq!(refreshes(&server).await, made, "nothing was made for what did not change");

    for (repository, chart) in
        [("acme/one", "both-3.0.0"), ("acme/two", "one-0.1.0"), ("acme/two", "new-1.0.0")]
    {
        let before = in_every_encoding(&admin).await;
        publish(&admin, repository, &[chart]).await;
        let after = in_every_encoding(&admin).await;
        assert!(before.iter().zip(&after).all(|(before, after)| before != after), "{chart}");
    }
    let index = admin.index("/acme/all/index.yaml").await;
    let versions = |chart| listed(&index, chart).into_iter().map(|(version, _)| version).collect::<Vec<_>>();
    assert_eq!(versions("both"), ["3.0.0", "2.0.0", "1.0.0"]);
    assert_eq!(versions("one"), ["1.0.0", "0.1.0"]);
    assert_eq!(index.entries.len(), 6);
}

/// The tags of the index in every encoding, which all say the same.
async fn in_every_encoding(client: &Client) -> Vec<String> {
    let mut tags = Vec::new();
    let plain = client.get_with("/acme/all/index.yaml", "accept-encoding", "identity").await.expect(200);
    plain.index();
    for encoding in ["identity", "gzip", "zstd"] {
        let answer = client.get_with("/acme/all/index.yaml", "accept-encoding", encoding).await.expect(200);
        let mut body = Vec::new();
        match encoding {
            "gzip" => {
                std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&answer.body[..]), &mut body)
                    .unwrap();
            }
            "zstd" => body = zstd::stream::decode_all(&answer.body[..]).unwrap(),
            _ => body = answer.body.to_vec(),
        }
        assert!(body == plain.body, "{encoding}");
        assert_eq!(answer.header("content-length"), answer.body.len().to_string());
        tags.push(answer.header("etag").to_owned());
    }
    tags
}

async fn members_change_and_go(pair: Pair) {
    let Pair { publisher, admin, .. } = &pair;
    for path in ["acme/one", "acme/two"] {
        admin.create_repository(path, &json!({})).await;
    }
    publish(admin, "acme/one", &["both-1.0.0", "one-1.0.0"]).await;
    publish(admin, "acme/two", &["both-1.0.0", "two-1.0.0"]).await;
    publish(publisher, "team/apps", &["one-5.0.0", "up-1.0.0"]).await;
    add_external(&pair, "mirrors/upstream", "team/apps").await;
    let charts = async || -> Vec<String> {
        let index = admin.index("/acme/all/index.yaml").await;
        let told = |(chart, _): (&String, _)| format!("{chart}: {}", listed(&index, chart)[0].1);
        index.entries.iter().map(told).collect()
    };
    let merges = json!({ "members": ["acme/two", "acme/one"] });
    add_virtual(admin, "acme/all", json!({}), merges).await.expect(201);
    assert_eq!(charts().await, ["both: by acme/two", "one: by acme/one", "two: by acme/two"]);
    assert_eq!(
        admin.get("/acme/all/charts/both-1.0.0.tgz").await.body,
        package_by("acme/two", "both", "1.0.0")
    );

    let view = admin.get(VIRTUAL).await.expect(200);
    assert_eq!((view.header("etag"), &view.json()["revision"]), ("\"0\"", &json!(0)));
    let other = json!({ "members": ["acme/one", "mirrors/upstream", "acme/two"], "reserved": ["up"] });
    let put = async |if_match: &str, body: &Value| {
        let request = admin.request(Method::PUT, VIRTUAL).header("if-match", if_match).json(body);
        crate::support::Answer::to(request).await
    };
    put("\"7\"", &other).await.is_problem(412, "precondition_failed");
    let changed = put("\"0\"", &other).await.expect(200);
    assert_eq!(changed.header("etag"), "\"1\"");
    assert_eq!(changed.json()["reserved"], json!(["up"]));
    let kinds: Vec<_> =
        changed.json()["members"].as_array().unwrap().iter().map(|m| m["kind"].clone()).collect();
    assert_eq!(kinds, ["hosted", "external", "hosted"]);
    assert_eq!(charts().await, ["both: by acme/one", "one: by acme/one", "two: by acme/two"]);
    assert_eq!(
        admin.get("/acme/all/charts/both-1.0.0.tgz").await.body,
        package_by("acme/one", "both", "1.0.0")
    );

    let impact = admin.get("/api/v1/repositories/acme/one/removal").await.expect(200).json();
    assert_eq!(impact["virtual_repositories"], json!(["acme/all"]));
    assert_eq!(impact["hidden_virtual_repositories"], json!(0));
    admin.delete("/api/v1/repositories/acme/one").await.expect(204);
    assert_eq!(charts().await, ["both: by acme/two", "one: by team/apps", "two: by acme/two"]);
    assert_eq!(
        admin.get("/acme/all/charts/both-1.0.0.tgz").await.body,
        package_by("acme/two", "both", "1.0.0")
    );
    let view = admin.get(VIRTUAL).await.expect(200).json();
    assert_eq!((view["members"].as_array().unwrap().len(), &view["revision"]), (2, &json!(2)));
    // One of its name that is made later is another one.
    admin.create_repository("acme/one", &json!({})).await;
    publish(admin, "acme/one", &["one-1.0.0"]).await;
    assert_eq!(charts().await, ["both: by acme/two", "one: by team/apps", "two: by acme/two"]);

    admin.delete(ALL).await.expect(204);
    admin.get("/acme/all/index.yaml").await.expect(404);
    admin.get("/acme/two/index.yaml").await.expect(200);
    let audit = admin.get("/api/v1/audit?name=acme/all").await.expect(200).json();
    let told: Vec<_> = audit["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["action"].as_str().unwrap(), entry["message"].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(
        told,
        [
            ("repository.delete", ""),
            ("virtual.take-out", "acme/one was deleted"),
            ("virtual.replace", "members: acme/one, mirrors/upstream, acme/two; reserved: up"),
            ("repository.create", "members: acme/two, acme/one"),
        ]
    );
}

async fn what_was_pulled_outlives_the_upstream(pair: Pair) {
    publish(&pair.publisher, "team/apps", &["kept-1.0.0", "lost-1.0.0"]).await;
    add_external(&pair, "mirrors/upstream", "team/apps").await;
    let merges = json!({ "members": ["mirrors/upstream"] });
    add_virtual(&pair.admin, "acme/all", json!({ "visibility": "public" }), merges).await.expect(201);
    let anyone = pair.server.anonymous();
    anyone.get("/acme/all/charts/kept-1.0.0.tgz").await.expect(200);
    let source = pair.admin.get("/api/v1/repositories/mirrors/upstream/source").await.expect(200).json();
    assert_eq!(source["cached_packages"], 1, "it is cached in the member");

    pair.upstream.stop().await;
    let kept = anyone.get("/acme/all/charts/kept-1.0.0.tgz").await.expect(200);
    assert_eq!(kept.body, package_by("team/apps", "kept", "1.0.0"));
    let lost = anyone.get("/acme/all/charts/lost-1.0.0.tgz").await.expect(503);
    assert!(!lost.text().contains("127.0.0.1"), "{}", lost.text());
    let index = anyone.index("/acme/all/index.yaml").await;
    assert_eq!(index.entries.len(), 2, "the last good index");
}
