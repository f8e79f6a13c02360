//! Servers that stop, disks that fill up, locks that stay: a clear error in bounded time, nothing lost, and back to
//! work when the fault is gone.

use std::time::Duration;

use chandlery_core::Error;
use chandlery_store::testing::{TestPostgres, TestS3, run_on_a_small_disk, small_disk};
use chandlery_store::{BlobsUrl, DatabaseUrl, Store, StoreSettings, charts};
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};

use crate::support::{Database, Fixture, package, package_of, repository};

/// Whatever happens, an answer comes within this.
const BOUND: Duration = Duration::from_secs(60);

async fn publish_within_bound(store: &Store, id: i64, version: &str) -> Result<(), Error> {
    let outcome = tokio::time::timeout(BOUND, package(id, "a", version).publish(store)).await;
    outcome.expect("an answer in bounded time").map(drop)
}

fn assert_unavailable(outcome: Result<(), Error>, words: &str) {
    let error = outcome.unwrap_err();
    assert_eq!(error.code(), "unavailable", "{error:?}");
    assert!(error.to_string().contains(words), "{error}");
}

async fn versions(store: &Store, id: i64) -> Result<Vec<String>, Error> {
    let rows = charts::versions(store.database().reader(), id, "a").await?;
    Ok(rows.into_iter().map(|row| row.version).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_database() {
    let fixture = Fixture::new(Database::Sqlite).await;
    let id = fixture.repository().await;
    publish_within_bound(&fixture.store, id, "1").await.unwrap();

    let other = sea_orm::Database::connect(fixture.settings.database.to_string()).await.unwrap();
    let lock = other.begin().await.unwrap();
    lock.execute_unprepared("UPDATE repositories SET description = 'locked'").await.unwrap();
    assert_unavailable(publish_within_bound(&fixture.store, id, "2").await, "locked");
    assert_eq!(versions(&fixture.store, id).await.unwrap(), ["1"], "readers do not wait for writers");
    lock.rollback().await.unwrap();

    publish_within_bound(&fixture.store, id, "2").await.unwrap();
    assert_eq!(versions(&fixture.store, id).await.unwrap(), ["1", "2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_stops() {
    let mut server = TestPostgres::start();
    let directory = tempfile::tempdir().unwrap();
    let settings = StoreSettings {
        database: server.create_database(),
        blobs: BlobsUrl::FileSystem(directory.path().into()),
        temporary_directory: "unused".into(),
    };
    let store = Store::open(&settings).await.unwrap();
    let id = repository(&store, "charts").await;
    publish_within_bound(&store, id, "1").await.unwrap();

    server.stop();
    assert_unavailable(publish_within_bound(&store, id, "2").await, "the database");
    assert_unavailable(versions(&store, id).await.map(drop), "the database");
    assert_unavailable(store.database().check().await, "the database");
    assert_unavailable(Store::open(&settings).await.map(drop), "the database");

    server.resume();
    publish_within_bound(&store, id, "2").await.unwrap();
    assert_eq!(versions(&store, id).await.unwrap(), ["1", "2"]);

    // A restart that nobody noticed: the connections in the pool are dead, and no request may fail by them.
    server.stop();
    server.resume();
    publish_within_bound(&store, id, "3").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_stops() {
    let mut server = TestS3::start();
    let directory = tempfile::tempdir().unwrap();
    let settings = StoreSettings {
        database: DatabaseUrl::Sqlite(directory.path().join("chandlery.db")),
        blobs: server.create_place(),
        temporary_directory: directory.path().join("uploads"),
    };
    let store = Store::open(&settings).await.unwrap();
    let id = repository(&store, "charts").await;
    publish_within_bound(&store, id, "1").await.unwrap();
    let row = charts::version(store.database().reader(), id, "a", "1").await.unwrap().unwrap();

    server.stop();
    assert_unavailable(publish_within_bound(&store, id, "2").await, "the blob store");
    let large = package_of(id, "a", "3", vec![0; 9 << 20]).publish(&store).await.map(drop);
    assert_unavailable(large, "the blob store");
    assert_unavailable(
        store.blobs().open_blob(&row.digest, row.size, None).await.map(drop),
        "the blob store",
    );
    assert_unavailable(store.blobs().check().await, "the blob store");
    assert_eq!(versions(&store, id).await.unwrap(), ["1"], "no row without bytes");
    let started_meanwhile = Store::open(&settings).await.unwrap();
    assert_unavailable(publish_within_bound(&started_meanwhile, id, "2").await, "the blob store");

    server.resume();
    publish_within_bound(&store, id, "2").await.unwrap();
    publish_within_bound(&started_meanwhile, id, "3").await.unwrap();
    store.blobs().read_all(&row.digest, row.size, u64::MAX).await.unwrap();
    assert_eq!(versions(&store, id).await.unwrap(), ["1", "2", "3"]);
}

#[test]
fn a_full_disk() {
    run_on_a_small_disk(6, "faults::on_a_small_disk");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "is started by a_full_disk"]
async fn on_a_small_disk() {
    let disk = small_disk();
    let settings = StoreSettings {
        database: DatabaseUrl::Sqlite(disk.join("chandlery.db")),
        blobs: BlobsUrl::FileSystem(disk.join("data")),
        temporary_directory: "unused".into(),
    };
    let ballast = disk.join("ballast");
    std::fs::write(&ballast, vec![0; 1 << 20]).unwrap();
    let store = Store::open(&settings).await.unwrap();
    let id = repository(&store, "charts").await;

    // One that does not fit at all, one that fills the disk bit by bit, and one whose rows are what does not fit.
    let large = package_of(id, "a", "large", vec![0; 8 << 20]).publish(&store).await.map(drop);
    assert_unavailable(large, "disk is full");
    let content = |number: u32| [vec![b'x'; 50_000], number.to_string().into_bytes()].concat();
    let mut stored = 0;
    let refused = loop {
        match package_of(id, "a", &stored.to_string(), content(stored)).publish(&store).await {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
    };
    assert_unavailable(Err(refused), "disk is full");
    assert!(stored > 5, "{stored}");
    let mut metadata_only = package_of(id, "a", "rows", content(0));
    metadata_only.request.package.as_mut().unwrap().metadata = "x".repeat(4 << 20);
    assert_unavailable(metadata_only.publish(&store).await.map(drop), "disk is full");

    let check = async |store: &Store, expected: u32| {
        let rows = charts::versions(store.database().reader(), id, "a").await.unwrap();
        assert_eq!(rows.len(), expected as usize);
        for row in rows {
            let read = store.blobs().read_all(&row.digest, row.size, u64::MAX).await.unwrap();
            assert!(read == content(row.version.parse().unwrap()));
        }
    };
    check(&store, stored).await;
    std::fs::remove_file(&ballast).unwrap();
    // A COMMIT failed before: what comes after it is committed all the same, and readers see it.
    package_of(id, "a", &stored.to_string(), content(stored)).publish(&store).await.unwrap();
    check(&store, stored + 1).await;
    store.database().close().await;
    drop(store);
    check(&Store::open(&settings).await.unwrap(), stored + 1).await;
}
