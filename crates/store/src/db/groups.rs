//! Which role a group of the identity provider gives: of the platform, or in one workspace.

use chandlery_core::{Error, Result, RoleName, WorkspaceName};
use sea_orm::QueryResult;

use super::Connection;
use super::columns::Columns;
use super::roles::RoleOwner;

/// What a group gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRoleRow {
    /// The group, as the identity provider spells it.
    pub group: String,
    /// Where the role applies.
    pub owner: RoleOwner,
    /// The workspace's name; `None` for the platform.
    pub workspace: Option<WorkspaceName>,
    /// The role.
    pub role: RoleName,
}

const SELECT: &str =
    "SELECT group_roles.group_name, group_roles.workspace_id, workspaces.name, group_roles.role
    FROM group_roles LEFT JOIN workspaces ON workspaces.id = group_roles.workspace_id";

impl GroupRoleRow {
    fn from_row(row: &QueryResult) -> Result<Self> {
        let mut columns = Columns::of(row);
        let group = columns.take()?;
        let owner = match columns.take::<i64>()? {
            0 => RoleOwner::Platform,
            id => RoleOwner::Workspace(id),
        };
        let workspace = columns.take::<Option<String>>()?;
        let workspace = workspace.map(|name| name.parse().map_err(Error::internal)).transpose()?;
        Ok(Self { group, owner, workspace, role: columns.parse()? })
    }
}

/// What all groups give, by group and workspace, behind a group and a workspace's row.
///
/// # Errors
/// Faults of the database only.
pub async fn list(connection: &impl Connection, after: (&str, i64), limit: u32) -> Result<Vec<GroupRoleRow>> {
    let sql = format!(
        "{SELECT} WHERE group_roles.group_name > $1
             OR (group_roles.group_name = $1 AND group_roles.workspace_id > $2)
         ORDER BY group_roles.group_name, group_roles.workspace_id LIMIT $3"
    );
    let values = vec![after.0.into(), after.1.into(), i64::from(limit).into()];
    connection.query(&sql, values).await?.iter().map(GroupRoleRow::from_row).collect()
}

/// What one group gives.
///
/// # Errors
/// Faults of the database only.
pub async fn of_group(connection: &impl Connection, group: &str) -> Result<Vec<GroupRoleRow>> {
    let sql = format!("{SELECT} WHERE group_roles.group_name = $1 ORDER BY group_roles.workspace_id");
    connection.query(&sql, vec![group.into()]).await?.iter().map(GroupRoleRow::from_row).collect()
}

/// Says what a group gives at a place, whatever it gave before.
///
/// # Errors
/// Faults of the database only.
pub async fn set(connection: &impl Connection, group: &str, owner: RoleOwner, role: &RoleName) -> Result<()> {
    let sql = "INSERT INTO group_roles (group_name, workspace_id, role) VALUES ($1, $2, $3)
               ON CONFLICT (group_name, workspace_id) DO UPDATE SET role = excluded.role";
    let values = vec![group.into(), owner.workspace_id().into(), role.as_str().into()];
    connection.execute(sql, values).await.map(drop)
}

/// Removes what a group gives at a place.
///
/// # Errors
/// [`Error::NotFound`] when it gives nothing there.
pub async fn delete(connection: &impl Connection, group: &str, owner: RoleOwner) -> Result<()> {
    let sql = "DELETE FROM group_roles WHERE group_name = $1 AND workspace_id = $2";
    match connection.execute(sql, vec![group.into(), owner.workspace_id().into()]).await? {
        0 => Err(Error::not_found("this group's role")),
        _ => Ok(()),
    }
}
