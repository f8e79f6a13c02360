//! Which paths there are (spec 1.1 to 1.3, 1.9).

use http::Method;
use serde_json::json;

use super::SAVED;
use crate::support::{Answer, RawConnection, TestServer, package, provenance};

#[tokio::test(flavor = "multi_thread")]
async fn operations() {
    let server = TestServer::start().await;
    let nobody = server.anonymous();
    nobody.get("/health").await.is(200, r#"{"healthy":true}"#);
    let info = nobody.get("/info").await;
    info.is(200, concat!(r#"{"version":"v"#, env!("CARGO_PKG_VERSION"), r#""}"#));
    assert_eq!(info.header("content-type"), "application/json; charset=utf-8");
    assert!(nobody.get("/").await.expect(200).header("content-type").starts_with("text/html"));
    nobody.get("/livez").await.is(200, "ok");
    nobody.get("/readyz").await.is(200, "ok");
    let metrics = nobody.get("/metrics").await.expect(200);
    assert_eq!(metrics.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
}

#[tokio::test(flavor = "multi_thread")]
async fn request_ids() {
    let server = TestServer::start().await;
    let nobody = server.anonymous();
    for path in ["/", "/health", "/index.yaml", "/nothing", "/api/v1/whoami", "/api/charts"] {
        assert_eq!(nobody.get_with(path, "X-Request-Id", "mine-7").await.header("x-request-id"), "mine-7");
        let own = nobody.get(path).await;
        let id: uuid::Uuid = own.header("x-request-id").parse().unwrap();
        assert_eq!(id.get_version_num(), 4, "{path}");
        assert_ne!(own.header("x-request-id"), nobody.get(path).await.header("x-request-id"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_charts_and_known_routes() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let figures = async || admin.get("/metrics").await.expect(200).text();
    assert!(figures().await.contains("chartmuseum_charts_served_total 0"));
    for version in ["0.1.0", "0.2.0"] {
        admin.post("/api/charts", package("mychart", version)).await.is(201, SAVED);
    }
    admin.get("/some-secret-path").await.expect(404);
    admin.get("/charts/some-secret-name.tgz").await.expect(404);
    let text = figures().await;
    for line in [
        "chartmuseum_charts_served_total 1",
        "chartmuseum_chart_versions_served_total 2",
        "chandlery_packages_uploaded_total 2",
        "chandlery_http_requests_total{method=\"POST\",route=\"/api/charts\",status=\"201\"} 2",
        "chandlery_http_requests_total{method=\"GET\",route=\"/charts/{file}\",status=\"404\"} 1",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert!(!text.contains("secret"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there() {
    let server = TestServer::with(|config| config.default_repository_public = true).await;
    let admin = server.admin().await;
    for path in [
        "/favicon",
        "/favicon.ico",
        "/nothing",
        "/index.yaml/",
        "/charts/",
        "/charts",
        "/api",
        "/api/",
        "/api/prov",
        "/staticfoo",
        "/a/b/c/index.yaml",
        "//index.yaml",
        "/api/charts/a/b/c",
    ] {
        for client in [&admin, &server.anonymous()] {
            client.get(path).await.is_error(404, "not found");
        }
    }
    for (method, path) in [
        ("PUT", "/api/charts"),
        ("PATCH", "/api/charts"),
        ("OPTIONS", "/api/charts"),
        ("POST", "/index.yaml"),
        ("DELETE", "/api/charts/a"),
        ("BREW", "/"),
    ] {
        let request = admin.request(Method::from_bytes(method.as_bytes()).unwrap(), path);
        Answer::to(request).await.is_error(404, "not found");
    }
}

/// A path is decoded once, and a name is one segment whatever it decodes to.
#[tokio::test(flavor = "multi_thread")]
async fn paths_that_lead_elsewhere() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    admin.create_repository("team/private", &json!({})).await;
    admin.post("/api/team/private/charts", package("mychart", "0.1.0")).await.is(201, SAVED);
    for path in [
        "/charts/../team/private/charts/mychart-0.1.0.tgz",
        "/charts/..%2Fteam%2Fprivate%2Fcharts%2Fmychart-0.1.0.tgz",
        "/charts/%2E%2E/%2E%2E/mychart-0.1.0.tgz",
        "/team/../team/private/charts/mychart-0.1.0.tgz",
        "/team/%2E%2E/private/charts/mychart-0.1.0.tgz",
        "/team%2Fprivate/charts/mychart-0.1.0.tgz",
        "/team/private%00/charts/mychart-0.1.0.tgz",
        "/team/private/charts/..%2Fmychart-0.1.0.tgz",
        "/team/private/charts/%00.tgz",
        "/team/private/charts/%FF.tgz",
        "/%FF/private/charts/mychart-0.1.0.tgz",
        "/team/private/charts/mychart-0.1.0.tgz%00",
        "/charts//etc/passwd.tgz",
        "/api/charts/..%2F..%2Fx/0.1.0",
        "/api/charts/%FF/0.1.0",
        "/api/%2E%2E/private/charts",
    ] {
        let mut connection = RawConnection::open(server.address()).await;
        let authorization = admin.authorization();
        connection
            .send(format!("GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: {authorization}\r\n\r\n"))
            .await;
        let answer = connection.receive(false).await;
        assert!(matches!(answer.status, 400 | 404 | 500), "{path}: {} {}", answer.status, answer.text());
        assert!(
            answer.body.len() < 300 && answer.header("content-type").contains("json"),
            "{path}: {}",
            answer.text()
        );
        if answer.status == 500 {
            answer.is_error(500, "unsupported file extension");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn context_paths() {
    for context_path in ["", "/x", "/x/y", "/x/y/z"] {
        let server = TestServer::with(|config| config.context_path = context_path.to_owned()).await;
        let admin = server.admin().await;
        let origin = admin.at(&format!("http://{}", server.address()));
        // Workspaces that look like the server's own paths.
        for path in ["apix/charts", "x/y", "healthy/info"] {
            admin.create_repository(path, &json!({})).await;
            admin.post(&format!("/api/{path}/charts"), package("mychart", "0.1.0")).await.is(201, SAVED);
            assert_eq!(admin.index(&format!("/{path}/index.yaml")).await.entries.len(), 1);
        }
        for path in ["api/charts", "health/charts", "charts/index.yaml", "v2/x"] {
            let body = json!({ "path": path });
            let answer = admin.send_json(Method::POST, "/api/v1/repositories", &body).await;
            answer.is_problem(400, "invalid");
        }
        admin.post("/api/charts", package("mychart", "0.1.0")).await.is(201, SAVED);
        let index = admin.get("/index.yaml").await.expect(200);
        let info = &index.index().server_info;
        if context_path.is_empty() {
            assert!(info.is_empty() && index.text().contains("\nserverInfo: {}\n"), "{}", index.text());
            continue;
        }
        assert_eq!(info["contextPath"], context_path);
        origin.get(&format!("{context_path}/health")).await.expect(200);
        origin.get(context_path).await.expect(200);
        origin.get(&format!("{context_path}/")).await.expect(200);
        for outside in [
            "/",
            "/health",
            "/index.yaml",
            "/api/charts",
            &format!("{context_path}x/index.yaml"),
            "/x%2Fy/index.yaml",
        ] {
            origin.get(outside).await.is_error(404, "not found");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn public_urls() {
    for (public_url, context_path) in
        [("https://charts.example.org", ""), ("https://charts.example.org/", "/ctx")]
    {
        let server = TestServer::with(|config| {
            config.public_url = Some(public_url.to_owned());
            config.context_path = context_path.to_owned();
        })
        .await;
        let admin = server.admin().await.at(&format!("http://{}{context_path}", server.address()));
        admin.create_repository("team/apps", &json!({})).await;
        for api in ["/api", "/api/team/apps"] {
            admin.post(&format!("{api}/charts"), package("my chart", "0.1.0+a")).await.is(201, SAVED);
        }
        let base = format!("https://charts.example.org{context_path}");
        for (prefix, api) in [("", "/api"), ("/team/apps", "/team/apps/api")] {
            let expected = format!("{base}{prefix}/charts/my%20chart-0.1.0+a.tgz");
            let index = admin.index(&format!("{prefix}/index.yaml")).await;
            assert_eq!(index.entries["my chart"][0].urls[..], *std::slice::from_ref(&expected));
            let one = admin.get(&format!("{api}/charts/my%20chart/0.1.0+a")).await.expect(200).json();
            assert_eq!(one["urls"], json!([expected]));
            // ChartMuseum fails here when it has a chart URL.
            admin.get(&format!("{api}/charts/my%20chart/0.1.0+a/values")).await.expect(200);
            admin.get(&format!("{api}/charts/my%20chart/0.1.0+a/templates")).await.expect(200);
        }
        let repository = admin.get("/api/v1/repositories/team/apps").await.json();
        assert_eq!(repository["url"], format!("{base}/team/apps"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn switches() {
    let server = TestServer::with(|config| config.chartmuseum.disable_api = true).await;
    let admin = server.admin().await;
    for (method, path) in [
        (Method::GET, "/api/charts"),
        (Method::GET, "/api/charts/a"),
        (Method::GET, "/api/charts/a/1"),
        (Method::GET, "/api/charts/a/1/values"),
        (Method::GET, "/api/charts/a/1/templates"),
        (Method::POST, "/api/charts"),
        (Method::POST, "/api/prov"),
        (Method::DELETE, "/api/charts/a/1"),
        (Method::POST, "/api/default/charts/charts"),
        (Method::POST, "/default/charts/api/charts"),
    ] {
        Answer::to(admin.request(method, path)).await.is_error(404, "not found");
    }
    admin.get("/index.yaml").await.expect(200);
    admin.get("/health").await.expect(200);

    let server = TestServer::with(|config| config.chartmuseum.disable_delete = true).await;
    let admin = server.admin().await;
    admin.post("/api/charts", package("a", "1.0.0")).await.is(201, SAVED);
    admin.delete("/api/charts/a/1.0.0").await.is_error(404, "not found");
    admin.get("/api/charts/a/1.0.0").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn cross_origin() {
    let server = TestServer::with(|config| {
        config.cors_allow_origin = Some("*".to_owned());
        config.context_path = "/ctx".to_owned();
    })
    .await;
    let admin = server.admin().await;
    for (path, expected) in [
        ("/api/charts", "*"),
        ("/api/v1/whoami", "*"),
        ("/default/charts/api/charts", "*"),
        ("/index.yaml", ""),
        ("/health", ""),
    ] {
        assert_eq!(
            admin.get(path).await.expect(200).header("access-control-allow-origin"),
            expected,
            "{path}"
        );
    }
    let refused = server.anonymous().get("/api/charts").await.expect(401);
    assert_eq!(refused.header("access-control-allow-origin"), "");
}

/// One account for everything, as ChartMuseum has it, and anonymous reading.
#[tokio::test(flavor = "multi_thread")]
async fn the_initial_account() {
    let server = TestServer::with(|config| {
        let password = chandlery_server::Secret::new("its password".to_owned());
        config.initial_account = Some(("curator".parse().unwrap(), password));
        config.default_repository_public = true;
    })
    .await;
    let nobody = server.anonymous();
    let curator = nobody.with_password("curator", "its password");
    let bad = nobody.with_password("curator", "another");
    bad.get("/index.yaml").await.is_error(401, "unauthorized");
    for client in [&nobody, &bad] {
        let answer = client.post("/api/charts", package("a", "1.0.0")).await;
        answer.is_error(401, "unauthorized");
        assert_eq!(answer.header("www-authenticate"), "Basic realm=\"ChartMuseum\"");
    }
    curator.post("/api/charts", package("a", "1.0.0")).await.is(201, SAVED);
    curator.post("/api/prov", provenance("a", "1.0.0")).await.is(201, SAVED);
    for path in ["/index.yaml", "/charts/a-1.0.0.tgz", "/api/charts", "/api/charts/a/1.0.0"] {
        nobody.get(path).await.expect(200);
    }
    curator.delete("/api/charts/a/1.0.0").await.expect(200);
}
