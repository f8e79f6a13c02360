//! Apps that are made from external repositories by rule: which they are, how far that is, and what could not be done.

use std::collections::{HashMap, HashSet};

use chandlery_core::{AppName, Error, RepositoryPath, RepositoryScope, Result};
use jiff::Timestamp;
use sea_orm::QueryResult;

use super::columns::{Columns, nanoseconds, signed};
use super::connection::Executor as _;
use super::{Connection, Transaction};

/// How far the import from a repository is: up to this change everything was looked at, in the order of changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The repository's generation at the chart's last change.
    pub generation: i64,
    /// The name of the chart.
    pub chart: String,
}

impl Position {
    fn from_row(row: &QueryResult) -> Result<Self> {
        let mut columns = Columns::of(row);
        Ok(Self { generation: columns.take()?, chart: columns.take()? })
    }
}

/// How far the import from a repository is; before the first change when nothing was looked at.
///
/// # Errors
/// [`Error::NotFound`] when it has no source.
pub async fn position(connection: &impl Connection, repository_id: i64) -> Result<Position> {
    let sql = "SELECT import_generation, import_chart FROM sources WHERE repository_id = $1";
    let row = connection.query_optional(sql, vec![repository_id.into()]).await?;
    row.as_ref().map_or_else(|| Err(Error::not_found("source")), Position::from_row)
}

/// The charts that changed after `after`, in the order of changes.
///
/// # Errors
/// Faults of the database only.
pub async fn changed(
    connection: &impl Connection,
    repository_id: i64,
    after: &Position,
    limit: u64,
) -> Result<Vec<Position>> {
    let sql = "SELECT generation, name FROM charts
        WHERE repository_id = $1 AND generation >= $2 AND (generation > $2 OR name > $3)
        ORDER BY generation, name LIMIT $4";
    let values = vec![
        repository_id.into(),
        after.generation.into(),
        after.chart.as_str().into(),
        signed(limit).into(),
    ];
    connection.query(sql, values).await?.iter().map(Position::from_row).collect()
}

/// A source as an importer found it: what it decides holds only as long as nobody else decided meanwhile.
#[derive(Clone, Copy, Debug)]
pub struct Hold<'a> {
    /// The row of the repository.
    pub repository_id: i64,
    /// The source's revision: whoever changes the rule changes it.
    pub revision: i64,
    /// Who has the lease.
    pub holder: &'a str,
}

/// Notes how far the import is; whether the source still is as it was found, and nothing is noted if it is not.
///
/// # Errors
/// Faults of the database only.
pub async fn advance(connection: &impl Connection, hold: Hold<'_>, position: &Position) -> Result<bool> {
    let sql = "UPDATE sources SET import_generation = $4, import_chart = $5
        WHERE repository_id = $1 AND revision = $2 AND leased_by = $3";
    let values = vec![
        hold.repository_id.into(),
        hold.revision.into(),
        hold.holder.into(),
        position.generation.into(),
        position.chart.as_str().into(),
    ];
    Ok(connection.execute(sql, values).await? == 1)
}

/// Whether a source still is as it was found.
///
/// # Errors
/// Faults of the database only.
pub async fn holds(connection: &impl Connection, hold: Hold<'_>) -> Result<bool> {
    let sql = "SELECT 1 FROM sources WHERE repository_id = $1 AND revision = $2 AND leased_by = $3";
    let values = vec![hold.repository_id.into(), hold.revision.into(), hold.holder.into()];
    Ok(connection.query_optional(sql, values).await?.is_some())
}

/// Has every chart looked at again: the rule is another one.
///
/// # Errors
/// Faults of the database only.
pub async fn restart(transaction: &Transaction, repository_id: i64) -> Result<()> {
    let sql = "UPDATE sources SET import_generation = 0, import_chart = '' WHERE repository_id = $1";
    transaction.execute(sql, vec![repository_id.into()]).await?;
    let sql = "DELETE FROM import_failures WHERE repository_id = $1";
    transaction.execute(sql, vec![repository_id.into()]).await.map(drop)
}

/// A version that a source lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedVersion {
    /// The version as the source spells it.
    pub version: String,
    /// The name of its package.
    pub file_name: String,
}

/// The versions of a chart that the source of its repository lists, in the byte order of their text.
///
/// # Errors
/// Faults of the database only.
pub async fn listed(
    connection: &impl Connection,
    repository_id: i64,
    chart: &str,
) -> Result<Vec<ListedVersion>> {
    let sql = "SELECT versions.version, versions.file_name
        FROM charts JOIN versions ON versions.chart_id = charts.id
        WHERE charts.repository_id = $1 AND charts.name = $2 AND versions.location IS NOT NULL
          AND versions.vanished_at IS NULL
        ORDER BY versions.version";
    let listed = |row: &QueryResult| {
        let mut columns = Columns::of(row);
        Ok(ListedVersion { version: columns.take()?, file_name: columns.take()? })
    };
    connection.query(sql, vec![repository_id.into(), chart.into()]).await?.iter().map(listed).collect()
}

/// The app (its row) that a chart of a repository became.
///
/// # Errors
/// Faults of the database only.
pub async fn app_of(connection: &impl Connection, repository_id: i64, chart: &str) -> Result<Option<i64>> {
    let sql = "SELECT app_id FROM imported_apps WHERE repository_id = $1 AND chart = $2";
    let row = connection.query_optional(sql, vec![repository_id.into(), chart.into()]).await?;
    row.map(|row| Columns::of(&row).take()).transpose()
}

