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
    /// What people call it.
    pub display_name: String,
    /// For people.
    pub description: String,
    /// When it was made.
    pub created_at: Timestamp,
}

const COLUMNS: &str = "id, name, display_name, about, created_at";

impl WorkspaceRow {
    fn from_row(row: &QueryResult) -> Result<Self> {
        let mut columns = Columns::of(row);
        Ok(Self {
            id: columns.take()?,
            name: columns.parse()?,
            display_name: columns.take()?,
            description: columns.take()?,
            created_at: columns.time()?,
        })
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
    let sql = format!(
        "INSERT INTO workspaces (name, created_at) VALUES ($1, $2)
         ON CONFLICT (name) DO NOTHING RETURNING {COLUMNS}"
    );
    let values = vec![name.as_str().into(), nanoseconds(created_at).into()];
    match connection.query_optional(&sql, values).await? {
        Some(row) => WorkspaceRow::from_row(&row),
        None => Err(Error::AlreadyExists(format!("workspace {name}"))),
    }
}

/// The workspace of a name.
///
/// # Errors
/// Faults of the database only.
pub async fn find(connection: &impl Connection, name: &WorkspaceName) -> Result<Option<WorkspaceRow>> {
    let sql = format!("SELECT {COLUMNS} FROM workspaces WHERE name = $1");
    let row = connection.query_optional(&sql, vec![name.as_str().into()]).await?;
    row.as_ref().map(WorkspaceRow::from_row).transpose()
}

/// The workspace of a row number.
///
/// # Errors
/// Faults of the database only.
pub async fn find_by_id(connection: &impl Connection, id: i64) -> Result<Option<WorkspaceRow>> {
    let sql = format!("SELECT {COLUMNS} FROM workspaces WHERE id = $1");
    let row = connection.query_optional(&sql, vec![id.into()]).await?;
    row.as_ref().map(WorkspaceRow::from_row).transpose()
}

/// The workspaces behind `after`, by name; of all, or of those in which an account (its row) has a role.
///
/// # Errors
/// Faults of the database only.
pub async fn list(
    connection: &impl Connection,
    member: Option<i64>,
    after: &str,
    limit: u32,
) -> Result<Vec<WorkspaceRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM workspaces WHERE name > $1
           AND ($2 = 0 OR id IN (
             SELECT workspace_id FROM members WHERE account_id = $2
             UNION SELECT group_roles.workspace_id FROM account_groups
             JOIN group_roles ON group_roles.group_name = account_groups.group_name
             WHERE account_groups.account_id = $2))
         ORDER BY name LIMIT $3"
    );
    let values = vec![after.into(), member.unwrap_or(0).into(), i64::from(limit).into()];
    connection.query(&sql, values).await?.iter().map(WorkspaceRow::from_row).collect()
}

/// Writes what people read of a workspace.
///
/// # Errors
/// [`Error::NotFound`] when it is gone.
pub async fn update(connection: &impl Connection, workspace: &WorkspaceRow) -> Result<()> {
    let sql = "UPDATE workspaces SET display_name = $2, about = $3 WHERE id = $1";
    let values = vec![
        workspace.id.into(),
        workspace.display_name.as_str().into(),
        workspace.description.as_str().into(),
    ];
    match connection.execute(sql, values).await? {
        0 => Err(Error::not_found(format_args!("workspace {}", workspace.name))),
        _ => Ok(()),
    }
}

/// Removes an empty workspace.
///
/// # Errors
/// [`Error::NotFound`] when there is none, [`Error::Conflict`] while it has repositories, apps or projects.
pub async fn delete(connection: &impl Connection, name: &WorkspaceName) -> Result<()> {
    let sql = "DELETE FROM workspaces WHERE name = $1
               AND NOT EXISTS (SELECT 1 FROM repositories WHERE workspace_id = workspaces.id)
               AND NOT EXISTS (SELECT 1 FROM apps WHERE workspace_id = workspaces.id)
               AND NOT EXISTS (SELECT 1 FROM projects WHERE workspace_id = workspaces.id)";
    let id = find(connection, name).await?.map(|workspace| workspace.id);
    if connection.execute(sql, vec![name.as_str().into()]).await? > 0 {
        // These do not refer to it, because the platform's have no workspace.
        for table in ["roles", "group_roles", "webhooks"] {
            let sql = format!("DELETE FROM {table} WHERE workspace_id = $1");
            connection.execute(&sql, vec![id.into()]).await?;
        }
        return Ok(());
    }
    match find(connection, name).await? {
        Some(_) => Err(Error::Conflict(format!(
            "workspace {name} has repositories, apps or projects: delete them first"
        ))),
        None => Err(Error::not_found(format_args!("workspace {name}"))),
    }
}
