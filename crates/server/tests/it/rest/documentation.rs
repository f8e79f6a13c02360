//! The description of the API.

use crate::support::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_served_once() {
    let server = TestServer::start().await;
    let anyone = server.anonymous();
    let answer = anyone.get("/api/v1/openapi.json").await.expect(200);
    assert_eq!(answer.header("content-type"), "application/json");
    let document = answer.json();
    assert_eq!(document["servers"][0]["url"], "/");
    assert!(document["paths"]["/api/v1/openapi.json"]["get"].is_object());
    let again = anyone.get_with("/api/v1/openapi.json", "if-none-match", answer.header("etag")).await;
    again.expect_ref(304);
    assert!(again.body.is_empty());
    let head = anyone.head("/api/v1/openapi.json").await.expect(200);
    assert_eq!(head.header("etag"), answer.header("etag"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_address_is_the_one_of_clients() {
    let cases = [
        (None, "/ctx", "/ctx"),
        (Some("https://charts.example.org/"), "/ctx", "https://charts.example.org/ctx"),
    ];
    for (public_url, context_path, expected) in cases {
        let server = TestServer::with(|config| {
            config.public_url = public_url.map(ToOwned::to_owned);
            config.context_path = context_path.to_owned();
        })
        .await;
        let document = server.anonymous().get("/api/v1/openapi.json").await.expect(200).json();
        assert_eq!(document["servers"][0]["url"], expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_needs_nothing_else() {
    let server = TestServer::start().await;
    let answer = server.anonymous().get("/api/docs").await.expect(200);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'unsafe-inline'"), "{policy}");
    let page = answer.text();
    for part in ["<code>/api/v1/accounts/{account}</code>", "List accounts", "id=\"schema-AccountView\""] {
        assert!(page.contains(part), "{part}");
    }
    for foreign in ["<script", "href=\"http", "src=", "url("] {
        assert!(!page.contains(foreign), "{foreign}");
    }
}
