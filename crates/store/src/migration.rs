//! The schema, as a list of migrations. Each one expands or contracts, never both: an old replica may still run.

mod account_groups;
mod app_store;
mod delivery_queues;
mod dialect;
mod external_provenances;
mod imports;
mod initial;
mod lists;
mod sources;
mod stored_digests;
mod virtual_repositories;

use chandlery_core::Result;
use sea_orm::{ConnectionTrait as _, DatabaseBackend, DatabaseTransaction, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager, async_trait};

use crate::error;
use dialect::in_dialect;

/// Every migration by the name under which databases remember it, with its statements in the words of [`in_dialect`].
/// What has been released does not change any more.
const MIGRATIONS: [(&str, &[&str]); 10] = [
    ("m0001_initial", initial::CHANGES),
    ("m0002_app_store", app_store::CHANGES),
    ("m0003_sources", sources::CHANGES),
    ("m0004_account_groups", account_groups::CHANGES),
    ("m0005_lists", lists::CHANGES),
    ("m0006_imports", imports::CHANGES),
    ("m0007_virtual_repositories", virtual_repositories::CHANGES),
    ("m0008_delivery_queues", delivery_queues::CHANGES),
    ("m0009_stored_digests", stored_digests::CHANGES),
    ("m0010_external_provenances", external_provenances::CHANGES),
];

struct Migration {
    name: &'static str,
    changes: &'static [&'static str],
}

impl MigrationName for Migration {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (connection, backend) = (manager.get_connection(), manager.get_database_backend());
        for statement in self.changes {
            connection.execute_unprepared(&in_dialect(statement, backend)).await?;
        }
        Ok(())
    }
}

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let migration = |(name, changes)| Box::new(Migration { name, changes }) as Box<dyn MigrationTrait>;
        MIGRATIONS.into_iter().map(migration).collect()
    }
}

/// The key of the advisory lock that lets one replica migrate at a time ("chandler" in ASCII).
const LOCK_KEY: i64 = i64::from_be_bytes(*b"chandler");

/// Brings the schema up to date inside `transaction`, which the caller commits.
///
/// Several processes may do this at once: on PostgreSQL an advisory lock queues them until the transaction ends; on
/// SQLite the transaction was begun IMMEDIATE, which is such a lock.
pub(crate) async fn run(transaction: &DatabaseTransaction) -> Result<()> {
    if transaction.get_database_backend() == DatabaseBackend::Postgres {
        // The session's limits are for requests: neither the wait nor a migration of much data has one.
        let lock = format!(
            "SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock({LOCK_KEY})"
        );
        transaction.execute_unprepared(&lock).await.map_err(error::database)?;
    }
    Migrator::up(transaction, None).await.map_err(error::database)
}
