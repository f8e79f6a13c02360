//! Indexes that let each order of a list begin where its first page is.

use sea_orm::{ConnectionTrait as _, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0005_lists"
    }
}

const CHANGES: &[&str] = &[
    // The kind of a role follows from its workspace: nobody looks a role up by it.
    "CREATE INDEX roles_name ON roles (workspace_id, name)",
    "CREATE INDEX apps_state ON apps (workspace_id, state, name)",
    "CREATE INDEX apps_shelf ON apps (workspace_id, category_id, name)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statement in CHANGES {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
