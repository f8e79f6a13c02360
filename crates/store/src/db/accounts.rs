//! Accounts: who may log in.

use chandlery_core::{AccountName, Error, PLATFORM_ADMIN, PermissionSet, Result, RoleKind, RoleName};
use jiff::Timestamp;
use sea_orm::QueryResult;

use super::columns::{Columns, nanoseconds};
use super::connection::Executor as _;
use super::roles::granted;
use super::{Connection, Transaction};

/// An account as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// Its row number.
    pub id: i64,
    /// The login name.
    pub name: AccountName,
    /// The password's hash in PHC form; `None` cannot log in by password.
    pub password_hash: Option<String>,
    /// What people call it.
    pub display_name: String,
    /// Where mail goes; may be empty.
    pub email: String,
    /// The workspace of a robot; `None` for people.
    pub workspace_id: Option<i64>,
    /// The platform role.
    pub role: RoleName,
    /// What the platform role and the roles of its groups grant.
    pub permissions: PermissionSet,
    /// Whether it is locked out.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

pub(super) const COLUMNS: &str =
    "accounts.id, accounts.name, accounts.password_hash, accounts.display_name, accounts.email,
    accounts.workspace_id, accounts.disabled, accounts.created_at, accounts.role,
    (SELECT roles.permissions FROM roles WHERE roles.workspace_id = 0 AND roles.name = accounts.role),
    (SELECT string_agg(group_roles.role || '=' || COALESCE(roles.permissions, ''), ',')
     FROM account_groups JOIN group_roles ON group_roles.group_name = account_groups.group_name
     LEFT JOIN roles ON roles.workspace_id = 0 AND roles.name = group_roles.role
     WHERE account_groups.account_id = accounts.id AND group_roles.workspace_id = 0)";

/// What the roles of an account's groups grant, as [`COLUMNS`] lists them: `ROLE=PERMISSIONS`, with commas between.
fn granted_by_groups(roles: Option<&str>) -> Result<PermissionSet> {
    let mut roles = roles.unwrap_or_default().split(',').filter_map(|role| role.split_once('='));
    roles.try_fold(PermissionSet::NONE, |so_far, (role, stored)| {
        let role = role.parse().map_err(Error::internal)?;
        Ok(so_far.with(granted(RoleKind::Platform, &role, Some(stored))?))
    })
}

impl AccountRow {
    pub(super) fn take(columns: &mut Columns<'_>) -> Result<Self> {
        let (id, name, password_hash) = (columns.take()?, columns.parse()?, columns.take()?);
        let (display_name, email, workspace_id) = (columns.take()?, columns.take()?, columns.take()?);
        let (disabled, created_at, role) = (columns.take()?, columns.time()?, columns.parse()?);
        let stored: Option<String> = columns.take()?;
        let by_role = granted(RoleKind::Platform, &role, stored.as_deref())?;
        let by_groups: Option<String> = columns.take()?;
        let permissions = by_role.with(granted_by_groups(by_groups.as_deref())?);
        Ok(Self {
            id,
            name,
            password_hash,
            display_name,
            email,
            workspace_id,
            role,
            permissions,
            disabled,
            created_at,
        })
    }

    fn from_row(row: &QueryResult) -> Result<Self> {
        Self::take(&mut Columns::of(row))
    }
}

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewAccount<'a> {
    /// The login name.
    pub name: &'a AccountName,
    /// The password's hash in PHC form; `None` cannot log in by password.
    pub password_hash: Option<&'a str>,
    /// What people call it.
    pub display_name: &'a str,
    /// Where mail goes; may be empty.
    pub email: &'a str,
    /// The workspace of a robot; `None` for people.
    pub workspace_id: Option<i64>,
    /// The platform role.
    pub role: &'a RoleName,
    /// Now.
    pub created_at: Timestamp,
}

