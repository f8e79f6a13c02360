//! External repositories: another server is the source, and what it does is what is served.

mod following;
mod importing;
mod interrupted;
mod signing;
mod trusting;

use std::sync::Arc;

use chandlery_store::DatabaseUrl;
use chandlery_store::testing::TestPostgres;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Client, TestServer, eventually};

const MIRROR: &str = "/api/v1/repositories/mirrors/upstream";
const SOURCE: &str = "/api/v1/repositories/mirrors/upstream/source";
const SYNC: &str = "/api/v1/repositories/mirrors/upstream/source/sync";
const RUNS: &str = "/api/v1/repositories/mirrors/upstream/source/runs";

/// Two servers: what one publishes, the other has as an external repository.
pub(crate) struct Pair {
    _postgres: Option<Arc<TestPostgres>>,
    pub(crate) upstream: TestServer,
    pub(crate) publisher: Client,
    pub(crate) server: TestServer,
    pub(crate) admin: Client,
}

impl Pair {
    pub(crate) async fn on_sqlite() -> Self {
        Self::new(None).await
    }

    pub(crate) async fn on_postgres() -> Self {
        Self::new(Some(TestPostgres::shared())).await
    }

    async fn new(postgres: Option<Arc<TestPostgres>>) -> Self {
        let upstream = TestServer::start().await;
        let publisher = upstream.admin().await;
        publisher
            .create_repository("team/apps", &json!({ "visibility": "public", "allow_overwrite": true }))
            .await;
        let database = postgres.as_ref().map(|postgres| postgres.create_database());
        let server = TestServer::with(|config| {
            config.outbound.settings.allowed = "127.0.0.0/8".parse().unwrap();
            if let Some(DatabaseUrl::Postgres(url)) = database {
                config.database_url = Some(url);
                config.encryption_keys =
                    Some("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=".parse().unwrap());
            }
        })
        .await;
        let admin = server.admin().await;
        Self { _postgres: postgres, upstream, publisher, server, admin }
    }

    /// Where the publisher's repository is.
    fn url(&self) -> String {
        format!("{}/team/apps", self.upstream.url())
    }

    /// Makes the external repository, and waits for the first look.
    async fn create(&self, settings: Value) -> Value {
        let mut settings = settings;
        settings["url"] = json!(self.url());
        settings["period"] = json!(0);
        let request = json!({ "path": "mirrors/upstream", "settings": { "visibility": "public" },
                              "source": { "settings": settings } });
        self.admin.send_json(Method::POST, "/api/v1/repositories", &request).await.expect(201);
        self.next_run(0).await
    }

    /// The first look after the run `last`.
    async fn next_run(&self, last: i64) -> Value {
        eventually("a look at the source", async || {
            let runs = self.admin.get(RUNS).await.expect(200).json();
            let run = runs["items"].as_array().unwrap().iter().rfind(|run| run["id"].as_i64() > Some(last));
            let settled = self.admin.get(SOURCE).await.expect(200).json()["state"] != json!("syncing");
            run.filter(|_| settled).cloned()
        })
        .await
    }

    /// Has the source looked at, and waits.
    async fn sync(&self) -> Value {
        let runs = self.admin.get(RUNS).await.expect(200).json();
        let last = runs["items"][0]["id"].as_i64().unwrap_or(0);
        self.admin.post(SYNC, "").await.expect(200);
        self.next_run(last).await
    }

    /// The versions that are served, as `name-version`, sorted.
    async fn served(&self) -> Vec<String> {
        let index = self.server.anonymous().index("/mirrors/upstream/index.yaml").await;
        let mut served: Vec<String> = index
            .entries
            .values()
            .flatten()
            .map(|entry| format!("{}-{}", entry.metadata.name, entry.metadata.version))
            .collect();
        served.sort();
        served
    }
}

/// Some figures of a run.
fn figures(run: &Value) -> Value {
    let names = ["outcome", "versions", "added", "changed", "vanished", "skipped"];
    Value::Array(names.iter().map(|name| run[*name].clone()).collect())
}

/// Runs each function as a test on SQLite and on PostgreSQL.
macro_rules! on_both_databases {
    ($($name:ident),*) => {
        $(mod $name {
            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                super::$name(crate::sources::Pair::on_sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                super::$name(crate::sources::Pair::on_postgres().await).await;
            }
        })*
    };
}
pub(crate) use on_both_databases;
