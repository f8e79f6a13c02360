//! `/api/v1/repositories`

use http::Method;
use serde_json::{Value, json};

use super::{account, all_items};
use crate::support::{TestServer, package};

#[tokio::test(flavor = "multi_thread")]
async fn life_of_a_repository() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let body = json!({ "path": "team/apps", "settings": { "description": "ours", "keep_versions": 3 } });
    let created = admin.send_json(Method::POST, "/api/v1/repositories", &body).await.expect(201).json();
    let mut expected = json!({
        "path": "team/apps", "kind": "hosted", "url": format!("{}/team/apps", server.url()), "visibility": "private",
        "description": "ours", "allow_overwrite": false, "max_package_size": null, "max_versions_per_chart": null,
        "max_storage_objects": null, "keep_versions": 3, "artifacthub_repository_id": null, "charts": 0, "versions": 0,
        "generation": 0,
    });
    let without_times = |mut view: Value| {
        for time in ["created_at", "updated_at"] {
            let text = view.as_object_mut().unwrap().remove(time).unwrap();
            assert!(text.as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
        }
        view
    };
    assert_eq!(without_times(created), expected);
    admin.send_json(Method::POST, "/api/v1/repositories", &body).await.is_problem(409, "already_exists");

    let url = "/api/v1/repositories/team/apps";
    for version in ["1.0.0", "2.0.0"] {
        admin.post("/api/team/apps/charts", package("a", version)).await.expect(201);
    }
    let view = without_times(admin.get(url).await.expect(200).json());
    for (key, value) in [("charts", json!(1)), ("versions", json!(2)), ("generation", json!(2))] {
        expected[key] = value;
    }
    assert_eq!(view, expected);
    for (change, key, value) in [
        (json!({ "visibility": "public" }), "visibility", json!("public")),
        (json!({ "keep_versions": null }), "keep_versions", Value::Null),
        (json!({ "max_package_size": 5 }), "max_package_size", json!(5)),
        (json!({ "allow_overwrite": true }), "allow_overwrite", json!(true)),
        (json!({}), "description", json!("ours")),
    ] {
        let changed = admin.send_json(Method::PATCH, url, &change).await.expect(200).json();
        expected[key] = value;
        assert_eq!(without_times(changed.clone()), expected);
        assert_eq!(admin.get(url).await.json(), changed);
    }
    // The setting is in force with the answer.
    server.anonymous().get("/team/apps/index.yaml").await.expect(200);
    admin.set("team/apps", &json!({ "visibility": "private" })).await;
    server.anonymous().get("/team/apps/index.yaml").await.expect(401);

    admin.delete(url).await.expect(204);
    admin.delete(url).await.is_problem(404, "not_found");
    admin.get(url).await.is_problem(404, "not_found");
    admin.get("/team/apps/charts/a-1.0.0.tgz").await.is_error(404, "repository not found");
    admin.delete("/api/v1/repositories/default/charts").await.is_problem(409, "conflict");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_settings() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let before = admin.get("/api/v1/repositories/default/charts").await.expect(200).text();
    for bad in [
        json!({ "visibility": "everyone" }),
        json!({ "visibility": null, "description": 5 }),
        json!({ "keep_versions": 0 }),
        json!({ "keep_versions": -1 }),
        json!({ "keep_versions": "3" }),
        json!({ "keep_versions": 1_u64 << 63 }),
        json!({ "max_package_size": u64::MAX }),
        json!({ "max_package_size": 1.5 }),
        json!({ "generation": 7 }),
        json!({ "id": 1 }),
        json!({ "path": "other/charts" }),
        json!({ "artifacthub_repository_id": "a\nb: c" }),
        json!([]),
        json!("text"),
        json!(null),
    ] {
        let answer = admin.send_json(Method::PATCH, "/api/v1/repositories/default/charts", &bad).await;
        answer.is_problem(400, "invalid");
        let body = json!({ "path": "team/bad", "settings": bad });
        admin.send_json(Method::POST, "/api/v1/repositories", &body).await.is_problem(400, "invalid");
    }
    assert_eq!(admin.get("/api/v1/repositories/default/charts").await.text(), before);
    admin.get("/api/v1/repositories/team/bad").await.is_problem(404, "not_found");
    for limit in ["max_package_size", "max_storage_objects", "max_versions_per_chart", "keep_versions"] {
        let answer = admin
            .send_json(Method::PATCH, "/api/v1/repositories/default/charts", &json!({ limit: u64::MAX }))
            .await;
        assert!(matches!(answer.status, 200 | 400), "{limit}: {} {}", answer.status, answer.text());
        let upload =
            admin.post("/api/charts", package("a", &format!("1.0.0-{}", limit.replace('_', "-")))).await;
        assert_eq!(upload.status, 201, "{limit}: {}", upload.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_pages() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for bad in
        ["", "a", "a/", "/a", "a/b/c", "../a", "a/..", "A/b", "api/charts", "store/x", "a b/c", "a/b\n"]
    {
        let body = json!({ "path": bad });
        admin.send_json(Method::POST, "/api/v1/repositories", &body).await.is_problem(400, "invalid");
    }
    let mut paths = vec!["default/charts".to_owned(), "system/store".to_owned()];
    // The order is that of the two names, not that of the whole path: '-' and '.' are less than '/'.
    for path in ["a/z", "a-b/c", "a.b/c", "a/b", "a0/c", "z/a", "a/b-c", "a/b.c"] {
        admin.create_repository(path, &json!({})).await;
        paths.push(path.to_owned());
    }
    paths.sort_by(|left, right| left.split('/').cmp(right.split('/')));
    for limit in [1, 2, 3, 100] {
        let (items, pages) = all_items(&admin, "/api/v1/repositories", limit).await;
        let found: Vec<_> = items.iter().map(|item| item["path"].as_str().unwrap().to_owned()).collect();
        assert_eq!(pages, paths.len().div_ceil(limit as usize), "limit {limit}");
        assert_eq!(found, paths, "limit {limit}");
    }
}

/// Who may not see a repository cannot do anything to it, whatever they call it.
#[tokio::test(flavor = "multi_thread")]
async fn of_other_tenants() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    admin.create_repository("secret/plans", &json!({ "description": "top secret" })).await;
    admin.post("/api/secret/plans/charts", package("a", "1.0.0")).await.expect(201);
    let someone = account(&server, &admin, "someone", "platform-regular").await;
    let url = "/api/v1/repositories/secret/plans";
    someone.get(url).await.is_problem(404, "not_found");
    someone.delete(url).await.is_problem(404, "not_found");
    let body = json!({ "description": "mine" });
    someone.send_json(Method::PATCH, url, &body).await.is_problem(404, "not_found");
    for id in ["1", "2", "3"] {
        someone.get(&format!("/api/v1/repositories/{id}/{id}")).await.is_problem(404, "not_found");
    }
    for path in ["/api/v1/repositories", "/api/v1/search", "/api/v1/search?q=a"] {
        let text = someone.get(path).await.expect(200).text();
        assert!(!text.contains("secret"), "{text}");
    }
    assert_eq!(admin.get(url).await.expect(200).json()["description"], "top secret");
}

#[tokio::test(flavor = "multi_thread")]
async fn configured_defaults_hold_for_new_repositories() {
    let server = TestServer::with(|config| {
        config.repository_defaults.allow_overwrite = true;
        config.repository_defaults.keep_versions = Some(2);
        config.default_repository_artifacthub_id = Some("the-id".to_owned());
    })
    .await;
    let admin = server.admin().await;
    let settings = async |client: &crate::support::Client, path: &str| {
        let view = client.get(&format!("/api/v1/repositories/{path}")).await.expect(200).json();
        ["allow_overwrite", "keep_versions", "artifacthub_repository_id"].map(|name| view[name].clone())
    };
    let of_default = [json!(true), json!(2), json!("the-id")];
    assert_eq!(settings(&admin, "default/charts").await, of_default);
    admin.create_repository("team/plain", &json!({})).await;
    assert_eq!(settings(&admin, "team/plain").await, [json!(true), json!(2), Value::Null]);
    admin.create_repository("team/own", &json!({ "allow_overwrite": false, "keep_versions": null })).await;
    assert_eq!(settings(&admin, "team/own").await, [json!(false), Value::Null, Value::Null]);
    // They change none that exists.
    let directory = server.stop().await;
    let again = TestServer::start_in(directory.clone(), |config| {
        config.repository_defaults.keep_versions = Some(9);
    })
    .await
    .unwrap();
    let admin = again.admin().await;
    assert_eq!(settings(&admin, "default/charts").await, of_default);
    again.stop().await;
    let refused = TestServer::start_in(directory, |config| {
        config.default_repository_artifacthub_id = Some("a\nb".to_owned());
    });
    assert_eq!(refused.await.err().expect("control characters").code(), "invalid");
}
