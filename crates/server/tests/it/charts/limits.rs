//! Sizes, counts and retention (spec 1.5).

use bytes::Bytes;
use futures_util::stream;
use http::Method;
use serde_json::json;

use super::{PLACES, SAVED, prepared};
use crate::support::{Answer, Client, Form, TestServer, package, provenance};

#[tokio::test(flavor = "multi_thread")]
async fn the_size_of_a_body() {
    let chart = package("mychart", "0.1.0");
    let limit = chart.len() as u64;
    let server = TestServer::with(|config| config.max_upload_size = limit).await;
    let admin = prepared(&server, json!({})).await;
    for place in PLACES {
        let larger = Bytes::from([&chart[..], b"."].concat());
        let too_large = |answer: Answer| {
            answer.is(413, "request too large");
            assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
            assert_eq!(answer.header("connection"), "close");
        };
        too_large(admin.post(&place.charts(), larger.clone()).await);
        too_large(admin.post(&place.provenance(), larger.clone()).await);
        too_large(admin.post_form(&place.charts(), Form::new().file("chart", "a", &chart)).await);
        let chunked = reqwest::Body::wrap_stream(stream::iter([Ok::<_, std::io::Error>(larger)]));
        too_large(Answer::to(admin.request(Method::POST, &place.charts()).body(chunked)).await);
        // Exactly as many are not too many.
        admin.post(&place.charts(), chart.clone()).await.is(201, SAVED);
    }
    assert!(server.temporary_files().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_byte_or_none() {
    for limit in [1, 0] {
        let server = TestServer::with(|config| config.max_upload_size = limit).await;
        let admin = server.admin().await;
        let chart = package("mychart", "0.1.0");
        admin.post("/api/charts", chart.clone()).await.is(413, "request too large");
        admin.post("/api/prov", provenance("mychart", "0.1.0")).await.is(413, "request too large");
        admin
            .post_form("/api/charts", Form::new().file("chart", "a", &chart))
            .await
            .is(413, "request too large");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_size_of_a_package_of_one_repository() {
    let server = TestServer::start().await;
    let admin = prepared(&server, json!({})).await;
    let chart = package("mychart", "0.1.0");
    admin.set("org1/repo1", &json!({ "max_package_size": chart.len() - 1 })).await;
    admin.post("/api/org1/repo1/charts", chart.clone()).await.is(413, "request too large");
    admin.set("org1/repo1", &json!({ "max_package_size": chart.len() })).await;
    admin.post("/api/org1/repo1/charts", chart).await.is(201, SAVED);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_files() {
    const FULL: &str = "repo has reached storage limit";
    let server = TestServer::start().await;
    let admin = prepared(&server, json!({ "max_storage_objects": 1 })).await;
    for place in PLACES {
        let (chart, other) = (package("mychart", "0.1.0"), package("other", "0.1.0"));
        admin.post(&place.charts(), chart.clone()).await.is(201, SAVED);
        admin.post(&format!("{}?force", place.charts()), chart.clone()).await.is(201, SAVED);
        admin.post(&place.charts(), chart.clone()).await.is_error(409, "file already exists");
        admin.post(&place.charts(), other.clone()).await.is_error(507, FULL);
        admin.post(&place.provenance(), provenance("other", "0.1.0")).await.is_error(507, FULL);
        admin.post_form(&place.charts(), Form::new().file("chart", "a", &other)).await.is_error(507, FULL);
        assert_eq!(admin.index(&place.index()).await.entries.len(), 1);
        admin.set(place.path(), &json!({ "max_storage_objects": null })).await;
        admin.post(&place.charts(), other).await.is(201, SAVED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_versions_of_a_chart() {
    let server = TestServer::start().await;
    let admin = prepared(&server, json!({ "max_versions_per_chart": 2 })).await;
    for place in PLACES {
        for version in ["0.1.0", "0.2.0"] {
            admin.post(&place.charts(), package("mychart", version)).await.is(201, SAVED);
        }
        admin.post(&place.charts(), package("mychart", "0.3.0")).await.expect(507);
        admin.post(&place.charts(), package("mychart-service", "0.1.0")).await.is(201, SAVED);
        admin.post(&format!("{}?force", place.charts()), package("mychart", "0.2.0")).await.is(201, SAVED);
        assert_eq!(admin.index(&place.index()).await.entries["mychart"].len(), 2);
    }
}

async fn versions(admin: &Client, index: &str, chart: &str) -> Vec<String> {
    let index = admin.index(index).await;
    index.entries[chart].iter().map(|entry| entry.metadata.version.clone()).collect()
}

/// The oldest upload goes, not the lowest version, and only of exactly that chart.
#[tokio::test(flavor = "multi_thread")]
async fn retention() {
    let server = TestServer::start().await;
    let admin = prepared(&server, json!({ "keep_versions": 2 })).await;
    for place in PLACES {
        let raw = async |name: &str, version: &str| {
            admin.post(&place.charts(), package(name, version)).await.is(201, SAVED);
        };
        raw("mychart-service", "0.0.1").await;
        for version in ["0.0.1", "0.2.0", "0.1.0"] {
            raw("mychart", version).await;
        }
        assert_eq!(versions(&admin, &place.index(), "mychart").await, ["0.2.0", "0.1.0"]);
        assert_eq!(versions(&admin, &place.index(), "mychart-service").await, ["0.0.1"]);
        // A form with provenance; what goes takes its provenance along.
        for version in ["1.0.0-rc-1", "1.0.0-rc-2", "1.0.0-rc-3"] {
            let form = Form::new().file("chart", "a", &package("signed", version));
            let form = form.file("prov", "b", &provenance("signed", version));
            admin.post_form(&place.charts(), form).await.is(201, SAVED);
        }
        assert_eq!(versions(&admin, &place.index(), "signed").await, ["1.0.0-rc-3", "1.0.0-rc-2"]);
        admin.get(&place.file("signed-1.0.0-rc-1.tgz")).await.is_error(404, "object not found");
        admin.get(&place.file("signed-1.0.0-rc-1.tgz.prov")).await.is_error(404, "object not found");
        // Replacing a version takes no place.
        admin
            .post(&format!("{}?force", place.charts()), package("signed", "1.0.0-rc-3"))
            .await
            .is(201, SAVED);
        assert_eq!(versions(&admin, &place.index(), "signed").await.len(), 2);
    }
}
