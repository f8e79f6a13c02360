//! The server on PostgreSQL and a bucket instead of files: the same answers.

use chandlery_store::DatabaseUrl;
use chandlery_store::testing::{TestPostgres, TestS3};
use serde_json::json;

use crate::support::{
    Archive, ChildServer, Client, Form, TestServer, big_package, bucket_url, package, package_of, provenance,
};

/// What both kinds of servers are asked, and all that they say which does not depend on the time.
async fn story(admin: &Client) -> Vec<(String, u16, String)> {
    let mut said = Vec::new();
    let mut note = |what: &str, answer: &crate::support::Answer| {
        said.push((what.to_owned(), answer.status, answer.text()));
    };
    // Names that English sorts otherwise than bytes.
    let names = ["b", "A", "a10", "a9", "Z", "é", "a-b", "ab", "a b"];
    for name in names {
        for version in ["1.10.0", "1.9.0", "1.0.0+b", "1.0.0+a"] {
            note("upload", &admin.post("/api/charts", package(name, version)).await);
        }
    }
    note("again", &admin.post("/api/charts", package("b", "1.9.0")).await);
    note("other case", &admin.post("/api/charts", package("B", "1.9.0")).await);
    let form = Form::new().file("chart", "x", &package("form", "1.0.0"));
    let form = form.file("prov", "y", &provenance("form", "1.0.0"));
    note("form", &admin.post_form("/api/charts", form).await);
    note("provenance", &admin.get("/charts/form-1.0.0.tgz.prov").await);
    let bare = Archive::chart("bare", "1.0.0").finish();
    note("bare", &admin.post("/api/charts", bare).await);
    for path in [
        "/api/charts/b/latest",
        "/api/charts/b/%5E1.0.0",
        "/api/charts/b/1.9",
        "/api/charts/nothing",
        "/charts/nothing-1.0.0.tgz",
        "/artifacthub-repo.yml",
    ] {
        let answer = admin.get(path).await;
        let version = serde_json::from_slice::<serde_json::Value>(&answer.body).ok();
        let version = version.and_then(|version| Some(version["version"].as_str()?.to_owned()));
        said.push((path.to_owned(), answer.status, version.unwrap_or_else(|| answer.text())));
    }
    for path in
        ["/api/charts/b/1.9.0/values", "/api/charts/b/1.9.0/templates", "/api/charts/bare/1.0.0/values"]
    {
        let answer = admin.get(path).await;
        said.push((path.to_owned(), answer.status, answer.text()));
    }
    for page in ["", "?limit=3", "?offset=2&limit=4", "?offset=99"] {
        let charts = admin.get(&format!("/api/charts{page}")).await.expect(200);
        // As they stand in the text.
        let text = charts.text();
        let mut found: Vec<_> =
            names.iter().filter_map(|name| Some((text.find(&format!("\"{name}\":["))?, *name))).collect();
        found.sort_unstable();
        said.push((
            format!("page {page}"),
            200,
            format!("{found:?}", found = found.iter().map(|at| at.1).collect::<Vec<_>>()),
        ));
    }
    let delete = admin.delete("/api/charts/a-b/1.10.0").await;
    said.push(("delete".to_owned(), delete.status, delete.text()));
    let split = admin.delete("/api/charts/a/b-1.9.0").await;
    said.push(("split".to_owned(), split.status, split.text()));
    admin.set("default/charts", &json!({ "keep_versions": 2, "max_storage_objects": 100 })).await;
    for version in ["2.0.0", "2.1.0"] {
        let text = format!("apiVersion: v2\nname: b\nversion: {version}\ndescription: Größer & \"mehr\"\n");
        admin.post("/api/charts", package_of(&text)).await.expect(201);
    }
    let hits = admin.get("/api/v1/search?q=gr%C3%B6%C3%9Fer").await.expect(200).json();
    said.push(("search".to_owned(), 200, hits["items"][0]["version"].to_string()));
    let index = admin.get("/index.yaml").await.expect(200).text();
    let timeless = |line: &&str| !line.contains("created:") && !line.starts_with("generated:");
    let lines: Vec<_> = index.lines().filter(timeless).collect();
    said.push(("index".to_owned(), 200, lines.join("\n")));
    let big = big_package("big", "1.0.0", 3);
    admin.post("/api/charts", big.clone()).await.expect(201);
    let whole = admin.get("/charts/big-1.0.0.tgz").await.expect(200);
    assert!(whole.body == big);
    for (range, from, to) in [
        ("bytes=0-0", 0, 1),
        ("bytes=-5", big.len() - 5, big.len()),
        ("bytes=999999-9999999", 999_999, 10_000_000),
    ] {
        let part = admin.get_with("/charts/big-1.0.0.tgz", "range", range).await.expect(206);
        assert!(part.body == big[from..to], "{range}");
    }
    admin.get_with("/charts/big-1.0.0.tgz", "range", "bytes=99999999-").await.expect(416);
    admin.get_with("/charts/big-1.0.0.tgz", "if-none-match", whole.header("etag")).await.expect(304);
    assert_eq!(admin.head("/charts/big-1.0.0.tgz").await.header("content-length"), big.len().to_string());
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn say_what_files_say() {
    let server = TestServer::start().await;
    let expected = story(&server.admin().await).await;
    assert!(expected.len() > 50);

    let (postgres, s3) = (TestPostgres::start(), TestS3::start());
    let DatabaseUrl::Postgres(database) = postgres.create_database() else { panic!("it is PostgreSQL") };
    let directory = tempfile::tempdir().unwrap();
    let mut settings = ChildServer::settings(directory.path()).database(&database).blobs(&bucket_url(&s3));
    for (name, value) in s3.environment() {
        settings = settings.variable(name, value);
    }
    let child = settings.start();
    let found = story(&child.admin().await).await;
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.len(), expected.len());
    // A start on what is there says the same.
    let admin = child.admin().await;
    let index = admin.get("/index.yaml").await.expect(200);
    child.stop();
    let child = settings.start();
    let again = admin.at(child.url()).get("/index.yaml").await.expect(200);
    assert!(again.body == index.body);
    assert_eq!(again.header("etag"), index.header("etag"));
}
