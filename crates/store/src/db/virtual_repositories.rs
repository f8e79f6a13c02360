//! Virtual repositories: which repositories they merge, in which order.

use std::collections::HashMap;

use chandlery_core::{Error, Result};
use jiff::Timestamp;
use sea_orm::{QueryResult, Value};

use super::columns::{Columns, nanoseconds};
use super::connection::Executor as _;
use super::packages::StoredFile;
use super::repositories::{self, RepositoryRow};
use super::{Connection, Transaction};

/// What somebody decided about a virtual repository.
#[derive(Clone, Copy, Debug)]
pub struct VirtualChange<'a> {
    /// JSON of the caller's: names that never come from elsewhere.
    pub reserved: &'a str,
    /// The rows of its members, each once, the first one first.
    pub members: &'a [i64],
}

/// Makes a new repository virtual.
///
/// # Errors
/// [`Error::AlreadyExists`] when it is already; [`Error::NotFound`] when a member is gone.
pub async fn create(transaction: &Transaction, repository_id: i64, change: &VirtualChange<'_>) -> Result<()> {
    let sql = "INSERT INTO virtual_repositories (repository_id, reserved, revision) VALUES ($1, $2, 0)
               ON CONFLICT DO NOTHING";
    match transaction.execute(sql, vec![repository_id.into(), change.reserved.into()]).await? {
        0 => Err(Error::AlreadyExists("the virtual repository".to_owned())),
        _ => insert_members(transaction, repository_id, change.members).await,
    }
}

/// Replaces what a virtual repository merges, as long as it is at `revision`.
///
/// # Errors
/// [`Error::Conflict`] when somebody else changed it meanwhile; [`Error::NotFound`] when a member is gone.
pub async fn replace(
    transaction: &Transaction,
    repository_id: i64,
    revision: i64,
    change: &VirtualChange<'_>,
    now: Timestamp,
) -> Result<()> {
    let sql = "UPDATE virtual_repositories SET reserved = $3, revision = revision + 1
               WHERE repository_id = $1 AND revision = $2";
    let values = vec![repository_id.into(), revision.into(), change.reserved.into()];
    if transaction.execute(sql, values).await? == 0 {
        return Err(Error::Conflict(
            "the virtual repository was changed by somebody else meanwhile".to_owned(),
        ));
    }
    let sql = "DELETE FROM virtual_members WHERE virtual_id = $1";
    transaction.execute(sql, vec![repository_id.into()]).await?;
    insert_members(transaction, repository_id, change.members).await?;
    touch(transaction, &[repository_id], now).await
}

async fn insert_members(transaction: &Transaction, repository_id: i64, members: &[i64]) -> Result<()> {
    // A member that is gone is no row, and not a broken reference.
    let sql = "INSERT INTO virtual_members (virtual_id, member_id, position)
               SELECT $1, id, $3 FROM repositories WHERE id = $2";
    for (position, member) in (0_i64..).zip(members) {
        let values: Vec<Value> = vec![repository_id.into(), (*member).into(), position.into()];
        if transaction.execute(sql, values).await? == 0 {
            return Err(Error::not_found("member"));
        }
    }
    Ok(())
}

/// Notes that what repositories merge has changed.
async fn touch(transaction: &Transaction, ids: &[i64], now: Timestamp) -> Result<()> {
    let sql = "UPDATE repositories SET updated_at = $2 WHERE id = $1";
    for id in ids {
        transaction.execute(sql, vec![(*id).into(), nanoseconds(now).into()]).await?;
    }
    Ok(())
}

/// The members of virtual repositories by the rows of these, the first one first.
///
/// # Errors
/// Faults of the database only.
pub async fn members(
    connection: &impl Connection,
    virtual_ids: &[i64],
) -> Result<HashMap<i64, Vec<RepositoryRow>>> {
    let mut members: HashMap<i64, Vec<RepositoryRow>> = HashMap::new();
    if virtual_ids.is_empty() {
        return Ok(members);
    }
    let end = format!(
        "JOIN virtual_members ON virtual_members.member_id = repositories.id
         WHERE virtual_members.virtual_id IN ({}) ORDER BY virtual_members.position",
        joined(virtual_ids)
    );
    for (virtual_id, row) in repositories::select_with(connection, "virtual_members.virtual_id", &end).await?
    {
        members.entry(virtual_id).or_default().push(row);
    }
    Ok(members)
}

/// The virtual repositories that a repository is a member of, by workspace and name.
///
/// # Errors
/// Faults of the database only.
pub async fn containing(connection: &impl Connection, member_id: i64) -> Result<Vec<RepositoryRow>> {
    let condition = "JOIN virtual_members ON virtual_members.virtual_id = repositories.id
                     WHERE virtual_members.member_id = $1 ORDER BY workspaces.name, repositories.name";
    repositories::select(connection, condition, vec![member_id.into()]).await
}

/// Takes a repository out of these virtual ones.
///
/// # Errors
/// Faults of the database only.
pub async fn take_out(
    transaction: &Transaction,
    member_id: i64,
    virtual_ids: &[i64],
    now: Timestamp,
) -> Result<()> {
    for id in virtual_ids {
        let sql = "DELETE FROM virtual_members WHERE virtual_id = $1 AND member_id = $2";
        transaction.execute(sql, vec![(*id).into(), member_id.into()]).await?;
        let sql = "UPDATE virtual_repositories SET revision = revision + 1 WHERE repository_id = $1";
        transaction.execute(sql, vec![(*id).into()]).await?;
    }
    touch(transaction, virtual_ids, now).await
}

/// Row numbers as a list in a statement.
fn joined(numbers: &[i64]) -> String {
    numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")
}

/// Which of these repositories have versions of a chart.
///
/// # Errors
/// Faults of the database only.
pub async fn holders(connection: &impl Connection, among: &[i64], chart: &str) -> Result<Vec<i64>> {
    if among.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT repository_id FROM charts WHERE name = $1 AND repository_id IN ({})
           AND (SELECT 1 FROM versions WHERE versions.chart_id = charts.id LIMIT 1) IS NOT NULL",
        joined(among)
    );
    connection.query(&sql, vec![chart.into()]).await?.iter().map(|row| Columns::of(row).take()).collect()
}

/// A package in one of several repositories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldFile {
    /// The row of the repository.
    pub repository_id: i64,
    /// The chart it is a version of.
    pub chart: String,
    /// The version, which with the chart makes the name of the file: two charts may share one.
    pub version: String,
    /// The file.
    pub file: StoredFile,
}

/// The packages of this file name in these repositories.
///
/// # Errors
/// Faults of the database only.
pub async fn find_files(
    connection: &impl Connection,
    among: &[i64],
    file_name: &str,
) -> Result<Vec<HeldFile>> {
    if among.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT versions.digest, versions.size, versions.created_at, versions.stored,
           versions.repository_id, charts.name, versions.version
         FROM versions JOIN charts ON charts.id = versions.chart_id
         WHERE versions.file_name = $1 AND versions.repository_id IN ({})",
        joined(among)
    );
    let held = |row: &QueryResult| {
        let mut columns = Columns::of(row);
        Ok(HeldFile {
            file: StoredFile::take(&mut columns)?,
            repository_id: columns.take()?,
            chart: columns.take()?,
            version: columns.take()?,
        })
    };
    connection.query(&sql, vec![file_name.into()]).await?.iter().map(held).collect()
}
