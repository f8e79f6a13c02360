//! The audit log: who did what to what, and when. Rows are only ever added.

use chandlery_core::{Digest, Result};
use jiff::Timestamp;
use sea_orm::{QueryResult, Value};

use super::Connection;
use super::columns::{Columns, nanoseconds};

/// What happened, to be written in the transaction in which it happens.
#[derive(Clone, Debug, Default)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who: the name of an account, or `system`.
    pub actor: String,
    /// The platform role of that account then.
    pub role: String,
    /// What was done, such as `release` or `member.create`.
    pub action: String,
    /// The kind of thing it was done to, such as `version` or `account`.
    pub kind: String,
    /// The thing, as people name it: `app 1.2.0`.
    pub name: String,
    /// The row and the name of the workspace it belongs to; 0 and empty for the platform.
    pub workspace: (i64, String),
    /// The row of the app.
    pub app_id: Option<i64>,
    /// The row of the app version.
    pub version_id: Option<i64>,
    /// The phase of review.
    pub phase: String,
    /// The state before; empty where there is none.
    pub from_state: String,
    /// The state after; empty where there is none.
    pub to_state: String,
    /// The reason given, or what changed.
    pub message: String,
    /// The sha256 of the package this was about.
    pub digest: Option<Digest>,
}

/// An entry as it is stored.
#[derive(Clone, Debug)]
pub struct AuditRow {
    /// Its number; later entries have greater ones.
    pub id: i64,
    /// What happened.
    pub entry: AuditEntry,
}

const COLUMNS: &str =
    "id, at, actor, role, action, kind, name, workspace_id, workspace, app_id, version_id, phase, from_state,
    to_state, message, digest";

impl AuditRow {
    fn from_row(row: &QueryResult) -> Result<Self> {
        let mut columns = Columns::of(row);
        Ok(Self {
            id: columns.take()?,
            entry: AuditEntry {
                at: columns.time()?,
                actor: columns.take()?,
                role: columns.take()?,
                action: columns.take()?,
                kind: columns.take()?,
                name: columns.take()?,
                workspace: (columns.take()?, columns.take()?),
                app_id: columns.take()?,
                version_id: columns.take()?,
                phase: columns.take()?,
                from_state: columns.take()?,
                to_state: columns.take()?,
                message: columns.take()?,
                digest: match columns.take::<String>()?.as_str() {
                    "" => None,
                    text => Some(text.parse()?),
                },
            },
        })
    }
}

/// Adds an entry.
///
/// # Errors
/// Faults of the database only.
pub async fn append(connection: &impl Connection, entry: &AuditEntry) -> Result<()> {
    let sql =
        "INSERT INTO audit (at, actor, role, action, kind, name, workspace_id, workspace, app_id, version_id,
          phase, from_state, to_state, message, digest)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    let values = vec![
        nanoseconds(entry.at).into(),
        entry.actor.as_str().into(),
        entry.role.as_str().into(),
        entry.action.as_str().into(),
        entry.kind.as_str().into(),
        entry.name.as_str().into(),
        entry.workspace.0.into(),
        entry.workspace.1.as_str().into(),
        entry.app_id.into(),
        entry.version_id.into(),
        entry.phase.as_str().into(),
        entry.from_state.as_str().into(),
        entry.to_state.as_str().into(),
        entry.message.as_str().into(),
        entry.digest.map(|digest| digest.to_hex()).unwrap_or_default().into(),
    ];
    connection.execute(sql, values).await.map(drop)
}

/// Which entries to list; every field that is set narrows the list.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Of this workspace (its row).
    pub workspace_id: Option<i64>,
    /// Of this app (its row).
    pub app_id: Option<i64>,
    /// Of this app version (its row).
    pub version_id: Option<i64>,
    /// By this account.
    pub actor: Option<String>,
    /// With this action.
    pub action: Option<String>,
    /// Of this kind of thing.
    pub kind: Option<String>,
    /// Of the thing of this name.
    pub name: Option<String>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
}

/// The newest entries before the number `before`, newest first.
///
/// # Errors
/// Faults of the database only.
pub async fn list(
    connection: &impl Connection,
    filter: &AuditFilter,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<AuditRow>> {
    let conditions: [(&str, Option<Value>); 10] = [
        ("id <", before.map(Into::into)),
        ("workspace_id =", filter.workspace_id.map(Into::into)),
        ("app_id =", filter.app_id.map(Into::into)),
        ("version_id =", filter.version_id.map(Into::into)),
        ("actor =", filter.actor.as_deref().map(Into::into)),
        ("action =", filter.action.as_deref().map(Into::into)),
        ("kind =", filter.kind.as_deref().map(Into::into)),
        ("name =", filter.name.as_deref().map(Into::into)),
        ("at >=", filter.since.map(|time| nanoseconds(time).into())),
        ("at <", filter.until.map(|time| nanoseconds(time).into())),
    ];
    let mut sql = format!("SELECT {COLUMNS} FROM audit WHERE 1 = 1");
    let mut values: Vec<Value> = Vec::new();
    for (condition, value) in conditions {
        if let Some(value) = value {
            values.push(value);
            sql.push_str(&format!(" AND {condition} ${}", values.len()));
        }
    }
    values.push(i64::from(limit).into());
    sql.push_str(&format!(" ORDER BY id DESC LIMIT ${}", values.len()));
    connection.query(&sql, values).await?.iter().map(AuditRow::from_row).collect()
}
