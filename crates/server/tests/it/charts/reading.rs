//! Lists, versions, templates, values and files (spec 1.4).

use base64::Engine;
use serde_json::{Value, json};

use super::{PLACES, SAVED, prepared};
use crate::support::{Archive, Client, TestServer, chart_yaml, package, provenance};

async fn filled(server: &TestServer) -> Client {
    let admin = prepared(server, json!({})).await;
    for place in PLACES {
        for version in ["0.1.0", "0.2.0", "0.10.0", "v2.0.0", "1.0.0+build.4", "1.0.0+build.5", "3.0.0-rc.1"]
        {
            admin.post(&place.charts(), package("mychart", version)).await.is(201, SAVED);
        }
        admin.post(&place.provenance(), provenance("mychart", "0.1.0")).await.is(201, SAVED);
        admin.post(&place.charts(), package("preview", "1.0.0-alpha")).await.is(201, SAVED);
        let bare = Archive::chart("bare", "1.0.0").finish();
        admin.post(&place.charts(), bare).await.is(201, SAVED);
    }
    admin
}

#[tokio::test(flavor = "multi_thread")]
async fn files() {
    let server = TestServer::start().await;
    let admin = filled(&server).await;
    for place in PLACES {
        let chart = admin.get(&place.file("mychart-0.1.0.tgz")).await.expect(200);
        assert_eq!(chart.header("content-type"), "application/x-tar");
        assert_eq!(chart.body, package("mychart", "0.1.0"));
        let prov = admin.get(&place.file("mychart-0.1.0.tgz.prov")).await.expect(200);
        assert_eq!(prov.header("content-type"), "application/pgp-signature");
        assert_eq!(prov.body, provenance("mychart", "0.1.0"));
        for unknown in ["mychart-9.9.9.tgz", "mychart-0.2.0.tgz.prov", "nothing.tgz", "tgz", "a..tgz"] {
            admin.get(&place.file(unknown)).await.is_error(404, "object not found");
        }
        for other in ["mychart-0.1.0.zip", "index-cache.yaml", "mychart-0.1.0.prov", "x"] {
            admin.get(&place.file(other)).await.is_error(500, "unsupported file extension");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_of_a_chart() {
    let server = TestServer::start().await;
    let admin = filled(&server).await;
    for place in PLACES {
        let answer = admin.get(&place.chart("mychart")).await.expect(200);
        assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
        let versions: Vec<Value> = serde_json::from_slice(&answer.body).unwrap();
        let texts: Vec<_> = versions.iter().map(|version| version["version"].as_str().unwrap()).collect();
        let newest_first =
            ["3.0.0-rc.1", "v2.0.0", "1.0.0+build.4", "1.0.0+build.5", "0.10.0", "0.2.0", "0.1.0"];
        assert_eq!(texts, newest_first);
        admin.get(&place.chart("nothing")).await.is_error(404, "chart not found");
        let head = admin.head(&place.chart("mychart")).await.expect(200);
        assert!(head.body.is_empty());
        assert!(admin.head(&place.chart("nothing")).await.expect(404).body.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_version() {
    let server = TestServer::start().await;
    let admin = filled(&server).await;
    let found = [
        ("mychart/latest", "v2.0.0"),
        ("mychart/0.1.0", "0.1.0"),
        ("mychart/0.1", "0.1.0"),
        ("mychart/%5E0.1.0", "0.1.0"),
        ("mychart/%3E%3D0.2", "v2.0.0"),
        ("mychart/2.0.0", "v2.0.0"),
        ("mychart/1.0.0+build.4", "1.0.0+build.4"),
        ("mychart/1.0.0%2Bbuild.4", "1.0.0+build.4"),
        ("mychart/3.0.0-rc.1", "3.0.0-rc.1"),
        ("preview/1.0.0-alpha", "1.0.0-alpha"),
    ];
    let missing = [
        ("mychart/9.9.9", "no chart version found for mychart-9.9.9"),
        ("mychart/1.2.3.4", "improper constraint: 1.2.3.4"),
        ("nothing/0.1.0", "no chart name found"),
        ("nothing/latest", "no chart name found"),
        ("preview/latest", "no chart version found for preview-"),
    ];
    for place in PLACES {
        for (request, version) in found {
            let url = place.chart(request);
            let answer = admin.get(&url).await.expect(200);
            assert_eq!(answer.json()["version"], version, "{request}");
            assert!(admin.head(&url).await.expect(200).body.is_empty());
        }
        for (request, text) in missing {
            let url = place.chart(request);
            admin.get(&url).await.is_error(404, text);
            assert!(admin.head(&url).await.expect(404).body.is_empty());
            admin.get(&format!("{url}/templates")).await.is_error(404, text);
            admin.get(&format!("{url}/values")).await.is_error(404, text);
        }
    }
}

/// The keys of an index entry, empty ones left out, escaped as Go does.
#[tokio::test(flavor = "multi_thread")]
async fn the_shape_of_a_version() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let text = "apiVersion: v2\nname: full\nversion: 1.0.0\ndescription: '<b> & \"'\nappVersion: '1.10'\nkubeVersion: '>=1.20'\n\
                home: https://example.org\nsources: [a, b]\nkeywords: [k]\nicon: i\ntags: t\ncondition: c\ntype: application\n\
                deprecated: true\nannotations: {x: 'y'}\nmaintainers:\n- {name: m, email: e, url: u}\n\
                dependencies:\n- {name: d, version: 1.x, repository: 'https://r', condition: d.on, tags: [q], alias: z}\n";
    let chart = crate::support::package_of(text);
    admin.post("/api/charts", chart.clone()).await.is(201, SAVED);
    let answer = admin.get("/api/charts/full/1.0.0").await.expect(200);
    assert!(answer.text().contains(r#""description":"\u003cb\u003e \u0026 \"""#), "{}", answer.text());
    let mut version = answer.json();
    let created = version.as_object_mut().unwrap().remove("created").unwrap();
    assert!(created.as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
    let expected = json!({
        "apiVersion": "v2", "name": "full", "version": "1.0.0", "description": "<b> & \"", "appVersion": "1.10",
        "kubeVersion": ">=1.20", "home": "https://example.org", "sources": ["a", "b"], "keywords": ["k"], "icon": "i",
        "tags": "t", "condition": "c", "type": "application", "deprecated": true, "annotations": { "x": "y" },
        "maintainers": [{ "name": "m", "email": "e", "url": "u" }],
        "dependencies": [{ "name": "d", "version": "1.x", "repository": "https://r", "condition": "d.on", "tags": ["q"], "alias": "z" }],
        "urls": ["charts/full-1.0.0.tgz"], "digest": chandlery_core::Digest::of(&chart).to_hex(),
    });
    assert_eq!(version, expected);
    admin.post("/api/charts", package("small", "1.0.0")).await.is(201, SAVED);
    let small = admin.get("/api/charts/small/1.0.0").await.json();
    let keys: Vec<_> = small.as_object().unwrap().keys().cloned().collect();
    let mut expected =
        ["name", "version", "apiVersion", "urls", "created", "digest"].map(str::to_owned).to_vec();
    expected.sort();
    let mut keys = keys;
    keys.sort();
    assert_eq!(keys, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_and_values() {
    let server = TestServer::start().await;
    let admin = filled(&server).await;
    for place in PLACES {
        for version in ["0.1.0", "latest", "%5E0.1.0"] {
            let answer = admin.get(&place.chart(&format!("mychart/{version}/templates"))).await.expect(200);
            let data = base64::engine::general_purpose::STANDARD.encode("kind: A\n");
            let expected = json!({
                "templates": [{ "name": "templates/a.yaml", "data": data }],
                "values": { "replicas": 1 },
            });
            assert_eq!(answer.json(), expected);
            let answer = admin.get(&place.chart(&format!("mychart/{version}/values"))).await;
            answer.is(200, "# how many\nreplicas: 1\n");
            assert_eq!(answer.header("content-type"), "application/yaml");
        }
        let answer = admin.get(&place.chart("bare/1.0.0/templates")).await;
        answer.is(200, r#"{"templates":null,"values":null}"#);
        admin.get(&place.chart("bare/1.0.0/values")).await.is_error(404, "values.yaml not found");
    }
    // Those of dependencies are not shown.
    let parent = Archive::chart("parent", "1.0.0")
        .file("chart/charts/child/Chart.yaml", chart_yaml("child", "1.0.0"))
        .file("chart/charts/child/templates/b.yaml", "kind: B\n")
        .file("chart/charts/child/values.yaml", "a: 1\n")
        .finish();
    admin.post("/api/charts", parent).await.is(201, SAVED);
    admin.get("/api/charts/parent/1.0.0/templates").await.is(200, r#"{"templates":null,"values":null}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_the_list() {
    let server = TestServer::start().await;
    let admin = prepared(&server, json!({})).await;
    for place in PLACES {
        let list = |query: &str| admin.clone().get_owned(format!("{}{query}", place.charts()));
        list("").await.is(200, "{}");
        list("?offset=10&limit=5").await.is(200, "{}");
        for number in 0..25 {
            // Several versions, which must not count.
            for version in ["0.9.0", "1.0.0"] {
                let chart = package(&format!("chart-{number:02}"), version);
                admin.post(&place.charts(), chart).await.is(201, SAVED);
            }
        }
        for (query, first, count) in [
            ("", "chart-00", 25),
            ("?limit=5", "chart-00", 5),
            ("?offset=10&limit=5", "chart-10", 5),
            ("?offset=20&limit=50", "chart-20", 5),
            ("?offset=24", "chart-24", 1),
            ("?offset=0", "chart-00", 25),
        ] {
            let answer = list(query).await.expect(200);
            assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
            let charts = answer.json();
            let charts = charts.as_object().unwrap();
            assert_eq!(charts.len(), count, "{query}");
            assert_eq!(charts[first][0]["version"], "1.0.0", "{query}");
        }
        list("?offset=25&limit=5").await.is(200, "{}");
        for query in ["?offset=-1", "?offset=x", "?offset=", "?offset=1.5"] {
            list(query).await.is_error(400, "offset is not a valid non-negative integer");
        }
        for query in ["?limit=0", "?limit=-1", "?limit=x", "?limit="] {
            list(query).await.is_error(400, "limit is not a valid positive integer");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_for_artifact_hub() {
    let server = TestServer::start().await;
    let admin = prepared(&server, json!({})).await;
    admin.get("/artifacthub-repo.yml").await.is_error(404, "not found");
    for place in &PLACES[1..] {
        let url = format!("{}/artifacthub-repo.yml", place.files);
        admin.get(&url).await.is_error(404, "Artifact Hub repository ID not found");
        admin.set(place.path(), &json!({ "artifacthub_repository_id": "7f1b" })).await;
        let answer = admin.get(&url).await;
        answer.is(200, "repositoryID: 7f1b\n");
        assert_eq!(answer.header("content-type"), "application/x-yaml");
    }
}
