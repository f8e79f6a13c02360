//! Deliveries: what is to be told to whom, and what became of it.
//!
//! A row is written in the transaction of what happened. Whoever sends it takes a lease first, by compare and set, so
//! that of several replicas one sends each attempt; who dies with a lease loses it when it ends, and the attempt counts.
//!
//! Each webhook has a queue of its own, and all mail has one, since one relay takes it. Only the first
//! [`AT_ONCE_FROM_A_QUEUE`] of a queue are ever taken, so that a receiver that answers slowly holds up nobody else.

use chandlery_core::{Error, Event, Result};
use jiff::Timestamp;
use sea_orm::{QueryResult, Value};

use super::columns::{Columns, joined, nanoseconds};
use super::connection::Executor as _;
use super::{Connection, Transaction};

/// How many deliveries of one webhook, or how many mails, are under way at once, over all replicas. Now and then it is
/// one more: when a delivery that was due before those under way was committed after they were taken.
pub const AT_ONCE_FROM_A_QUEUE: usize = 2;

/// The queue a row is in: its webhook, or 0 for mail. Row numbers begin at 1. The index `deliveries_queue` has these words.
const QUEUE: &str = "COALESCE(webhook_id, 0)";

/// How far a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// There will be an attempt.
    Pending,
    /// The receiver has it.
    Delivered,
    /// It was given up.
    Failed,
}

impl DeliveryState {
    const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Failed];

    /// The state's name, as the API and the database spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

impl std::str::FromStr for DeliveryState {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|state| state.as_str() == text);
        found.ok_or_else(|| Error::invalid("state", format!("{text:?} is not one of a delivery")))
    }
}

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receiver {
    /// A webhook (its row).
    Webhook(i64),
    /// An account (its row), by mail.
    Account(i64),
}

/// A delivery as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRow {
    /// Its row number, the same in every attempt.
    pub id: i64,
    /// Who is told.
    pub receiver: Receiver,
    /// Of what: the name of an [`Event`], or another word for what is none.
    pub event: String,
    /// What it says, as JSON.
    pub payload: String,
    /// How far it is.
    pub state: DeliveryState,
    /// The attempts that were begun.
    pub attempts: u32,
    /// Not before this time, if it is pending.
    pub next_at: Timestamp,
    /// What became of the last attempt, as JSON; empty before the first one ended.
    pub outcome: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

const COLUMNS: &str =
    "id, webhook_id, account_id, event, payload, state, attempts, next_at, outcome, created_at, updated_at";

impl DeliveryRow {
    fn from_row(row: &QueryResult) -> Result<Self> {
        let mut columns = Columns::of(row);
        let id = columns.take()?;
        let receiver = match (columns.take()?, columns.take()?) {
            (Some(webhook), None) => Receiver::Webhook(webhook),
            (None, Some(account)) => Receiver::Account(account),
            _ => return Err(Error::internal(format!("delivery {id} has not one receiver"))),
        };
        Ok(Self {
            id,
            receiver,
            event: columns.take()?,
            payload: columns.take()?,
            state: columns.parse()?,
            attempts: u32::try_from(columns.take::<i64>()?).map_err(Error::internal)?,
            next_at: columns.time()?,
            outcome: columns.take()?,
            created_at: columns.time()?,
            updated_at: columns.time()?,
        })
    }
}

/// What every new delivery has besides its receiver: event, payload, times.
const NEW: &str = "(webhook_id, account_id, event, payload, state, attempts, next_at, leased_until, outcome,
    created_at, updated_at)";

/// Makes a delivery of an event to every webhook that asks for it, in the transaction of what happened: those of the
/// workspace and those that hear of all. Returns how many there are.
///
/// # Errors
/// Faults of the database only.
pub async fn create_for_webhooks(
    transaction: &Transaction,
    workspace_id: i64,
    event: Event,
    payload: &str,
    now: Timestamp,
) -> Result<u64> {
    let sql = format!(
        "INSERT INTO deliveries {NEW}
         SELECT id, NULL, CAST($1 AS TEXT), CAST($2 AS TEXT), 'pending', 0, $3, 0, '', $3, $3 FROM webhooks
         WHERE workspace_id IN (0, $4) AND active AND (events = '' OR ' ' || events || ' ' LIKE $5)"
    );
    let asked = format!("% {} %", event.as_str());
    let values = vec![
        event.as_str().into(),
        payload.into(),
        nanoseconds(now).into(),
        workspace_id.into(),
        asked.into(),
    ];
    transaction.execute(&sql, values).await
}

