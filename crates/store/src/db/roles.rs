//! Custom roles: sets of permissions with a name, of the platform or of one workspace.

use chandlery_core::{Error, Permission, PermissionSet, Result, RoleKind, RoleName, builtin_role};
use jiff::Timestamp;
use sea_orm::QueryResult;

use super::Connection;
use super::columns::{Columns, nanoseconds};

/// Whose roles: those of the platform, or a workspace's for its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleOwner {
    /// Roles that accounts have on the whole platform.
    Platform,
    /// Roles that members have in this workspace.
    Workspace(i64),
}

impl RoleOwner {
    /// The kind of these roles.
    #[must_use]
    pub fn kind(self) -> RoleKind {
        match self {
            Self::Platform => RoleKind::Platform,
            Self::Workspace(_) => RoleKind::Workspace,
        }
    }

    /// The workspace as these tables have it: 0 for the platform.
    pub(super) fn workspace_id(self) -> i64 {
        match self {
            Self::Platform => 0,
            Self::Workspace(id) => id,
        }
    }
}

/// A custom role as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleRow {
    /// Its name among the roles of its owner.
    pub name: RoleName,
    /// For people.
    pub description: String,
    /// What it grants.
    pub permissions: PermissionSet,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

const COLUMNS: &str = "name, description, permissions, created_at, updated_at";

impl RoleRow {
    fn from_row(row: &QueryResult) -> Result<Self> {
        let mut columns = Columns::of(row);
        Ok(Self {
            name: columns.parse()?,
            description: columns.take()?,
            permissions: read_permissions(&columns.take::<String>()?)?,
            created_at: columns.time()?,
            updated_at: columns.time()?,
        })
    }
}

/// Permissions as the database keeps them: their names, with spaces between.
fn read_permissions(text: &str) -> Result<PermissionSet> {
    text.split_whitespace().map(|name| name.parse().map_err(Error::internal)).collect()
}

fn write_permissions(permissions: PermissionSet) -> String {
    permissions.iter().map(Permission::as_str).collect::<Vec<_>>().join(" ")
}

/// What a role grants: `stored` are the permissions of the custom role of this name, if there is one. A role that is
/// gone grants nothing.
pub(super) fn granted(kind: RoleKind, name: &RoleName, stored: Option<&str>) -> Result<PermissionSet> {
    match (builtin_role(kind, name.as_str()), stored) {
        (Some(role), _) => Ok(role.permissions),
        (None, Some(stored)) => Ok(read_permissions(stored)?.and(kind.grantable())),
        (None, None) => Ok(PermissionSet::NONE),
    }
}

/// What a role grants, built in or custom; `None` if there is no such role.
///
/// # Errors
/// Faults of the database only.
pub async fn permissions(
    connection: &impl Connection,
    owner: RoleOwner,
    name: &RoleName,
) -> Result<Option<PermissionSet>> {
    if let Some(role) = builtin_role(owner.kind(), name.as_str()) {
        return Ok(Some(role.permissions));
    }
    let role = find(connection, owner, name).await?;
    Ok(role.map(|role| role.permissions.and(owner.kind().grantable())))
}

/// The custom role of a name.
///
/// # Errors
/// Faults of the database only.
pub async fn find(
    connection: &impl Connection,
    owner: RoleOwner,
    name: &RoleName,
) -> Result<Option<RoleRow>> {
    let sql = format!("SELECT {COLUMNS} FROM roles WHERE workspace_id = $1 AND name = $2");
    let row =
        connection.query_optional(&sql, vec![owner.workspace_id().into(), name.as_str().into()]).await?;
    row.as_ref().map(RoleRow::from_row).transpose()
}

/// The custom roles of an owner behind `after`, by name.
///
/// # Errors
/// Faults of the database only.
pub async fn list(
    connection: &impl Connection,
    owner: RoleOwner,
    after: &str,
    limit: u32,
) -> Result<Vec<RoleRow>> {
    let sql =
        format!("SELECT {COLUMNS} FROM roles WHERE workspace_id = $1 AND name > $2 ORDER BY name LIMIT $3");
    let values = vec![owner.workspace_id().into(), after.into(), i64::from(limit).into()];
    connection.query(&sql, values).await?.iter().map(RoleRow::from_row).collect()
}

/// Makes a custom role.
///
/// # Errors
/// [`Error::AlreadyExists`] when the owner has one of this name.
pub async fn create(connection: &impl Connection, owner: RoleOwner, role: &RoleRow) -> Result<()> {
    let sql = "INSERT INTO roles (workspace_id, kind, name, description, permissions, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    let values = vec![
        owner.workspace_id().into(),
        owner.kind().as_str().into(),
        role.name.as_str().into(),
        role.description.as_str().into(),
        write_permissions(role.permissions).into(),
        nanoseconds(role.created_at).into(),
        nanoseconds(role.updated_at).into(),
    ];
    match connection.execute(sql, values).await? {
        0 => Err(Error::AlreadyExists(format!("role {}", role.name))),
        _ => Ok(()),
    }
}

/// Writes a custom role's description and permissions.
///
/// # Errors
/// [`Error::NotFound`] when the owner has none of this name.
pub async fn update(connection: &impl Connection, owner: RoleOwner, role: &RoleRow) -> Result<()> {
    let sql = "UPDATE roles SET description = $3, permissions = $4, updated_at = $5
        WHERE workspace_id = $1 AND name = $2";
    let values = vec![
        owner.workspace_id().into(),
        role.name.as_str().into(),
        role.description.as_str().into(),
        write_permissions(role.permissions).into(),
        nanoseconds(role.updated_at).into(),
    ];
    match connection.execute(sql, values).await? {
        0 => Err(not_found(&role.name)),
        _ => Ok(()),
    }
}

/// Removes a custom role that nobody has.
///
/// # Errors
/// [`Error::NotFound`] when there is none, [`Error::Conflict`] while accounts, members, invitations or groups have it.
pub async fn delete(connection: &impl Connection, owner: RoleOwner, name: &RoleName) -> Result<()> {
    let (role, workspace_id) = (name.as_str(), owner.workspace_id());
    let in_use = match owner {
        RoleOwner::Platform => {
            "SELECT 1 FROM accounts WHERE role = $1 AND $2 = 0
             UNION ALL SELECT 1 FROM group_roles WHERE role = $1 AND workspace_id = $2 LIMIT 1"
        }
        RoleOwner::Workspace(_) => {
            "SELECT 1 FROM members WHERE role = $1 AND workspace_id = $2
             UNION ALL SELECT 1 FROM invitations WHERE role = $1 AND workspace_id = $2
             UNION ALL SELECT 1 FROM group_roles WHERE role = $1 AND workspace_id = $2 LIMIT 1"
        }
    };
    if connection.query_optional(in_use, vec![role.into(), workspace_id.into()]).await?.is_some() {
        return Err(Error::Conflict(format!("role {name} is in use: give its holders another role first")));
    }
    let sql = "DELETE FROM roles WHERE name = $1 AND workspace_id = $2";
    match connection.execute(sql, vec![role.into(), workspace_id.into()]).await? {
        0 => Err(not_found(name)),
        _ => Ok(()),
    }
}

fn not_found(name: &RoleName) -> Error {
    Error::not_found(format_args!("role {name}"))
}
