//! Projects: the parts of a workspace that apps are deployed to.

use chandlery_core::{Error, ProjectName, Result};
use jiff::Timestamp;
use sea_orm::QueryResult;

use super::Connection;
use super::columns::{Columns, nanoseconds};

/// A project as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectRow {
    /// Its name in its workspace.
    pub name: ProjectName,
    /// What people call it.
    pub display_name: String,
    /// For people.
    pub description: String,
    /// When it was made.
    pub created_at: Timestamp,
}

const COLUMNS: &str = "name, display_name, description, created_at";

impl ProjectRow {
    fn from_row(row: &QueryResult) -> Result<Self> {
        let mut columns = Columns::of(row);
        Ok(Self {
            name: columns.parse()?,
            display_name: columns.take()?,
            description: columns.take()?,
            created_at: columns.time()?,
        })
    }
}

/// Makes a project.
///
/// # Errors
/// [`Error::AlreadyExists`] when the workspace has one of this name.
pub async fn create(connection: &impl Connection, workspace_id: i64, project: &ProjectRow) -> Result<()> {
    let sql = "INSERT INTO projects (workspace_id, name, display_name, description, created_at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    let values = vec![
        workspace_id.into(),
        project.name.as_str().into(),
        project.display_name.as_str().into(),
        project.description.as_str().into(),
        nanoseconds(project.created_at).into(),
    ];
    match connection.execute(sql, values).await? {
        0 => Err(Error::AlreadyExists(format!("project {}", project.name))),
        _ => Ok(()),
    }
}

/// One project of a workspace.
///
/// # Errors
/// Faults of the database only.
pub async fn find(
    connection: &impl Connection,
    workspace_id: i64,
    name: &ProjectName,
) -> Result<Option<ProjectRow>> {
    let sql = format!("SELECT {COLUMNS} FROM projects WHERE workspace_id = $1 AND name = $2");
    let row = connection.query_optional(&sql, vec![workspace_id.into(), name.as_str().into()]).await?;
    row.as_ref().map(ProjectRow::from_row).transpose()
}

/// The projects of a workspace behind `after`, by name.
///
/// # Errors
/// Faults of the database only.
pub async fn list(
    connection: &impl Connection,
    workspace_id: i64,
    after: &str,
    limit: u32,
) -> Result<Vec<ProjectRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM projects WHERE workspace_id = $1 AND name > $2 ORDER BY name LIMIT $3"
    );
    let values = vec![workspace_id.into(), after.into(), i64::from(limit).into()];
    connection.query(&sql, values).await?.iter().map(ProjectRow::from_row).collect()
}

/// Writes what people read of a project.
///
/// # Errors
/// [`Error::NotFound`] when the workspace has none of this name.
pub async fn update(connection: &impl Connection, workspace_id: i64, project: &ProjectRow) -> Result<()> {
    let sql = "UPDATE projects SET display_name = $3, description = $4 WHERE workspace_id = $1 AND name = $2";
    let values = vec![
        workspace_id.into(),
        project.name.as_str().into(),
        project.display_name.as_str().into(),
        project.description.as_str().into(),
    ];
    match connection.execute(sql, values).await? {
        0 => Err(not_found(&project.name)),
        _ => Ok(()),
    }
}

/// Removes a project.
///
/// # Errors
/// [`Error::NotFound`] when the workspace has none of this name.
pub async fn delete(connection: &impl Connection, workspace_id: i64, name: &ProjectName) -> Result<()> {
    let sql = "DELETE FROM projects WHERE workspace_id = $1 AND name = $2";
    match connection.execute(sql, vec![workspace_id.into(), name.as_str().into()]).await? {
        0 => Err(not_found(name)),
        _ => Ok(()),
    }
}

fn not_found(name: &ProjectName) -> Error {
    Error::not_found(format_args!("project {name}"))
}
