//! `/api/v1/search`, and what `helm search hub` asks.

use serde_json::json;

use crate::support::{TestServer, package_of};

#[tokio::test(flavor = "multi_thread")]
async fn finds_the_newest_versions() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    admin.create_repository("team/public", &json!({ "visibility": "public" })).await;
    admin.create_repository("team/private", &json!({})).await;
    let chart = |name: &str, version: &str, more: &str| {
        package_of(&format!("apiVersion: v2\nname: {name}\nversion: {version}\n{more}"))
    };
    for (repository, name, version, more) in [
        ("team/public", "redis", "1.0.0", "description: A store\n"),
        ("team/public", "redis", "1.10.0", "description: A store\nappVersion: 'seven'\nkeywords: [Cache]\n"),
        ("team/public", "redis", "1.9.0", "description: A store\n"),
        ("team/public", "web", "1.0.0", "description: Uses Redis and 100% more\n"),
        ("team/public", "tea", "1.0.0", "description: ÜBER den Tee, 应用\n"),
        ("team/private", "redis-secret", "1.0.0", ""),
    ] {
        let url = format!("/api/{repository}/charts");
        admin.post(&url, chart(name, version, more)).await.expect(201);
    }
    let nobody = server.anonymous();
    let found = async |client: &crate::support::Client, query: &str| {
        let answer = client.get(&format!("/api/v1/search?q={query}")).await.expect(200).json();
        let hits = answer["items"].as_array().unwrap().clone();
        hits.iter()
            .map(|hit| format!("{} {}", hit["name"].as_str().unwrap(), hit["version"].as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(found(&nobody, "").await, ["redis 1.10.0", "tea 1.0.0", "web 1.0.0"]);
    assert_eq!(found(&nobody, "redis").await, ["redis 1.10.0", "web 1.0.0"]);
    assert_eq!(found(&nobody, "REDIS").await, ["redis 1.10.0", "web 1.0.0"]);
    assert_eq!(found(&nobody, "cache+store").await, ["redis 1.10.0"]);
    assert_eq!(found(&nobody, "100%25").await, ["web 1.0.0"]);
    for query in ["über", "Über", "%C3%9CBER+TEE", "应用"] {
        assert_eq!(found(&nobody, query).await, ["tea 1.0.0"], "{query}");
    }
    for nothing in ["éber", "secret", "seven", "%25%25", "_", "'%20OR%201=1--", "nothing"] {
        assert_eq!(found(&nobody, nothing).await, [""; 0], "{nothing}");
    }
    assert_eq!(found(&admin, "secret").await, ["redis-secret 1.0.0"]);

    let hub = nobody.get("/api/chartsvc/v1/charts/search?q=redis").await.expect(200).json();
    let first = &hub["data"][0];
    assert_eq!(first["attributes"]["name"], "redis");
    assert_eq!(first["attributes"]["repo"]["url"], format!("{}/team/public", server.url()));
    let latest = &first["relationships"]["latestChartVersion"]["data"];
    assert_eq!((&latest["version"], &latest["app_version"]), (&json!("1.10.0"), &json!("seven")));
    let url = latest["urls"][0].as_str().unwrap();
    nobody.at("").get(url).await.expect(200);
    for bad in ["limit=0", "limit=x", "unknown=1"] {
        nobody.get(&format!("/api/v1/search?{bad}")).await.is_problem(400, "invalid");
    }
}
