//! Where external repositories come from, when they are looked at next, and who looks.

use std::time::Duration;

use chandlery_core::{Error, RepositoryPath, Result};
use jiff::Timestamp;
use sea_orm::QueryResult;

use super::columns::{Columns, nanoseconds};
use super::{Connection, Transaction};
use crate::db::connection::Executor as _;

/// The source of an external repository as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRow {
    /// The row of its repository.
    pub repository_id: i64,
    /// The path of its repository.
    pub path: RepositoryPath,
    /// What it is, in the caller's words.
    pub kind: String,
    /// Where it is, without credentials.
    pub url: String,
    /// How it is reached and what is made of it: JSON of the caller's, without secrets.
    pub settings: String,
    /// Sealed by the caller; empty for none.
    pub credentials: String,
    /// What makes the next look conditional: JSON of the caller's; empty before the first sync.
    pub validator: String,
    /// How the last look ended.
    pub state: SourceState,
    /// Why it failed; empty when it did not.
    pub message: String,
    /// Looks that failed one after the other.
    pub failures: u32,
    /// When it was last looked at.
    pub checked_at: Option<Timestamp>,
    /// When what it had was last known to be what is served.
    pub synced_at: Option<Timestamp>,
    /// When it is looked at next; `None` for only on demand.
    pub next_at: Option<Timestamp>,
    /// Until when somebody is syncing it, unless they end before.
    pub leased_until: Timestamp,
    /// Why it is looked at next: see [`super::source_runs::SourceRunRow::cause`].
    pub cause: String,
    /// Who asked for that; empty for nobody.
    pub actor: String,
    /// Grows with every change of url, settings or credentials.
    pub revision: i64,
}

/// How the last look at a source ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceState {
    /// It was never looked at.
    Never,
    /// What it has is what is served.
    Synced,
    /// What is served is what it had at the last good look.
    Failed,
}

impl SourceState {
    /// The word that is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Synced => "synced",
            Self::Failed => "failed",
        }
    }
}

impl std::str::FromStr for SourceState {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [Self::Never, Self::Synced, Self::Failed]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| Error::invalid("state", format!("{text:?} is no state of a source")))
    }
}

const SELECT: &str = "SELECT sources.repository_id, workspaces.name, repositories.name, kind, url, sources.settings,
      credentials, validator, state, message, failures, checked_at, synced_at, next_at, leased_until, cause, actor, revision
    FROM sources JOIN repositories ON repositories.id = sources.repository_id
    JOIN workspaces ON workspaces.id = repositories.workspace_id";

impl SourceRow {
    fn from_row(row: &QueryResult) -> Result<Self> {
        let mut columns = Columns::of(row);
        Ok(Self {
            repository_id: columns.take()?,
            path: RepositoryPath { workspace: columns.parse()?, repository: columns.parse()? },
            kind: columns.take()?,
            url: columns.take()?,
            settings: columns.take()?,
            credentials: columns.take()?,
            validator: columns.take()?,
            state: columns.parse()?,
            message: columns.take()?,
            failures: columns.unsigned()?.try_into().unwrap_or(u32::MAX),
            checked_at: columns.time_or_null()?,
            synced_at: columns.time_or_null()?,
            next_at: columns.time_or_null()?,
            leased_until: columns.time()?,
            cause: columns.take()?,
            actor: columns.take()?,
            revision: columns.take()?,
        })
    }
}

/// What somebody decided about a source.
#[derive(Clone, Copy, Debug)]
pub struct SourceChange<'a> {
    /// What it is, in the caller's words.
    pub kind: &'a str,
    /// Where it is, without credentials.
    pub url: &'a str,
    /// JSON without secrets.
    pub settings: &'a str,
    /// Sealed; empty for none.
    pub credentials: &'a str,
    /// When it is looked at next.
    pub next_at: Option<Timestamp>,
    /// Why it is looked at then.
    pub cause: &'a str,
    /// Who decided.
    pub actor: &'a str,
}

/// Makes a repository external.
///
/// # Errors
/// [`Error::AlreadyExists`] when it is already.
pub async fn create(transaction: &Transaction, repository_id: i64, source: &SourceChange<'_>) -> Result<()> {
    let sql = "INSERT INTO sources (repository_id, url, settings, credentials, next_at, cause, actor, kind,
          validator, state, message, failures, leased_by, leased_until, revision)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', 'never', '', 0, '', 0, 0) ON CONFLICT DO NOTHING";
    match transaction.execute(sql, change_values(repository_id, source)).await? {
        0 => Err(Error::AlreadyExists("the source of this repository".to_owned())),
        _ => Ok(()),
    }
}

