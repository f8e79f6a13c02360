//! External sources and virtual repositories at two replicas: one of them looks, both know; one dies, the other goes on.

use http::Method;
use serde_json::{Value, json};

use super::Replicas;
use super::upstream::Upstream;
use crate::support::{Client, eventually, package, package_of};

const SOURCE: &str = "/api/v1/repositories/mirrors/upstream/source";
const VIRTUAL: &str = "/api/v1/repositories/acme/all/virtual";

/// Two hosted repositories, an external one, and a virtual one over them, made at one replica.
async fn create(admin: &Client, upstream: &Upstream) {
    for path in ["acme/one", "acme/two"] {
        admin.create_repository(path, &json!({ "visibility": "public" })).await;
    }
    add_source(admin, upstream).await;
    let members = json!({ "members": ["acme/one", "acme/two", "mirrors/upstream"] });
    let request = json!({ "path": "acme/all", "settings": { "visibility": "public" }, "virtual": members });
    admin.send_json(Method::POST, "/api/v1/repositories", &request).await.expect(201);
}

async fn add_source(admin: &Client, upstream: &Upstream) {
    let source = json!({ "settings": { "url": upstream.url, "period": 0 } });
    let request =
        json!({ "path": "mirrors/upstream", "settings": { "visibility": "public" }, "source": source });
    admin.send_json(Method::POST, "/api/v1/repositories", &request).await.expect(201);
}

/// The source, once nobody looks at it and nobody is asked to.
async fn settled(admin: &Client) -> Value {
    eventually("the end of the looks", async || {
        let source = admin.get(SOURCE).await.expect(200).json();
        (source["state"] == "synced" && source["next_at"].is_null()).then_some(source)
    })
    .await
}

