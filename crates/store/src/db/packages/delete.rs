//! Taking a version out.

use chandlery_core::{Digest, Error, Result};
use jiff::Timestamp;
use sea_orm::QueryResult;

use super::provenance_name;
use crate::db::columns::Columns;
use crate::db::connection::Executor as _;
use crate::db::{Transaction, repositories};

/// What [`delete_version`] took out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedVersion {
    /// The chart it belonged to, which is not always the one that was named.
    pub chart: String,
    /// Its version.
    pub version: String,
    /// The package's file name.
    pub file_name: String,
    /// The package's sha256; its bytes stay until garbage is collected.
    pub digest: Digest,
    /// The repository's generation with this change.
    pub generation: i64,
}

/// Removes a version and its provenance file.
///
/// First the exact pair of chart and version is looked for; when there is none, the package called
/// `<chart>-<version>.tgz`, as ChartMuseum does, so that any split of that name works (`a-1` + `2` finds version `1-2`
/// of `a`).
///
/// # Errors
/// [`Error::NotFound`] when neither exists; roll back then, or the generation advances for nothing.
pub async fn delete_version(
    transaction: &Transaction,
    repository_id: i64,
    chart: &str,
    version: &str,
    now: Timestamp,
) -> Result<DeletedVersion> {
    let generation = repositories::advance(transaction, repository_id, now).await?;
    let Some(row) = delete_row(transaction, repository_id, chart, version).await? else {
        return Err(Error::not_found(format_args!("version {version} of chart {chart}")));
    };
    let mut columns = Columns::of(&row);
    let chart_id: i64 = columns.take()?;
    let (version, file_name, digest) = (columns.take()?, columns.take::<String>()?, columns.parse()?);
    delete_provenance(transaction, repository_id, &file_name).await?;
    let chart = advance_chart(transaction, chart_id, generation).await?;
    Ok(DeletedVersion { chart, version, file_name, digest, generation })
}

async fn delete_row(
    transaction: &Transaction,
    repository_id: i64,
    chart: &str,
    version: &str,
) -> Result<Option<QueryResult>> {
    let by_pair = "DELETE FROM versions
        WHERE chart_id = (SELECT id FROM charts WHERE repository_id = $1 AND name = $2) AND version = $3
        RETURNING chart_id, version, file_name, digest";
    let row =
        transaction.query_optional(by_pair, vec![repository_id.into(), chart.into(), version.into()]).await?;
    if row.is_some() {
        return Ok(row);
    }
    let by_file_name = "DELETE FROM versions WHERE repository_id = $1 AND file_name = $2
        RETURNING chart_id, version, file_name, digest";
    transaction
        .query_optional(by_file_name, vec![repository_id.into(), format!("{chart}-{version}.tgz").into()])
        .await
}

pub(super) async fn delete_provenance(
    transaction: &Transaction,
    repository_id: i64,
    package_file_name: &str,
) -> Result<()> {
    let sql = "DELETE FROM provenances WHERE repository_id = $1 AND file_name = $2";
    let values = vec![repository_id.into(), provenance_name(package_file_name).into()];
    transaction.execute(sql, values).await.map(drop)
}

async fn advance_chart(transaction: &Transaction, chart_id: i64, generation: i64) -> Result<String> {
    let sql = "UPDATE charts SET generation = $2 WHERE id = $1 RETURNING name";
    let row = transaction.query_optional(sql, vec![chart_id.into(), generation.into()]).await?;
    let row = row.ok_or_else(|| Error::internal("a version's chart has no row"))?;
    Columns::of(&row).take()
}
