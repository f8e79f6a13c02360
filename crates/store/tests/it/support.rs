//! Stores on real servers, and shorthand for requests.

use std::sync::Arc;

use chandlery_core::{Digest, RepositorySettings};
use chandlery_store::packages::{NewPackage, NewProvenance, PublishLimits, PublishOutcome, PublishRequest};
use chandlery_store::repositories;
use chandlery_store::testing::{TestPostgres, TestS3};
use chandlery_store::{BlobsUrl, DatabaseUrl, FinishedBlob, Store, StoreSettings, workspaces};
use jiff::Timestamp;
use tempfile::TempDir;

/// Which database a test runs on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Database {
    Sqlite,
    Postgres,
}

/// Which blob store a test runs on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    FileSystem,
    Memory,
    S3,
}

/// A store with everything that must live as long.
pub(crate) struct Fixture {
    pub(crate) store: Arc<Store>,
    pub(crate) settings: StoreSettings,
    pub(crate) directory: TempDir,
    _postgres: Option<Arc<TestPostgres>>,
    _s3: Option<Arc<TestS3>>,
}

impl Fixture {
    pub(crate) async fn new(database: Database) -> Self {
        Self::with_place(database, Place::FileSystem).await
    }

    pub(crate) async fn with_place(database: Database, place: Place) -> Self {
        let directory = TempDir::with_prefix("chandlery-store-").unwrap();
        let path = directory.path();
        let (postgres, database) = match database {
            Database::Sqlite => (None, DatabaseUrl::Sqlite(path.join("chandlery.db"))),
            Database::Postgres => {
                let server = TestPostgres::shared();
                let url = server.create_database();
                (Some(server), url)
            }
        };
        let (s3, blobs) = match place {
            Place::FileSystem => (None, BlobsUrl::FileSystem(path.join("data"))),
            Place::Memory => (None, BlobsUrl::Memory),
            Place::S3 => {
                let server = TestS3::shared();
                let url = server.create_place();
                (Some(server), url)
            }
        };
        let settings = StoreSettings { database, blobs, temporary_directory: path.join("uploads") };
        let store = Arc::new(Store::open(&settings).await.unwrap());
        Self { store, settings, directory, _postgres: postgres, _s3: s3 }
    }

    /// A workspace `team` with an empty repository; its row number.
    pub(crate) async fn repository(&self) -> i64 {
        repository(&self.store, "charts").await
    }

    pub(crate) async fn generation(&self, repository_id: i64) -> i64 {
        repositories::generation(self.store.database().reader(), repository_id).await.unwrap().unwrap()
    }
}

/// A repository in the workspace `team`, which is made when it is missing.
pub(crate) async fn repository(store: &Store, name: &str) -> i64 {
    let writer = store.database().writer();
    let team = "team".parse().unwrap();
    let workspace = match workspaces::find(writer, &team).await.unwrap() {
        Some(workspace) => workspace,
        None => workspaces::create(writer, &team, at(0)).await.unwrap(),
    };
    let settings = RepositorySettings::default();
    repositories::create(writer, workspace.id, &name.parse().unwrap(), &settings, at(0)).await.unwrap()
}

/// A time, in seconds after an arbitrary day.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

/// An upload in the making.
#[derive(Clone)]
pub(crate) struct Upload {
    pub(crate) request: PublishRequest,
    pub(crate) contents: Vec<Vec<u8>>,
}

/// The upload of a package with contents of its own.
pub(crate) fn package(repository_id: i64, chart: &str, version: &str) -> Upload {
    package_of(repository_id, chart, version, format!("package {chart} {version}").into_bytes())
}

pub(crate) fn package_of(repository_id: i64, chart: &str, version: &str, content: Vec<u8>) -> Upload {
    let package = NewPackage {
        chart: chart.to_owned(),
        version: version.to_owned(),
        file_name: format!("{chart}-{version}.tgz"),
        digest: Digest::of(&content),
        size: content.len() as u64,
        metadata: format!("{{\"name\":\"{chart}\",\"version\":\"{version}\"}}"),
    };
    Upload { request: request(repository_id, Some(package)), contents: vec![content] }
}

fn request(repository_id: i64, package: Option<NewPackage>) -> PublishRequest {
    PublishRequest {
        repository_id,
        package,
        provenance: None,
        created_at: at(0),
        overwrite: false,
        limits: PublishLimits::default(),
    }
}

/// The upload of a provenance file alone.
pub(crate) fn provenance(repository_id: i64, file_name: &str, content: &[u8]) -> Upload {
    Upload { request: request(repository_id, None), contents: vec![] }
        .with_provenance_named(file_name, content)
}

impl Upload {
    pub(crate) fn at(mut self, time: Timestamp) -> Self {
        self.request.created_at = time;
        self
    }

    pub(crate) fn overwrite(mut self) -> Self {
        self.request.overwrite = true;
        self
    }

    pub(crate) fn limits(mut self, limits: PublishLimits) -> Self {
        self.request.limits = limits;
        self
    }

    pub(crate) fn with_provenance(self, content: &[u8]) -> Self {
        let file_name = format!("{}.prov", self.request.package.as_ref().unwrap().file_name);
        self.with_provenance_named(&file_name, content)
    }

    fn with_provenance_named(mut self, file_name: &str, content: &[u8]) -> Self {
        self.request.provenance = Some(NewProvenance {
            file_name: file_name.to_owned(),
            digest: Digest::of(content),
            size: content.len() as u64,
        });
        self.contents.push(content.to_vec());
        self
    }

    pub(crate) async fn publish(&self, store: &Store) -> chandlery_core::Result<PublishOutcome> {
        let mut blobs: Vec<FinishedBlob> = Vec::new();
        for content in &self.contents {
            blobs.push(store.blobs().begin_with(content.clone().into()).await?);
        }
        store.publish(&self.request, &blobs).await
    }
}

/// Makes two tests of one function that takes a [`Fixture`]: on SQLite and on PostgreSQL.
macro_rules! on_every_database {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            use crate::support::{Database, Fixture};

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn sqlite() {
                super::$name(&Fixture::new(Database::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn postgres() {
                super::$name(&Fixture::new(Database::Postgres).await).await;
            }
        }
    )+};
}
pub(crate) use on_every_database;

/// Makes three tests of one function that takes a [`Fixture`]: on files, in memory, on S3.
macro_rules! on_every_place {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            use crate::support::{Database, Fixture, Place};

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn file_system() {
                super::$name(&Fixture::with_place(Database::Sqlite, Place::FileSystem).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn memory() {
                super::$name(&Fixture::with_place(Database::Sqlite, Place::Memory).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn s3() {
                super::$name(&Fixture::with_place(Database::Sqlite, Place::S3).await).await;
            }
        }
    )+};
}
pub(crate) use on_every_place;