/// Changes a source that is still at `revision`. What is known of it stays, the next look is not conditional.
///
/// # Errors
/// [`Error::Conflict`] when somebody else changed it meanwhile.
pub async fn update(
    transaction: &Transaction,
    repository_id: i64,
    revision: i64,
    source: &SourceChange<'_>,
) -> Result<()> {
    let sql =
        "UPDATE sources SET url = $2, settings = $3, credentials = $4, next_at = $5, cause = $6, actor = $7, kind = $8,
          validator = '', failures = 0, revision = revision + 1
        WHERE repository_id = $1 AND revision = $9";
    let mut values = change_values(repository_id, source);
    values.push(revision.into());
    match transaction.execute(sql, values).await? {
        0 => Err(Error::Conflict("the source was changed by somebody else meanwhile".to_owned())),
        _ => Ok(()),
    }
}

fn change_values(repository_id: i64, source: &SourceChange<'_>) -> Vec<sea_orm::Value> {
    vec![
        repository_id.into(),
        source.url.into(),
        source.settings.into(),
        source.credentials.into(),
        source.next_at.map(nanoseconds).into(),
        source.cause.into(),
        source.actor.into(),
        source.kind.into(),
    ]
}

/// The source of a repository; `None` for one that is pushed to.
///
/// # Errors
/// Faults of the database only.
pub async fn find(connection: &impl Connection, repository_id: i64) -> Result<Option<SourceRow>> {
    let sql = format!("{SELECT} WHERE sources.repository_id = $1");
    let row = connection.query_optional(&sql, vec![repository_id.into()]).await?;
    row.as_ref().map(SourceRow::from_row).transpose()
}

/// All sources by the row numbers of their repositories.
///
/// # Errors
/// Faults of the database only.
pub async fn list(connection: &impl Connection) -> Result<Vec<SourceRow>> {
    let sql = format!("{SELECT} ORDER BY sources.repository_id");
    connection.query(&sql, vec![]).await?.iter().map(SourceRow::from_row).collect()
}

/// The repositories whose sources are to be looked at now and that nobody is looking at, the longest due first.
///
/// # Errors
/// Faults of the database only.
pub async fn due(connection: &impl Connection, now: Timestamp, limit: u32) -> Result<Vec<i64>> {
    let sql = "SELECT repository_id FROM sources WHERE next_at <= $1 AND leased_until <= $1
               ORDER BY next_at, repository_id LIMIT $2";
    let values = vec![nanoseconds(now).into(), i64::from(limit).into()];
    connection.query(sql, values).await?.iter().map(|row| Columns::of(row).take()).collect()
}

/// When the next source is due, whoever is looking at it now.
///
/// # Errors
/// Faults of the database only.
pub async fn next_due(connection: &impl Connection) -> Result<Option<Timestamp>> {
    let sql = "SELECT MIN(CASE WHEN leased_until > next_at THEN leased_until ELSE next_at END) FROM sources
               WHERE next_at IS NOT NULL";
    let row = connection.query_optional(sql, vec![]).await?;
    row.map_or(Ok(None), |row| Columns::of(&row).time_or_null())
}

/// Has a source looked at at `at`, which may be now, even if somebody is looking at it already.
///
/// # Errors
/// [`Error::NotFound`] when it is gone.
pub async fn request(
    connection: &impl Connection,
    repository_id: i64,
    at: Timestamp,
    cause: &str,
    actor: &str,
) -> Result<()> {
    let sql = "UPDATE sources SET next_at = $2, cause = $3, actor = $4 WHERE repository_id = $1";
    let values = vec![repository_id.into(), nanoseconds(at).into(), cause.into(), actor.into()];
    match connection.execute(sql, values).await? {
        0 => Err(Error::not_found("source")),
        _ => Ok(()),
    }
}