/// Makes a delivery of an event to each of these accounts (their rows), in the transaction of what happened. Returns how
/// many there are.
///
/// # Errors
/// Faults of the database only.
pub async fn create_for_accounts(
    transaction: &Transaction,
    accounts: &[i64],
    event: Event,
    payload: &str,
    now: Timestamp,
) -> Result<u64> {
    if accounts.is_empty() {
        return Ok(0);
    }
    let sql = format!(
        "INSERT INTO deliveries {NEW}
         SELECT NULL, id, CAST($1 AS TEXT), CAST($2 AS TEXT), 'pending', 0, $3, 0, '', $3, $3 FROM accounts
         WHERE id IN ({})",
        joined(accounts)
    );
    let values = vec![event.as_str().into(), payload.into(), nanoseconds(now).into()];
    transaction.execute(&sql, values).await
}

/// Makes one delivery.
///
/// # Errors
/// Faults of the database only.
pub async fn create(
    connection: &impl Connection,
    receiver: Receiver,
    event: &str,
    payload: &str,
    now: Timestamp,
) -> Result<DeliveryRow> {
    let sql = format!(
        "INSERT INTO deliveries {NEW} VALUES ($1, $2, $3, $4, 'pending', 0, $5, 0, '', $5, $5) RETURNING {COLUMNS}"
    );
    let (webhook, account) = match receiver {
        Receiver::Webhook(id) => (Some(id), None),
        Receiver::Account(id) => (None, Some(id)),
    };
    let values = vec![webhook.into(), account.into(), event.into(), payload.into(), nanoseconds(now).into()];
    let row = connection.query_optional(&sql, values).await?;
    DeliveryRow::from_row(&row.ok_or_else(|| Error::internal("an insert returned nothing"))?)
}

/// The words that make `heads` (`id`, null when there are fewer): the first [`AT_ONCE_FROM_A_QUEUE`] of each queue that
/// has anything pending, taken or not. They jump through `deliveries_queue` from queue to queue, so that they cost what
/// the number of queues does, however long those are.
fn heads() -> String {
    let heads = (0..AT_ONCE_FROM_A_QUEUE).map(|place| {
        format!(
            "SELECT (SELECT id FROM deliveries WHERE state = 'pending' AND {QUEUE} = queues.queue
                     ORDER BY next_at, id LIMIT 1 OFFSET {place}) FROM queues"
        )
    });
    format!(
        "WITH RECURSIVE queues (queue) AS (
           SELECT MIN({QUEUE}) FROM deliveries WHERE state = 'pending'
           UNION ALL
           SELECT (SELECT MIN({QUEUE}) FROM deliveries WHERE state = 'pending' AND {QUEUE} > queues.queue)
           FROM queues WHERE queue IS NOT NULL),
         heads (id) AS ({})",
        heads.collect::<Vec<_>>().join(" UNION ALL ")
    )
}

/// Takes the oldest deliveries that are due, `limit` at most and [`AT_ONCE_FROM_A_QUEUE`] of each receiver with those
/// that are under way, until `until`: nobody else takes them before that time. Each counts as an attempt from now on.
///
/// # Errors
/// Faults of the database only.
pub async fn take_due(
    connection: &impl Connection,
    now: Timestamp,
    until: Timestamp,
    limit: u32,
) -> Result<Vec<DeliveryRow>> {
    let values = vec![nanoseconds(now).into(), nanoseconds(until).into(), i64::from(limit).into()];
    connection.query(&take_due_sql(), values).await?.iter().map(DeliveryRow::from_row).collect()
}

fn take_due_sql() -> String {
    // The outer conditions are for PostgreSQL, where another replica may have been quicker since the inner ones were
    // looked at: it looks at them again when it comes to a row that has changed. CROSS JOIN and IS TRUE keep SQLite
    // from walking through all that is there or pending instead of looking the ids up.
    format!(
        "{} UPDATE deliveries SET leased_until = $2, attempts = attempts + 1, updated_at = $1
         WHERE id IN (SELECT due.id FROM heads CROSS JOIN deliveries due
                      WHERE due.id = heads.id AND due.next_at <= $1 AND due.leased_until <= $1
                      ORDER BY due.next_at, due.id LIMIT $3)
           AND (state = 'pending') IS TRUE AND leased_until <= $1
         RETURNING {COLUMNS}",
        heads()
    )
}

/// Ends all leases: for a process that knows that nobody else sends, when it starts.
///
/// # Errors
/// Faults of the database only.
pub async fn end_leases(connection: &impl Connection) -> Result<()> {
    let sql = "UPDATE deliveries SET leased_until = 0 WHERE state = 'pending' AND leased_until > 0";
    connection.execute(sql, vec![]).await.map(drop)
}

/// When [`take_due`] finds something next: when the first delivery of a queue is due; those that somebody took when
/// their lease ends.
///
/// # Errors
/// Faults of the database only.
pub async fn next_due(connection: &impl Connection) -> Result<Option<Timestamp>> {
    match connection.query_optional(&next_due_sql(), vec![]).await? {
        Some(row) => Columns::of(&row).time_or_null(),
        None => Ok(None),
    }
}

