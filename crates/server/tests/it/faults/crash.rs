//! A server that is killed at any moment: what it acknowledged is there, and nothing else stays behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::future::join_all;

use crate::support::{
    Answer, Archive, ChildServer, Client, TestServer, chart_yaml, files_below, in_bounded_time,
};

const UPLOADS: usize = 1000;

/// The package of a number: one in sixteen goes by a temporary file.
fn chart(number: usize) -> Bytes {
    let size = if number % 16 == 7 { 2 << 20 } else { 3000 };
    let version = format!("{number}.0.0");
    Archive::stored()
        .file("chart/Chart.yaml", chart_yaml(&format!("chart-{}", number % 20), &version))
        .file("chart/content", format!("{number} ").repeat(size / 4))
        .finish()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_during_a_thousand_uploads() {
    let directory = tempfile::tempdir().unwrap();
    let settings = ChildServer::settings(directory.path());
    let data = TestServer::config(directory.path()).data_directory;
    let mut child = settings.start();
    let mut admin = child.admin().await;
    let mut acknowledged: Vec<usize> = Vec::new();
    let (mut attempted, mut kills) = (0, 0);
    while attempted < UPLOADS {
        // Sometimes in the middle of the first uploads, sometimes after many.
        let patience = usize::from(uuid::Uuid::new_v4().as_bytes()[0]) / (1 + kills % 3);
        let next = Arc::new(AtomicUsize::new(attempted));
        let done = Arc::new(AtomicUsize::new(0));
        let uploaders: Vec<_> = (0..4)
            .map(|_| tokio::spawn(upload_until_killed(admin.clone(), next.clone(), done.clone())))
            .collect();
        crate::support::eventually("enough uploads", async || {
            (done.load(Ordering::Acquire) > patience).then_some(())
        })
        .await;
        child.kill();
        kills += 1;
        for uploader in in_bounded_time("the uploaders", join_all(uploaders)).await {
            acknowledged.extend(uploader.unwrap());
        }
        attempted = next.load(Ordering::Acquire);

        child = settings.start();
        admin = admin.at(child.url());
        let left: Vec<_> = [data.join("blobs/tmp"), data.join("tmp"), data.join("cache")]
            .iter()
            .flat_map(|directory| files_below(directory))
            .collect();
        assert!(left.is_empty(), "{left:?}");
        let index = admin.index("/index.yaml").await;
        for number in &acknowledged {
            let entries = index.entries.get(&format!("chart-{}", number % 20));
            let version = format!("{number}.0.0");
            let entry =
                entries.and_then(|entries| entries.iter().find(|entry| entry.metadata.version == version));
            let entry = entry.unwrap_or_else(|| panic!("{number} was acknowledged and is lost"));
            assert_eq!(entry.digest, chandlery_core::Digest::of(&chart(*number)).to_hex());
        }
        // Whatever the index has can be pulled, acknowledged or not.
        for entry in index.entries.values().flatten() {
            let stored = admin.get(&format!("/{}", entry.urls[0])).await.expect(200).body;
            assert_eq!(chandlery_core::Digest::of(&stored).to_hex(), entry.digest, "{}", entry.urls[0]);
        }
        assert!(index.entries.values().flatten().count() <= attempted);
    }
    assert!(acknowledged.len() > UPLOADS / 2 && kills > 2, "{} {kills}", acknowledged.len());
    child.stop();
}

/// Uploads one number after the other; gives those that were acknowledged.
async fn upload_until_killed(admin: Client, next: Arc<AtomicUsize>, done: Arc<AtomicUsize>) -> Vec<usize> {
    let mut acknowledged = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::AcqRel);
        let request = admin.request(http::Method::POST, "/api/charts").body(chart(number));
        match Answer::or_error(request).await {
            Ok(answer) => {
                assert_eq!(answer.status, 201, "{}", answer.text());
                acknowledged.push(number);
                done.fetch_add(1, Ordering::AcqRel);
            }
            Err(_) => return acknowledged,
        }
    }
}
