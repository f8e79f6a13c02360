//! What accounts want to be told by mail, and who there is to be told.

use chandlery_core::{BUILTIN_ROLES, BuiltinRole, Event, Permission, PermissionSet, Result, RoleKind};
use sea_orm::QueryResult;

use super::Connection;
use super::columns::Columns;
use super::roles::granted;
use super::webhooks::{read_events, write_events};

/// The events that an account wants by mail, if it ever said so.
///
/// # Errors
/// Faults of the database only.
pub async fn find(connection: &impl Connection, account_id: i64) -> Result<Option<Vec<Event>>> {
    let sql = "SELECT mail_events FROM notification_choices WHERE account_id = $1";
    let row = connection.query_optional(sql, vec![account_id.into()]).await?;
    row.map(|row| Ok(read_events(&Columns::of(&row).take::<String>()?))).transpose()
}

/// Writes which events an account wants by mail.
///
/// # Errors
/// Faults of the database only.
pub async fn write(connection: &impl Connection, account_id: i64, events: &[Event]) -> Result<()> {
    let sql = "INSERT INTO notification_choices (account_id, mail_events) VALUES ($1, $2)
        ON CONFLICT (account_id) DO UPDATE SET mail_events = excluded.mail_events";
    connection.execute(sql, vec![account_id.into(), write_events(events).into()]).await.map(drop)
}

/// Where mail for an account goes; nowhere if it has no address or is locked out.
///
/// # Errors
/// Faults of the database only.
pub async fn address(connection: &impl Connection, account_id: i64) -> Result<Option<String>> {
    let sql = "SELECT email FROM accounts WHERE id = $1 AND NOT disabled AND email <> ''";
    let row = connection.query_optional(sql, vec![account_id.into()]).await?;
    row.map(|row| Columns::of(&row).take()).transpose()
}

/// Somebody who could be told by mail: an account of a person that is not locked out and has an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailCandidate {
    /// The account (its row).
    pub account_id: i64,
    /// What its role grants where it was asked for.
    pub permissions: PermissionSet,
    /// The events it wants; `None` for all.
    pub events: Option<Vec<Event>>,
}

impl MailCandidate {
    /// Whether it wants to be told of an event.
    #[must_use]
    pub fn wants(&self, event: Event) -> bool {
        self.events.as_ref().is_none_or(|events| events.contains(&event))
    }

    fn from_row(kind: RoleKind, row: &QueryResult) -> Result<Self> {
        let mut columns = Columns::of(row);
        let (account_id, role) = (columns.take()?, columns.parse()?);
        let (stored, events): (Option<String>, Option<String>) = (columns.take()?, columns.take()?);
        Ok(Self {
            account_id,
            permissions: granted(kind, &role, stored.as_deref())?,
            events: events.map(|events| read_events(&events)),
        })
    }
}

/// Joined to accounts: what they want, and whether they can be told at all.
const CHOICES: &str = "LEFT JOIN notification_choices ON notification_choices.account_id = accounts.id
    WHERE NOT accounts.disabled AND accounts.workspace_id IS NULL AND accounts.email <> ''";

/// Those of a workspace's members who could be told by mail, with what they may do there.
///
/// # Errors
/// Faults of the database only.
pub async fn members_to_mail(connection: &impl Connection, workspace_id: i64) -> Result<Vec<MailCandidate>> {
    let sql = format!(
        "SELECT accounts.id, members.role, roles.permissions, notification_choices.mail_events
         FROM members JOIN accounts ON accounts.id = members.account_id
         LEFT JOIN roles ON roles.workspace_id = members.workspace_id AND roles.name = members.role
         {CHOICES} AND members.workspace_id = $1 ORDER BY accounts.id"
    );
    let rows = connection.query(&sql, vec![workspace_id.into()]).await?;
    rows.iter().map(|row| MailCandidate::from_row(RoleKind::Workspace, row)).collect()
}

/// Those who could be told by mail and whose platform role grants a permission.
///
/// # Errors
/// Faults of the database only.
pub async fn holders_to_mail(
    connection: &impl Connection,
    permission: Permission,
) -> Result<Vec<MailCandidate>> {
    let of_platform =
        |role: &&BuiltinRole| role.kind == RoleKind::Platform && role.permissions.contains(permission);
    let builtin: Vec<String> =
        BUILTIN_ROLES.iter().filter(of_platform).map(|role| format!("'{}'", role.name)).collect();
    let sql = format!(
        "SELECT accounts.id, accounts.role, roles.permissions, notification_choices.mail_events
         FROM accounts LEFT JOIN roles ON roles.workspace_id = 0 AND roles.name = accounts.role
         {CHOICES} AND (accounts.role IN ({}) OR ' ' || roles.permissions || ' ' LIKE $1) ORDER BY accounts.id",
        builtin.join(", ")
    );
    let rows = connection.query(&sql, vec![format!("% {} %", permission.as_str()).into()]).await?;
    rows.iter().map(|row| MailCandidate::from_row(RoleKind::Platform, row)).collect()
}
