//! Garbage collection: what it takes, what it leaves, and races with uploads of the same bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chandlery_core::Digest;
use chandlery_store::{GarbageReport, Store, charts, packages};

use crate::support::{Fixture, Place, at, on_every_database, on_every_place, package_of};

on_every_place!(a_life);
on_every_database!(uploads_race_collectors);

const HOUR: Duration = Duration::from_secs(3600);

async fn delete(store: &Store, id: i64, chart: &str, version: &str) {
    let transaction = store.database().begin().await.unwrap();
    packages::delete_version(&transaction, id, chart, version, at(0)).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn a_life(fixture: &Fixture) {
    let store = &fixture.store;
    let id = fixture.repository().await;
    // Objects carry the real time, which is long before that of these tests.
    let collect = |hours: i64| async move { store.collect_garbage(HOUR, at(hours * 3600)).await.unwrap() };
    let shared = b"shared".to_vec();
    package_of(id, "a", "1", shared.clone()).publish(store).await.unwrap();
    package_of(id, "a", "2", shared.clone()).with_provenance(b"signature").publish(store).await.unwrap();
    package_of(id, "a", "3", b"kept".to_vec()).publish(store).await.unwrap();
    let there =
        |content: &'static [u8]| async move { store.blobs().exists(&Digest::of(content)).await.unwrap() };

    assert_eq!(collect(1).await, GarbageReport::default(), "everything is in use");
    delete(store, id, "a", "1").await;
    assert_eq!(collect(1).await, GarbageReport::default(), "the other version has the same bytes");
    delete(store, id, "a", "2").await;
    assert_eq!(collect(1).await, GarbageReport { marked: 2, ..GarbageReport::default() });
    assert_eq!(collect(1).await, GarbageReport::default());
    assert!(there(b"shared").await && there(b"signature").await, "the grace time runs");

    package_of(id, "b", "1", shared.clone()).publish(store).await.unwrap();
    let report = collect(2).await;
    assert_eq!(report, GarbageReport { deleted: 1, bytes: 9, ..GarbageReport::default() });
    assert!(there(b"shared").await && !there(b"signature").await, "used again in time");

    package_of(id, "b", "2", b"signature".to_vec()).publish(store).await.unwrap();
    assert!(there(b"signature").await, "uploaded again over its tombstone");
    assert_eq!(collect(3).await, GarbageReport::default());

    let orphan = store.blobs().begin_with("never published".into()).await.unwrap();
    store.blobs().put(&orphan).await.unwrap();
    let report = collect(4).await;
    assert_eq!(report, GarbageReport { deleted: 1, orphans: 1, bytes: 15, ..GarbageReport::default() });
    assert!(!there(b"never published").await);
    assert_eq!(collect(9).await, GarbageReport::default());
    package_of(id, "b", "3", b"never published".to_vec()).publish(store).await.unwrap();
    for content in [&b"shared"[..], b"kept", b"signature", b"never published"] {
        assert!(store.blobs().exists(&Digest::of(content)).await.unwrap());
    }
}

/// Every version that is acknowledged has its bytes at every moment until it is deleted, while two collectors take
/// away whatever is unused at once, orphans included.
async fn uploads_race_collectors(fixture: &Fixture) {
    race(fixture, 60).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn uploads_race_collectors_on_s3() {
    race(&Fixture::with_place(crate::support::Database::Sqlite, Place::S3).await, 12).await;
}

async fn race(fixture: &Fixture, rounds: usize) {
    let id = fixture.repository().await;
    let other_replica = Arc::new(Store::open(&fixture.settings).await.unwrap());
    let stop = Arc::new(AtomicBool::new(false));
    let collectors = [&fixture.store, &other_replica].map(|store| {
        let (store, stop) = (Arc::clone(store), Arc::clone(&stop));
        tokio::spawn(async move {
            let mut deleted = 0;
            while !stop.load(Ordering::Relaxed) {
                // The clock of these tests is ahead of that of the objects: nothing is too young.
                deleted += store.collect_garbage(Duration::ZERO, at(0)).await.unwrap().deleted;
            }
            deleted
        })
    });
    let uploaders = (0..4).map(|number| {
        let store = Arc::clone(if number % 2 == 0 { &fixture.store } else { &other_replica });
        tokio::spawn(async move {
            for round in 0..rounds {
                let chart = format!("chart-{number}");
                // Three contents for all: the same bytes come, go and come back all the time. One goes by file.
                let content = vec![b'x'; [5, 6, (1 << 20) + 1][round % 3]];
                let upload = package_of(id, &chart, "1", content.clone());
                upload.publish(&store).await.unwrap();
                let row = charts::version(store.database().reader(), id, &chart, "1").await.unwrap().unwrap();
                let read = store.blobs().read_all(&row.digest, row.size, u64::MAX).await.unwrap();
                assert!(read == content, "round {round}");
                if round + 1 < rounds {
                    delete(&store, id, &chart, "1").await;
                }
            }
        })
    });
    for uploader in futures_util::future::join_all(uploaders).await {
        uploader.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    for collector in collectors {
        collector.await.unwrap();
    }
    for number in 0..4 {
        let chart = format!("chart-{number}");
        let row = charts::version(fixture.store.database().reader(), id, &chart, "1").await.unwrap().unwrap();
        assert!(fixture.store.blobs().exists(&row.digest).await.unwrap(), "{chart}");
    }
}