fn next_due_sql() -> String {
    format!(
        "{} SELECT MIN(CASE WHEN due.next_at > due.leased_until THEN due.next_at ELSE due.leased_until END)
         FROM heads CROSS JOIN deliveries due WHERE due.id = heads.id",
        heads()
    )
}

/// What to write about an attempt that ended.
#[derive(Clone, Debug)]
pub struct AttemptResult<'a> {
    /// How far the delivery is now.
    pub state: DeliveryState,
    /// When to try again, if it is pending.
    pub next_at: Timestamp,
    /// What became of it, as JSON.
    pub outcome: &'a str,
}

/// Writes what became of the attempt that `taken` was taken for, and gives the lease back. Whoever took it since, after
/// the lease had ended, is not disturbed.
///
/// # Errors
/// Faults of the database only.
pub async fn finish(
    connection: &impl Connection,
    taken: &DeliveryRow,
    result: &AttemptResult<'_>,
    now: Timestamp,
) -> Result<()> {
    let sql =
        "UPDATE deliveries SET state = $1, next_at = $2, outcome = $3, updated_at = $4, leased_until = 0
        WHERE id = $5 AND attempts = $6 AND state = 'pending'";
    let values: Vec<Value> = vec![
        result.state.as_str().into(),
        nanoseconds(result.next_at).into(),
        result.outcome.into(),
        nanoseconds(now).into(),
        taken.id.into(),
        i64::from(taken.attempts).into(),
    ];
    connection.execute(sql, values).await.map(drop)
}

/// The deliveries of a webhook before the row `before`, the newest first.
///
/// # Errors
/// Faults of the database only.
pub async fn list(
    connection: &impl Connection,
    webhook_id: i64,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<DeliveryRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM deliveries WHERE webhook_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"
    );
    let values = vec![webhook_id.into(), before.unwrap_or(i64::MAX).into(), i64::from(limit).into()];
    connection.query(&sql, values).await?.iter().map(DeliveryRow::from_row).collect()
}

/// Has a delivery of a webhook tried now: one that ended begins anew, one that waits waits no longer. Whoever holds its
/// lease goes on first.
///
/// # Errors
/// [`Error::NotFound`] when the webhook has none of this row number.
pub async fn try_again(
    connection: &impl Connection,
    webhook_id: i64,
    id: i64,
    now: Timestamp,
) -> Result<DeliveryRow> {
    let sql = format!(
        "UPDATE deliveries SET attempts = CASE WHEN state = 'pending' THEN attempts ELSE 0 END, state = 'pending',
           next_at = $1, updated_at = $1
         WHERE webhook_id = $2 AND id = $3 RETURNING {COLUMNS}"
    );
    let values = vec![nanoseconds(now).into(), webhook_id.into(), id.into()];
    match connection.query_optional(&sql, values).await? {
        Some(row) => DeliveryRow::from_row(&row),
        None => Err(Error::not_found(format_args!("delivery {id}"))),
    }
}

/// Removes deliveries that ended before a time, and says how many.
///
/// # Errors
/// Faults of the database only.
pub async fn delete_ended(connection: &impl Connection, before: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM deliveries WHERE state IN ('delivered', 'failed') AND updated_at < $1";
    connection.execute(sql, vec![nanoseconds(before).into()]).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BlobsUrl, DatabaseUrl, Store, StoreSettings};

    /// SQLite keeps no statistics: which index it takes follows from the words alone, and all that is pending is one
    /// wrong word away.
    #[tokio::test]
    async fn sqlite_jumps_from_queue_to_queue() {
        let directory = tempfile::tempdir().unwrap();
        let settings = StoreSettings {
            database: DatabaseUrl::Sqlite(directory.path().join("chandlery.db")),
            blobs: BlobsUrl::Memory,
            temporary_directory: directory.path().join("uploads"),
        };
        let store = Store::open(&settings).await.unwrap();
        for (sql, parameters) in [(take_due_sql(), 3), (next_due_sql(), 0)] {
            let values = (0..parameters).map(|_| 1_i64.into()).collect();
            let rows =
                store.database().reader().query(&format!("EXPLAIN QUERY PLAN {sql}"), values).await.unwrap();
            let steps: Vec<String> = rows.iter().map(|row| row.try_get("", "detail").unwrap()).collect();
            let all = "SEARCH deliveries USING COVERING INDEX deliveries_queue (state=?)";
            assert_eq!(steps.iter().filter(|step| *step == all).count(), 1, "the first queue: {steps:#?}");
            for step in steps.iter().filter(|step| *step != all) {
                let touches = step.contains("deliveries") || step.contains("due");
                let directly = step.contains("deliveries_queue (state=? AND <expr>")
                    || step.contains("INTEGER PRIMARY KEY (rowid=?)");
                assert!(!touches || directly, "{step}: {steps:#?}");
            }
        }
    }
}
