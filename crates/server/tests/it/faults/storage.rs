//! Disks, databases and buckets that fail: 503 while they do, everything as before when they are back.

use std::sync::Arc;

use chandlery_store::testing::{TestPostgres, TestS3, run_on_a_small_disk, small_disk};
use chandlery_store::{DatabaseUrl, workspaces};

use crate::support::{
    Answer, Archive, ChildServer, Client, TestServer, bucket_url, eventually, in_bounded_time, package,
};

#[track_caller]
fn assert_unavailable(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(!answer.header("retry-after").is_empty());
    let text = answer.json()["error"].as_str().unwrap().to_owned();
    assert!(!text.is_empty() && !text.contains("sql") && !text.contains("127.0.0.1"), "{text}");
}

async fn upload(client: &Client, version: &str) -> Answer {
    in_bounded_time("an upload", client.post("/api/charts", package("a", version))).await
}

async fn get(client: &Client, path: &str) -> Answer {
    in_bounded_time(path, client.get(path)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_in_use() {
    let server = TestServer::start().await;
    let second = TestServer::start_in(server.directory().clone(), |_| {}).await;
    let error = second.err().expect("two servers on one directory");
    assert_eq!(error.code(), "conflict");
    let directory = server.data().display().to_string();
    assert!(error.to_string().contains(&directory), "{error}");
    // The first one goes on, and its directory is free when it has ended.
    server.admin().await.post("/api/charts", package("a", "1.0.0")).await.expect(201);
    let directory = server.stop().await;
    TestServer::start_in(directory, |_| {}).await.unwrap().admin().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_database() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    upload(&admin, "1.0.0").await.expect(201);
    let other = server.store().await;
    let transaction = other.database().begin().await.unwrap();
    workspaces::create(&transaction, &"locked".parse().unwrap(), jiff::Timestamp::now()).await.unwrap();
    assert_unavailable(&upload(&admin, "2.0.0").await);
    // Readers do not wait for writers.
    assert_eq!(admin.index("/index.yaml").await.entries["a"].len(), 1);
    get(&admin, "/charts/a-1.0.0.tgz").await.expect(200);
    get(&admin, "/readyz").await.expect(200);
    transaction.rollback().await.unwrap();
    upload(&admin, "2.0.0").await.expect(201);
    assert_eq!(admin.index("/index.yaml").await.entries["a"].len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_server_that_stops() {
    let mut postgres = TestPostgres::start();
    let DatabaseUrl::Postgres(url) = postgres.create_database() else { panic!("it is PostgreSQL") };
    let server = TestServer::with(|config| config.database_url = Some(url)).await;
    let admin = server.admin().await;
    upload(&admin, "1.0.0").await.expect(201);
    let index = get(&admin, "/index.yaml").await.expect(200).body;

    postgres.stop();
    assert_unavailable(&upload(&admin, "2.0.0").await);
    for path in ["/index.yaml", "/charts/a-1.0.0.tgz", "/api/charts"] {
        assert_unavailable(&get(&admin, path).await);
    }
    get(&admin, "/api/v1/repositories").await.is_problem(503, "unavailable");
    get(&admin, "/readyz").await.expect(503);
    get(&admin, "/livez").await.expect(200);
    get(&admin, "/health").await.expect(200);
    get(&admin, "/metrics").await.expect(200);

    postgres.resume();
    eventually("readiness", async || (get(&admin, "/readyz").await.status == 200).then_some(())).await;
    assert_eq!(get(&admin, "/index.yaml").await.expect(200).body, index);
    upload(&admin, "2.0.0").await.expect(201);
    assert_eq!(admin.index("/index.yaml").await.entries["a"].len(), 2);
    assert!(server.temporary_files().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_does_not_answer() {
    let mut s3 = TestS3::start();
    let directory = tempfile::tempdir().unwrap();
    let mut settings = ChildServer::settings(directory.path()).blobs(&bucket_url(&s3));
    for (name, value) in s3.environment() {
        settings = settings.variable(name, value);
    }
    let child = settings.start();
    let admin = child.admin().await;
    upload(&admin, "1.0.0").await.expect(201);
    let stored = get(&admin, "/charts/a-1.0.0.tgz").await.expect(200).body;
    assert_eq!(stored, package("a", "1.0.0"));

    s3.stop();
    assert_unavailable(&upload(&admin, "2.0.0").await);
    assert_unavailable(&get(&admin, "/charts/a-1.0.0.tgz").await);
    assert_unavailable(&get(&admin, "/api/charts/a/1.0.0/values").await);
    // What rows can answer is answered.
    assert_eq!(admin.index("/index.yaml").await.entries["a"].len(), 1);
    admin.head("/api/charts/a/1.0.0").await.expect(200);

    s3.resume();
    upload(&admin, "2.0.0").await.expect(201);
    for version in ["1.0.0", "2.0.0"] {
        let stored = get(&admin, &format!("/charts/a-{version}.tgz")).await.expect(200).body;
        assert_eq!(stored, package("a", version));
    }
}

#[test]
fn a_full_disk() {
    run_on_a_small_disk(12, "faults::storage::on_a_small_disk");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "is started by a_full_disk"]
async fn on_a_small_disk() {
    let disk = small_disk();
    let directory = Arc::new(tempfile::TempDir::new_in(&disk).unwrap());
    let ballast = disk.join("ballast");
    std::fs::write(&ballast, vec![0; 2 << 20]).unwrap();
    let server = TestServer::start_in(directory, |_| {}).await.unwrap();
    let admin = server.admin().await;
    let chart = |number: usize| {
        let noise: Vec<u8> = (0..20_000).flat_map(|_| uuid::Uuid::new_v4().into_bytes()).collect();
        Archive::stored()
            .file("chart/Chart.yaml", crate::support::chart_yaml("a", &format!("{number}.0.0")))
            .file("chart/noise", noise)
            .finish()
    };
    // One that does not fit at all, then many until the next does not.
    let huge = crate::support::big_package("huge", "1.0.0", 4);
    assert_unavailable(&in_bounded_time("a huge upload", admin.post("/api/charts", huge)).await);
    let mut stored = Vec::new();
    loop {
        let chart = chart(stored.len());
        let answer = in_bounded_time("an upload", admin.post("/api/charts", chart.clone())).await;
        if answer.status != 201 {
            assert_unavailable(&answer);
            break;
        }
        stored.push(chart);
    }
    assert!(stored.len() > 3, "{}", stored.len());
    assert!(server.temporary_files().is_empty());
    // What is there can be read, whatever is not.
    for (number, chart) in stored.iter().enumerate() {
        let found = get(&admin, &format!("/charts/a-{number}.0.0.tgz")).await.expect(200).body;
        assert!(found == *chart, "{number}");
    }
    get(&admin, "/readyz").await.expect(200);
    get(&admin, "/api/charts/a/0.0.0").await.expect(200);

    std::fs::remove_file(ballast).unwrap();
    let again = chart(stored.len());
    admin.post("/api/charts", again).await.expect(201);
    assert_eq!(admin.index("/index.yaml").await.entries["a"].len(), stored.len() + 1);
}
