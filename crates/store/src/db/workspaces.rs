//! Workspaces: the tenants.

use chandlery_core::{Error, Result, WorkspaceName};
use jiff::Timestamp;
use sea_orm::QueryResult;

use super::Connection;
use super::columns::{Columns, nanoseconds};

/// A workspace as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceRow {
    /// Its row number.
    pub id: i64,
    /// Its name, the first segment of its repositories' URLs.
    pub name: WorkspaceName,
    /// When it was made.
    pub created_at: Timestamp,
}

impl WorkspaceRow {
    fn from_row(row: &QueryResult) -> Result<Self> {
        let mut columns = Columns::of(row);
        Ok(Self { id: columns.take()?, name: columns.parse()?, created_at: columns.time()? })
    }
}

/// Makes a workspace.
///
/// # Errors
/// [`Error::AlreadyExists`] when the name is taken.
pub async fn create(
    connection: &impl Connection,
    name: &WorkspaceName,
    created_at: Timestamp,
) -> Result<WorkspaceRow> {
    let sql = "INSERT INTO workspaces (name, created_at) VALUES ($1, $2)
               ON CONFLICT (name) DO NOTHING RETURNING id, name, created_at";
    let values = vec![name.as_str().into(), nanoseconds(created_at).into()];
    match connection.query_optional(sql, values).await? {
        Some(row) => WorkspaceRow::from_row(&row),
        None => Err(Error::AlreadyExists(format!("workspace {name}"))),
    }
}

/// The workspace of a name.
///
/// # Errors
/// Faults of the database only.
pub async fn find(connection: &impl Connection, name: &WorkspaceName) -> Result<Option<WorkspaceRow>> {
    let sql = "SELECT id, name, created_at FROM workspaces WHERE name = $1";
    let row = connection.query_optional(sql, vec![name.as_str().into()]).await?;
    row.as_ref().map(WorkspaceRow::from_row).transpose()
}

/// All workspaces by name.
///
/// # Errors
/// Faults of the database only.
pub async fn list(connection: &impl Connection) -> Result<Vec<WorkspaceRow>> {
    let rows = connection.query("SELECT id, name, created_at FROM workspaces ORDER BY name", vec![]).await?;
    rows.iter().map(WorkspaceRow::from_row).collect()
}

/// Removes an empty workspace.
///
/// # Errors
/// [`Error::NotFound`] when there is none, [`Error::Conflict`] while it has repositories.
pub async fn delete(connection: &impl Connection, name: &WorkspaceName) -> Result<()> {
    let sql = "DELETE FROM workspaces WHERE name = $1
               AND NOT EXISTS (SELECT 1 FROM repositories WHERE workspace_id = workspaces.id)";
    if connection.execute(sql, vec![name.as_str().into()]).await? > 0 {
        return Ok(());
    }
    match find(connection, name).await? {
        Some(_) => Err(Error::Conflict(format!("workspace {name} has repositories: delete them first"))),
        None => Err(Error::not_found(format_args!("workspace {name}"))),
    }
}
