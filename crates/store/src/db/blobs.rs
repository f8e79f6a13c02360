//! The rows that say which bytes are needed, and the states garbage collection moves them through (see `garbage.rs`).

use std::collections::HashSet;

use chandlery_core::{Digest, Error, Result};
use jiff::Timestamp;
use sea_orm::QueryResult;

use super::columns::{Columns, nanoseconds, signed};
use super::connection::Executor as _;
use super::{Connection, Transaction};

/// A blob that an upload refers to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlobUse {
    pub(crate) digest: Digest,
    pub(crate) size: u64,
}

/// A blob whose bytes were, or are being, deleted: what an upload saw of its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gone {
    pub(crate) digest: Digest,
    /// The deletion has not ended yet.
    pub(crate) in_progress: bool,
    /// How often its bytes have been deleted: tells this deletion from a later one.
    pub(crate) deletions: i64,
}

/// Records that an upload needs a blob. The row stays locked until the transaction ends.
///
/// The inner error is a blob that is deleted or being deleted, unless `revived` is that very deletion.
pub(crate) async fn touch(
    transaction: &Transaction,
    blob: &BlobUse,
    revived: Option<&Gone>,
    now: Timestamp,
) -> Result<Result<(), Gone>> {
    let sql = "INSERT INTO blobs (digest, size, state, deletions, touched_at) VALUES ($1, $2, 'live', 0, $3)
        ON CONFLICT (digest) DO UPDATE SET state = 'live', touched_at = excluded.touched_at
        WHERE blobs.state IN ('live', 'unused') OR (blobs.state = 'deleted' AND blobs.deletions = $4)";
    let deletions = revived.filter(|gone| !gone.in_progress).map_or(-1, |gone| gone.deletions);
    let values = vec![
        blob.digest.to_hex().into(),
        signed(blob.size).into(),
        nanoseconds(now).into(),
        deletions.into(),
    ];
    if transaction.execute(sql, values).await? == 1 {
        return Ok(Ok(()));
    }
    let sql = "SELECT state = 'deleting', deletions FROM blobs WHERE digest = $1";
    let row = transaction.query_optional(sql, vec![blob.digest.to_hex().into()]).await?;
    let Some(row) = row else {
        // The tombstone was removed between the two statements.
        return Ok(Err(Gone { digest: blob.digest, in_progress: true, deletions: -1 }));
    };
    let mut columns = Columns::of(&row);
    Ok(Err(Gone { digest: blob.digest, in_progress: columns.take()?, deletions: columns.take()? }))
}

/// [`touch`] for bytes that are in place: nobody brings them again.
///
/// # Errors
/// [`Error::Conflict`] while they are being collected as garbage.
pub(super) async fn keep(transaction: &Transaction, blob: &BlobUse, now: Timestamp) -> Result<()> {
    let outcome = touch(transaction, blob, None, now).await?;
    outcome.map_err(|gone| {
        Error::Conflict(format!("the blob {} is being removed, upload it again", gone.digest))
    })
}

/// A blob that this process may delete, and nobody else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Doomed {
    pub(crate) digest: Digest,
    pub(crate) size: u64,
    pub(crate) deletions: i64,
}

impl Doomed {
    fn from_row(row: &QueryResult) -> Result<Self> {
        let mut columns = Columns::of(row);
        Ok(Self { digest: columns.parse()?, size: columns.unsigned()?, deletions: columns.take()? })
    }
}

/// What no row refers to.
const UNREFERENCED: &str =
    "NOT EXISTS (SELECT 1 FROM versions WHERE versions.digest = blobs.digest AND versions.stored)
    AND NOT EXISTS (SELECT 1 FROM provenances WHERE provenances.digest = blobs.digest)
    AND NOT EXISTS (SELECT 1 FROM app_versions WHERE app_versions.package_digest = blobs.digest)
    AND NOT EXISTS (SELECT 1 FROM app_versions WHERE app_versions.provenance_digest = blobs.digest)
    AND NOT EXISTS (SELECT 1 FROM attachments WHERE attachments.digest = blobs.digest)";

/// Live blobs that nothing refers to, in the order of their digests, from behind `after`.
pub(crate) async fn unreferenced(
    connection: &impl Connection,
    after: &str,
    limit: u64,
) -> Result<Vec<Digest>> {
    let sql = format!(
        "SELECT digest FROM blobs WHERE digest > $1 AND state = 'live' AND {UNREFERENCED} ORDER BY digest LIMIT $2"
    );
    let rows = connection.query(&sql, vec![after.into(), signed(limit).into()]).await?;
    rows.iter().map(|row| Columns::of(row).parse()).collect()
}

