//! The schema, as a list of migrations. Each one expands or contracts, never both: an old replica may still run.

mod account_groups;
mod app_store;
mod dialect;
mod imports;
mod initial;
mod lists;
mod sources;
mod virtual_repositories;

use chandlery_core::Result;
use sea_orm::{ConnectionTrait as _, DatabaseBackend, DatabaseTransaction};
use sea_orm_migration::{MigrationTrait, MigratorTrait};

use crate::error;

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(initial::Migration),
            Box::new(app_store::Migration),
            Box::new(sources::Migration),
            Box::new(account_groups::Migration),
            Box::new(lists::Migration),
            Box::new(imports::Migration),
            Box::new(virtual_repositories::Migration),
        ]
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
