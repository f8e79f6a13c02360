//! Connecting, tuning and migrating.

use std::path::Path;
use std::time::Duration;

use chandlery_core::{Error, Result};
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sea_orm::sqlx::{ConnectOptions as _, Connection as _, Executor as _};
use sea_orm::{SqlxPostgresConnector, SqlxSqliteConnector};

use super::{Database, Pool};
use crate::{DatabaseUrl, error, migration};

/// How long a writer waits for another process that holds SQLite's lock.
const BUSY_TIME_LIMIT: Duration = Duration::from_secs(5);

/// How long a request waits for SQLite's one writer: longer than [`BUSY_TIME_LIMIT`], so that the one who waits for
/// another process gives up first.
const SQLITE_ACQUIRE_TIME_LIMIT: Duration = Duration::from_secs(10);

/// How long a request waits for a free connection to PostgreSQL, or for a new one to be made.
const POSTGRES_ACQUIRE_TIME_LIMIT: Duration = Duration::from_secs(5);

/// Connections to PostgreSQL per replica; its default limit for all replicas together is 100.
const POSTGRES_CONNECTIONS: u32 = 16;

/// Connections (and threads) for reading from SQLite.
const SQLITE_READERS: u32 = 4;

/// Idle connections close after this, which gives their memory back.
const IDLE_TIME_LIMIT: Duration = Duration::from_secs(60);

/// A connection that was used this recently is not tested again before use: no server restarts in less.
const TRUSTED_IDLE_TIME: Duration = Duration::from_millis(10);

/// A lock or an open transaction of ours never lasts this long on a server that works.
const POSTGRES_SESSION: &str = "SET statement_timeout = '25s'; SET lock_timeout = '10s'; \
     SET idle_in_transaction_session_timeout = '60s'";

impl Database {
    /// Opens the database, creating a SQLite file that is missing, and brings its schema up to date.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be reached, [`Error::Invalid`] for a URL it does not understand.
    pub async fn open(url: &DatabaseUrl) -> Result<Self> {
        let database = match url {
            DatabaseUrl::Sqlite(path) => open_sqlite(path).await?,
            DatabaseUrl::Postgres(url) => open_postgres(url).await?,
        };
        let transaction = database.begin().await?;
        migration::run(transaction.inner()).await?;
        transaction.commit().await?;
        Ok(database)
    }
}

async fn open_sqlite(path: &Path) -> Result<Database> {
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        std::fs::create_dir_all(directory).map_err(|cause| error::file("the database's directory", cause))?;
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIME_LIMIT)
        // KiB, when negative; taken as far as pages are used. A page beyond costs a read from the system's cache.
        .pragma("cache_size", "-8000")
        .pragma("mmap_size", "0")
        .pragma("temp_store", "memory")
        // 8 MiB: a checkpoint cuts a log that a large transaction let grow back to this.
        .pragma("journal_size_limit", "8388608")
        .disable_statement_logging();
    let pool = |connections: u32| {
        SqlitePoolOptions::new()
            .max_connections(connections)
            .min_connections(1)
            .acquire_timeout(SQLITE_ACQUIRE_TIME_LIMIT)
            .idle_timeout(IDLE_TIME_LIMIT)
            .max_lifetime(None)
            .test_before_acquire(false)
            .before_acquire(|connection, _| {
                Box::pin(async move {
                    // A COMMIT that fails (a full disk) may end the transaction for SQLite, whereupon ROLLBACK fails as
                    // well: the driver would take all that follows for a part of it, and never commit. The ping comes
                    // behind a ROLLBACK that is on its way.
                    let is_free = !connection.is_in_transaction();
                    Ok(is_free || (connection.ping().await.is_ok() && !connection.is_in_transaction()))
                })
            })
    };
    let writer = pool(1).idle_timeout(None).connect_with(options.clone()).await.map_err(error::sqlx)?;
    let reader_options = options.pragma("query_only", "on");
    let reader = pool(SQLITE_READERS).connect_lazy_with(reader_options);
    Ok(Database {
        reader: Pool::new(SqlxSqliteConnector::from_sqlx_sqlite_pool(reader)),
        writer: Pool::new(SqlxSqliteConnector::from_sqlx_sqlite_pool(writer)),
    })
}

async fn open_postgres(url: &str) -> Result<Database> {
    let options: PgConnectOptions =
        url.parse().map_err(|_| Error::invalid("database", "is not a postgres:// URL that can be read"))?;
    let pool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(POSTGRES_ACQUIRE_TIME_LIMIT)
        .idle_timeout(IDLE_TIME_LIMIT)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                // After a restart of the server the pool is full of dead connections: find out here, not in a request.
                Ok(meta.idle_for < TRUSTED_IDLE_TIME || connection.ping().await.is_ok())
            })
        })
        .after_connect(|connection, _| {
            Box::pin(async move { connection.execute(POSTGRES_SESSION).await.map(drop) })
        })
        .connect_with(options.application_name("chandlery").disable_statement_logging())
        .await
        .map_err(error::sqlx)?;
    let pool = Pool::new(SqlxPostgresConnector::from_sqlx_postgres_pool(pool));
    Ok(Database { reader: pool.clone(), writer: pool })
}
