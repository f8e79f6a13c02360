//! Apps from upload to store: what is refused, and what happens at once. How it goes when all goes well is told by the
//! tutorial among the tests against other programs.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use chandlery_store::DatabaseUrl;
use chandlery_store::testing::TestPostgres;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Archive, Client, Form, TestServer, chart_yaml};

const PASSWORD: &str = "a good password";
const APPS: &str = "/api/v1/workspaces/demo/apps";
const VERSIONS: &str = "/api/v1/workspaces/demo/apps/emq/versions";

/// A chart that runs a broker.
fn chart(version: &str) -> Bytes {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Release.Name }}\nspec:\n  \
        replicas: {{ .Values.replicas }}\n  selector:\n    matchLabels: {app: emq}\n  template:\n    metadata:\n      \
        labels: {app: emq}\n    spec:\n      containers:\n        - name: broker\n          image: example.com/emq:1.0\n";
    Archive::new()
        .file("chart/Chart.yaml", chart_yaml("emq", version))
        .file("chart/values.yaml", "replicas: 1\n")
        .file("chart/README.md", "# A broker\n")
        .file("chart/templates/deployment.yaml", deployment)
        .finish()
}

fn form(version: &str) -> Form {
    Form::new().file("package", "emq.tgz", &chart(version))
}

/// Runs each function as a test on SQLite and on PostgreSQL.
macro_rules! on_both_databases {
    ($($name:ident),*) => {
        $(mod $name {
            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                super::$name(super::People::on_sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                super::$name(super::People::on_postgres().await).await;
            }
        })*
    };
}

mod pictures;

on_both_databases!(
    illegal_moves_say_what_is_possible,
    lists_come_in_pages,
    packages_that_do_not_fit,
    of_fifty_who_do_the_same_one_wins
);

/// The people of the tutorial.
struct People {
    _postgres: Option<Arc<TestPostgres>>,
    server: TestServer,
    admin: Client,
    isv: Client,
    reviewer: Client,
    stranger: Client,
}

impl People {
    async fn on_sqlite() -> Self {
        Self::at(TestServer::start().await, None).await
    }

    async fn on_postgres() -> Self {
        let postgres = TestPostgres::shared();
        let DatabaseUrl::Postgres(url) = postgres.create_database() else { panic!("it is PostgreSQL") };
        let server = TestServer::with(|config| config.database_url = Some(url)).await;
        Self::at(server, Some(postgres)).await
    }

    async fn at(server: TestServer, postgres: Option<Arc<TestPostgres>>) -> Self {
        let admin = server.admin().await;
        let role = json!({ "name": "app-review", "permissions": ["apps.review", "categories.manage"] });
        admin.send_json(Method::POST, "/api/v1/roles", &role).await.expect(201);
        let workspace = json!({ "name": "demo" });
        admin.send_json(Method::POST, "/api/v1/workspaces", &workspace).await.expect(201);
        let isv = person(&server, &admin, "isv", "platform-regular").await;
        let reviewer = person(&server, &admin, "reviewer", "app-review").await;
        let stranger = person(&server, &admin, "stranger", "platform-regular").await;
        for (account, role) in [("isv", "workspace-admin"), ("reviewer", "workspace-admin")] {
            let member = json!({ "account": account, "role": role });
            admin.send_json(Method::POST, "/api/v1/workspaces/demo/members", &member).await.expect(201);
        }
        Self { _postgres: postgres, server, admin, isv, reviewer, stranger }
    }

    /// A version that `isv` has submitted.
    async fn submitted(&self, version: &str) {
        let path = if self.isv.get(&format!("{APPS}/emq")).await.status == 404 { APPS } else { VERSIONS };
        self.isv.post_form(path, form(version)).await.expect(201);
        act(&self.isv, version, "submit", json!({ "update_log": "first" })).await.expect(200);
    }

    /// A version in the store.
    async fn released(&self, version: &str) {
        self.submitted(version).await;
        act(&self.reviewer, version, "pass", json!({})).await.expect(200);
        act(&self.isv, version, "release", json!({})).await.expect(200);
    }
}

async fn person(server: &TestServer, admin: &Client, name: &str, role: &str) -> Client {
    let body = json!({ "name": name, "role": role, "password": PASSWORD });
    admin.send_json(Method::POST, "/api/v1/accounts", &body).await.expect(201);
    let client = server.anonymous().with_password(name, PASSWORD);
    client.create_token(&json!({ "name": "test", "scope": "all" })).await
}

async fn act(client: &Client, version: &str, action: &str, body: Value) -> Answer {
    client.send_json(Method::POST, &format!("{VERSIONS}/{version}/{action}"), &body).await
}

async fn state(client: &Client, version: &str) -> String {
    let view = client.get(&format!("{VERSIONS}/{version}")).await.expect(200).json();
    view["state"].as_str().unwrap().to_owned()
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
}