/// Notes which app (its row) a chart of a repository became.
///
/// # Errors
/// [`Error::AlreadyExists`] when it became another one.
pub async fn create_app(
    transaction: &Transaction,
    repository_id: i64,
    chart: &str,
    app_id: i64,
) -> Result<()> {
    let sql =
        "INSERT INTO imported_apps (repository_id, chart, app_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    match transaction.execute(sql, vec![repository_id.into(), chart.into(), app_id.into()]).await? {
        0 => Err(Error::AlreadyExists(format!("an app of the chart {chart} of this repository"))),
        _ => Ok(()),
    }
}

/// The versions of a chart that were ever imported, those that somebody deleted included.
///
/// # Errors
/// Faults of the database only.
pub async fn versions(
    connection: &impl Connection,
    repository_id: i64,
    chart: &str,
) -> Result<HashSet<String>> {
    let sql = "SELECT version FROM imported_versions WHERE repository_id = $1 AND chart = $2";
    let rows = connection.query(sql, vec![repository_id.into(), chart.into()]).await?;
    rows.iter().map(|row| Columns::of(row).take()).collect()
}

/// Notes that a version was imported; it may be noted already.
///
/// # Errors
/// Faults of the database only.
pub async fn create_version(
    connection: &impl Connection,
    repository_id: i64,
    chart: &str,
    version: &str,
) -> Result<()> {
    let sql = "INSERT INTO imported_versions (repository_id, chart, version) VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING";
    connection.execute(sql, vec![repository_id.into(), chart.into(), version.into()]).await.map(drop)
}

/// A chart of which something could not be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The name of the chart.
    pub chart: String,
    /// What went wrong, for people.
    pub problem: String,
    /// Whether it is tried again only when somebody asks for it: time alone mends nothing.
    pub blocked: bool,
}

/// The charts of which something could not be imported, those first that were tried the longest ago.
///
/// # Errors
/// Faults of the database only.
pub async fn failures(connection: &impl Connection, repository_id: i64, limit: u64) -> Result<Vec<Failure>> {
    let sql = "SELECT chart, problem, blocked FROM import_failures WHERE repository_id = $1
        ORDER BY tried_at, chart LIMIT $2";
    let failure = |row: &QueryResult| {
        let mut columns = Columns::of(row);
        Ok(Failure { chart: columns.take()?, problem: columns.take()?, blocked: columns.take()? })
    };
    connection
        .query(sql, vec![repository_id.into(), signed(limit).into()])
        .await?
        .iter()
        .map(failure)
        .collect()
}

/// Notes what could not be imported, instead of what is noted of the chart.
///
/// # Errors
/// Faults of the database only.
pub async fn set_failure(
    connection: &impl Connection,
    repository_id: i64,
    failure: &Failure,
    now: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO import_failures (repository_id, chart, problem, blocked, tried_at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (repository_id, chart)
        DO UPDATE SET problem = excluded.problem, blocked = excluded.blocked, tried_at = excluded.tried_at";
    let values = vec![
        repository_id.into(),
        failure.chart.as_str().into(),
        failure.problem.as_str().into(),
        failure.blocked.into(),
        nanoseconds(now).into(),
    ];
    connection.execute(sql, values).await.map(drop)
}

/// Notes that a chart has nothing left that could not be imported.
///
/// # Errors
/// Faults of the database only.
pub async fn clear_failure(connection: &impl Connection, repository_id: i64, chart: &str) -> Result<()> {
    let sql = "DELETE FROM import_failures WHERE repository_id = $1 AND chart = $2";
    connection.execute(sql, vec![repository_id.into(), chart.into()]).await.map(drop)
}

/// How many apps were imported from a repository, and the first of their names.
///
/// # Errors
/// Faults of the database only.
pub async fn apps(
    connection: &impl Connection,
    repository_id: i64,
    limit: u64,
) -> Result<(u64, Vec<AppName>)> {
    let sql = "SELECT COUNT(*) FROM imported_apps WHERE repository_id = $1";
    let row = connection.query_optional(sql, vec![repository_id.into()]).await?;
    let count = row.map_or(Ok(0), |row| Columns::of(&row).unsigned())?;
    let sql = "SELECT apps.name FROM imported_apps JOIN apps ON apps.id = imported_apps.app_id
        WHERE imported_apps.repository_id = $1 ORDER BY apps.name LIMIT $2";
    let rows = connection.query(sql, vec![repository_id.into(), signed(limit).into()]).await?;
    let names = rows.iter().map(|row| Columns::of(row).parse()).collect::<Result<_>>()?;
    Ok((count, names))
}

/// The repository that an app was imported from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Its workspace and name.
    pub path: RepositoryPath,
    /// What decides who may know of it.
    pub scope: RepositoryScope,
}

/// Where apps (their rows) were imported from; those that were not are missing.
///
/// # Errors
/// Faults of the database only.
pub async fn origins(connection: &impl Connection, app_ids: &[i64]) -> Result<HashMap<i64, Origin>> {
    if app_ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<String> = app_ids.iter().map(i64::to_string).collect();
    let sql = format!(
        "SELECT imported_apps.app_id, workspaces.name, repositories.name, repositories.id, repositories.workspace_id,
           repositories.visibility
         FROM imported_apps JOIN repositories ON repositories.id = imported_apps.repository_id
         JOIN workspaces ON workspaces.id = repositories.workspace_id
         WHERE imported_apps.app_id IN ({})",
        ids.join(", ")
    );
    let origin = |row: &QueryResult| {
        let mut columns = Columns::of(row);
        let app_id = columns.take()?;
        let path = RepositoryPath { workspace: columns.parse()?, repository: columns.parse()? };
        let scope = RepositoryScope {
            id: columns.take()?,
            workspace_id: columns.take()?,
            visibility: columns.parse()?,
        };
        Ok((app_id, Origin { path, scope }))
    };
    connection.query(&sql, vec![]).await?.iter().map(origin).collect()
}
