//! Members of workspaces and their roles there.

use chandlery_core::{
    AccountName, Error, Memberships, PermissionSet, Result, RoleKind, RoleName, WORKSPACE_ADMIN,
    WorkspaceName,
};
use jiff::Timestamp;
use sea_orm::QueryResult;

use super::columns::{Columns, nanoseconds};
use super::connection::Executor as _;
use super::roles::granted;
use super::{Connection, Transaction};

/// A member as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberRow {
    /// The account.
    pub account: AccountName,
    /// What people call it.
    pub display_name: String,
    /// Its role in the workspace.
    pub role: RoleName,
    /// Since when.
    pub created_at: Timestamp,
}

impl MemberRow {
    fn from_row(row: &QueryResult) -> Result<Self> {
        let mut columns = Columns::of(row);
        Ok(Self {
            account: columns.parse()?,
            display_name: columns.take()?,
            role: columns.parse()?,
            created_at: columns.time()?,
        })
    }
}

const SELECT: &str = "SELECT accounts.name, accounts.display_name, members.role, members.created_at
    FROM members JOIN accounts ON accounts.id = members.account_id";

/// A workspace that an account is a member of, or in which one of its groups gives a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MembershipRow {
    /// The workspace.
    pub workspace: WorkspaceName,
    /// The role in it: as a member, else one that a group gives.
    pub role: RoleName,
    /// What all its roles there grant.
    pub permissions: PermissionSet,
}

/// The people of a workspace behind `after`, by name.
///
/// # Errors
/// Faults of the database only.
pub async fn list(
    connection: &impl Connection,
    workspace_id: i64,
    after: &str,
    limit: u32,
) -> Result<Vec<MemberRow>> {
    let sql = format!(
        "{SELECT} WHERE members.workspace_id = $1 AND accounts.name > $2 AND accounts.workspace_id IS NULL
         ORDER BY accounts.name LIMIT $3"
    );
    let values = vec![workspace_id.into(), after.into(), i64::from(limit).into()];
    connection.query(&sql, values).await?.iter().map(MemberRow::from_row).collect()
}

/// One member of a workspace; not a robot.
///
/// # Errors
/// Faults of the database only.
pub async fn find(
    connection: &impl Connection,
    workspace_id: i64,
    account: &AccountName,
) -> Result<Option<MemberRow>> {
    let sql = format!(
        "{SELECT} WHERE members.workspace_id = $1 AND accounts.name = $2 AND accounts.workspace_id IS NULL"
    );
    let row = connection.query_optional(&sql, vec![workspace_id.into(), account.as_str().into()]).await?;
    row.as_ref().map(MemberRow::from_row).transpose()
}

/// Makes an account a member.
///
/// # Errors
/// [`Error::AlreadyExists`] when it is one.
pub async fn create(
    connection: &impl Connection,
    workspace_id: i64,
    account_id: i64,
    role: &RoleName,
    created_at: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO members (workspace_id, account_id, role, created_at) VALUES ($1, $2, $3, $4)
               ON CONFLICT DO NOTHING";
    let values =
        vec![workspace_id.into(), account_id.into(), role.as_str().into(), nanoseconds(created_at).into()];
    match connection.execute(sql, values).await? {
        0 => Err(Error::AlreadyExists("this member".to_owned())),
        _ => Ok(()),
    }
}

/// Gives a member another role.
///
/// # Errors
/// [`Error::NotFound`] when the account is not a member.
pub async fn update(
    connection: &impl Connection,
    workspace_id: i64,
    account: &AccountName,
    role: &RoleName,
) -> Result<()> {
    let sql = "UPDATE members SET role = $3 WHERE workspace_id = $1
        AND account_id = (SELECT id FROM accounts WHERE name = $2)";
    let values = vec![workspace_id.into(), account.as_str().into(), role.as_str().into()];
    match connection.execute(sql, values).await? {
        0 => Err(not_found(account)),
        _ => Ok(()),
    }
}

/// Removes a member.
///
/// # Errors
/// [`Error::NotFound`] when the account is not a member.
pub async fn delete(connection: &impl Connection, workspace_id: i64, account: &AccountName) -> Result<()> {
    let sql = "DELETE FROM members WHERE workspace_id = $1
        AND account_id = (SELECT id FROM accounts WHERE name = $2)";
    match connection.execute(sql, vec![workspace_id.into(), account.as_str().into()]).await? {
        0 => Err(not_found(account)),
        _ => Ok(()),
    }
}

