//! Virtual repositories: what they merge, and which names never come from elsewhere.

use sea_orm::{ConnectionTrait as _, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::dialect::in_dialect;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0007_virtual_repositories"
    }
}

const CHANGES: &[&str] = &[
    // `reserved` is a JSON list of patterns.
    "CREATE TABLE virtual_repositories (
        repository_id BIGINT NOT NULL PRIMARY KEY REFERENCES repositories (id) ON DELETE CASCADE,
        reserved {text} NOT NULL,
        revision BIGINT NOT NULL
    )",
    "CREATE TABLE virtual_members (
        virtual_id BIGINT NOT NULL REFERENCES virtual_repositories (repository_id) ON DELETE CASCADE,
        member_id BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
        position BIGINT NOT NULL,
        PRIMARY KEY (virtual_id, member_id)
    )",
    "CREATE INDEX virtual_members_member ON virtual_members (member_id)",
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
