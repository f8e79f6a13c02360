//! An answer to an upload means that the next index has it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::{Client, TestServer, package, package_of};

async fn count(client: &Client) -> usize {
    client.index("/index.yaml").await.entries.values().map(Vec::len).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_after_the_other() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for number in 0..100 {
        let (name, version) = (format!("chart-{}", number % 10), format!("{number}.0.0"));
        admin.post("/api/charts", package(&name, &version)).await.expect(201);
        let index = admin.index("/index.yaml").await;
        assert!(index.entries[&name].iter().any(|entry| entry.metadata.version == version), "{number}");
        assert_eq!(index.entries.values().map(Vec::len).sum::<usize>(), number + 1);
        admin.head(&format!("/api/charts/{name}/{version}")).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_at_once_and_a_reader() {
    const EACH: usize = 25;
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let done = Arc::new(AtomicBool::new(false));
    let readers = ["identity", "gzip"].map(|encoding| {
        let (admin, done) = (admin.clone(), done.clone());
        tokio::spawn(async move {
            let (mut last, mut reads) = (0, 0);
            while !done.load(Ordering::Acquire) {
                let answer = admin.get_with("/index.yaml", "accept-encoding", encoding).await.expect(200);
                let mut body = answer.body.to_vec();
                if encoding == "gzip" {
                    body.clear();
                    std::io::Read::read_to_end(
                        &mut flate2::read::GzDecoder::new(&answer.body[..]),
                        &mut body,
                    )
                    .unwrap();
                }
                let limits = chandlery_yaml::Limits::default();
                let index = chandlery_chart::IndexFile::read(&body, &limits).unwrap().index;
                let now: usize = index.entries.values().map(Vec::len).sum();
                assert!(now >= last, "{now} after {last}");
                last = now;
                reads += 1;
            }
            reads
        })
    });
    let uploaders = (0..8).map(|worker| {
        let admin = admin.clone();
        tokio::spawn(async move {
            for number in 0..EACH {
                // Half of them meet at one chart.
                let name = if worker % 2 == 0 { "shared".to_owned() } else { format!("own-{worker}") };
                let version = format!("{number}.{worker}.0");
                admin.post("/api/charts", package(&name, &version)).await.expect(201);
                let index = admin.index("/index.yaml").await;
                assert!(index.entries[&name].iter().any(|entry| entry.metadata.version == version));
            }
        })
    });
    for uploader in futures_util::future::join_all(uploaders).await {
        uploader.unwrap();
    }
    done.store(true, Ordering::Release);
    for reader in readers {
        assert!(reader.await.unwrap() > 0);
    }
    assert_eq!(count(&admin).await, 8 * EACH);
}

#[tokio::test(flavor = "multi_thread")]
async fn deletions_and_replacements() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for round in 0..10 {
        let text = format!("apiVersion: v2\nname: a\nversion: 1.0.0\ndescription: round {round}\n");
        let chart = package_of(&text);
        admin.post("/api/charts?force", chart.clone()).await.expect(201);
        let index = admin.index("/index.yaml").await;
        assert_eq!(index.entries["a"].len(), 1);
        assert_eq!(index.entries["a"][0].metadata.description, format!("round {round}"));
        assert_eq!(index.entries["a"][0].digest, chandlery_core::Digest::of(&chart).to_hex());
        assert_eq!(admin.get("/charts/a-1.0.0.tgz").await.body, chart);
        if round % 2 == 1 {
            admin.delete("/api/charts/a/1.0.0").await.expect(200);
            assert_eq!(count(&admin).await, 0);
            admin.get("/charts/a-1.0.0.tgz").await.expect(404);
        }
    }
}

/// A repository that is deleted and made again does not show what it had.
#[tokio::test(flavor = "multi_thread")]
async fn a_repository_made_again() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for round in 0..3 {
        admin.create_repository("team/again", &serde_json::json!({})).await;
        assert!(admin.index("/team/again/index.yaml").await.entries.is_empty(), "round {round}");
        admin.get("/team/again/charts/a-1.0.0.tgz").await.expect(404);
        admin.post("/api/team/again/charts", package("a", "1.0.0")).await.expect(201);
        admin.get("/team/again/charts/a-1.0.0.tgz").await.expect(200);
        assert_eq!(admin.index("/team/again/index.yaml").await.entries.len(), 1);
        admin.delete("/api/v1/repositories/team/again").await.expect(204);
        admin.get("/team/again/index.yaml").await.is_error(404, "repository not found");
    }
}