/// Makes an account.
///
/// # Errors
/// [`Error::AlreadyExists`] when the name is taken.
pub async fn create(connection: &impl Connection, account: &NewAccount<'_>) -> Result<AccountRow> {
    let sql = format!(
        "INSERT INTO accounts (name, password_hash, display_name, email, workspace_id, role, disabled, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (name) DO NOTHING RETURNING {COLUMNS}"
    );
    let values = vec![
        account.name.as_str().into(),
        account.password_hash.into(),
        account.display_name.into(),
        account.email.into(),
        account.workspace_id.into(),
        account.role.as_str().into(),
        false.into(),
        nanoseconds(account.created_at).into(),
    ];
    match connection.query_optional(&sql, values).await? {
        Some(row) => AccountRow::from_row(&row),
        None => Err(Error::AlreadyExists(format!("account {}", account.name))),
    }
}

/// The account of a name, disabled or not.
///
/// # Errors
/// Faults of the database only.
pub async fn find(connection: &impl Connection, name: &AccountName) -> Result<Option<AccountRow>> {
    let sql = format!("SELECT {COLUMNS} FROM accounts WHERE name = $1");
    let row = connection.query_optional(&sql, vec![name.as_str().into()]).await?;
    row.as_ref().map(AccountRow::from_row).transpose()
}

/// The accounts of people behind `after`, by name.
///
/// # Errors
/// Faults of the database only.
pub async fn list(connection: &impl Connection, after: &str, limit: u32) -> Result<Vec<AccountRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM accounts WHERE name > $1 AND workspace_id IS NULL ORDER BY name LIMIT $2"
    );
    let values = vec![after.into(), i64::from(limit).into()];
    connection.query(&sql, values).await?.iter().map(AccountRow::from_row).collect()
}

/// Whether somebody can log in by password and administer the platform. In a transaction, whoever asks next waits for
/// its end: two that each take one of the last two administrators away do not both find the other one.
///
/// # Errors
/// Faults of the database only.
pub async fn has_administrator(transaction: &Transaction) -> Result<bool> {
    let lock = "UPDATE settings SET value = value WHERE name = 'administrators'";
    transaction.execute(lock, vec![]).await?;
    let sql = "SELECT 1 FROM accounts WHERE role = $1 AND NOT disabled AND password_hash IS NOT NULL
               AND workspace_id IS NULL LIMIT 1";
    Ok(transaction.query_optional(sql, vec![PLATFORM_ADMIN.into()]).await?.is_some())
}

/// What [`update`] changes; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    /// A new password hash.
    pub password_hash: Option<String>,
    /// A new role.
    pub role: Option<RoleName>,
    /// What people call it.
    pub display_name: Option<String>,
    /// Where mail goes.
    pub email: Option<String>,
    /// Lock out or let in.
    pub disabled: Option<bool>,
}

/// Changes an account and returns it as it is now.
///
/// # Errors
/// [`Error::NotFound`] when there is no such account.
pub async fn update(
    connection: &impl Connection,
    name: &AccountName,
    change: &AccountChange,
) -> Result<AccountRow> {
    let sql = format!(
        "UPDATE accounts SET password_hash = COALESCE($2, password_hash), role = COALESCE($3, role),
           disabled = COALESCE($4, disabled), display_name = COALESCE($5, display_name),
           email = COALESCE($6, email) WHERE name = $1 RETURNING {COLUMNS}"
    );
    let values = vec![
        name.as_str().into(),
        change.password_hash.as_deref().into(),
        change.role.as_ref().map(RoleName::as_str).into(),
        change.disabled.into(),
        change.display_name.as_deref().into(),
        change.email.as_deref().into(),
    ];
    match connection.query_optional(&sql, values).await? {
        Some(row) => AccountRow::from_row(&row),
        None => Err(not_found(name)),
    }
}

/// Removes an account with its tokens.
///
/// # Errors
/// [`Error::NotFound`] when there is no such account.
pub async fn delete(connection: &impl Connection, name: &AccountName) -> Result<()> {
    match connection.execute("DELETE FROM accounts WHERE name = $1", vec![name.as_str().into()]).await? {
        0 => Err(not_found(name)),
        _ => Ok(()),
    }
}

/// How many accounts there are: none means a first start.
///
/// # Errors
/// Faults of the database only.
pub async fn count(connection: &impl Connection) -> Result<u64> {
    let row = connection.query_optional("SELECT COUNT(*) FROM accounts", vec![]).await?;
    row.map_or(Ok(0), |row| Columns::of(&row).unsigned())
}

fn not_found(name: &AccountName) -> Error {
    Error::not_found(format_args!("account {name}"))
}