async fn illegal_moves_say_what_is_possible(people: People) {
    let People { isv, reviewer, admin, .. } = &people;
    isv.post_form(APPS, form("1.0.0")).await.expect(201);
    let problem = act(isv, "1.0.0", "release", json!({})).await.is_problem(409, "illegal_action");
    assert_eq!(problem["state"], "draft");
    assert_eq!(names(&problem["actions"]), ["edit", "submit", "delete"]);
    // Who does not see drafts does not see this one.
    let outsider = person(&people.server, admin, "outsider", "app-review").await;
    outsider.get(&format!("{APPS}/emq")).await.is_problem(404, "not_found");
    // Nor does who curates the categories.
    for app in ["emq", "nothing"] {
        let shelf = json!({ "category": "uncategorized" });
        let path = format!("{APPS}/{app}/category");
        outsider.send_json(Method::PUT, &path, &shelf).await.is_problem(404, "not_found");
    }
    act(isv, "1.0.0", "submit", json!({ "expected_state": "rejected" })).await.is_problem(409, "conflict");
    act(isv, "1.0.0", "submit", json!({})).await.expect(200);
    outsider.get(&format!("{VERSIONS}/1.0.0")).await.expect(200);
    outsider.post_form(VERSIONS, form("2.0.0")).await.is_problem(403, "forbidden");
    let own = person(&people.server, admin, "both", "app-review").await;
    let member = json!({ "account": "both", "role": "workspace-admin" });
    admin.send_json(Method::POST, "/api/v1/workspaces/demo/members", &member).await.expect(201);
    own.post_form(VERSIONS, form("2.0.0")).await.expect(201);
    act(&own, "2.0.0", "submit", json!({})).await.expect(200);
    act(&own, "2.0.0", "pass", json!({})).await.is_problem(403, "forbidden");
    act(reviewer, "2.0.0", "override-pass", json!({ "message": "now" })).await.is_problem(403, "forbidden");
    act(admin, "2.0.0", "override-pass", json!({})).await.is_problem(400, "invalid");
    act(admin, "2.0.0", "override-pass", json!({ "message": "urgent" })).await.expect(200);
    let settings =
        json!({ "phases": ["isv", "technical"], "allow_self_review": true, "blocking_checks": ["render"] });
    reviewer.send_json(Method::PUT, "/api/v1/settings/review", &settings).await.is_problem(403, "forbidden");
    admin.send_json(Method::PUT, "/api/v1/settings/review", &settings).await.expect(200);
    isv.post_form(VERSIONS, form("3.0.0")).await.expect(201);
    act(isv, "3.0.0", "submit", json!({})).await.expect(200);
    let one = act(reviewer, "3.0.0", "pass", json!({ "phase": "isv" })).await.expect(200).json();
    assert_eq!((&one["state"], &one["review"]["phase"]), (&json!("in-review"), &json!("technical")));
    act(reviewer, "3.0.0", "pass", json!({ "phase": "isv" })).await.is_problem(409, "conflict");
    act(reviewer, "3.0.0", "pass", json!({ "phase": "technical" })).await.expect(200);
    assert_eq!(state(isv, "3.0.0").await, "passed");
}

/// Two of its own kind on each page, to the end.
async fn pages(client: &Client, path: &str, item: &str) -> Vec<String> {
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client.get(&format!("{path}limit=2{cursor}")).await.expect(200).json();
        let items = page["items"].as_array().unwrap();
        assert!((1..=2).contains(&items.len()), "{page}");
        seen.extend(items.iter().map(|one| one.pointer(item).unwrap().as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return seen,
        }
    }
}

async fn lists_come_in_pages(people: People) {
    let People { isv, reviewer, .. } = &people;
    people.released("1.0.0").await;
    people.submitted("2.0.0").await;
    act(reviewer, "2.0.0", "start-review", json!({})).await.expect(200);
    people.submitted("3.0.0").await;
    act(reviewer, "3.0.0", "reject", json!({ "message": "no" })).await.expect(200);
    for version in ["4.0.0", "5.0.0"] {
        people.submitted(version).await;
    }
    people.released("6.0.0").await;
    let queue = async |status: &str| pages(reviewer, &format!("/api/v1/reviews?{status}"), "/version").await;
    assert_eq!(queue("status=unprocessed&").await, ["5.0.0", "4.0.0", "2.0.0"]);
    assert_eq!(queue("status=processed&").await, ["6.0.0", "3.0.0", "1.0.0"]);
    assert_eq!(queue("").await, ["6.0.0", "5.0.0", "4.0.0", "3.0.0", "2.0.0", "1.0.0"]);

    for path in ["demo/b", "demo-2/a", "demo/a", "demo-2/b"] {
        let request = json!({ "path": path });
        people.admin.send_json(Method::POST, "/api/v1/repositories", &request).await.expect(201);
    }
    let repositories = pages(&people.admin, "/api/v1/repositories?", "/path").await;
    let demo: Vec<_> = repositories.iter().filter(|path| path.starts_with("demo")).collect();
    assert_eq!(demo, ["demo/a", "demo/b", "demo-2/a", "demo-2/b"]);
    let seen = pages(isv, "/api/v1/repositories?", "/path").await;
    assert_eq!(seen, ["default/charts", "demo/a", "demo/b", "system/store"]);
    people.admin.get("/api/v1/repositories?cursor=x").await.is_problem(400, "invalid");

    isv.post_form(VERSIONS, form("7.0.0")).await.expect(201);
    let states = pages(isv, &format!("{VERSIONS}?"), "/state").await;
    assert_eq!(states, ["draft", "active", "submitted", "submitted", "rejected", "in-review", "active"]);
    let list = isv.get(&format!("{VERSIONS}?limit=2")).await.expect(200).json();
    assert_eq!(
        (&list["items"][0]["review"], &list["items"][1]["review"]["state"]),
        (&Value::Null, &json!("active"))
    );

    let apps =
        async |filter: &str| isv.get(&format!("{APPS}?{filter}")).await.expect(200).json()["items"].clone();
    for filter in ["", "state=active", "category=uncategorized", "state=active&category=uncategorized"] {
        assert_eq!(apps(filter).await[0]["latest_version"], "7.0.0", "{filter}");
    }
    for filter in ["state=suspended", "category=nothing", "state=draft&category=uncategorized"] {
        assert_eq!(apps(filter).await, json!([]), "{filter}");
    }
}

