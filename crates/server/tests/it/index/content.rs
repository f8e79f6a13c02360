//! What an index says.

use serde_json::json;

use crate::support::{Archive, TestServer, package, package_of};

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_repository() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let answer = admin.get("/index.yaml").await.expect(200);
    assert_eq!(answer.header("content-type"), "application/x-yaml");
    let index = answer.index();
    assert!(index.entries.is_empty() && index.api_version == "v1");
    assert!(answer.text().contains("entries: {}"), "{}", answer.text());
    let head = admin.head("/index.yaml").await.expect(200);
    assert_eq!(head.header("content-length"), answer.body.len().to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_entry() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let before = jiff::Timestamp::now();
    let text = "apiVersion: v2\nname: app\nversion: 1.0.0\ndescription: \"a: b\\n- c #d\"\nappVersion: 'yes'\nunknown: {x: 1}\n\
                annotations: {'on': 'off', q: \"'\\\"\"}\ndependencies: [{name: d, version: '1', import-values: [{child: a, parent: b}, c]}]\n";
    let chart = package_of(text);
    admin.post("/api/charts", chart.clone()).await.expect(201);
    let answer = admin.get("/index.yaml").await.expect(200);
    let entry = &answer.index().entries["app"][0];
    assert_eq!(entry.digest, chandlery_core::Digest::of(&chart).to_hex());
    assert_eq!(entry.urls, ["charts/app-1.0.0.tgz"]);
    assert_eq!(entry.metadata.app_version, "yes");
    assert_eq!(entry.metadata.annotations["on"], "off");
    assert_eq!(entry.metadata.annotations["q"], "'\"");
    let version = admin.get("/api/charts/app/1.0.0").await.json();
    let created: jiff::Timestamp = version["created"].as_str().unwrap().parse().unwrap();
    assert!(before <= created && created <= jiff::Timestamp::now());
    assert_eq!(serde_json::to_value(&entry.created).unwrap(), version["created"]);
    assert!(!answer.text().contains("unknown"), "{}", answer.text());
    let whole: serde_json::Value =
        chandlery_yaml::from_slice(&answer.body, &chandlery_yaml::Options::default()).unwrap();
    let mut keys: Vec<_> = whole.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["apiVersion", "entries", "generated", "serverInfo"]);
    assert_eq!(
        whole["entries"]["app"][0]["dependencies"][0]["import-values"],
        json!([{ "child": "a", "parent": "b" }, "c"])
    );
}

/// Newest first, as semantic versions are ordered; charts in the order in which Helm writes them.
#[tokio::test(flavor = "multi_thread")]
async fn order() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for version in ["1.9.0", "1.10.0", "2.0.0-rc.1", "2.0.0-rc.10", "2.0.0-rc.2", "v2.0.0", "0.1"] {
        admin.post("/api/charts", package("app", version)).await.expect(201);
    }
    for name in ["b", "A", "a10", "a9", "z"] {
        admin.post("/api/charts", Archive::chart(name, "1.0.0").finish()).await.expect(201);
    }
    let answer = admin.get("/index.yaml").await.expect(200);
    let index = answer.index();
    let versions: Vec<_> = index.entries["app"].iter().map(|entry| entry.metadata.version.as_str()).collect();
    assert_eq!(versions, ["v2.0.0", "2.0.0-rc.10", "2.0.0-rc.2", "2.0.0-rc.1", "1.10.0", "1.9.0", "0.1"]);
    // As it stands in the text, not as the reader sorts it.
    let text = answer.text();
    let places: Vec<_> = versions
        .iter()
        .map(|version| {
            text.find(&format!("  version: {version}\n"))
                .unwrap_or_else(|| text.find(&format!("version: \"{version}\"\n")).unwrap())
        })
        .collect();
    assert!(places.is_sorted(), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_charts() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let uploads = (0..8).map(|worker| {
        let admin = admin.clone();
        tokio::spawn(async move {
            for number in (worker..1000).step_by(8) {
                let chart = Archive::chart(&format!("chart-{number}"), "1.0.0").finish();
                admin.post("/api/charts", chart).await.expect(201);
            }
        })
    });
    for upload in futures_util::future::join_all(uploads).await {
        upload.unwrap();
    }
    let index = admin.index("/index.yaml").await;
    assert_eq!(index.entries.len(), 1000);
    assert!(
        index.entries.iter().all(|(name, entries)| entries.len() == 1 && entries[0].metadata.name == *name)
    );
    // A server that starts on this says the same, byte for byte.
    let (first, etag) = {
        let answer = admin.get("/index.yaml").await;
        (answer.body.clone(), answer.header("etag").to_owned())
    };
    let directory = server.stop().await;
    let server = TestServer::start_in(directory, |_| {}).await.unwrap();
    let again = admin.at(server.url()).get("/index.yaml").await.expect(200);
    assert!(again.body == first);
    assert_eq!(again.header("etag"), etag);
}
