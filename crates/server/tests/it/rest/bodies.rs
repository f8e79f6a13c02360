//! Bodies that are not what they should be.

use http::{Method, header};
use serde_json::json;

use crate::support::{Answer, TestServer, in_bounded_time};

const ENDPOINTS: [(&str, &str); 5] = [
    ("POST", "/api/v1/accounts"),
    ("POST", "/api/v1/repositories"),
    ("POST", "/api/v1/tokens"),
    ("PATCH", "/api/v1/repositories/default/charts"),
    ("PUT", "/api/v1/password"),
];

#[tokio::test(flavor = "multi_thread")]
async fn json_that_is_none() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (method, path) in ENDPOINTS {
        for body in [
            "",
            "{",
            "{\"name\":}",
            "nonsense",
            "{\"a\":1}{\"b\":2}",
            "\u{0}",
            "{\"name\":\"\\ud800\"}",
            &deep,
        ] {
            let request = admin.request(method.parse().unwrap(), path);
            let request = request.header(header::CONTENT_TYPE, "application/json").body(body.to_owned());
            let problem = Answer::to(request).await.is_problem(400, "invalid");
            assert!(problem["detail"].as_str().unwrap().len() < 1000, "{problem}");
        }
        let unknown = json!({ "no_such_field": true });
        let answer = admin.send_json(method.parse().unwrap(), path, &unknown).await;
        answer.is_problem(400, "invalid");
        // JSON under another name is refused too, as something that a form of another site could send.
        for kind in ["text/plain", "application/x-www-form-urlencoded", ""] {
            let request = admin.request(method.parse().unwrap(), path).header(header::CONTENT_TYPE, kind);
            Answer::to(request.body("{}")).await.is_problem(415, "unsupported_type");
        }
        let invalid_utf8 = admin.request(method.parse().unwrap(), path);
        let invalid_utf8 = invalid_utf8.header(header::CONTENT_TYPE, "application/json");
        Answer::to(invalid_utf8.body(&b"{\"name\":\"\xff\"}"[..])).await.is_problem(400, "invalid");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn json_that_is_huge() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for (method, path) in ENDPOINTS {
        let body = json!({ "name": "a".repeat(20 << 20) });
        let request = admin.request(method.parse::<Method>().unwrap(), path).json(&body);
        // The server may close the connection before it was sent all.
        if let Ok(answer) = in_bounded_time("an answer", Answer::or_error(request)).await {
            answer.is_problem(413, "too_large");
        }
        admin.get("/api/v1/whoami").await.expect(200);
    }
}
