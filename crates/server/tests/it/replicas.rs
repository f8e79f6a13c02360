//! Two servers on one PostgreSQL and one bucket.

mod sources;
mod upstream;

use chandlery_store::DatabaseUrl;
use chandlery_store::testing::{TestPostgres, TestS3};
use futures_util::future::join_all;
use http::Method;
use serde_json::json;
use tempfile::TempDir;

use crate::support::{
    Answer, ChildServer, ChildSettings, Client, bucket_url, eventually, package, package_of,
};

/// Two replicas, and what they stand on.
struct Replicas {
    servers: [ChildServer; 2],
    settings: [ChildSettings; 2],
    /// The URL of their database.
    database: String,
    postgres: TestPostgres,
    _directories: [TempDir; 2],
    _s3: TestS3,
}

impl Replicas {
    /// Starts both at the same moment on an empty database.
    fn start() -> Self {
        let (postgres, s3) = (TestPostgres::start(), TestS3::start());
        let DatabaseUrl::Postgres(database) = postgres.create_database() else { panic!("it is PostgreSQL") };
        let blobs = bucket_url(&s3);
        let directories = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let settings = directories.each_ref().map(|directory| {
            let settings = ChildServer::settings(directory.path()).database(&database).blobs(&blobs);
            let environment = s3.environment().into_iter();
            environment
                .fold(settings.allow("127.0.0.0/8"), |settings, (name, value)| settings.variable(name, value))
        });
        let servers = std::thread::scope(|scope| {
            let threads = settings.each_ref().map(|settings| scope.spawn(|| settings.start()));
            threads.map(|thread| thread.join().unwrap())
        });
        Self { servers, settings, database, postgres, _directories: directories, _s3: s3 }
    }

    /// The administrator at both.
    async fn admins(&self) -> [Client; 2] {
        let first = self.servers[0].admin().await;
        [first.clone(), first.at(self.servers[1].url())]
    }
}

/// The index of both in every encoding, which must be the same bytes under the same tag.
async fn same_index(admins: &[Client; 2]) -> chandlery_chart::IndexFile {
    for encoding in ["gzip", "zstd", "identity"] {
        let answers =
            join_all(admins.iter().map(|admin| admin.get_with("/index.yaml", "accept-encoding", encoding)))
                .await;
        let [first, second] = answers.try_into().unwrap_or_else(|_| panic!("there are two"));
        assert_eq!(first.expect_ref(200).header("etag"), second.expect_ref(200).header("etag"), "{encoding}");
        assert!(first.body == second.body, "{encoding}");
        if encoding == "identity" {
            return first.index();
        }
    }
    unreachable!("identity is the last")
}

#[tokio::test(flavor = "multi_thread")]
async fn see_each_others_changes_at_once() {
    let replicas = Replicas::start();
    let admins = replicas.admins().await;
    for number in 0..30 {
        let (here, there) = (&admins[number % 2], &admins[(number + 1) % 2]);
        let version = format!("{number}.0.0");
        let chart = package(&format!("chart-{}", number % 4), &version);
        here.post("/api/charts", chart.clone()).await.expect(201);
        let index = there.index("/index.yaml").await;
        assert_eq!(index.entries.values().map(Vec::len).sum::<usize>(), number + 1);
        let stored = there.get(&format!("/charts/chart-{}-{version}.tgz", number % 4)).await.expect(200).body;
        assert_eq!(stored, chart);
        assert_eq!(same_index(&admins).await, index);
    }
    // Replaced, deleted, set, made, removed.
    let text = "apiVersion: v2\nname: chart-0\nversion: 0.0.0\ndescription: replaced\n";
    let (first, second) = (&admins[0], &admins[1]);
    first.get("/charts/chart-0-0.0.0.tgz").await.expect(200);
    second.post("/api/charts?force", package_of(text)).await.expect(201);
    assert_eq!(first.get("/charts/chart-0-0.0.0.tgz").await.expect(200).body, package_of(text));
    assert_eq!(same_index(&admins).await.entries["chart-0"].last().unwrap().metadata.description, "replaced");
    first.delete("/api/charts/chart-0/0.0.0").await.expect(200);
    second.get("/charts/chart-0-0.0.0.tgz").await.expect(404);
    assert_eq!(same_index(&admins).await.entries["chart-0"].len(), 7);
    let nobody = replicas.servers[1].client();
    nobody.get("/index.yaml").await.expect(401);
    first.set("default/charts", &json!({ "visibility": "public" })).await;
    nobody.get("/index.yaml").await.expect(200);
    first.create_repository("team/new", &json!({})).await;
    second.post("/api/team/new/charts", package("a", "1.0.0")).await.expect(201);
    assert_eq!(first.index("/team/new/index.yaml").await.entries.len(), 1);
    second.delete("/api/v1/repositories/team/new").await.expect(204);
    first.get("/team/new/index.yaml").await.is_error(404, "repository not found");
    // A token that one revoked ends at the other as well.
    let token =
        first.create_token(&json!({ "name": "shared", "scope": "pull" })).await.at(replicas.servers[1].url());
    token.get("/api/v1/whoami").await.expect(200);
    first.delete("/api/v1/tokens/shared").await.expect(204);
    eventually("the end of the token", async || {
        (token.get("/api/v1/whoami").await.status == 401).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn take_uploads_side_by_side() {
    const EACH: usize = 15;
    let replicas = Replicas::start();
    let admins = replicas.admins().await;
    let uploaders = (0..6).map(|worker| {
        let (here, there) = (admins[worker % 2].clone(), admins[(worker + 1) % 2].clone());
        tokio::spawn(async move {
            for number in 0..EACH {
                let version = format!("{number}.{worker}.0");
                let name = if worker < 4 { "shared".to_owned() } else { format!("own-{worker}") };
                here.post("/api/charts", package(&name, &version)).await.expect(201);
                let index = there.index("/index.yaml").await;
                assert!(
                    index.entries[&name].iter().any(|entry| entry.metadata.version == version),
                    "{version}"
                );
            }
        })
    });
    for uploader in join_all(uploaders).await {
        uploader.unwrap();
    }
    let index = same_index(&admins).await;
    assert_eq!(index.entries.values().map(Vec::len).sum::<usize>(), 6 * EACH);

    // One version at both: one is stored.
    for round in 0..20 {
        let uploads = admins.iter().enumerate().map(|(number, admin)| {
            let text = format!("apiVersion: v2\nname: race\nversion: {round}.0.0\ndescription: '{number}'\n");
            let request = admin.request(Method::POST, "/api/charts").body(package_of(&text));
            async move { Answer::to(request).await.status }
        });
        let mut statuses = join_all(uploads).await;
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409], "round {round}");
    }
    assert_eq!(same_index(&admins).await.entries["race"].len(), 20);
}
