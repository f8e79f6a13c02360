//! Bodies that are the file (spec 1.5 and 1.6).

use bytes::Bytes;
use futures_util::stream;
use http::{Method, header};
use serde_json::json;

use super::{PLACES, SAVED, prepared};
use crate::support::{Answer, Archive, RawConnection, TestServer, package, package_of, provenance};

#[tokio::test(flavor = "multi_thread")]
async fn raw_bodies() {
    let server = TestServer::with(|config| config.chartmuseum.disable_force = true).await;
    let admin = prepared(&server, json!({})).await;
    for place in PLACES {
        let chart = package("mychart", "0.1.0");
        admin.post(&place.charts(), "").await.expect(400);
        admin.post(&place.charts(), "not gzip").await.expect(400);
        admin.post(&place.provenance(), "").await.is_error(500, "invalid provenance file");
        admin
            .post(&place.provenance(), "name: a\nversion: 1\n")
            .await
            .is_error(500, "invalid provenance file");

        let saved = admin.post(&place.charts(), chart.clone()).await;
        saved.is(201, SAVED);
        assert_eq!(saved.header("content-type"), "application/json; charset=utf-8");
        admin.post(&place.charts(), chart.clone()).await.is_error(409, "file already exists");
        let forced = format!("{}?force", place.charts());
        admin.post(&forced, chart.clone()).await.is_error(409, "file already exists");
        // The chart need not exist.
        for version in ["0.1.0", "0.2.0"] {
            admin.post(&place.provenance(), provenance("mychart", version)).await.is(201, SAVED);
        }
        let again = admin.post(&place.provenance(), provenance("mychart", "0.1.0")).await;
        again.is_error(409, "file already exists");

        let file = admin.get(&place.file("mychart-0.1.0.tgz")).await.expect(200);
        assert_eq!(file.body, chart);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_content_type_but_a_form_is_the_file() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for (number, kind) in
        ["application/x-www-form-urlencoded", "application/gzip", "text/html; charset=x", "", "%"]
            .into_iter()
            .enumerate()
    {
        let request = admin.request(Method::POST, "/api/charts").header(header::CONTENT_TYPE, kind);
        let chart = package("typed", &format!("{number}.0.0"));
        Answer::to(request.body(chart)).await.is(201, SAVED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn chunked_bodies_and_expect_continue() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let chart = package("chunked", "1.0.0");
    let pieces: Vec<Result<Bytes, std::io::Error>> =
        chart.chunks(100).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    let body = reqwest::Body::wrap_stream(stream::iter(pieces));
    Answer::to(admin.request(Method::POST, "/api/charts").body(body)).await.is(201, SAVED);
    assert_eq!(admin.get("/charts/chunked-1.0.0.tgz").await.expect(200).body, chart);

    let chart = package("patient", "1.0.0");
    let mut connection = RawConnection::open(server.address()).await;
    let head = format!(
        "POST /api/charts HTTP/1.1\r\nHost: a\r\nAuthorization: {}\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        admin.authorization(),
        chart.len()
    );
    connection.send(head).await;
    assert_eq!(connection.receive(false).await.status, 100);
    connection.send(&chart).await;
    connection.receive(false).await.is(201, SAVED);
    assert_eq!(admin.get("/charts/patient-1.0.0.tgz").await.expect(200).body, chart);
}

/// Whoever may not upload is told before they send anything.
#[tokio::test(flavor = "multi_thread")]
async fn refused_before_the_body() {
    let server = TestServer::start().await;
    let mut connection = RawConnection::open(server.address()).await;
    connection
        .send("POST /api/charts HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n")
        .await;
    connection.receive(false).await.is_error(401, "unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn force_is_the_presence_of_a_key() {
    let server = TestServer::start().await;
    let admin = prepared(&server, json!({})).await;
    for place in PLACES {
        admin.post(&place.charts(), package("mychart", "0.1.0")).await.is(201, SAVED);
        admin.post(&place.provenance(), provenance("mychart", "0.1.0")).await.is(201, SAVED);
        for (number, query) in ["force", "force=true", "force=false", "a=b&force="].into_iter().enumerate() {
            let text =
                format!("{}description: number {number}\n", crate::support::chart_yaml("mychart", "0.1.0"));
            let chart = package_of(&text);
            admin.post(&format!("{}?{query}", place.charts()), chart.clone()).await.is(201, SAVED);
            let stored = admin.get(&place.file("mychart-0.1.0.tgz")).await;
            assert_eq!(stored.body, chart, "{query}");
            let signature = Bytes::from([&provenance("mychart", "0.1.0")[..], query.as_bytes()].concat());
            admin.post(&format!("{}?{query}", place.provenance()), signature.clone()).await.is(201, SAVED);
            assert_eq!(admin.get(&place.file("mychart-0.1.0.tgz.prov")).await.body, signature);
        }
        for query in ["Force", "forced=1", ""] {
            let answer =
                admin.post(&format!("{}?{query}", place.charts()), package("mychart", "0.1.0")).await;
            answer.is_error(409, "file already exists");
        }
        let index = admin.index(&place.index()).await;
        assert_eq!(index.entries["mychart"].len(), 1);
        assert_eq!(index.entries["mychart"][0].metadata.description, "number 3");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_allows_overwriting() {
    // The setting wins over forcing being off.
    let server = TestServer::with(|config| config.chartmuseum.disable_force = true).await;
    let admin = prepared(&server, json!({ "allow_overwrite": true })).await;
    for place in PLACES {
        for query in ["", "?force"] {
            for description in ["one", "two", "two"] {
                let text =
                    format!("{}description: {description}\n", crate::support::chart_yaml("mychart", "0.1.0"));
                let url = format!("{}{query}", place.charts());
                admin.post(&url, package_of(&text)).await.is(201, SAVED);
                let index = admin.index(&place.index()).await;
                assert_eq!(index.entries["mychart"].len(), 1);
                assert_eq!(index.entries["mychart"][0].metadata.description, description);
                admin
                    .post(&format!("{}{query}", place.provenance()), provenance("mychart", "0.1.0"))
                    .await
                    .is(201, SAVED);
            }
        }
    }
}

/// The name in Chart.yaml is the only one that counts.
#[tokio::test(flavor = "multi_thread")]
async fn the_top_directory_has_no_say() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let chart = Archive::new()
        .file("somewhere-else/Chart.yaml", crate::support::chart_yaml("mychart", "1.0.0"))
        .finish();
    admin.post("/api/charts", chart).await.is(201, SAVED);
    admin.head("/charts/mychart-1.0.0.tgz").await.expect(200);
    // What follows the gzip stream is kept, because digests count it.
    let chart = Bytes::from([&package("trailing", "1.0.0")[..], b"bytes after the end"].concat());
    admin.post("/api/charts", chart.clone()).await.is(201, SAVED);
    assert_eq!(admin.get("/charts/trailing-1.0.0.tgz").await.expect(200).body, chart);
}

/// Versions as lenient as Helm's, names as free.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_valid_chart_is() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for version in ["v1.0.0", "1.2", "01.2.3", "7", "1.0.0-rc.1+build.5", "1.0.0--x"] {
        admin.post("/api/charts", package("lenient", version)).await.is(201, SAVED);
        let one = admin.get(&format!("/api/charts/lenient/{version}")).await.expect(200).json();
        assert_eq!(one["version"], version);
    }
    for version in ["1.2.3.4", "abc", "1.0.0_x", "", "1.0.0/../../x", "../1.0.0"] {
        let answer = admin.post("/api/charts", package("strict", version)).await.expect(400);
        assert!(answer.json()["error"].as_str().is_some_and(|text| !text.is_empty()), "{version:?}");
    }
    for (text, status) in [
        ("name: a\nversion: 1.0.0\n", 201),
        ("apiVersion: v3\nname: b\nversion: 1.0.0\n", 201),
        ("apiVersion: v2\nname: c\nversion: 1.0.0\ntype: library\n", 201),
        ("apiVersion: v2\nname: d\nversion: 1.0.0\nunknown: key\n", 201),
        ("apiVersion: v2\nname: e\nversion: 1.0.0\ntype: other\n", 400),
        ("apiVersion: v2\nversion: 1.0.0\n", 400),
        ("apiVersion: v2\nname: f\n", 400),
        ("apiVersion: v2\nname: g\nversion: 1.0.0\ndependencies:\n- null\n", 400),
        ("apiVersion: v2\nname: h\nversion: 1.0.0\nmaintainers:\n- null\n", 400),
        ("apiVersion: v2\nname: i\nversion: 1.0.0\nkeywords: 5\n", 400),
        ("- a list\n", 400),
        ("just text", 400),
        ("", 400),
        ("\u{feff}apiVersion: v2\nname: j\nversion: 1.0.0\n", 201),
    ] {
        let answer = admin.post("/api/charts", package_of(text)).await;
        assert_eq!(answer.status, status, "{text:?}: {}", answer.text());
    }
    let index = admin.index("/index.yaml").await;
    assert_eq!(index.entries["a"][0].metadata.api_version, "v1");
}
