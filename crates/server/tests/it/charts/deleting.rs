//! Deleting versions (spec 1.7).

use serde_json::json;

use super::{DELETED, PLACES, SAVED, prepared};
use crate::support::{TestServer, package, provenance};

#[tokio::test(flavor = "multi_thread")]
async fn a_version_with_its_provenance() {
    let server = TestServer::start().await;
    let admin = prepared(&server, json!({})).await;
    for place in PLACES {
        for version in ["0.1.0", "0.2.0"] {
            admin.post(&place.charts(), package("mychart", version)).await.is(201, SAVED);
            admin.post(&place.provenance(), provenance("mychart", version)).await.is(201, SAVED);
        }
        let url = place.chart("mychart/0.1.0");
        for not_a_version in ["mychart/latest", "mychart/%5E0.1.0", "mychart/0.1", "nothing/0.1.0"] {
            let answer = admin.delete(&place.chart(not_a_version)).await.expect(404);
            let text = answer.json()["error"].as_str().unwrap().to_owned();
            assert!(!text.contains('/'), "{text}");
        }
        let deleted = admin.delete(&url).await;
        deleted.is(200, DELETED);
        assert_eq!(deleted.header("content-type"), "application/json; charset=utf-8");
        admin.delete(&url).await.expect(404);
        admin.get(&place.file("mychart-0.1.0.tgz")).await.is_error(404, "object not found");
        admin.get(&place.file("mychart-0.1.0.tgz.prov")).await.is_error(404, "object not found");
        admin.get(&place.file("mychart-0.2.0.tgz.prov")).await.expect(200);
        assert_eq!(admin.index(&place.index()).await.entries["mychart"].len(), 1);
        // It may come again.
        admin.post(&place.charts(), package("mychart", "0.1.0")).await.is(201, SAVED);
        for version in ["0.1.0", "0.2.0"] {
            admin.delete(&place.chart(&format!("mychart/{version}"))).await.is(200, DELETED);
        }
        assert!(admin.index(&place.index()).await.entries.is_empty());
        admin.get(&place.charts()).await.is(200, "{}");
        admin.get(&place.chart("mychart")).await.is_error(404, "chart not found");
    }
}

/// ChartMuseum joins name and version to a file name, so its clients split where they like.
#[tokio::test(flavor = "multi_thread")]
async fn any_split_of_the_name() {
    let server = TestServer::start().await;
    let admin = prepared(&server, json!({})).await;
    for place in PLACES {
        for split in ["mychart2-0.1.0-SNAPSHOT/1", "mychart2-0.1.0/SNAPSHOT-1", "mychart2/0.1.0-SNAPSHOT-1"] {
            admin.post(&place.charts(), package("mychart2", "0.1.0-SNAPSHOT-1")).await.is(201, SAVED);
            admin.post(&place.charts(), package("mychart2", "0.1.0-SNAPSHOT-2")).await.is(201, SAVED);
            admin.delete(&place.chart(split)).await.is(200, DELETED);
            let index = admin.index(&place.index()).await;
            assert_eq!(index.entries["mychart2"].len(), 1, "{split}");
            assert_eq!(index.entries["mychart2"][0].metadata.version, "0.1.0-SNAPSHOT-2");
            admin.delete(&place.chart("mychart2-0.1.0-SNAPSHOT/2")).await.is(200, DELETED);
        }
    }
}
