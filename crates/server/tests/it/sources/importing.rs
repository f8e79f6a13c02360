//! Charts of a source become apps by rule, and stay in step.

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use super::{MIRROR, Pair, SOURCE, on_both_databases};
use crate::support::{Archive, Client, Form, chart_yaml, package, package_of};

const APPS: &str = "/api/v1/workspaces/mirrors/apps";
const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

on_both_databases!(
    charts_become_drafts,
    charts_become_apps_of_the_store,
    some_versions_stay_drafts,
    names_that_others_have
);

/// A chart that says something of itself.
fn described(name: &str, version: &str, keyword: &str) -> Bytes {
    let more = format!("description: What {name} is\nhome: https://example.org\nkeywords: [{keyword}]\n");
    package_of(&format!("{}{more}", chart_yaml(name, version)))
}

/// A chart whose templates fail.
fn broken(name: &str, version: &str) -> Bytes {
    let archive = Archive::chart(name, version).file("chart/templates/a.yaml", "{{ fail \"no\" }}");
    archive.finish()
}

async fn publish(pair: &Pair, package: Bytes) {
    pair.publisher.post("/api/team/apps/charts", package).await.expect(201);
}

async fn category(admin: &Client, name: &str) {
    admin.send_json(Method::POST, "/api/v1/categories", &json!({ "name": name })).await.expect(201);
}

/// Sets another rule, and waits for the look that it brings.
async fn set_rule(pair: &Pair, rule: Value) -> Value {
    let runs = pair.admin.get(super::RUNS).await.expect(200).json();
    let last = runs["items"][0]["id"].as_i64().unwrap_or(0);
    let settings = json!({ "url": pair.url(), "period": 0, "import": rule });
    pair.admin.send_json(Method::PUT, SOURCE, &json!({ "settings": settings })).await.expect(200);
    pair.next_run(last).await
}

async fn app(admin: &Client, name: &str) -> Value {
    admin.get(&format!("{APPS}/{name}")).await.expect(200).json()
}

/// The versions of an app with their states, newest first.
async fn versions(admin: &Client, name: &str) -> Vec<(String, String)> {
    let versions = admin.get(&format!("{APPS}/{name}/versions")).await.expect(200).json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let items = versions["items"].as_array().unwrap().iter();
    items.map(|version| (text(&version["version"]), text(&version["state"]))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(version, state)| ((*version).to_owned(), (*state).to_owned())).collect()
}

/// The only problem of a run.
#[track_caller]
fn problem(run: &Value) -> &str {
    assert_eq!(run["problems"].as_array().unwrap().len(), 1, "{run}");
    run["problems"][0].as_str().unwrap()
}

