//! Repositories: their settings and their generation.

use chandlery_core::{Error, RepositoryName, RepositoryPath, RepositorySettings, Result};
use jiff::Timestamp;
use sea_orm::{QueryResult, Value};

use super::columns::{Columns, nanoseconds, signed_or_null};
use super::connection::Executor as _;
use super::sources::SourceState;
use super::{Connection, Transaction};

/// A repository as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryRow {
    /// Its row number, never used again after it is deleted.
    pub id: i64,
    /// The row of its workspace.
    pub workspace_id: i64,
    /// Its workspace and name.
    pub path: RepositoryPath,
    /// What its owner decided.
    pub settings: RepositorySettings,
    /// Grows by one with every change of its content.
    pub generation: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its content or settings last changed.
    pub updated_at: Timestamp,
    /// Where an external repository comes from; `None` for one that is pushed to.
    pub source: Option<SourceSummary>,
    /// What a virtual repository says of its members; `None` for one with packages of its own.
    pub merge: Option<MergeSummary>,
}

/// What a virtual repository says of its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeSummary {
    /// JSON of the caller's: names that never come from elsewhere.
    pub reserved: String,
    /// Grows with every change of that or of the members.
    pub revision: i64,
}

/// What everybody may know of the source of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSummary {
    /// What it is, in the words of who made it.
    pub kind: String,
    /// How the last look at it ended.
    pub state: SourceState,
    /// When what it had was last known to be what is served.
    pub synced_at: Option<Timestamp>,
    /// Until when somebody is syncing it, unless they end before.
    pub leased_until: Timestamp,
}

const COLUMNS: &str = "repositories.id, workspaces.id, workspaces.name, repositories.name,
      visibility, allow_overwrite, max_package_size, max_versions_per_chart, max_storage_objects, keep_versions,
      artifacthub_repository_id, description, generation, repositories.created_at, updated_at,
      sources.kind, sources.state, sources.synced_at, sources.leased_until,
      virtual_repositories.reserved, virtual_repositories.revision";

const FROM: &str = "FROM repositories JOIN workspaces ON workspaces.id = repositories.workspace_id
    LEFT JOIN sources ON sources.repository_id = repositories.id
    LEFT JOIN virtual_repositories ON virtual_repositories.repository_id = repositories.id";

impl RepositoryRow {
    fn from_row(row: &QueryResult) -> Result<Self> {
        Self::take(&mut Columns::of(row))
    }

    fn take(columns: &mut Columns<'_>) -> Result<Self> {
        Ok(Self {
            id: columns.take()?,
            workspace_id: columns.take()?,
            path: RepositoryPath { workspace: columns.parse()?, repository: columns.parse()? },
            settings: RepositorySettings {
                visibility: columns.parse()?,
                allow_overwrite: columns.take()?,
                max_package_size: columns.unsigned_or_null()?,
                max_versions_per_chart: columns.unsigned_or_null()?,
                max_storage_objects: columns.unsigned_or_null()?,
                keep_versions: columns.unsigned_or_null()?,
                artifacthub_repository_id: columns.take()?,
                description: columns.take()?,
            },
            generation: columns.take()?,
            created_at: columns.time()?,
            updated_at: columns.time()?,
            source: SourceSummary::take(columns)?,
            merge: MergeSummary::take(columns)?,
        })
    }
}

impl MergeSummary {
    fn take(columns: &mut Columns<'_>) -> Result<Option<Self>> {
        let (reserved, revision) = (columns.take()?, columns.take()?);
        Ok(Option::zip(reserved, revision).map(|(reserved, revision)| Self { reserved, revision }))
    }
}

impl SourceSummary {
    fn take(columns: &mut Columns<'_>) -> Result<Option<Self>> {
        let kind: Option<String> = columns.take()?;
        let state: Option<String> = columns.take()?;
        let (synced_at, leased_until) = (columns.time_or_null()?, columns.time_or_null()?);
        let (Some(kind), Some(state), Some(leased_until)) = (kind, state, leased_until) else {
            return Ok(None);
        };
        Ok(Some(Self { kind, state: state.parse().map_err(Error::internal)?, synced_at, leased_until }))
    }
}

fn settings_values(settings: &RepositorySettings) -> [Value; 8] {
    [
        settings.visibility.as_str().into(),
        settings.allow_overwrite.into(),
        signed_or_null(settings.max_package_size),
        signed_or_null(settings.max_versions_per_chart),
        signed_or_null(settings.max_storage_objects),
        signed_or_null(settings.keep_versions),
        settings.artifacthub_repository_id.as_deref().into(),
        settings.description.as_str().into(),
    ]
}

/// Makes an empty repository, generation 0, and returns its row number.
///
/// # Errors
/// [`Error::AlreadyExists`] when the workspace has one of this name.
pub async fn create(
    connection: &impl Connection,
    workspace_id: i64,
    name: &RepositoryName,
    settings: &RepositorySettings,
    created_at: Timestamp,
) -> Result<i64> {
    let sql = "INSERT INTO repositories (workspace_id, name, created_at, updated_at, generation, visibility,
          allow_overwrite, max_package_size, max_versions_per_chart, max_storage_objects, keep_versions,
          artifacthub_repository_id, description)
        VALUES ($1, $2, $3, $3, 0, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (workspace_id, name) DO NOTHING RETURNING id";
    let mut values = vec![workspace_id.into(), name.as_str().into(), nanoseconds(created_at).into()];
    values.extend(settings_values(settings));
    match connection.query_optional(sql, values).await? {
        Some(row) => Columns::of(&row).take(),
        None => Err(Error::AlreadyExists(format!("repository {name}"))),
    }
}