/// Every role of an account in workspaces, given by hand (0) or by its groups (1).
const MEMBERSHIPS: &str = "FROM (
        SELECT workspace_id, role, 0 AS origin FROM members WHERE account_id = $1
        UNION ALL SELECT group_roles.workspace_id, group_roles.role, 1 AS origin FROM account_groups
        JOIN group_roles ON group_roles.group_name = account_groups.group_name
        WHERE account_groups.account_id = $1
    ) AS held JOIN workspaces ON workspaces.id = held.workspace_id
    LEFT JOIN roles ON roles.workspace_id = held.workspace_id AND roles.name = held.role
    ORDER BY workspaces.name, held.origin, held.role";

/// What an account may do in which workspaces: one statement per credential that is checked.
///
/// # Errors
/// Faults of the database only.
pub async fn memberships(connection: &impl Connection, account_id: i64) -> Result<Memberships> {
    let sql = format!("SELECT held.workspace_id, held.role, roles.permissions {MEMBERSHIPS}");
    let rows = connection.query(&sql, vec![account_id.into()]).await?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of(row);
            Ok((columns.take()?, permissions(&columns.parse()?, &mut columns)?))
        })
        .collect()
}

fn permissions(role: &RoleName, columns: &mut Columns<'_>) -> Result<PermissionSet> {
    granted(RoleKind::Workspace, role, columns.take::<Option<String>>()?.as_deref())
}

/// The workspaces of an account, by name.
///
/// # Errors
/// Faults of the database only.
pub async fn workspaces_of(connection: &impl Connection, account_id: i64) -> Result<Vec<MembershipRow>> {
    let sql = format!("SELECT workspaces.name, held.role, roles.permissions {MEMBERSHIPS}");
    let mut memberships: Vec<MembershipRow> = Vec::new();
    for row in connection.query(&sql, vec![account_id.into()]).await? {
        let mut columns = Columns::of(&row);
        let (workspace, role) = (columns.parse()?, columns.parse()?);
        let permissions = permissions(&role, &mut columns)?;
        match memberships.last_mut().filter(|before| before.workspace == workspace) {
            Some(before) => before.permissions = before.permissions.with(permissions),
            None => memberships.push(MembershipRow { workspace, role, permissions }),
        }
    }
    Ok(memberships)
}

/// Whether somebody who can log in administers a workspace. In a transaction, whoever asks next waits for its end: two
/// that each take one of the last two administrators away do not both find the other one.
///
/// # Errors
/// Faults of the database only.
pub async fn has_administrator(transaction: &Transaction, workspace_id: i64) -> Result<bool> {
    let lock = "UPDATE workspaces SET display_name = display_name WHERE id = $1";
    transaction.execute(lock, vec![workspace_id.into()]).await?;
    let sql = "SELECT 1 FROM members JOIN accounts ON accounts.id = members.account_id
        WHERE members.workspace_id = $1 AND members.role = $2 AND NOT accounts.disabled
          AND accounts.workspace_id IS NULL LIMIT 1";
    let values = vec![workspace_id.into(), WORKSPACE_ADMIN.into()];
    Ok(transaction.query_optional(sql, values).await?.is_some())
}

/// The workspaces (their rows and names) that a member administers.
///
/// # Errors
/// Faults of the database only.
pub async fn administered_by(
    connection: &impl Connection,
    account_id: i64,
) -> Result<Vec<(i64, WorkspaceName)>> {
    let sql = "SELECT workspaces.id, workspaces.name FROM members
        JOIN workspaces ON workspaces.id = members.workspace_id
        WHERE members.account_id = $1 AND members.role = $2 ORDER BY workspaces.name";
    let rows = connection.query(sql, vec![account_id.into(), WORKSPACE_ADMIN.into()]).await?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of(row);
            Ok((columns.take()?, columns.parse()?))
        })
        .collect()
}

fn not_found(account: &AccountName) -> Error {
    Error::not_found(format_args!("member {account}"))
}