async fn charts_become_drafts(pair: Pair) {
    let Pair { admin, publisher, .. } = &pair;
    category(admin, "database").await;
    category(admin, "other").await;
    for version in ["1.9.0", "1.10.0", "2.0.0-rc.1"] {
        publish(&pair, described("redis", version, "Key-Value")).await;
    }
    publish(&pair, package("web", "1.0.0")).await;
    publish(&pair, package("secret", "1.0.0")).await;
    let rule = json!({ "exclude": ["sec*"], "category": "other",
                       "categories": [{ "pattern": "key-value", "category": "database" }] });
    let run = pair.create(json!({ "import": rule })).await;
    assert_eq!((&run["imported"], &run["problems"]), (&json!(2), &json!([])), "{run}");
    assert_eq!(admin.get(SOURCE).await.json()["imported_apps"], json!(2));
    admin.get(&format!("{APPS}/secret")).await.expect(404);
    assert_eq!(versions(admin, "redis").await, pairs(&[("1.10.0", "draft")]));
    let redis = app(admin, "redis").await;
    assert_eq!(redis["information"]["summary"], "What redis is");
    assert_eq!(redis["information"]["home"], "https://example.org");
    assert_eq!(
        (&redis["category"], &redis["imported_from"]),
        (&json!("database"), &json!("mirrors/upstream"))
    );
    assert_eq!(redis["created_by"], "source:mirrors/upstream");
    assert_eq!(app(admin, "web").await["category"], "other");
    let listed = admin.get(APPS).await.expect(200).json();
    assert!(listed["items"].as_array().unwrap().iter().all(|app| app["imported_from"] == "mirrors/upstream"));

    // What people did stays.
    let shelf = json!({ "category": "other" });
    admin.send_json(Method::PUT, &format!("{APPS}/redis/category"), &shelf).await.expect(204);
    publish(&pair, described("redis", "1.11.0", "Key-Value")).await;
    let run = pair.sync().await;
    assert_eq!((&run["imported"], &run["added"]), (&json!(1), &json!(1)), "{run}");
    assert_eq!(versions(admin, "redis").await, pairs(&[("1.11.0", "draft"), ("1.10.0", "draft")]));
    assert_eq!(app(admin, "redis").await["category"], "other", "it is never reset");
    admin.delete(&format!("{APPS}/redis/versions/1.11.0")).await.expect(204);
    publish(&pair, described("redis", "1.0.0", "Key-Value")).await;
    assert_eq!(pair.sync().await["imported"], json!(0), "what was deleted does not come back");

    // What goes there stays here.
    publisher.delete("/api/team/apps/charts/redis/1.10.0").await.expect(200);
    publisher.delete("/api/team/apps/charts/web/1.0.0").await.expect(200);
    let run = pair.sync().await;
    assert_eq!((&run["imported"], &run["vanished"]), (&json!(0), &json!(2)), "{run}");
    assert_eq!(versions(admin, "redis").await, pairs(&[("1.10.0", "draft")]));
    assert_eq!(versions(admin, "web").await, pairs(&[("1.0.0", "draft")]));
    let run = pair.sync().await;
    assert_eq!((&run["outcome"], &run["imported"]), (&json!("unchanged"), &json!(0)));

    // A category that was removed since does not hold anything up.
    admin.delete("/api/v1/categories/database").await.expect(204);
    publish(&pair, described("memcached", "1.0.0", "Key-Value")).await;
    let run = pair.sync().await;
    assert_eq!(problem(&run), "memcached: there is no category database any more, which the rule names");
    assert_eq!(app(admin, "memcached").await["category"], "uncategorized");

    let impact = admin.get(&format!("{MIRROR}/removal")).await.expect(200).json();
    assert_eq!(impact["imported_apps"], json!(["memcached", "redis", "web"]));
    admin.delete(MIRROR).await.expect(204);
    assert_eq!(app(admin, "redis").await["imported_from"], json!(null));
    let pulled = admin.get(&format!("{APPS}/web/versions/1.0.0/package")).await.expect(200);
    assert_eq!(pulled.body, package("web", "1.0.0"));
}

