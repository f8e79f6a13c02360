//! Imports that do not come to their end at once.

use http::Method;
use serde_json::{Value, json};

use super::{Pair, SOURCE, on_both_databases};
use crate::support::{ChildServer, Client, TestServer, eventually, files_below, package};

const APPS: &str = "/api/v1/workspaces/mirrors/apps";

on_both_databases!(what_cannot_be_had_now_is_tried_again);

async fn what_cannot_be_had_now_is_tried_again(pair: Pair) {
    let Pair { publisher, admin, upstream, .. } = &pair;
    for name in ["here", "lost"] {
        publisher.post("/api/team/apps/charts", package(name, "1.0.0")).await.expect(201);
    }
    let digest = chandlery_core::Digest::of(&package("lost", "1.0.0")).to_hex();
    let files = files_below(&upstream.data().join("blobs"));
    let blob = files.iter().find(|path| path.to_string_lossy().contains(&digest)).unwrap();
    let aside = upstream.data().join("aside");
    std::fs::rename(blob, &aside).unwrap();

    let run = pair.create(json!({ "import": {} })).await;
    assert_eq!((&run["outcome"], &run["imported"]), (&json!("synced"), &json!(1)), "{run}");
    let told = run["problems"][0].as_str().unwrap();
    assert!(told.starts_with("lost 1.0.0: "), "{run}");
    admin.get(&format!("{APPS}/lost")).await.expect(404);
    std::fs::rename(&aside, blob).unwrap();
    let run = pair.sync().await;
    assert_eq!((&run["outcome"], &run["imported"]), (&json!("unchanged"), &json!(1)), "{run}");
    assert_eq!(run["problems"], json!([]));
    admin.get(&format!("{APPS}/lost/versions/1.0.0")).await.expect(200);
    assert_eq!(admin.get(SOURCE).await.json()["import_problems"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_versions_take_several_looks() {
    let pair = Pair::on_sqlite().await;
    for chart in 0..11 {
        for version in 0..20 {
            let package = package(&format!("chart-{chart}"), &format!("{version}.0.0"));
            pair.publisher.post("/api/team/apps/charts", package).await.expect(201);
        }
    }
    let run = pair.create(json!({ "import": { "newest": 20 } })).await;
    assert_eq!(run["imported"], json!(200), "{run}");
    assert!(run["problems"][0].as_str().unwrap().contains("follow at the next one"), "{run}");
    let source = pair.admin.get(SOURCE).await.json();
    assert!(source["next_at"].is_string(), "it goes on by itself: {source}");
    let run = pair.sync().await;
    assert_eq!((&run["imported"], &run["problems"]), (&json!(20), &json!([])), "{run}");
    assert_eq!(pair.admin.get(SOURCE).await.json()["next_at"], json!(null));
}

/// Apps with at least one version in the store.
async fn active(admin: &Client) -> usize {
    let apps = admin.get(&format!("{APPS}?limit=500&state=active")).await;
    match apps.status {
        200 => apps.json()["items"].as_array().unwrap().len(),
        _ => 0,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_the_middle() {
    const CHARTS: usize = 40;
    let upstream = TestServer::start().await;
    let publisher = upstream.admin().await;
    publisher.create_repository("team/apps", &json!({ "visibility": "public" })).await;
    for chart in 0..CHARTS {
        let package = package(&format!("chart-{chart}"), "1.0.0");
        publisher.post("/api/team/apps/charts", package).await.expect(201);
    }
    let directory = tempfile::tempdir().unwrap();
    let settings = ChildServer::settings(directory.path()).allow("127.0.0.0/8");
    let mut child = settings.start();
    let mut admin = child.admin().await;
    let source = json!({ "url": format!("{}/team/apps", upstream.url()), "period": 0,
                         "import": { "state": "active" } });
    let request = json!({ "path": "mirrors/upstream", "source": { "settings": source } });
    admin.send_json(Method::POST, "/api/v1/repositories", &request).await.expect(201);
    for step in 1..=3 {
        let enough = CHARTS * step / 5;
        eventually("some imports", async || (active(&admin).await >= enough).then_some(())).await;
        child.kill();
        child = settings.start();
        admin = admin.at(child.url());
    }
    eventually("the other imports", async || (active(&admin).await == CHARTS).then_some(())).await;

    let index = admin.index("/store/index.yaml").await;
    assert_eq!(index.entries.len(), CHARTS);
    let apps = admin.get(&format!("{APPS}?limit=500")).await.expect(200).json();
    assert_eq!(apps["items"].as_array().unwrap().len(), CHARTS, "none was made twice");
    for chart in 0..CHARTS {
        let versions = admin.get(&format!("{APPS}/chart-{chart}/versions")).await.expect(200).json();
        let states: Vec<&Value> =
            versions["items"].as_array().unwrap().iter().map(|version| &version["state"]).collect();
        assert_eq!(states, ["active"], "chart-{chart}");
    }
    child.stop();
}