async fn packages_that_do_not_fit(people: People) {
    let People { isv, admin, .. } = &people;
    isv.post_form(APPS, form("1.0.0")).await.expect(201);
    isv.post_form(APPS, form("1.0.0")).await.is_problem(409, "already_exists");
    isv.post_form(VERSIONS, form("1.0.0")).await.is_problem(409, "already_exists");
    let other = Archive::new().file("chart/Chart.yaml", chart_yaml("other", "2.0.0")).finish();
    isv.post_form(VERSIONS, Form::new().file("package", "x", &other)).await.is_problem(400, "invalid");
    isv.post_form(VERSIONS, Form::new().file("package", "x", b"no archive")).await.is_problem(400, "invalid");
    isv.post_form(VERSIONS, Form::new().file("chart", "x", &other)).await.is_problem(400, "invalid");
    isv.post_form(VERSIONS, Form::new()).await.is_problem(400, "invalid");
    let broken = Archive::new()
        .file("chart/Chart.yaml", chart_yaml("emq", "1.5.0"))
        .file("chart/templates/a.yaml", "{{ fail \"no\" }}")
        .finish();
    isv.post_form(VERSIONS, Form::new().file("package", "x", &broken)).await.expect(201);
    let settings = json!({ "blocking_checks": ["render"] });
    admin.send_json(Method::PUT, "/api/v1/settings/review", &settings).await.expect(200);
    act(isv, "1.5.0", "submit", json!({})).await.is_problem(409, "conflict");
    assert_eq!(state(isv, "1.5.0").await, "draft");
    let unknown = json!({ "blocking_checks": ["nothing"] });
    admin.send_json(Method::PUT, "/api/v1/settings/review", &unknown).await.is_problem(400, "invalid");
    for bad in [
        json!([null, null]),
        json!({ "state": "active" }),
        json!({ "information": { "home": "javascript:alert(1)" } }),
    ] {
        isv.send_json(Method::PATCH, &format!("{APPS}/emq"), &bad).await.is_problem(400, "invalid");
    }
    isv.delete(&format!("{APPS}/emq")).await.is_problem(409, "conflict");
    for version in ["1.0.0", "1.5.0"] {
        isv.delete(&format!("{VERSIONS}/{version}")).await.expect(204);
    }
    isv.delete(&format!("{APPS}/emq")).await.expect(204);
    isv.get(&format!("{APPS}/emq")).await.is_problem(404, "not_found");
}

async fn of_fifty_who_do_the_same_one_wins(people: People) {
    people.submitted("1.0.0").await;
    for (client, action) in [(&people.reviewer, "pass"), (&people.isv, "release")] {
        let tries = (0..50).map(|_| act(client, "1.0.0", action, json!({})));
        let answers = futures_util::future::join_all(tries).await;
        let mut counts = BTreeMap::<u16, usize>::new();
        for answer in &answers {
            *counts.entry(answer.status).or_default() += 1;
        }
        assert_eq!(counts, BTreeMap::from([(200, 1), (409, 49)]), "{action}");
    }
    let audit = people.isv.get(&format!("{VERSIONS}/1.0.0/audit")).await.expect(200).json();
    let states: Vec<_> = audit["items"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|entry| (entry["from"].clone(), entry["to"].clone()))
        .collect();
    let expected = [
        (json!(null), "draft"),
        (json!("draft"), "submitted"),
        (json!("submitted"), "passed"),
        (json!("passed"), "active"),
    ];
    assert_eq!(states, expected.map(|(from, to)| (from, json!(to))));
}
