//! Requests that no operation takes: every answer is a problem document.

use chandlery_server::routes::listed;
use http::Method;
use serde_json::json;

use crate::support::{Client, Form, TestServer, package};

/// Everything that the REST API does, with its parameters filled in.
fn operations(server: &TestServer) -> Vec<(Method, String)> {
    let listed = listed(&TestServer::config(server.directory().path()));
    let rest = listed.into_iter().filter(|(_, path, _)| path.starts_with("/api/v1/"));
    let filled = |path: &str| {
        let path = path.replace("{workspace}", "default").replace("{repository}", "charts");
        let path = path.replace("{account}", "admin");
        // Of what does not exist the answer is the same problem document.
        path.split('/')
            .map(|part| if part.starts_with('{') { "nothing" } else { part })
            .collect::<Vec<_>>()
            .join("/")
    };
    rest.map(|(method, path, _)| (method, filled(path))).collect()
}

async fn send(client: &Client, method: &Method, path: &str) -> crate::support::Answer {
    match *method {
        Method::GET | Method::DELETE => {
            crate::support::Answer::to(client.request(method.clone(), path)).await
        }
        _ => client.send_json(method.clone(), path, &json!({})).await,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_parameters() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let package = Form::new().file("package", "x", &package("nothing", "1.0.0"));
    admin.post_form("/api/v1/workspaces/default/apps", package).await.expect(201);
    for (method, path) in operations(&server) {
        let answer = send(&admin, &method, &format!("{path}?no_such_parameter=1")).await;
        assert_eq!(answer.status, 400, "{method} {path}: {}", answer.text());
        answer.is_problem(400, "invalid");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_methods() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let operations = operations(&server);
    for (_, path) in &operations {
        let known =
            |method: &Method| operations.iter().any(|operation| operation == &(method.clone(), path.clone()));
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::TRACE] {
            if known(&method) {
                continue;
            }
            let answer = send(&admin, &method, path).await;
            answer.is_problem(405, "method_not_allowed");
            let allowed: Vec<_> = answer.header("allow").split(',').map(str::trim).collect();
            for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                assert_eq!(allowed.contains(&method.as_str()), known(&method), "{path}: {allowed:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_paths() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for path in
        ["/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v1/a/b/c/d", "/api/v1/accounts/", "/api/v1/%ff"]
    {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            send(&admin, &method, path).await.is_problem(404, "not_found");
            send(&server.anonymous(), &method, path).await.is_problem(404, "not_found");
        }
    }
    // The form of a repository's address, of a workspace that there cannot be.
    admin.get("/api/v1/charts/charts").await.is_problem(404, "not_found");
    for path in ["/api/v2", "/api/v1x", "/nothing"] {
        admin.get(path).await.is_error(404, "not found");
    }
}
