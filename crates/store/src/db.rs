//! The database: connections, transactions, and one module of functions per kind of row.
//!
//! SQL is written once, with `$1` parameters, in the dialect that SQLite and PostgreSQL share.

pub mod accounts;
pub mod app_versions;
pub mod apps;
pub mod attachments;
pub mod audit;
pub(crate) mod blobs;
pub mod categories;
pub mod charts;
mod columns;
mod connection;
pub mod deliveries;
pub mod external_charts;
pub mod external_provenances;
pub mod groups;
pub mod idempotency_keys;
pub mod identities;
pub mod imports;
pub mod invitations;
pub mod listings;
pub mod members;
pub mod notification_choices;
mod open;
pub mod packages;
pub mod platform_settings;
pub mod projects;
pub mod provenance;
pub mod repositories;
pub mod reviews;
pub mod robots;
pub mod roles;
pub mod sessions;
pub mod source_runs;
pub mod sources;
pub mod storefront;
pub mod tokens;
pub mod virtual_repositories;
pub mod webhooks;
pub mod workspaces;

pub use connection::{Connection, Pool, Transaction};

use chandlery_core::{Error, Result};

use columns::Columns;
use connection::Executor as _;

/// The open database.
///
/// With SQLite, reads have a few connections of their own and all writes queue for one, so that nobody in this process
/// waits in SQLite's lock; with PostgreSQL both are the same pool.
#[derive(Debug)]
pub struct Database {
    reader: Pool,
    writer: Pool,
}

impl Database {
    /// The connections for statements that read.
    #[must_use]
    pub fn reader(&self) -> &Pool {
        &self.reader
    }

    /// The connections for single statements that write.
    #[must_use]
    pub fn writer(&self) -> &Pool {
        &self.writer
    }

    /// Begins a transaction that may write; dropped without [`Transaction::commit`] it is rolled back.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database is gone, or stays locked by another process for 5 seconds.
    pub async fn begin(&self) -> Result<Transaction> {
        self.writer.begin().await
    }

    /// Whether the database answers, for readiness probes.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not.
    pub async fn check(&self) -> Result<()> {
        self.reader.query("SELECT 1", vec![]).await.map(drop)
    }

    /// Closes all connections; on SQLite the write-ahead log is folded into the file.
    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }

    /// The identity of this installation, made once with the schema.
    pub(crate) async fn instance_id(&self) -> Result<String> {
        let row = self
            .reader
            .query_optional("SELECT value FROM instance WHERE name = $1", vec!["id".into()])
            .await?;
        let row = row.ok_or_else(|| Error::internal("the table instance has no row id"))?;
        Columns::of(&row).take()
    }
}
