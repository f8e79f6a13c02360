//! Names with letters that a URL escapes.

use serde_json::json;

use super::{DELETED, PLACES, SAVED, prepared};
use crate::support::{TestServer, package, provenance};

/// A chart, its version, and both as path segments.
const NAMES: [(&str, &str, &str, &str); 5] = [
    ("My Chart", "1.0.0", "My%20Chart", "1.0.0"),
    ("plus", "1.0.0+build.5", "plus", "1.0.0+build.5"),
    ("plus", "1.0.0+build.6", "plus", "1.0.0%2Bbuild.6"),
    ("größe-图表", "1.0.0", "gr%C3%B6%C3%9Fe-%E5%9B%BE%E8%A1%A8", "1.0.0"),
    ("a%20b#c?d&e", "1.0.0", "a%2520b%23c%3Fd&e", "1.0.0"),
];

#[tokio::test(flavor = "multi_thread")]
async fn are_read_by_their_escapes() {
    let server = TestServer::start().await;
    let admin = prepared(&server, json!({})).await;
    for place in PLACES {
        for (name, version, name_segment, version_segment) in NAMES {
            let chart = package(name, version);
            admin.post(&place.charts(), chart.clone()).await.is(201, SAVED);
            let prov = provenance(name, version);
            admin.post(&place.provenance(), prov.clone()).await.is(201, SAVED);
            let file = format!("{name_segment}-{version_segment}.tgz");
            assert_eq!(admin.get(&place.file(&file)).await.expect(200).body, chart, "{name}");
            assert_eq!(admin.get(&place.file(&format!("{file}.prov"))).await.expect(200).body, prov);
            let one = admin.get(&place.chart(&format!("{name_segment}/{version_segment}"))).await.expect(200);
            assert_eq!((&one.json()["name"], &one.json()["version"]), (&json!(name), &json!(version)));
            admin.get(&place.chart(&format!("{name_segment}/{version_segment}/values"))).await.expect(200);
        }
        // The address in the index leads to the package, and has no letter that a URL must not have.
        let index = admin.index(&place.index()).await;
        for entry in index.entries.values().flatten() {
            let url = &entry.urls[0];
            assert!(url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#' && byte != b'?'), "{url}");
            let stored = admin.get(&format!("{}/{url}", place.files)).await.expect(200);
            assert_eq!(chandlery_core::Digest::of(&stored.body).to_hex(), entry.digest, "{url}");
        }
        assert_eq!(index.entries.values().flatten().count(), NAMES.len());
        for (name, _, name_segment, version_segment) in NAMES {
            let url = place.chart(&format!("{name_segment}/{version_segment}"));
            admin.delete(&url).await.is(200, DELETED);
            assert_eq!(admin.delete(&url).await.status, 404, "{name}");
        }
    }
}
