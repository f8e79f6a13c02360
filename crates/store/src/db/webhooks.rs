//! Webhooks: where programs are told of events, of one workspace or of all.

use chandlery_core::{Error, Event, Result, WebhookName};
use jiff::Timestamp;
use sea_orm::{QueryResult, Value};

use super::Connection;
use super::columns::{Columns, nanoseconds};
use crate::Sealed;

/// A webhook as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookRow {
    /// Its row number.
    pub id: i64,
    /// Its workspace; `None` hears of all of them.
    pub workspace_id: Option<i64>,
    /// Its name among those of its workspace.
    pub name: WebhookName,
    /// What can be changed.
    pub fields: WebhookFields,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What can be changed of a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookFields {
    /// Where it is sent to.
    pub url: String,
    /// What it is signed with.
    pub secret: Sealed,
    /// What it is told of; none means everything.
    pub events: Vec<Event>,
    /// Whether it is told anything.
    pub active: bool,
}

const COLUMNS: &str =
    "id, workspace_id, name, url, secret, events, active, created_by, created_at, updated_at";

impl WebhookRow {
    fn from_row(row: &QueryResult) -> Result<Self> {
        let mut columns = Columns::of(row);
        Ok(Self {
            id: columns.take()?,
            workspace_id: Some(columns.take()?).filter(|id| *id != 0),
            name: columns.parse()?,
            fields: WebhookFields {
                url: columns.take()?,
                secret: columns.parse()?,
                events: read_events(&columns.take::<String>()?),
                active: columns.take()?,
            },
            created_by: columns.take()?,
            created_at: columns.time()?,
            updated_at: columns.time()?,
        })
    }
}

/// Events as the database keeps them: their names, with spaces between. One that a newer server wrote is left out.
pub(super) fn read_events(text: &str) -> Vec<Event> {
    text.split_whitespace().filter_map(|name| name.parse().ok()).collect()
}

pub(super) fn write_events(events: &[Event]) -> String {
    events.iter().map(|event| event.as_str()).collect::<Vec<_>>().join(" ")
}

/// A workspace as this table has it: 0 is the platform.
fn owner(workspace_id: Option<i64>) -> Value {
    workspace_id.unwrap_or(0).into()
}

/// The webhooks of a workspace, or those that hear of all, behind `after`, by name.
///
/// # Errors
/// Faults of the database only.
pub async fn list(
    connection: &impl Connection,
    workspace_id: Option<i64>,
    after: &str,
    limit: u32,
) -> Result<Vec<WebhookRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM webhooks WHERE workspace_id = $1 AND name > $2 ORDER BY name LIMIT $3"
    );
    let values = vec![owner(workspace_id), after.into(), i64::from(limit).into()];
    connection.query(&sql, values).await?.iter().map(WebhookRow::from_row).collect()
}

/// The webhook of a name.
///
/// # Errors
/// Faults of the database only.
pub async fn find(
    connection: &impl Connection,
    workspace_id: Option<i64>,
    name: &WebhookName,
) -> Result<Option<WebhookRow>> {
    let sql = format!("SELECT {COLUMNS} FROM webhooks WHERE workspace_id = $1 AND name = $2");
    let row = connection.query_optional(&sql, vec![owner(workspace_id), name.as_str().into()]).await?;
    row.as_ref().map(WebhookRow::from_row).transpose()
}

/// The webhook of a row number, for who sends to it.
///
/// # Errors
/// Faults of the database only.
pub async fn find_by_id(connection: &impl Connection, id: i64) -> Result<Option<WebhookRow>> {
    let sql = format!("SELECT {COLUMNS} FROM webhooks WHERE id = $1");
    let row = connection.query_optional(&sql, vec![id.into()]).await?;
    row.as_ref().map(WebhookRow::from_row).transpose()
}

/// Makes a webhook.
///
/// # Errors
/// [`Error::AlreadyExists`] when the name is taken.
pub async fn create(
    connection: &impl Connection,
    workspace_id: Option<i64>,
    name: &WebhookName,
    fields: &WebhookFields,
    created_by: &str,
    now: Timestamp,
) -> Result<WebhookRow> {
    let sql = format!(
        "INSERT INTO webhooks (url, secret, events, active, updated_at, workspace_id, name, created_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $5) ON CONFLICT (workspace_id, name) DO NOTHING RETURNING {COLUMNS}"
    );
    let mut values = written(fields, now);
    values.extend([owner(workspace_id), name.as_str().into(), created_by.into()]);
    match connection.query_optional(&sql, values).await? {
        Some(row) => WebhookRow::from_row(&row),
        None => Err(Error::AlreadyExists(format!("webhook {name}"))),
    }
}

/// Writes a webhook anew.
///
/// # Errors
/// [`Error::NotFound`] when it is gone.
pub async fn update(
    connection: &impl Connection,
    id: i64,
    fields: &WebhookFields,
    now: Timestamp,
) -> Result<WebhookRow> {
    let sql = format!(
        "UPDATE webhooks SET url = $1, secret = $2, events = $3, active = $4, updated_at = $5 WHERE id = $6
         RETURNING {COLUMNS}"
    );
    let mut values = written(fields, now);
    values.push(id.into());
    match connection.query_optional(&sql, values).await? {
        Some(row) => WebhookRow::from_row(&row),
        None => Err(Error::not_found("webhook")),
    }
}

fn written(fields: &WebhookFields, now: Timestamp) -> Vec<Value> {
    vec![
        fields.url.as_str().into(),
        fields.secret.as_str().into(),
        write_events(&fields.events).into(),
        fields.active.into(),
        nanoseconds(now).into(),
    ]
}

/// Switches a webhook off, if it still leads to `url`: its receiver said that it is gone.
///
/// # Errors
/// Faults of the database only.
pub async fn switch_off(connection: &impl Connection, id: i64, url: &str, now: Timestamp) -> Result<()> {
    let sql = "UPDATE webhooks SET active = $1, updated_at = $2 WHERE id = $3 AND url = $4";
    let values = vec![false.into(), nanoseconds(now).into(), id.into(), url.into()];
    connection.execute(sql, values).await.map(drop)
}

/// Removes a webhook with its deliveries.
///
/// # Errors
/// Faults of the database only.
pub async fn delete(connection: &impl Connection, id: i64) -> Result<()> {
    connection.execute("DELETE FROM webhooks WHERE id = $1", vec![id.into()]).await.map(drop)
}
