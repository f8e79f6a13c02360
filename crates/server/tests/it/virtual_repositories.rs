//! Virtual repositories: what is served of their members, to whom, and when it changes.

mod changing;
mod merging;
mod seeing;

use bytes::Bytes;
use chandlery_chart::IndexFile;
use http::Method;
use serde_json::{Value, json};

use crate::sources::Pair;
use crate::support::{Answer, Client, eventually, package_of};

const ALL: &str = "/api/v1/repositories/acme/all";
const VIRTUAL: &str = "/api/v1/repositories/acme/all/virtual";

/// A package that says where it comes from.
fn package_by(publisher: &str, name: &str, version: &str) -> Bytes {
    package_of(&format!("apiVersion: v2\nname: {name}\nversion: {version}\ndescription: by {publisher}\n"))
}

/// Publishes charts, each `name-version` at a version without a dash.
async fn publish(client: &Client, repository: &str, charts: &[&str]) {
    for chart in charts {
        let (name, version) = chart.rsplit_once('-').unwrap();
        let package = package_by(repository, name, version);
        client.post(&format!("/api/{repository}/charts"), package).await.expect(201);
    }
}

/// Makes a repository whose packages come from the other server.
async fn add_external(pair: &Pair, path: &str, upstream: &str) {
    let url = format!("{}/{upstream}", pair.upstream.url());
    let settings = json!({ "url": url, "period": 0 });
    let request = json!({ "path": path, "settings": { "visibility": "public" },
                          "source": { "settings": settings } });
    pair.admin.send_json(Method::POST, "/api/v1/repositories", &request).await.expect(201);
    sync(pair, path).await;
}

/// Has a source looked at, and waits.
async fn sync(pair: &Pair, path: &str) {
    let source = format!("/api/v1/repositories/{path}/source");
    pair.admin.post(&format!("{source}/sync"), "").await.expect(200);
    eventually("a look at the source", async || {
        let view = pair.admin.get(&source).await.expect(200).json();
        (view["state"] == "synced" && view["next_at"].is_null()).then_some(())
    })
    .await;
}

/// Makes a virtual repository.
async fn add_virtual(client: &Client, path: &str, settings: Value, merges: Value) -> Answer {
    let request = json!({ "path": path, "settings": settings, "virtual": merges });
    client.send_json(Method::POST, "/api/v1/repositories", &request).await
}

/// The versions of a chart in an index, newest first, each with what its package says of itself.
fn listed(index: &IndexFile, chart: &str) -> Vec<(String, String)> {
    let entries = index.entries.get(chart).into_iter().flatten();
    entries.map(|entry| (entry.metadata.version.clone(), entry.metadata.description.clone())).collect()
}
