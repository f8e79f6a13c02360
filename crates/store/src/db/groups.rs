//! Which role a group of the identity provider gives, of the platform or in one workspace; and who is in which group.

use std::collections::BTreeSet;

use chandlery_core::{Error, Result, RoleName};

use super::Connection;
use super::columns::Columns;
use super::roles::RoleOwner;

/// What groups give at a place, behind a group: each with its role, by the group's name.
///
/// # Errors
/// Faults of the database only.
pub async fn list(
    connection: &impl Connection,
    owner: RoleOwner,
    after: &str,
    limit: u32,
) -> Result<Vec<(String, RoleName)>> {
    let sql = "SELECT group_name, role FROM group_roles WHERE workspace_id = $1 AND group_name > $2
        ORDER BY group_name LIMIT $3";
    let values = vec![owner.workspace_id().into(), after.into(), i64::from(limit).into()];
    let rows = connection.query(sql, values).await?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of(row);
            Ok((columns.take()?, columns.parse()?))
        })
        .collect()
}

/// The role that a group gives at a place.
///
/// # Errors
/// Faults of the database only.
pub async fn find(connection: &impl Connection, group: &str, owner: RoleOwner) -> Result<Option<RoleName>> {
    let sql = "SELECT role FROM group_roles WHERE group_name = $1 AND workspace_id = $2";
    let row = connection.query_optional(sql, vec![group.into(), owner.workspace_id().into()]).await?;
    row.map(|row| Columns::of(&row).parse()).transpose()
}

/// Says what a group gives at a place.
///
/// # Errors
/// [`Error::AlreadyExists`] when it gives a role there already.
pub async fn create(
    connection: &impl Connection,
    group: &str,
    owner: RoleOwner,
    role: &RoleName,
) -> Result<()> {
    let sql = "INSERT INTO group_roles (group_name, workspace_id, role) VALUES ($1, $2, $3)
               ON CONFLICT DO NOTHING";
    let values = vec![group.into(), owner.workspace_id().into(), role.as_str().into()];
    match connection.execute(sql, values).await? {
        0 => Err(Error::AlreadyExists(format!("a role of the group {group} there"))),
        _ => Ok(()),
    }
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

/// The groups that an account had at its last login by the identity provider.
///
/// # Errors
/// Faults of the database only.
pub async fn of_account(connection: &impl Connection, account_id: i64) -> Result<BTreeSet<String>> {
    let sql = "SELECT group_name FROM account_groups WHERE account_id = $1";
    let rows = connection.query(sql, vec![account_id.into()]).await?;
    rows.iter().map(|row| Columns::of(row).take()).collect()
}

/// Writes the groups that an account has from now on, and no others: what they give holds at once.
///
/// # Errors
/// Faults of the database only.
pub async fn replace(connection: &impl Connection, account_id: i64, groups: &BTreeSet<String>) -> Result<()> {
    let delete = "DELETE FROM account_groups WHERE account_id = $1";
    connection.execute(delete, vec![account_id.into()]).await?;
    if groups.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = (2..groups.len() + 2).map(|number| format!("($1, ${number})")).collect();
    let sql = format!("INSERT INTO account_groups (account_id, group_name) VALUES {}", rows.join(", "));
    let names = groups.iter().map(|group| group.as_str().into());
    let values = std::iter::once(account_id.into()).chain(names).collect();
    connection.execute(&sql, values).await.map(drop)
}
