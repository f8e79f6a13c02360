//! Several at once.

use futures_util::future::join_all;

use crate::support::{Client, TestServer, package_of};

/// Two uploads of one version, each with bytes of its own.
async fn two_uploads(admin: &Client, version: &str) -> [(u16, bytes::Bytes); 2] {
    let uploads = ["one", "two"].map(|description| {
        let text = format!("apiVersion: v2\nname: race\nversion: {version}\ndescription: {description}\n");
        let (admin, chart) = (admin.clone(), package_of(&text));
        tokio::spawn(async move {
            let answer = admin.post("/api/charts", chart.clone()).await;
            (answer.status, chart)
        })
    });
    let answers: Vec<_> = join_all(uploads).await.into_iter().map(Result::unwrap).collect();
    answers.try_into().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_version_twice() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for round in 0..50 {
        let version = format!("{round}.0.0");
        let mut answers = two_uploads(&admin, &version).await;
        answers.sort_by_key(|(status, _)| *status);
        assert_eq!(answers.each_ref().map(|(status, _)| *status), [201, 409], "round {round}");
        // What is there is what was acknowledged.
        let stored = admin.get(&format!("/charts/race-{version}.tgz")).await.expect(200).body;
        assert_eq!(stored, answers[0].1, "round {round}");
    }
    let index = admin.index("/index.yaml").await;
    assert_eq!(index.entries["race"].len(), 50);
    assert!(server.temporary_files().is_empty());
}

/// Replacing, deleting and reading one version at once: nobody sees anything but whole states.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_version_by_everybody() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let charts: Vec<_> = (0..3)
        .map(|number| {
            package_of(&format!("apiVersion: v2\nname: busy\nversion: 1.0.0\ndescription: '{number}'\n"))
        })
        .collect();
    let writers = charts.iter().cloned().map(|chart| {
        let admin = admin.clone();
        tokio::spawn(async move {
            for _ in 0..20 {
                admin.post("/api/charts?force", chart.clone()).await.expect(201);
            }
        })
    });
    let deleter = {
        let admin = admin.clone();
        tokio::spawn(async move {
            for _ in 0..20 {
                let status = admin.delete("/api/charts/busy/1.0.0").await.status;
                assert!(matches!(status, 200 | 404), "{status}");
            }
        })
    };
    let reader = {
        let (admin, charts) = (admin.clone(), charts.clone());
        tokio::spawn(async move {
            for _ in 0..40 {
                let answer = admin.get("/charts/busy-1.0.0.tgz").await;
                assert!(answer.status == 404 || charts.contains(&answer.body), "{}", answer.status);
                let index = admin.index("/index.yaml").await;
                let known = |digest: &str| {
                    charts.iter().any(|chart| chandlery_core::Digest::of(chart).to_hex() == digest)
                };
                assert!(index.entries.values().flatten().all(|entry| known(&entry.digest)));
            }
        })
    };
    for task in join_all(writers.chain([deleter, reader])).await {
        task.unwrap();
    }
    let index = admin.index("/index.yaml").await;
    let stored = admin.get("/charts/busy-1.0.0.tgz").await;
    assert_eq!(stored.status == 200, index.entries.contains_key("busy"));
}

/// Of several who take the last administrator away at once, one is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_last_two_administrators() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for round in 0..5 {
        let name = format!("second-{round}");
        let body =
            serde_json::json!({ "name": name, "role": "platform-admin", "password": "a good password" });
        admin.send_json(http::Method::POST, "/api/v1/accounts", &body).await.expect(201);
        let second = server.anonymous().with_password(&name, "a good password");
        let second = second.create_token(&serde_json::json!({ "name": "x", "scope": "all" })).await;
        let body = serde_json::json!({ "role": "repositories-manager" });
        let demote = |client: &Client, name: &str| {
            let (client, body, url) = (client.clone(), body.clone(), format!("/api/v1/accounts/{name}"));
            tokio::spawn(async move { client.send_json(http::Method::PATCH, &url, &body).await.status })
        };
        // Each demotes the other.
        let outcomes = [demote(&admin, &name), demote(&second, "admin")];
        let mut statuses: Vec<u16> = join_all(outcomes).await.into_iter().map(Result::unwrap).collect();
        statuses.sort_unstable();
        assert!(matches!(statuses[..], [200, 403 | 409]), "round {round}: {statuses:?}");
        let admin_is = server.admin_by_password().get("/api/v1/whoami").await.expect(200).json();
        if admin_is["role"] != "platform-admin" {
            let body = serde_json::json!({ "role": "platform-admin" });
            second.send_json(http::Method::PATCH, "/api/v1/accounts/admin", &body).await.expect(200);
        }
        admin.delete(&format!("/api/v1/accounts/{name}")).await.expect(204);
    }
}