/// Live → unused, if still nothing refers to the blob; the clock of its grace time starts. Whether it happened.
pub(crate) async fn mark_unused(
    connection: &impl Connection,
    digest: &Digest,
    now: Timestamp,
) -> Result<bool> {
    let sql = format!(
        "UPDATE blobs SET state = 'unused', touched_at = $2 WHERE digest = $1 AND state = 'live' AND {UNREFERENCED}"
    );
    Ok(connection.execute(&sql, vec![digest.to_hex().into(), nanoseconds(now).into()]).await? == 1)
}

/// Unused → deleting, for up to `limit` blobs that have been unused since before `cutoff` and still are; also takes
/// over deletions that somebody else began before `abandoned` and never ended.
pub(crate) async fn doom(
    connection: &impl Connection,
    cutoff: Timestamp,
    abandoned: Timestamp,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<Doomed>> {
    let sql = format!(
        "UPDATE blobs SET state = 'deleting', deletions = deletions + 1, touched_at = $3
         WHERE digest IN (SELECT digest FROM blobs
             WHERE (state = 'unused' AND touched_at <= $1) OR (state = 'deleting' AND touched_at < $2) LIMIT $4)
           AND ((state = 'unused' AND touched_at <= $1) OR (state = 'deleting' AND touched_at < $2))
           AND {UNREFERENCED}
         RETURNING digest, size, deletions"
    );
    let values = vec![
        nanoseconds(cutoff).into(),
        nanoseconds(abandoned).into(),
        nanoseconds(now).into(),
        signed(limit).into(),
    ];
    connection.query(&sql, values).await?.iter().map(Doomed::from_row).collect()
}

/// Unused → live, for blobs that were marked while an upload that refers to them was under way.
pub(crate) async fn unmark_used(connection: &impl Connection) -> Result<u64> {
    let sql = format!("UPDATE blobs SET state = 'live' WHERE state = 'unused' AND NOT ({UNREFERENCED})");
    connection.execute(&sql, vec![]).await
}

/// Takes an object for deletion that lies in the store without a row, or with the row of an earlier deletion.
/// `None` when an upload was faster, or somebody else deletes it.
pub(crate) async fn doom_orphan(
    connection: &impl Connection,
    blob: &BlobUse,
    now: Timestamp,
) -> Result<Option<Doomed>> {
    let sql =
        "INSERT INTO blobs (digest, size, state, deletions, touched_at) VALUES ($1, $2, 'deleting', 1, $3)
        ON CONFLICT (digest) DO UPDATE SET state = 'deleting', deletions = blobs.deletions + 1,
          touched_at = excluded.touched_at
        WHERE blobs.state = 'deleted'
        RETURNING digest, size, deletions";
    let values = vec![blob.digest.to_hex().into(), signed(blob.size).into(), nanoseconds(now).into()];
    let row = connection.query_optional(sql, values).await?;
    row.as_ref().map(Doomed::from_row).transpose()
}

/// Deleting → deleted: the bytes are gone, the row stays as a tombstone.
pub(crate) async fn entomb(connection: &impl Connection, doomed: &Doomed, now: Timestamp) -> Result<()> {
    let sql = "UPDATE blobs SET state = 'deleted', touched_at = $3
        WHERE digest = $1 AND state = 'deleting' AND deletions = $2";
    let values = vec![doomed.digest.to_hex().into(), doomed.deletions.into(), nanoseconds(now).into()];
    match connection.execute(sql, values).await? {
        1 => Ok(()),
        _ => Err(Error::Conflict(format!("the deletion of blob {} was taken over", doomed.digest))),
    }
}

/// Removes tombstones from before `cutoff`.
pub(crate) async fn remove_tombstones(connection: &impl Connection, cutoff: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM blobs WHERE state = 'deleted' AND touched_at <= $1";
    connection.execute(sql, vec![nanoseconds(cutoff).into()]).await
}

/// The digests beginning with a byte that have a row which is not a tombstone.
pub(crate) async fn known_in_shard(connection: &impl Connection, shard: u8) -> Result<HashSet<Digest>> {
    // "g" is the first letter that is no hex digit: everything that begins so lies between the two.
    let sql = "SELECT digest FROM blobs WHERE digest >= $1 AND digest < $2 AND state <> 'deleted'";
    let values = vec![format!("{shard:02x}").into(), format!("{shard:02x}g").into()];
    connection.query(sql, values).await?.iter().map(|row| Columns::of(row).parse()).collect()
}
