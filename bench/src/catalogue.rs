//! A large store: many apps with their versions, reviews, audit and tenants, the same on every database.
//!
//! The texts are those with which the search index is measured by itself. Rows are written past the services, which would
//! take hours for a million versions.

mod content;
mod insert;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use chandlery_core::Digest;
use chandlery_store::testing::TestPostgres;
use chandlery_store::{BlobsUrl, DatabaseUrl, Store, StoreSettings};
use sea_orm::{ConnectOptions, ConnectionTrait as _, DatabaseConnection};

use crate::bench::Bench;
use crate::seed::run_async;
use crate::servers::{Chandlery, TOKEN_FILE};

#[path = "../../crates/search/examples/measure/corpus.rs"]
pub(crate) mod corpus;

pub(crate) use content::{BIG_APP, BIG_APP_VERSIONS, BIG_WORKSPACE, CATEGORY, VERSIONS, app_name};

/// What decides over the content of a catalogue.
const MAKERS: [&str; 5] = [
    include_str!("catalogue.rs"),
    include_str!("catalogue/content.rs"),
    include_str!("../../crates/search/examples/measure/corpus.rs"),
    include_str!("../../crates/store/src/migration/initial.rs"),
    include_str!("../../crates/store/src/migration/app_store.rs"),
];

/// A token of `admin`, who sees everything.
pub(crate) const ADMIN: &str = "chy_only-for-measurements-admin";

/// A token of somebody who is a member of forty of the thousand workspaces.
pub(crate) const TENANT: &str = "chy_only-for-measurements-tenant";

/// A catalogue on one database.
pub(crate) struct Catalogue {
    /// What people call the database.
    pub(crate) database: &'static str,
    /// Holds the packages and the search index; on SQLite the rows too.
    pub(crate) data: PathBuf,
    /// The address of the database where it is not in `data`.
    url: Option<String>,
    /// The server of that address.
    _postgres: Option<TestPostgres>,
}

impl Catalogue {
    /// On SQLite: kept from run to run, since what is measured leaves it as it was.
    pub(crate) fn on_sqlite(bench: &Bench) -> Result<Self> {
        let apps = apps(bench);
        let hash = Digest::of(MAKERS.concat().as_bytes()).to_hex()[..16].to_owned();
        let data = bench.seeds.kept(&format!("store-{apps}"), &hash, |path| {
            let server = Chandlery::start(&bench.workspace, path)?;
            server.process.stop()?;
            fs::write(path.join(TOKEN_FILE), ADMIN)?;
            let url = format!("sqlite://{}", path.join("chandlery.db").display());
            run_async(async {
                write_packages(path).await?;
                let connection = connect(&url).await?;
                for pragma in ["journal_mode = OFF", "synchronous = OFF", "cache_size = -400000"] {
                    connection.execute_unprepared(&format!("PRAGMA {pragma}")).await?;
                }
                content::write(&connection, apps).await?;
                // As the server left it.
                connection.execute_unprepared("PRAGMA journal_mode = WAL").await?;
                Ok(connection.close().await?)
            })
        })?;
        Ok(Self { database: "SQLite", data, url: None, _postgres: None })
    }

    /// The same on a PostgreSQL of its own, made anew; packages and search index are those of `other`.
    pub(crate) fn on_postgres(bench: &Bench, other: &Self) -> Result<Self> {
        let postgres = TestPostgres::start();
        let DatabaseUrl::Postgres(url) = postgres.create_database() else {
            anyhow::bail!("this is no PostgreSQL")
        };
        let began = std::time::Instant::now();
        let first = Chandlery::start_on(&bench.workspace, &bench.workspace.fresh("first")?, Some(&url))?;
        first.process.stop()?;
        run_async(async {
            let connection = connect(&url).await?;
            content::write(&connection, apps(bench)).await?;
            // The packages belong to it as well.
            let installation = fs::read_to_string(other.data.join("blobs/instance"))?;
            let claim = format!("UPDATE instance SET value = '{}' WHERE name = 'id'", installation.trim());
            connection.execute_unprepared(&claim).await?;
            // What its housekeeping does within minutes.
            connection.execute_unprepared("VACUUM ANALYZE").await?;
            connection.execute_unprepared("CHECKPOINT").await?;
            Ok(connection.close().await?)
        })?;
        eprintln!("seeded PostgreSQL in {:.1?}", began.elapsed());
        Ok(Self {
            database: "PostgreSQL",
            data: other.data.clone(),
            url: Some(url),
            _postgres: Some(postgres),
        })
    }

    /// Our server on it.
    pub(crate) fn start(&self, bench: &Bench) -> Result<Chandlery> {
        Chandlery::start_on(&bench.workspace, &self.data, self.url.as_deref())
    }

    /// Where the search index is.
    pub(crate) fn search_directory(&self) -> PathBuf {
        self.data.join("search")
    }
}

/// How many apps there are.
pub(crate) fn apps(bench: &Bench) -> i64 {
    bench.size(100_000, 5_000)
}

async fn connect(url: &str) -> Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    sea_orm::Database::connect(options).await.with_context(|| format!("cannot connect to {url}"))
}

/// Fewer packages than versions: several have the same.
async fn write_packages(data: &Path) -> Result<()> {
    let settings = StoreSettings {
        database: DatabaseUrl::Sqlite(data.join("chandlery.db")),
        blobs: BlobsUrl::FileSystem(data.join("blobs")),
        temporary_directory: data.join("tmp"),
    };
    let store = Store::open(&settings).await?;
    for package in content::packages()? {
        let blob = store.blobs().begin_with(package.into()).await?;
        store.blobs().put(&blob).await?;
    }
    store.database().close().await;
    Ok(())
}