/// The repository of a path.
///
/// # Errors
/// Faults of the database only.
pub async fn find(connection: &impl Connection, path: &RepositoryPath) -> Result<Option<RepositoryRow>> {
    let values = vec![path.workspace.as_str().into(), path.repository.as_str().into()];
    let rows = select(connection, "WHERE workspaces.name = $1 AND repositories.name = $2", values).await?;
    Ok(rows.into_iter().next())
}

/// The repository of a row number.
///
/// # Errors
/// Faults of the database only.
pub async fn find_by_id(connection: &impl Connection, id: i64) -> Result<Option<RepositoryRow>> {
    let rows = select(connection, "WHERE repositories.id = $1", vec![id.into()]).await?;
    Ok(rows.into_iter().next())
}

/// The repositories behind `after`, by workspace and name.
///
/// # Errors
/// Faults of the database only.
pub async fn list(
    connection: &impl Connection,
    after: Option<&RepositoryPath>,
    limit: u32,
) -> Result<Vec<RepositoryRow>> {
    let page = "WHERE workspaces.name >= $1 AND (workspaces.name > $1 OR repositories.name > $2)
                ORDER BY workspaces.name, repositories.name LIMIT $3";
    let workspace = after.map_or("", |path| path.workspace.as_str());
    let repository = after.map_or("", |path| path.repository.as_str());
    let values = vec![workspace.into(), repository.into(), i64::from(limit).into()];
    select(connection, page, values).await
}

/// The repositories that the end of a statement chooses.
pub(super) async fn select(
    connection: &impl Connection,
    end: &str,
    values: Vec<Value>,
) -> Result<Vec<RepositoryRow>> {
    let sql = format!("SELECT {COLUMNS} {FROM} {end}");
    connection.query(&sql, values).await?.iter().map(RepositoryRow::from_row).collect()
}

/// The repositories that the end of a statement chooses, each with one more number.
pub(super) async fn select_with(
    connection: &impl Connection,
    number: &str,
    end: &str,
) -> Result<Vec<(i64, RepositoryRow)>> {
    let pair = |row: &QueryResult| {
        let mut columns = Columns::of(row);
        Ok((columns.take()?, RepositoryRow::take(&mut columns)?))
    };
    let sql = format!("SELECT {number}, {COLUMNS} {FROM} {end}");
    connection.query(&sql, vec![]).await?.iter().map(pair).collect()
}

/// The generation of a repository, or `None` when it is gone: one look-up in one small table, for every read.
///
/// # Errors
/// Faults of the database only.
pub async fn generation(connection: &impl Connection, id: i64) -> Result<Option<i64>> {
    let sql = "SELECT generation FROM repositories WHERE id = $1";
    let row = connection.query_optional(sql, vec![id.into()]).await?;
    row.map(|row| Columns::of(&row).take()).transpose()
}

/// The generation of every repository, by row number: one statement that tells which caches are stale.
///
/// # Errors
/// Faults of the database only.
pub async fn generations(connection: &impl Connection) -> Result<Vec<(i64, i64)>> {
    let rows = connection.query("SELECT id, generation FROM repositories ORDER BY id", vec![]).await?;
    let pair = |row: &QueryResult| {
        let mut columns = Columns::of(row);
        Ok((columns.take()?, columns.take()?))
    };
    rows.iter().map(pair).collect()
}

/// Replaces the settings of a repository; its content and generation stay.
///
/// # Errors
/// [`Error::NotFound`] when it is gone.
pub async fn update(
    connection: &impl Connection,
    id: i64,
    settings: &RepositorySettings,
    updated_at: Timestamp,
) -> Result<()> {
    let sql = "UPDATE repositories SET updated_at = $2, visibility = $3,
          allow_overwrite = $4, max_package_size = $5, max_versions_per_chart = $6, max_storage_objects = $7,
          keep_versions = $8, artifacthub_repository_id = $9, description = $10
        WHERE id = $1";
    let mut values = vec![id.into(), nanoseconds(updated_at).into()];
    values.extend(settings_values(settings));
    match connection.execute(sql, values).await? {
        0 => Err(not_found()),
        _ => Ok(()),
    }
}

/// Removes a repository with everything in it, and the tokens that are good for nothing else.
///
/// # Errors
/// [`Error::NotFound`] when it is gone.
pub async fn delete(connection: &impl Connection, id: i64) -> Result<()> {
    match connection.execute("DELETE FROM repositories WHERE id = $1", vec![id.into()]).await? {
        0 => Err(not_found()),
        _ => Ok(()),
    }
}

/// Takes the next generation of a repository. Until the transaction ends nobody else can, so that changes of one
/// repository happen one after the other and generations have no gaps.
pub(super) async fn advance(transaction: &Transaction, id: i64, now: Timestamp) -> Result<i64> {
    let sql = "UPDATE repositories SET generation = generation + 1, updated_at = $2 WHERE id = $1
               RETURNING generation";
    let row = transaction.query_optional(sql, vec![id.into(), nanoseconds(now).into()]).await?;
    row.map_or_else(|| Err(not_found()), |row| Columns::of(&row).take())
}

fn not_found() -> Error {
    Error::not_found("repository")
}