async fn charts_become_apps_of_the_store(pair: Pair) {
    let Pair { admin, server, .. } = &pair;
    publish(&pair, described("redis", "1.0.0", "cache")).await;
    let webhook = json!({ "name": "all", "url": "http://127.0.0.1:1/", "secret": SECRET });
    admin.send_json(Method::POST, "/api/v1/webhooks", &webhook).await.expect(201);
    let run = pair.create(json!({ "import": { "state": "active", "newest": 2 } })).await;
    assert_eq!((&run["imported"], &run["problems"]), (&json!(1), &json!([])), "{run}");
    let store = async || {
        let index = admin.index("/store/index.yaml").await;
        let entries = index.entries.get("redis").cloned().unwrap_or_default();
        entries.into_iter().map(|entry| entry.metadata.version).collect::<Vec<_>>()
    };
    assert_eq!(store().await, ["1.0.0"]);
    let pulled = admin.get("/store/charts/redis-1.0.0.tgz").await.expect(200);
    assert_eq!(pulled.body, described("redis", "1.0.0", "cache"));
    let listed = admin.get("/api/v1/store/apps").await.expect(200).json();
    assert_eq!(listed["items"][0]["name"], "redis", "{listed}");
    let audit = admin.get(&format!("{APPS}/redis/versions/1.0.0/audit")).await.expect(200).json();
    let moves: Vec<Value> = audit["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| json!([entry["action"], entry["actor"], entry["to"]]))
        .collect();
    let by = "source:mirrors/upstream";
    let expected = json!([
        ["release", by, "active"],
        ["override-pass", by, "passed"],
        ["submit", by, "submitted"],
        ["upload", by, "draft"]
    ]);
    assert_eq!(Value::from(moves), expected);

    let told = admin.get("/api/v1/webhooks/all/deliveries").await.expect(200).json();
    let events: Vec<&Value> =
        told["items"].as_array().unwrap().iter().map(|delivery| &delivery["event"]).collect();
    assert_eq!(events, ["version.released"], "nobody is asked to review it");

    publish(&pair, described("redis", "1.1.0", "cache")).await;
    publish(&pair, package("other", "1.0.0")).await;
    assert_eq!(pair.sync().await["imported"], json!(2));
    assert_eq!(store().await, ["1.1.0", "1.0.0"]);

    // What was taken down stays down, and what was swapped there stays what it is.
    let suspend = format!("{APPS}/redis/versions/1.1.0/suspend");
    admin.send_json(Method::POST, &suspend, &json!({ "message": "no" })).await.expect(200);
    publish(&pair, described("redis", "1.1.0", "swapped")).await;
    publish(&pair, described("redis", "1.0.0", "swapped")).await;
    let run = pair.sync().await;
    assert_eq!((&run["imported"], &run["changed"]), (&json!(0), &json!(2)), "{run}");
    assert_eq!(versions(admin, "redis").await, pairs(&[("1.1.0", "suspended"), ("1.0.0", "active")]));
    let pulled = admin.get("/store/charts/redis-1.0.0.tgz").await.expect(200);
    assert_eq!(pulled.body, described("redis", "1.0.0", "cache"));

    admin.delete(MIRROR).await.expect(204);
    assert_eq!(store().await, ["1.0.0"], "what is in the store does not need its source");
    server.anonymous().get("/store/charts/redis-1.0.0.tgz").await.expect(401);
}

async fn some_versions_stay_drafts(pair: Pair) {
    let Pair { admin, .. } = &pair;
    for (name, version) in [("redis", "1.0.0"), ("redis", "1.1.0"), ("redis", "1.2.0"), ("web", "1.0.0")] {
        publish(&pair, package(name, version)).await;
    }
    publish(&pair, broken("bad", "1.0.0")).await;
    let run = pair.create(json!({ "import": { "newest": 2 } })).await;
    assert_eq!((&run["imported"], &run["problems"]), (&json!(4), &json!([])), "{run}");
    let log = json!({ "update_log": "mine" });
    let edited = format!("{APPS}/redis/versions/1.1.0");
    admin.send_json(Method::PATCH, &edited, &log).await.expect(200);
    let checks = json!({ "blocking_checks": ["render"] });
    admin.send_json(Method::PUT, "/api/v1/settings/review", &checks).await.expect(200);

    // The rule is another one: what nobody has touched follows it.
    let run = set_rule(&pair, json!({ "state": "active", "newest": 3 })).await;
    assert_eq!(run["imported"], json!(3), "{run}");
    let told = problem(&run);
    assert!(told.starts_with("bad 1.0.0: it stays a draft: ") && told.contains("render"), "{told}");
    assert_eq!(
        versions(admin, "redis").await,
        pairs(&[("1.2.0", "active"), ("1.1.0", "draft"), ("1.0.0", "active")])
    );
    assert_eq!(admin.get(SOURCE).await.json()["import_problems"], json!([told]));

    // It is tried again when somebody asks.
    assert_eq!(problem(&pair.sync().await), told);
    let checks = json!({ "blocking_checks": ["package"] });
    admin.send_json(Method::PUT, "/api/v1/settings/review", &checks).await.expect(200);
    let run = pair.sync().await;
    assert_eq!((&run["imported"], &run["problems"]), (&json!(1), &json!([])), "{run}");
    assert_eq!(versions(admin, "bad").await, pairs(&[("1.0.0", "active")]));
    assert_eq!(admin.get(SOURCE).await.json()["import_problems"], json!([]));

    // Without a rule nothing new comes, and what is there stays.
    set_rule(&pair, json!(null)).await;
    publish(&pair, package("redis", "2.0.0")).await;
    let run = pair.sync().await;
    assert_eq!((&run["added"], &run["imported"]), (&json!(1), &json!(0)), "{run}");
    assert_eq!(versions(admin, "redis").await.len(), 3);
}

async fn names_that_others_have(pair: Pair) {
    let Pair { admin, .. } = &pair;
    for workspace in ["mirrors", "vendor"] {
        admin.send_json(Method::POST, "/api/v1/workspaces", &json!({ "name": workspace })).await.expect(201);
    }
    let form = Form::new().file("package", "redis.tgz", &package("redis", "0.1.0"));
    admin.post_form(APPS, form).await.expect(201);
    let apps = "/api/v1/workspaces/vendor/apps";
    let form = Form::new().file("package", "web.tgz", &package("web", "0.1.0"));
    admin.post_form(apps, form).await.expect(201);
    for (action, body) in
        [("submit", json!({})), ("override-pass", json!({ "message": "mine" })), ("release", json!({}))]
    {
        let path = format!("{apps}/web/versions/0.1.0/{action}");
        admin.send_json(Method::POST, &path, &body).await.expect(200);
    }
    for name in ["redis", "web", "Not An App"] {
        publish(&pair, package(name, "1.0.0")).await;
    }

    let run = pair.create(json!({ "import": { "state": "active" } })).await;
    assert_eq!(run["imported"], json!(2), "{run}");
    let told: Vec<&str> =
        run["problems"].as_array().unwrap().iter().map(|problem| problem.as_str().unwrap()).collect();
    assert_eq!(told.len(), 2, "{run}");
    assert!(
        told[0].starts_with("Not An App 1.0.0: name: ") && told[0].contains("no name for an app"),
        "{run}"
    );
    assert!(told[1].starts_with("web 1.0.0: it stays a draft: ") && told[1].contains("vendor/web"), "{run}");
    assert_eq!(versions(admin, "redis").await, pairs(&[("0.1.0", "draft")]), "that one is somebody's");
    assert_eq!(versions(admin, "upstream-redis").await, pairs(&[("1.0.0", "active")]));
    assert_eq!(versions(admin, "web").await, pairs(&[("1.0.0", "draft")]));
    assert_eq!(app(admin, "redis").await["imported_from"], json!(null));
}

/// Who may make which rule: an active one takes versions past review.
#[tokio::test(flavor = "multi_thread")]
async fn who_may_make_a_rule() {
    let pair = Pair::on_sqlite().await;
    let Pair { admin, server, .. } = &pair;
    category(admin, "database").await;
    pair.create(json!({})).await;
    let person = async |name: &str, platform: &str, workspace: &str| {
        let body = json!({ "name": name, "role": platform, "password": "a good password" });
        admin.send_json(Method::POST, "/api/v1/accounts", &body).await.expect(201);
        let member = json!({ "account": name, "role": workspace });
        admin.send_json(Method::POST, "/api/v1/workspaces/mirrors/members", &member).await.expect(201);
        server.anonymous().with_password(name, "a good password")
    };
    let role = json!({ "name": "app-review", "permissions": ["apps.review", "categories.manage"] });
    admin.send_json(Method::POST, "/api/v1/roles", &role).await.expect(201);
    let regular = person("regular", "platform-regular", "workspace-regular").await;
    let owner = person("owner", "platform-regular", "workspace-admin").await;
    let reviewer = person("reviewer", "app-review", "workspace-admin").await;

    let with = |url: &str, rule: Value| json!({ "settings": { "url": url, "period": 0, "import": rule } });
    let url = pair.url();
    let (draft, active) = (json!({}), json!({ "state": "active" }));
    let shelved = json!({ "category": "database" });
    let cases = [
        (&regular, &draft, 403),
        (&owner, &draft, 200),
        (&owner, &active, 403),
        (&owner, &shelved, 403),
        (&reviewer, &shelved, 200),
        (&reviewer, &active, 403),
        (admin, &active, 200),
    ];
    for (client, rule, status) in cases {
        let answer = client.send_json(Method::PUT, SOURCE, &with(&url, rule.clone())).await;
        assert_eq!(answer.status, status, "{rule}: {}", answer.text());
    }
    // Nor does anybody else turn an active rule to another source.
    let elsewhere = with("http://127.0.0.1:1/", active.clone());
    owner.send_json(Method::PUT, SOURCE, &elsewhere).await.is_problem(403, "forbidden");
    let request = json!({ "path": "mirrors/second", "source": with(&url, active) });
    owner.send_json(Method::POST, "/api/v1/repositories", &request).await.is_problem(403, "forbidden");
    let without = json!({ "settings": { "url": url, "period": 0 } });
    owner.send_json(Method::PUT, SOURCE, &without).await.expect(200);

    for bad in [
        json!({ "newest": 0 }),
        json!({ "newest": 21 }),
        json!({ "state": "passed" }),
        json!({ "include": ["[a"] }),
        json!({ "categories": [{ "pattern": "[a", "category": "database" }] }),
        json!({ "category": "nothing" }),
        json!({ "more": 1 }),
    ] {
        let answer = admin.send_json(Method::PUT, SOURCE, &with(&url, bad.clone())).await;
        assert_eq!(answer.status, 400, "{bad}: {}", answer.text());
    }
    // Who reviews an app but may not read the repository is not told of it.
    publish(&pair, package("redis", "1.0.0")).await;
    set_rule(&pair, json!({})).await;
    let submit = format!("{APPS}/redis/versions/1.0.0/submit");
    owner.send_json(Method::POST, &submit, &json!({})).await.expect(200);
    let body = json!({ "name": "outsider", "role": "app-review", "password": "a good password" });
    admin.send_json(Method::POST, "/api/v1/accounts", &body).await.expect(201);
    let outsider = server.anonymous().with_password("outsider", "a good password");
    for (visibility, seen) in [("public", json!("mirrors/upstream")), ("private", json!(null))] {
        admin.set("mirrors/upstream", &json!({ "visibility": visibility })).await;
        assert_eq!(app(&regular, "redis").await["imported_from"], "mirrors/upstream");
        assert_eq!(app(&outsider, "redis").await["imported_from"], seen, "{visibility}");
    }
}