/// Where the first version of a chart in the virtual index comes from, by what its package says of itself.
async fn origin(client: &Client, chart: &str) -> Option<String> {
    let index = client.index("/acme/all/index.yaml").await;
    Some(index.entries.get(chart)?.first()?.metadata.description.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_merges_or_fetches_the_other_serves() {
    let upstream = Upstream::start().await;
    let theirs = ["one-1.0.0", "two-1.0.0"].map(|chart| {
        let (name, version) = chart.rsplit_once('-').unwrap();
        (chart, upstream.publish(name, version))
    });
    upstream.publish("both", "1.0.0");
    let replicas = Replicas::start();
    let [first, second] = &replicas.admins().await;
    create(first, &upstream).await;
    settled(second).await;

    // Pushed, looked at, ordered anew at one: the same at the other at once.
    for (number, (here, there)) in [(first, second), (second, first)].into_iter().enumerate() {
        let name = format!("pushed-{number}");
        here.post("/api/acme/one/charts", package(&name, "1.0.0")).await.expect(201);
        assert!(origin(there, &name).await.is_some(), "{name}");
        let late = format!("late{number}");
        upstream.publish(&late, "1.0.0");
        here.post(&format!("{SOURCE}/sync"), "").await.expect(200);
        settled(there).await;
        assert_eq!(origin(there, &late).await.as_deref(), Some("theirs"), "{late}");
    }
    // What a hosted member has comes from nowhere else, and of two such members from the first one.
    assert_eq!(origin(second, "both").await.as_deref(), Some("theirs"));
    for (admin, repository) in [(first, "one"), (second, "two")] {
        let text = format!("apiVersion: v2\nname: both\nversion: 1.0.0\ndescription: {repository}\n");
        admin.post(&format!("/api/acme/{repository}/charts"), package_of(&text)).await.expect(201);
        assert_eq!(origin(first, "both").await.as_deref(), Some("one"));
        assert_eq!(origin(second, "both").await.as_deref(), Some("one"));
    }
    for (here, there, before, after) in [(first, second, "two", "one"), (second, first, "one", "two")] {
        let members = [&format!("acme/{before}"), "mirrors/upstream", &format!("acme/{after}")];
        here.send_json(Method::PUT, VIRTUAL, &json!({ "members": members })).await.expect(200);
        assert_eq!(origin(there, "both").await.as_deref(), Some(before));
        assert_eq!(origin(here, "both").await.as_deref(), Some(before));
    }

    // Fetched by one, and served by both from the same bucket: upstream is asked once.
    for ((chart, package), (here, there)) in theirs.iter().zip([(first, second), (second, first)]) {
        let file = format!("/{chart}.tgz");
        assert_eq!(upstream.asked(&file), 0);
        for client in [here, there, there] {
            let pulled = client.get(&format!("/acme/all/charts{file}")).await.expect(200);
            assert!(pulled.body == *package, "{chart}");
        }
        assert_eq!(upstream.asked(&file), 1, "{chart}");
    }
}

/// Both are asked to look all the time: one at a time does, and each look is one request and one row of the history.
#[tokio::test(flavor = "multi_thread")]
async fn one_at_a_time_looks() {
    const ROUNDS: usize = 10;
    let upstream = Upstream::start().await;
    upstream.publish("web", "1.0.0");
    let replicas = Replicas::start();
    let admins = replicas.admins().await;
    upstream.hold();
    add_source(&admins[0], &upstream).await;
    upstream.is_looked_at(1).await;
    for _ in 0..ROUNDS {
        for admin in &admins {
            admin.post(&format!("{SOURCE}/sync"), "").await.expect(200);
        }
    }
    assert_eq!(upstream.asked("/index.yaml"), 1, "while one looks, nobody else does");
    upstream.release();
    for round in 0..ROUNDS {
        upstream.publish(&format!("chart{round}"), "1.0.0");
        let asked =
            admins.iter().map(|admin| admin.post("/api/v1/repositories/mirrors/upstream/source/sync", ""));
        for answer in futures_util::future::join_all(asked).await {
            answer.expect(200);
        }
    }
    for admin in &admins {
        settled(admin).await;
        assert_eq!(admin.index("/mirrors/upstream/index.yaml").await.entries.len(), ROUNDS + 1);
    }
    let runs = admins[1].get(&format!("{SOURCE}/runs?limit=500")).await.expect(200).json();
    let runs = runs["items"].as_array().unwrap();
    assert_eq!((runs.len(), upstream.most_at_once()), (upstream.asked("/index.yaml"), 1), "{runs:#?}");
    assert!(runs.iter().all(|run| run["outcome"] != "failed"), "{runs:#?}");
}

/// Killed while it looks: the other one looks again, once the lease has ended, and there is nothing left of the first.
#[tokio::test(flavor = "multi_thread")]
async fn one_takes_over_from_one_that_dies() {
    let upstream = Upstream::start().await;
    let theirs = upstream.publish("web", "1.0.0");
    let replicas = Replicas::start();
    let [admin, _] = replicas.admins().await;
    let [first, second] = replicas.servers;
    upstream.hold();
    add_source(&admin, &upstream).await;
    upstream.is_looked_at(1).await;
    // Whichever of those that were there looks, it dies; the new one comes while the lease holds, and leaves it alone.
    second.kill();
    let second = replicas.settings[1].start();
    let admin = admin.at(second.url());
    first.kill();
    assert_eq!(
        admin.get(SOURCE).await.expect(200).json()["state"],
        "syncing",
        "it is still said to be looked at"
    );
    assert_eq!(upstream.asked("/index.yaml"), 1);
    upstream.release();
    let database = replicas.database.rsplit('/').next().unwrap();
    replicas.postgres.execute(database, "UPDATE sources SET leased_until = 1");
    let source = settled(&admin).await;
    assert_eq!(upstream.asked("/index.yaml"), 2, "{source}");
    let runs = admin.get(&format!("{SOURCE}/runs")).await.expect(200).json();
    assert_eq!(runs["items"].as_array().unwrap().len(), 1, "the look of the dead one was none: {runs}");
    let pulled = second.client().get("/mirrors/upstream/charts/web-1.0.0.tgz").await.expect(200);
    assert!(pulled.body == theirs);
    second.stop();
}
