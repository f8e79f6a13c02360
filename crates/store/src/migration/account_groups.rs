//! The groups that an account has at its identity provider, as of its last login.

use sea_orm::{ConnectionTrait as _, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::dialect::in_dialect;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0004_account_groups"
    }
}

const CHANGES: &[&str] = &[
    "CREATE TABLE account_groups (
        account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        group_name {text} NOT NULL,
        PRIMARY KEY (account_id, group_name)
    )",
    "CREATE INDEX identities_account ON identities (account_id)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let backend = manager.get_database_backend();
        for statement in CHANGES {
            connection.execute_unprepared(&in_dialect(statement, backend)).await?;
        }
        Ok(())
    }
}
