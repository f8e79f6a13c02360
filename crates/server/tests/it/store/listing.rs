//! `/api/v1/store`: lists, apps, versions, files, feeds and downloads.

use http::Method;
use serde_json::{Value, json};

use super::Release;
use crate::support::{Client, TestServer, eventually};

const APPS: &str = "/api/v1/store/apps";

fn names(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect()
}

/// The names on all pages.
async fn all(client: &Client, query: &str) -> String {
    let mut url = format!("{APPS}?{query}");
    let mut found = Vec::new();
    loop {
        let answer = client.get(&url).await.expect(200);
        let page = answer.json();
        found.extend(names(&page).into_iter().map(ToOwned::to_owned));
        let link = answer.header("link");
        assert_eq!(link.is_empty(), page.get("next").is_none());
        match link.strip_prefix('<').and_then(|link| link.split_once('>')) {
            Some((next, relation)) => {
                assert_eq!(relation, "; rel=\"next\"");
                url = next.to_owned();
            }
            None => return found.join(" "),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_page_filter_and_sort() {
    let server = TestServer::start().await;
    let store = server.store().await;
    for (workspace, app, display_name) in
        [("isv", "zookeeper", "A zoo"), ("isv", "emqx", "EMQ X"), ("other", "redis", "redis")]
    {
        let release = Release { display_name, ..Release::of(workspace, app, "1.0.0") };
        release.put(&store).await;
    }
    let admin = server.admin().await;
    let body = json!({ "name": "iot" });
    admin.send_json(Method::POST, "/api/v1/categories", &body).await.expect(201);
    let url = "/api/v1/workspaces/isv/apps/emqx/category";
    admin.send_json(Method::PUT, url, &json!({ "category": "iot" })).await.expect(204);
    for limit in [1, 2, 100] {
        for (query, expected) in [
            ("", "zookeeper emqx redis"),
            ("&sort=name", "zookeeper emqx redis"),
            ("&sort=newest", "redis emqx zookeeper"),
            ("&sort=downloads", "redis emqx zookeeper"),
            ("&category=iot", "emqx"),
            ("&category=nothing", ""),
            ("&category=No%20Name", ""),
            ("&workspace=isv", "zookeeper emqx"),
            ("&workspace=isv&sort=newest", "emqx zookeeper"),
            ("&workspace=nowhere", ""),
            ("&workspace=other&category=iot", ""),
        ] {
            assert_eq!(all(&admin, &format!("limit={limit}{query}")).await, expected, "{limit} {query}");
        }
    }
    for bad in [
        "limit=0",
        "limit=501",
        "sort=relevance",
        "sort=id",
        "cursor=nonsense",
        "cursor=number.1.5",
        "sort=newest&cursor=name.1.a",
        "state=draft",
        "author=me",
    ] {
        admin.get(&format!("{APPS}?{bad}")).await.is_problem(400, "invalid");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_shown_as_it_was_released() {
    let server = TestServer::start().await;
    let store = server.store().await;
    let release = Release {
        display_name: "EMQ X",
        information: json!({ "summary": "A broker", "description": "**Fast**<script>", "keywords": ["mqtt"], "zh": { "display_name": "物联网消息" } }),
        update_log: "First <release> & more\u{1}",
        readme: "# EMQ X\n",
        ..Release::of("isv", "emqx", "1.0.0")
    };
    release.put(&store).await;
    Release { update_log: "Second", ..Release::of("isv", "emqx", "1.1.0") }.put(&store).await;
    let admin = server.admin().await;
    let url = format!("{APPS}/isv/emqx");
    let app = admin.get(&url).await.expect(200).json();
    assert_eq!(app["display_name"], "EMQ X");
    assert_eq!(app["display_name_zh"], "物联网消息");
    assert_eq!((&app["latest_version"], &app["summary"]), (&json!("1.1.0"), &json!("A broker")));
    assert_eq!(app["information"]["keywords"], json!(["mqtt"]));
    let html = app["description_html"].as_str().unwrap();
    assert!(html.contains("<strong>Fast</strong>") && !html.contains("<script"), "{html}");
    // A draft is nobody's business here.
    let transaction = store.database().begin().await.unwrap();
    let (workspace, name) = ("isv".parse().unwrap(), "emqx".parse().unwrap());
    let row = chandlery_store::storefront::find(&transaction, &workspace, &name).await.unwrap().unwrap();
    let change = chandlery_store::apps::AppChange {
        display_name: Some("Draft".to_owned()),
        information: Some("{\"summary\":\"Draft\"}".to_owned()),
        ..Default::default()
    };
    let now = jiff::Timestamp::now();
    let app = chandlery_store::apps::find_by_id(&transaction, row.app.id).await.unwrap().unwrap();
    chandlery_store::apps::update(&transaction, app.id, app.revision, &change, now).await.unwrap();
    let draft =
        chandlery_store::app_versions::find(&transaction, row.app.id, "1.0.0").await.unwrap().unwrap();
    let change = chandlery_store::app_versions::AppVersionChange {
        state: Some(chandlery_core::VersionState::Suspended),
        ..Default::default()
    };
    chandlery_store::app_versions::update(&transaction, &draft, &change, now).await.unwrap();
    transaction.commit().await.unwrap();
    let text = admin.get(&url).await.expect(200).text() + &admin.get(APPS).await.expect(200).text();
    assert!(!text.contains("Draft"), "{text}");

    let versions = admin.get(&format!("{url}/versions")).await.expect(200).json();
    let listed: Vec<_> = versions["items"].as_array().unwrap().iter().map(|item| &item["version"]).collect();
    assert_eq!(listed, ["1.1.0"]);
    let version = admin.get(&format!("{url}/versions/1.1.0")).await.expect(200).json();
    assert_eq!(version["update_log"], "Second");
    assert_eq!(version.get("readme_html").and_then(|html| html.as_str()), Some(""));
    assert_eq!(version["values"], "# how many\nreplicas: 1\n");
    assert_eq!(version["schema"], "{\"type\":\"object\"}\n");
    assert_eq!(version["metadata"]["name"], "emqx");
    assert_eq!(version["url"], format!("{}/store/charts/emqx-1.1.0.tgz", server.url()));
    let paths: Vec<_> = version["files"].as_array().unwrap().iter().map(|file| &file["path"]).collect();
    let expected = ["Chart.yaml", "values.yaml", "values.schema.json", "README.md", "templates/a.yaml"];
    assert_eq!(paths, expected);
    let file = |path: &str| format!("{url}/versions/1.1.0/file?path={path}");
    let answer = admin.get(&file("templates/a.yaml")).await.expect(200);
    assert_eq!(answer.text(), "kind: A\n");
    assert_eq!(answer.header("content-type"), "application/octet-stream");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    for missing in [
        file("templates/b.yaml"),
        file("../Chart.yaml"),
        format!("{url}/versions/1.0.0"),
        format!("{url}/versions/1.0.0/file?path=values.yaml"),
        format!("{url}/versions/9.9.9"),
        format!("{APPS}/isv/other"),
        format!("{APPS}/other/emqx"),
        format!("{APPS}/Not%20A/name--"),
    ] {
        admin.get(&missing).await.is_problem(404, "not_found");
    }
    admin.get(&format!("{url}/versions/1.1.0/file")).await.is_problem(400, "invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn feeds_tell_of_releases() {
    let server = TestServer::start().await;
    let store = server.store().await;
    for (version, update_log) in [("1.0.0", "First <release> & \"more\"\u{1}"), ("1.1.0", "第二 ]]>")] {
        let release = Release { display_name: "EMQ <X>", update_log, ..Release::of("isv", "emqx", version) };
        release.put(&store).await;
    }
    let admin = server.admin().await;
    let answer = admin.get(&format!("{APPS}/isv/emqx/feed.json")).await.expect(200);
    assert_eq!(answer.header("content-type"), "application/feed+json");
    let feed = answer.json();
    assert_eq!(feed["version"], "https://jsonfeed.org/version/1.1");
    assert_eq!(feed["feed_url"], format!("{}{APPS}/isv/emqx/feed.json", server.url()));
    assert_eq!(feed["items"][0]["title"], "EMQ <X> 1.1.0");
    assert_eq!(feed["items"][1]["content_text"], "First <release> & \"more\"\u{1}");
    let ids: std::collections::BTreeSet<_> =
        feed["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 2);

    let answer = admin.get(&format!("{APPS}/isv/emqx/feed.rss")).await.expect(200);
    assert_eq!(answer.header("content-type"), "application/rss+xml; charset=utf-8");
    let text = answer.text();
    for part in [
        "<rss version=\"2.0\">",
        "EMQ &lt;X&gt; 1.1.0",
        "First &lt;release&gt; &amp;",
        "第二 ]]&gt;",
        "+0000</pubDate>",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains('\u{1}'), "{text}");
    assert_eq!(text.matches("<item>").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn downloads_are_counted() {
    let server = TestServer::start().await;
    let store = server.store().await;
    Release::of("isv", "emqx", "1.0.0").put(&store).await;
    Release::of("isv", "redis", "1.0.0").put(&store).await;
    let admin = server.admin().await;
    let package = "/store/charts/emqx-1.0.0.tgz";
    let etag = admin.get(package).await.expect(200).header("etag").to_owned();
    admin.get(package).await.expect(200);
    admin.get("/system/store/charts/emqx-1.0.0.tgz").await.expect(200);
    // None of these is a download.
    admin.head(package).await.expect(200);
    admin.get_with(package, "range", "bytes=0-9").await.expect(206);
    admin.get_with(package, "if-none-match", &etag).await.expect(304);
    admin.get("/store/charts/emqx-9.0.0.tgz").await.expect(404);
    eventually("the count", async || {
        let app = admin.get(&format!("{APPS}/isv/emqx")).await.expect(200).json();
        assert!(app["downloads"].as_u64().unwrap() <= 3, "{app}");
        (app["downloads"] == 3).then_some(())
    })
    .await;
    assert_eq!(all(&admin, "sort=downloads").await, "emqx redis");
    let version = admin.get(&format!("{APPS}/isv/emqx/versions/1.0.0")).await.expect(200).json();
    assert_eq!(version["downloads"], 3);
    // What was not written yet is written when the server stops.
    admin.get("/store/charts/redis-1.0.0.tgz").await.expect(200);
    let server = TestServer::start_in(server.stop().await, |_| {}).await.unwrap();
    let app = server.admin().await.get(&format!("{APPS}/isv/redis")).await.expect(200).json();
    assert_eq!(app["downloads"], 1);
}
