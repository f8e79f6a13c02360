//! Keys that clients give to requests which are to be done once, with the answers that were given.

use chandlery_core::{Digest, Result};
use jiff::Timestamp;

use super::Connection;
use super::columns::{Columns, nanoseconds};

/// One attempt to do what a key stands for. Keys are kept as digests: they salt the digests of what was asked.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// The row of the account.
    pub account_id: i64,
    /// The digest of the key.
    pub key: Digest,
    /// When the attempt began; tells it from another one with the same key.
    pub began_at: Timestamp,
}

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nothing: it is this attempt's.
    Taken,
    /// Another attempt is under way.
    InFlight,
    /// It was done.
    Done(KeptAnswer),
}

/// An answer that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// The digest of what was asked.
    pub request_digest: String,
    /// The HTTP status.
    pub status: u16,
    /// The rest of the answer, in a form of the caller's.
    pub response: String,
}

/// Claims a key for an attempt, unless it is another's. Answers from before `expired` count as none, and so do attempts
/// from before `abandoned` that never ended.
///
/// # Errors
/// Faults of the database only.
pub async fn claim(
    connection: &impl Connection,
    attempt: &Attempt,
    expired: Timestamp,
    abandoned: Timestamp,
) -> Result<Claim> {
    let sql = "INSERT INTO idempotency_keys (account_id, key, request_digest, status, response, created_at)
        VALUES ($1, $2, '', 0, '', $3)
        ON CONFLICT (account_id, key) DO UPDATE
          SET request_digest = '', status = 0, response = '', created_at = excluded.created_at
        WHERE idempotency_keys.created_at <= $4
          OR (idempotency_keys.status = 0 AND idempotency_keys.created_at <= $5)";
    let key = attempt.key.to_hex();
    let values = vec![
        attempt.account_id.into(),
        key.as_str().into(),
        nanoseconds(attempt.began_at).into(),
        nanoseconds(expired).into(),
        nanoseconds(abandoned).into(),
    ];
    if connection.execute(sql, values).await? == 1 {
        return Ok(Claim::Taken);
    }
    let sql = "SELECT request_digest, status, response FROM idempotency_keys
        WHERE account_id = $1 AND key = $2 AND status <> 0";
    let row = connection.query_optional(sql, vec![attempt.account_id.into(), key.into()]).await?;
    // Without one it is under way, or has failed since the first statement.
    let Some(row) = row else { return Ok(Claim::InFlight) };
    let mut columns = Columns::of(&row);
    Ok(Claim::Done(KeptAnswer {
        request_digest: columns.take()?,
        status: u16::try_from(columns.unsigned()?).map_err(chandlery_core::Error::internal)?,
        response: columns.take()?,
    }))
}

/// Keeps the answer of an attempt that succeeded.
///
/// # Errors
/// Faults of the database only.
pub async fn keep(connection: &impl Connection, attempt: &Attempt, answer: &KeptAnswer) -> Result<()> {
    let sql = "UPDATE idempotency_keys SET request_digest = $4, status = $5, response = $6
        WHERE account_id = $1 AND key = $2 AND status = 0 AND created_at = $3";
    let values = vec![
        attempt.account_id.into(),
        attempt.key.to_hex().into(),
        nanoseconds(attempt.began_at).into(),
        answer.request_digest.as_str().into(),
        i64::from(answer.status).into(),
        answer.response.as_str().into(),
    ];
    connection.execute(sql, values).await.map(drop)
}

/// Gives a key back: its attempt did nothing.
///
/// # Errors
/// Faults of the database only.
pub async fn release(connection: &impl Connection, attempt: &Attempt) -> Result<()> {
    let sql =
        "DELETE FROM idempotency_keys WHERE account_id = $1 AND key = $2 AND status = 0 AND created_at = $3";
    let values =
        vec![attempt.account_id.into(), attempt.key.to_hex().into(), nanoseconds(attempt.began_at).into()];
    connection.execute(sql, values).await.map(drop)
}

/// Removes what is from before `expired`, and says how many keys that were.
///
/// # Errors
/// Faults of the database only.
pub async fn delete_expired(connection: &impl Connection, expired: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM idempotency_keys WHERE created_at <= $1";
    connection.execute(sql, vec![nanoseconds(expired).into()]).await
}
