//! What each caller sees, and what nobody may do.

use http::Method;
use serde_json::{Value, json};

use super::{ALL, VIRTUAL, add_external, add_virtual, listed, publish};
use crate::sources::{Pair, on_both_databases};
use crate::support::{TestServer, package};

on_both_databases!(members_that_may_not_be_read_are_left_out);

async fn members_that_may_not_be_read_are_left_out(pair: Pair) {
    let Pair { publisher, admin, server, .. } = &pair;
    admin.create_repository("acme/secret", &json!({ "visibility": "private" })).await;
    admin.create_repository("acme/open", &json!({ "visibility": "public" })).await;
    publish(admin, "acme/secret", &["plan-1.0.0", "web-1.0.0"]).await;
    publish(admin, "acme/open", &["tool-1.0.0"]).await;
    publish(publisher, "team/apps", &["web-9.0.0", "redis-1.0.0"]).await;
    add_external(&pair, "mirrors/upstream", "team/apps").await;
    let members = ["acme/secret", "acme/open", "mirrors/upstream"];
    add_virtual(admin, "acme/all", json!({ "visibility": "public" }), json!({ "members": members }))
        .await
        .expect(201);

    let anyone = server.anonymous();
    let charts = |index: &chandlery_chart::IndexFile| index.entries.keys().cloned().collect::<Vec<_>>();
    for _ in 0..2 {
        let own = admin.index("/acme/all/index.yaml").await;
        assert_eq!(charts(&own), ["plan", "redis", "tool", "web"]);
        assert_eq!(listed(&own, "web")[0].1, "by acme/secret");
        // A name of a member that they may not read does not come from elsewhere instead.
        assert_eq!(charts(&anyone.index("/acme/all/index.yaml").await), ["redis", "tool"]);
    }
    for (path, status) in [
        ("/acme/all/charts/web-9.0.0.tgz", 404),
        ("/acme/all/charts/web-1.0.0.tgz", 404),
        ("/acme/all/charts/plan-1.0.0.tgz", 404),
        ("/api/acme/all/charts/web", 404),
        ("/api/acme/all/charts/plan/1.0.0", 404),
        ("/acme/all/charts/tool-1.0.0.tgz", 200),
        ("/acme/all/charts/redis-1.0.0.tgz", 200),
        ("/api/acme/all/charts/redis/latest", 200),
    ] {
        assert_eq!(anyone.get(path).await.status, status, "{path}");
        admin.get(&path.replace("web-9", "web-1")).await.expect(200);
    }
    let view = anyone.get(ALL).await.expect(200);
    assert_eq!(view.json()["virtual"]["members"], json!(["acme/open", "mirrors/upstream"]));
    let told = anyone.get(&format!("{VIRTUAL}/resolve?chart=web")).await.expect(200);
    assert!(!told.text().contains("secret"), "{}", told.text());
    assert_eq!(told.json()["shadowed"][0]["because"], "own-name");
    anyone.get(&format!("{VIRTUAL}/resolve?chart=plan")).await.is_problem(404, "not_found");
    let hits = anyone.get("/api/v1/search?q=web").await.expect(200).json();
    let from_all = |hit: &&Value| hit["repository"] == "acme/all";
    assert_eq!(hits["items"].as_array().unwrap().iter().find(from_all), None);

    // The setting is in force with the answer, in both directions.
    admin.set("acme/secret", &json!({ "visibility": "public" })).await;
    assert_eq!(charts(&anyone.index("/acme/all/index.yaml").await), ["plan", "redis", "tool", "web"]);
    anyone.get("/acme/all/charts/plan-1.0.0.tgz").await.expect(200);
    admin.set("acme/secret", &json!({ "visibility": "private" })).await;
    assert_eq!(charts(&anyone.index("/acme/all/index.yaml").await), ["redis", "tool"]);
    anyone.get("/acme/all/charts/plan-1.0.0.tgz").await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_pushes_to_it() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    admin.create_repository("acme/own", &json!({})).await;
    admin.post("/api/acme/own/charts", package("a", "1.0.0")).await.expect(201);
    add_virtual(&admin, "acme/all", json!({}), json!({ "members": ["acme/own"] })).await.expect(201);
    let refused = admin.post("/api/acme/all/charts", package("b", "1.0.0")).await.expect(403);
    assert!(refused.text().contains("push to one of them"), "{}", refused.text());
    admin.delete("/api/acme/all/charts/a/1.0.0").await.expect(403);
    admin.get("/acme/all/charts/a-1.0.0.tgz").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_merged_is_refused() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for (path, visibility) in [
        ("acme/own", "private"),
        ("other/open", "public"),
        ("other/internal", "internal"),
        ("other/closed", "private"),
    ] {
        admin.create_repository(path, &json!({ "visibility": visibility })).await;
    }
    let person = json!({ "name": "ann", "password": "a long password", "role": "platform-regular" });
    admin.send_json(Method::POST, "/api/v1/accounts", &person).await.expect(201);
    let member = json!({ "account": "ann", "role": "workspace-admin" });
    admin.send_json(Method::POST, "/api/v1/workspaces/acme/members", &member).await.expect(201);
    let ann = server.anonymous().with_password("ann", "a long password");
    add_virtual(&ann, "acme/all", json!({}), json!({ "members": ["acme/own", "other/open"] }))
        .await
        .expect(201);

    let many: Vec<String> = (0..33).map(|number| format!("acme/m{number}")).collect();
    let patterns = vec!["a"; 101];
    let cases = [
        (json!({ "members": [] }), "between 1 and 32"),
        (json!({ "members": many }), "between 1 and 32"),
        (json!({ "members": ["acme/own", "acme/own"] }), "acme/own is there twice"),
        (json!({ "members": ["acme/none"] }), "acme/none does not exist, or you may not read it"),
        (json!({ "members": ["other/closed"] }), "other/closed does not exist, or you may not read it"),
        (json!({ "members": ["other/internal"] }), "other/internal is not public"),
        (json!({ "members": ["acme/all"] }), "cannot be a member"),
        (json!({ "members": ["acme/own"], "reserved": ["[a"] }), "no pattern"),
        (json!({ "members": ["acme/own"], "reserved": patterns }), "more than 100"),
        (json!({ "members": ["acme/own"], "reserved": [""] }), "empty"),
        (json!({ "members": ["no path"] }), "body"),
        (json!({ "members": ["acme/own"], "source": {} }), "unknown field"),
        (json!({ "reserved": [] }), "missing field"),
    ];
    for (merges, text) in cases {
        let created = add_virtual(&ann, "acme/bad", json!({}), merges.clone()).await;
        let replaced = ann.send_json(Method::PUT, VIRTUAL, &merges).await;
        for answer in [created, replaced] {
            let problem = answer.is_problem(400, "invalid");
            assert!(problem["detail"].as_str().unwrap().contains(text), "{merges}: {problem}");
        }
    }
    add_virtual(&ann, "acme/self", json!({}), json!({ "members": ["acme/self"] }))
        .await
        .is_problem(400, "invalid");
    let both = json!({ "path": "acme/both", "virtual": { "members": ["acme/own"] },
                       "source": { "settings": { "url": "https://example.org" } } });
    ann.send_json(Method::POST, "/api/v1/repositories", &both).await.is_problem(400, "invalid");
    ann.get("/api/v1/repositories/acme/bad").await.is_problem(404, "not_found");
    ann.get("/api/v1/repositories/acme/own/virtual").await.is_problem(404, "not_found");
    ann.get("/api/v1/repositories/acme/all/source").await.is_problem(404, "not_found");

    // What became of a member since is no reason to refuse that it stays.
    admin.set("other/open", &json!({ "visibility": "private" })).await;
    let stays = json!({ "members": ["other/open", "acme/own"], "reserved": ["x"] });
    let view = ann.send_json(Method::PUT, VIRTUAL, &stays).await.expect(200).json();
    assert_eq!(view["members"][0], json!({ "path": "other/open", "kind": "hosted", "readable": false }));
    ann.send_json(Method::PUT, VIRTUAL, &json!({ "members": ["acme/own"] })).await.expect(200);
    ann.send_json(Method::PUT, VIRTUAL, &stays).await.is_problem(400, "invalid");
}