/// Takes the lease of a source, unless somebody else has it; whoever asks first gets it.
///
/// # Errors
/// Faults of the database only.
pub async fn lease(
    connection: &impl Connection,
    repository_id: i64,
    holder: &str,
    now: Timestamp,
    time: Duration,
) -> Result<bool> {
    let sql = "UPDATE sources SET leased_by = $2, leased_until = $4
               WHERE repository_id = $1 AND (leased_until <= $3 OR leased_by = $2)";
    let until = nanoseconds(now).saturating_add(i64::try_from(time.as_nanos()).unwrap_or(i64::MAX));
    let values = vec![repository_id.into(), holder.into(), nanoseconds(now).into(), until.into()];
    Ok(connection.execute(sql, values).await? == 1)
}

/// Takes all leases away: for the only process of a database, whose predecessor may have died with some.
///
/// # Errors
/// Faults of the database only.
pub async fn release_all(connection: &impl Connection) -> Result<()> {
    let sql = "UPDATE sources SET leased_by = '', leased_until = 0 WHERE leased_until <> 0";
    connection.execute(sql, vec![]).await.map(drop)
}

/// How a look at a source ended.
#[derive(Clone, Debug)]
pub struct SourceOutcome<'a> {
    /// `None` keeps the one there is: nothing was learnt.
    pub validator: Option<&'a str>,
    /// Why it failed; `None` when it did not.
    pub failure: Option<&'a str>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// When to look next.
    pub next_at: Option<Timestamp>,
}

/// Gives the lease back with what was learnt. Somebody else's lease stays as it is; so does a look that was asked for
/// after this one began.
///
/// # Errors
/// Faults of the database only.
pub async fn finish(
    connection: &impl Connection,
    row: &SourceRow,
    holder: &str,
    outcome: &SourceOutcome<'_>,
) -> Result<bool> {
    let state = if outcome.failure.is_some() { SourceState::Failed } else { SourceState::Synced };
    let ended_at = nanoseconds(outcome.ended_at);
    let sql =
        "UPDATE sources SET leased_by = '', leased_until = 0, state = $3, message = $4, checked_at = $5,
          failures = CASE WHEN $3 = 'failed' THEN failures + 1 ELSE 0 END,
          synced_at = CASE WHEN $3 = 'failed' THEN synced_at ELSE $5 END,
          validator = CASE WHEN $6 IS NULL OR revision <> $7 THEN validator ELSE $6 END,
          next_at = CASE WHEN next_at > $8 OR revision <> $7 THEN next_at ELSE $9 END,
          cause = CASE WHEN next_at > $8 OR revision <> $7 THEN cause ELSE 'period' END,
          actor = CASE WHEN next_at > $8 OR revision <> $7 THEN actor ELSE '' END
        WHERE repository_id = $1 AND leased_by = $2";
    let values = vec![
        row.repository_id.into(),
        holder.into(),
        state.as_str().into(),
        outcome.failure.unwrap_or_default().into(),
        ended_at.into(),
        outcome.validator.into(),
        row.revision.into(),
        nanoseconds(outcome.started_at).into(),
        outcome.next_at.map(nanoseconds).into(),
    ];
    Ok(connection.execute(sql, values).await? == 1)
}

/// Makes the next look unconditional.
///
/// # Errors
/// Faults of the database only.
pub async fn forget_validator(connection: &impl Connection, repository_id: i64) -> Result<()> {
    let sql = "UPDATE sources SET validator = '' WHERE repository_id = $1";
    connection.execute(sql, vec![repository_id.into()]).await.map(drop)
}

/// Sets the hash of the secret whose bearer may ask for a look; `None` takes it away.
///
/// # Errors
/// [`Error::NotFound`] when the source is gone.
pub async fn set_hook(connection: &impl Connection, repository_id: i64, hash: Option<&str>) -> Result<()> {
    let sql = "UPDATE sources SET hook_hash = $2 WHERE repository_id = $1";
    match connection.execute(sql, vec![repository_id.into(), hash.into()]).await? {
        0 => Err(Error::not_found("source")),
        _ => Ok(()),
    }
}

/// The repository whose source has this hook.
///
/// # Errors
/// Faults of the database only.
pub async fn find_hook(connection: &impl Connection, hash: &str) -> Result<Option<i64>> {
    let sql = "SELECT repository_id FROM sources WHERE hook_hash = $1";
    let row = connection.query_optional(sql, vec![hash.into()]).await?;
    row.map(|row| Columns::of(&row).take()).transpose()
}
