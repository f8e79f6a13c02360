//! A process that is killed at any moment: what it acknowledged is there, and nothing else stays behind.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chandlery_store::{BlobsUrl, Store, StoreSettings, charts};
use sea_orm::ConnectionTrait as _;

use crate::support::{Fixture, at, on_every_database, package_of, repository};

on_every_database!(killed_while_publishing);

const ROUNDS: u64 = 8;
const DATABASE: &str = "CHANDLERY_TEST_DATABASE";
const DIRECTORY: &str = "CHANDLERY_TEST_DIRECTORY";
const ROUND: &str = "CHANDLERY_TEST_ROUND";

/// What version `number` holds: one in eight goes by a temporary file.
fn content(round: u64, number: u64) -> Vec<u8> {
    let size = if number % 8 == 7 { (1 << 20) + 1 } else { 3000 };
    let mut content = format!("{round}.{number} ").into_bytes();
    content.resize(size, b'.');
    content
}

async fn killed_while_publishing(fixture: &Fixture) {
    let id = fixture.repository().await;
    let BlobsUrl::FileSystem(directory) = &fixture.settings.blobs else { panic!("blobs are files here") };
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        // Sometimes in the middle of the first uploads, sometimes after many.
        let patience = usize::from(uuid::Uuid::new_v4().as_bytes()[0]) / (1 + round as usize % 4);
        acknowledged.extend(publish_and_kill(fixture, directory, round, patience));
        let store = Store::open(&fixture.settings).await.unwrap();
        assert_eq!(temporary_files(directory), 0, "round {round}");
        check(&store, id, &acknowledged).await;
        check_integrity(fixture).await;
        // What was put and never committed goes, what was acknowledged stays.
        store.collect_garbage(Duration::ZERO, at(0)).await.unwrap();
        check(&store, id, &acknowledged).await;
    }
    assert!(!acknowledged.is_empty());
}

/// Runs this test program again as a publisher, and kills it after so many acknowledgements.
fn publish_and_kill(fixture: &Fixture, directory: &Path, round: u64, patience: usize) -> Vec<(u64, u64)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "crash::publisher", "--nocapture"])
        .env(DATABASE, fixture.settings.database.to_string())
        .env(DIRECTORY, directory)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acknowledged = Vec::new();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledge = |line: std::io::Result<String>| {
        if let Some(number) = line.unwrap().strip_prefix("acknowledged ") {
            acknowledged.push((round, number.parse().unwrap()));
        }
        acknowledged.len()
    };
    for line in lines.by_ref() {
        if acknowledge(line) > patience {
            break;
        }
    }
    child.kill().unwrap();
    // What it said before it died counts.
    for line in lines {
        acknowledge(line);
    }
    assert!(!child.wait().unwrap().success());
    acknowledged
}

async fn check(store: &Store, id: i64, acknowledged: &[(u64, u64)]) {
    let rows = charts::versions(store.database().reader(), id, "a").await.unwrap();
    for (round, number) in acknowledged {
        let version = format!("{round}.{number}");
        let row = rows.iter().find(|row| row.version == version);
        let row = row.unwrap_or_else(|| panic!("version {version} was acknowledged and is lost"));
        let read = store.blobs().read_all(&row.digest, row.size, u64::MAX).await.unwrap();
        assert!(read == content(*round, *number), "version {version} has other bytes");
    }
    let generation = chandlery_store::repositories::generation(store.database().reader(), id).await.unwrap();
    assert_eq!(generation, i64::try_from(rows.len()).ok(), "one generation for each version");
}

async fn check_integrity(fixture: &Fixture) {
    if let chandlery_store::DatabaseUrl::Sqlite(_) = fixture.settings.database {
        let connection = sea_orm::Database::connect(fixture.settings.database.to_string()).await.unwrap();
        let check =
            sea_orm::Statement::from_string(sea_orm::DatabaseBackend::Sqlite, "PRAGMA integrity_check");
        let row = connection.query_one_raw(check).await.unwrap().unwrap();
        assert_eq!(row.try_get_by_index::<String>(0).unwrap(), "ok");
        connection.close().await.unwrap();
    }
}

/// Files in the sessions of `tmp/`, locks aside.
fn temporary_files(directory: &Path) -> usize {
    let sessions = std::fs::read_dir(directory.join("tmp")).unwrap().map(|entry| entry.unwrap().path());
    let files = sessions.filter(|path| path.is_dir()).flat_map(|session| std::fs::read_dir(session).unwrap());
    files.filter(|entry| entry.as_ref().is_ok_and(|entry| entry.file_name() != "lock")).count()
}

/// The process that is killed: four tasks publish until then, and say what is done.
#[test]
#[ignore = "is started and killed by killed_while_publishing"]
fn publisher() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(async {
        let directory = std::env::var_os(DIRECTORY).unwrap();
        let settings = StoreSettings {
            database: std::env::var(DATABASE).unwrap().parse().unwrap(),
            blobs: BlobsUrl::FileSystem(directory.into()),
            temporary_directory: "unused".into(),
        };
        let round: u64 = std::env::var(ROUND).unwrap().parse().unwrap();
        let store = Arc::new(Store::open(&settings).await.unwrap());
        let path = "team/charts".parse().unwrap();
        let row = chandlery_store::repositories::find(store.database().reader(), &path).await.unwrap();
        let id = match row {
            Some(row) => row.id,
            None => repository(&store, "charts").await,
        };
        let next = Arc::new(AtomicU64::new(0));
        let tasks = (0..4).map(|_| {
            let (store, next) = (Arc::clone(&store), Arc::clone(&next));
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let upload = package_of(id, "a", &format!("{round}.{number}"), content(round, number));
                    upload.publish(&store).await.unwrap();
                    // Past the capture of tests; one call, so that lines stay whole.
                    std::io::stdout().write_all(format!("\nacknowledged {number}\n").as_bytes()).unwrap();
                    std::io::stdout().flush().unwrap();
                }
            })
        });
        futures_util::future::join_all(tasks).await;
    });
}
