//! The history of a source: one row per look.

use chandlery_core::Result;
use jiff::Timestamp;
use sea_orm::QueryResult;

use super::Connection;
use super::columns::{Columns, nanoseconds, signed};

/// A look at a source as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRunRow {
    /// Its row number.
    pub id: i64,
    /// Why it happened: `created`, `changed`, `period`, `demand` or `hook`.
    pub cause: String,
    /// Who asked for it; empty for nobody.
    pub actor: String,
    /// `synced`, `unchanged` or `failed`.
    pub outcome: String,
    /// Why it failed; empty when it did not.
    pub message: String,
    /// What was skipped and what is suspicious, one line each: a JSON list.
    pub problems: String,
    /// What it found and did.
    pub counts: SourceCounts,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
}

/// What a look at a source found and did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceCounts {
    /// Charts listed there.
    pub charts: u64,
    /// Versions listed there, without those skipped.
    pub versions: u64,
    /// Versions that are new here.
    pub added: u64,
    /// Versions that say something else than before.
    pub changed: u64,
    /// Versions that are listed there no more.
    pub vanished: u64,
    /// Entries that could not be used.
    pub skipped: u64,
    /// Versions that were made versions of apps, or released, by rule.
    pub imported: u64,
}

impl SourceRunRow {
    fn from_row(row: &QueryResult) -> Result<Self> {
        let mut columns = Columns::of(row);
        Ok(Self {
            id: columns.take()?,
            cause: columns.take()?,
            actor: columns.take()?,
            outcome: columns.take()?,
            message: columns.take()?,
            problems: columns.take()?,
            counts: SourceCounts {
                charts: columns.unsigned()?,
                versions: columns.unsigned()?,
                added: columns.unsigned()?,
                changed: columns.unsigned()?,
                vanished: columns.unsigned()?,
                skipped: columns.unsigned()?,
                imported: columns.unsigned()?,
            },
            started_at: columns.time()?,
            ended_at: columns.time()?,
        })
    }
}

/// Looks that are remembered of each source.
const REMEMBERED: i64 = 100;

/// Adds a look (its `id` is not read), and forgets the oldest ones.
///
/// # Errors
/// Faults of the database only.
pub async fn add(connection: &impl Connection, repository_id: i64, run: &SourceRunRow) -> Result<()> {
    let sql =
        "INSERT INTO source_runs (repository_id, cause, actor, outcome, message, problems, charts, versions,
          added, changed, vanished, skipped, imported, started_at, ended_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    let counts = run.counts;
    let values = vec![
        repository_id.into(),
        run.cause.as_str().into(),
        run.actor.as_str().into(),
        run.outcome.as_str().into(),
        run.message.as_str().into(),
        run.problems.as_str().into(),
        signed(counts.charts).into(),
        signed(counts.versions).into(),
        signed(counts.added).into(),
        signed(counts.changed).into(),
        signed(counts.vanished).into(),
        signed(counts.skipped).into(),
        signed(counts.imported).into(),
        nanoseconds(run.started_at).into(),
        nanoseconds(run.ended_at).into(),
    ];
    connection.execute(sql, values).await?;
    let sql = "DELETE FROM source_runs WHERE repository_id = $1 AND id <=
        (SELECT id FROM source_runs WHERE repository_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)";
    connection.execute(sql, vec![repository_id.into(), REMEMBERED.into()]).await.map(drop)
}

/// The last looks at a source, newest first, those before the row `before` if it is given.
///
/// # Errors
/// Faults of the database only.
pub async fn list(
    connection: &impl Connection,
    repository_id: i64,
    before: Option<i64>,
    limit: u64,
) -> Result<Vec<SourceRunRow>> {
    let sql =
        "SELECT id, cause, actor, outcome, message, problems, charts, versions, added, changed, vanished,
          skipped, imported, started_at, ended_at
        FROM source_runs WHERE repository_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    let values = vec![repository_id.into(), before.unwrap_or(i64::MAX).into(), signed(limit).into()];
    connection.query(sql, values).await?.iter().map(SourceRunRow::from_row).collect()
}
