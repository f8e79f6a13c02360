//! Sessions: who is logged in to the console. Only the hash of a secret is stored.

use chandlery_core::{Digest, Result};
use jiff::Timestamp;
use sea_orm::QueryResult;

use super::Connection;
use super::accounts::{self, AccountRow};
use super::columns::{Columns, nanoseconds};

/// A session as it is stored, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Its row number.
    pub id: i64,
    /// Whose it is.
    pub account_id: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working unless it is used before.
    pub expires_at: Timestamp,
}

const COLUMNS: &str = "sessions.id, sessions.account_id, sessions.created_at, sessions.expires_at";

impl SessionRow {
    fn take(columns: &mut Columns<'_>) -> Result<Self> {
        Ok(Self {
            id: columns.take()?,
            account_id: columns.take()?,
            created_at: columns.time()?,
            expires_at: columns.time()?,
        })
    }

    fn from_row(row: &QueryResult) -> Result<Self> {
        Self::take(&mut Columns::of(row))
    }
}

/// Makes a session.
///
/// # Errors
/// Faults of the database only.
pub async fn create(
    connection: &impl Connection,
    account_id: i64,
    secret_hash: &Digest,
    created_at: Timestamp,
    expires_at: Timestamp,
) -> Result<()> {
    let sql =
        "INSERT INTO sessions (account_id, secret_hash, created_at, expires_at) VALUES ($1, $2, $3, $4)";
    let values = vec![
        account_id.into(),
        secret_hash.to_hex().into(),
        nanoseconds(created_at).into(),
        nanoseconds(expires_at).into(),
    ];
    connection.execute(sql, values).await.map(drop)
}

/// The session with this secret and its account, if both are good at the time `now`: not expired, not disabled.
///
/// # Errors
/// Faults of the database only.
pub async fn find_by_secret(
    connection: &impl Connection,
    secret_hash: &Digest,
    now: Timestamp,
) -> Result<Option<(SessionRow, AccountRow)>> {
    let sql = format!(
        "SELECT {COLUMNS}, {} FROM sessions JOIN accounts ON accounts.id = sessions.account_id
         WHERE sessions.secret_hash = $1 AND sessions.expires_at > $2 AND NOT accounts.disabled",
        accounts::COLUMNS
    );
    let values = vec![secret_hash.to_hex().into(), nanoseconds(now).into()];
    let Some(row) = connection.query_optional(&sql, values).await? else { return Ok(None) };
    let mut columns = Columns::of(&row);
    Ok(Some((SessionRow::take(&mut columns)?, AccountRow::take(&mut columns)?)))
}

/// Lets a session live longer.
///
/// # Errors
/// Faults of the database only.
pub async fn extend(connection: &impl Connection, id: i64, expires_at: Timestamp) -> Result<()> {
    let sql = "UPDATE sessions SET expires_at = $2 WHERE id = $1";
    connection.execute(sql, vec![id.into(), nanoseconds(expires_at).into()]).await.map(drop)
}

/// Ends the session with this secret, and returns it if there was one.
///
/// # Errors
/// Faults of the database only.
pub async fn delete(connection: &impl Connection, secret_hash: &Digest) -> Result<Option<SessionRow>> {
    let sql = format!("DELETE FROM sessions WHERE secret_hash = $1 RETURNING {COLUMNS}");
    let row = connection.query_optional(&sql, vec![secret_hash.to_hex().into()]).await?;
    row.as_ref().map(SessionRow::from_row).transpose()
}

/// Ends all sessions of an account.
///
/// # Errors
/// Faults of the database only.
pub async fn delete_of(connection: &impl Connection, account_id: i64) -> Result<()> {
    connection.execute("DELETE FROM sessions WHERE account_id = $1", vec![account_id.into()]).await.map(drop)
}

/// Removes the sessions that ended before `now`, and says how many.
///
/// # Errors
/// Faults of the database only.
pub async fn delete_expired(connection: &impl Connection, now: Timestamp) -> Result<u64> {
    connection.execute("DELETE FROM sessions WHERE expires_at <= $1", vec![nanoseconds(now).into()]).await
}
