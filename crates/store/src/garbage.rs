//! Removing bytes that no row refers to, while uploads of the same bytes may come in and other replicas do the same.
//!
//! # The protocol
//!
//! **Invariant: when a row of `versions` that says stored, or one of `provenances`, `app_versions` or `attachments`, is
//! committed, the bytes it names are in the blob store, and stay there while the row exists and says so.** Neither clocks
//! nor conditional writes of the blob store are relied on for it.
//!
//! A blob's row in `blobs` has a state, and counts the deletions of its bytes:
//!
//! ```text
//!            upload ┌────────────┐        upload that put the bytes back after deletion n
//!                   ▼            │      ┌──────────────────────────────────────────────────┐
//!   (no row) ──▶ live ──mark──▶ unused ─┼─doom (deletions += 1)─▶ deleting ──entomb──▶ deleted ──▶ (no row)
//!      │                                │                            ▲                    │
//!      └──────────────orphan────────────┴────────────────────────────┴───────orphan───────┘
//! ```
//!
//! 1. An upload first puts the bytes, then its transaction *touches* the row: inserts it as live, or makes it live
//!    from live or unused. It keeps the row locked until it commits. When the row is deleting or deleted, the bytes it
//!    put may have been the ones deleted: the transaction is given up. The upload waits until the state is deleted,
//!    remembers the count n it saw, puts the bytes again, and touches with "or deleted and deletions = n".
//! 2. A collector deletes bytes only after it moved the row to deleting itself (one UPDATE that returns the row, so
//!    exactly one collector has it), in a committed statement that checked, after the row lock was granted, that the
//!    state was not live.
//!    * Touched before doom: the state is live and doom does not match. (A blob *marked* unused while an upload
//!      commits may have references; doom checks for references again in a statement that began after that commit.)
//!    * Touched after doom: 1. applies, and the upload puts its bytes after the deletion ended.
//! 3. Objects without a row (a crash between put and commit, a refused upload) or with a tombstone are *orphans*. They
//!    are doomed by inserting the row as deleting, so 1. holds for uploads under way whose bytes look like orphans.
//! 4. A tombstone (deleted) is for uploads that put before a deletion and touch after it. It stays for
//!    [`TOMBSTONE_TIME`], and uploads put again what they put longer than `PUT_VALIDITY` ago, which is shorter.
//! 5. A collector that died leaves rows in deleting; after [`ABANDONED_TIME`] another takes them over, counting again.
//!    A request to delete is limited to far less than that, so a late one cannot hit bytes put back meanwhile.
//!
//! The grace time between unused and deleting is not for safety but for readers that have seen a row and not yet
//! opened its blob.

use std::time::Duration;

use chandlery_core::{Error, Result};
use jiff::Timestamp;

use crate::Store;
use crate::db::blobs::{self, BlobUse, Doomed};

/// How long tombstones stay at least; six times `PUT_VALIDITY`.
const TOMBSTONE_TIME: Duration = Duration::from_secs(60 * 60);

/// After this long a deletion that did not end counts as abandoned; the limits of one request, with its retries, are
/// under a minute.
const ABANDONED_TIME: Duration = Duration::from_secs(10 * 60);

/// Blobs looked at, or deleted, in one step.
const BATCH: u64 = 200;

/// What a collection did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GarbageReport {
    /// Blobs found without a reference; the next collections remove them after the grace time.
    pub marked: u64,
    /// Blobs removed, orphans included.
    pub deleted: u64,
    /// Objects removed that no row had ever referred to, or that came back after their deletion.
    pub orphans: u64,
    /// Bytes removed.
    pub bytes: u64,
}

impl Store {
    /// Removes bytes that no row has referred to for `min_age`, by the clock `now`, and objects of that age which no
    /// row knows. Safe beside uploads and other collections; meant to run now and then.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database or blob store does not answer; [`Error::Conflict`] when the blob store
    /// belongs to another installation. What was done so far stays done.
    pub async fn collect_garbage(&self, min_age: Duration, now: Timestamp) -> Result<GarbageReport> {
        self.claim_blobs().await?;
        let mut report = GarbageReport::default();
        self.mark_unused(now, &mut report).await?;
        blobs::unmark_used(self.database().writer()).await?;
        self.delete_unused(min_age, now, &mut report).await?;
        self.delete_orphans(min_age, now, &mut report).await?;
        let cutoff = before(now, TOMBSTONE_TIME.max(min_age));
        blobs::remove_tombstones(self.database().writer(), cutoff).await?;
        Ok(report)
    }

    /// Looks with the reading connections, so that the search holds up nobody.
    async fn mark_unused(&self, now: Timestamp, report: &mut GarbageReport) -> Result<()> {
        let mut after = String::new();
        loop {
            let batch = blobs::unreferenced(self.database().reader(), &after, BATCH).await?;
            let Some(last) = batch.last() else { return Ok(()) };
            after = last.to_hex();
            for digest in &batch {
                let marked = blobs::mark_unused(self.database().writer(), digest, now).await?;
                report.marked += u64::from(marked);
            }
        }
    }

    async fn delete_unused(
        &self,
        min_age: Duration,
        now: Timestamp,
        report: &mut GarbageReport,
    ) -> Result<()> {
        let (cutoff, abandoned) = (before(now, min_age), before(now, ABANDONED_TIME));
        loop {
            let batch = blobs::doom(self.database().writer(), cutoff, abandoned, now, BATCH).await?;
            if batch.is_empty() {
                return Ok(());
            }
            for doomed in &batch {
                self.delete(doomed, now, report).await?;
            }
        }
    }

    async fn delete(&self, doomed: &Doomed, now: Timestamp, report: &mut GarbageReport) -> Result<()> {
        self.blobs().delete(&doomed.digest).await?;
        blobs::entomb(self.database().writer(), doomed, now).await?;
        report.deleted += 1;
        report.bytes += doomed.size;
        Ok(())
    }

    async fn delete_orphans(
        &self,
        min_age: Duration,
        now: Timestamp,
        report: &mut GarbageReport,
    ) -> Result<()> {
        let cutoff = before(now, min_age);
        for shard in 0..=u8::MAX {
            // In this order: whatever is put and committed between the two is known.
            let stored = self.blobs().list_shard(shard).await?;
            let known = blobs::known_in_shard(self.database().reader(), shard).await?;
            for stored in stored {
                if stored.modified_at > cutoff || known.contains(&stored.digest) {
                    continue;
                }
                let blob = BlobUse { digest: stored.digest, size: stored.size };
                if let Some(doomed) = blobs::doom_orphan(self.database().writer(), &blob, now).await? {
                    self.delete(&doomed, now, report).await?;
                    report.orphans += 1;
                }
            }
        }
        Ok(())
    }
}

/// `now` less `age`, or the beginning of time.
fn before(now: Timestamp, age: Duration) -> Timestamp {
    Timestamp::checked_sub(now, age).map_err(Error::internal).unwrap_or(Timestamp::MIN)
}
