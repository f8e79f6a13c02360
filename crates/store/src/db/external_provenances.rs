//! Provenance files of external repositories. They are rows as those that were uploaded, and are there only as long as
//! the bytes of their package are.

use chandlery_core::Result;
use jiff::Timestamp;
use sea_orm::QueryResult;

use super::columns::{Columns, nanoseconds, signed};
use super::connection::Executor as _;
use super::external_charts::{self, ExternalFile};
use super::packages::{StoredFile, provenance_name};
use super::{Connection, Transaction};

/// What is known of the provenance file of an external package that is not here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// When its source was last asked for it.
    pub at: Timestamp,
    /// Why what the source had was not taken; `None` if it had none.
    pub refusal: Option<String>,
}

/// What the source last answered for a version; `None` if it was never asked.
///
/// # Errors
/// Faults of the database only.
pub async fn asked(connection: &impl Connection, version_id: i64) -> Result<Option<Asked>> {
    let sql = "SELECT provenance_asked_at, provenance_refusal FROM versions
        WHERE id = $1 AND provenance_asked_at IS NOT NULL";
    let row = connection.query_optional(sql, vec![version_id.into()]).await?;
    let asked = |row: &QueryResult| {
        let mut columns = Columns::of(row);
        Ok(Asked { at: columns.time()?, refusal: columns.take()? })
    };
    row.as_ref().map(asked).transpose()
}

/// Notes that the source has no provenance file for a version, or why what it has was not taken.
///
/// # Errors
/// Faults of the database only.
pub async fn note_absence(
    connection: &impl Connection,
    version_id: i64,
    refusal: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    let sql = "UPDATE versions SET provenance_asked_at = $2, provenance_refusal = $3 WHERE id = $1";
    let values = vec![version_id.into(), nanoseconds(now).into(), refusal.into()];
    connection.execute(sql, values).await.map(drop)
}

/// Puts the provenance file of a package beside it. The transaction has touched its blob
/// ([`Store::begin_with`](crate::Store::begin_with)). Whether the package is still the same, and here.
///
/// # Errors
/// Faults of the database only.
pub async fn put(
    transaction: &Transaction,
    repository_id: i64,
    package: &ExternalFile,
    provenance: &StoredFile,
) -> Result<bool> {
    let time = nanoseconds(provenance.created_at);
    let sql = "UPDATE versions SET provenance_asked_at = $3, provenance_refusal = NULL
        WHERE id = $1 AND digest = $2 AND stored";
    let values = vec![package.id.into(), package.digest.to_hex().into(), time.into()];
    if transaction.execute(sql, values).await? == 0 {
        return Ok(false);
    }
    let sql = "INSERT INTO provenances (repository_id, file_name, digest, size, created_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (repository_id, file_name) DO UPDATE
          SET digest = excluded.digest, size = excluded.size, created_at = excluded.created_at";
    let values = vec![
        repository_id.into(),
        provenance_name(&package.file_name).into(),
        provenance.digest.to_hex().into(),
        signed(provenance.size).into(),
        time.into(),
    ];
    transaction.execute(sql, values).await?;
    Ok(true)
}

/// Packages that are here and for whose provenance files nobody has asked yet, after the row `after` in the order of
/// rows: what a mirror has to ask for. What the source lists no more is left out.
///
/// # Errors
/// Faults of the database only.
pub async fn unasked(
    connection: &impl Connection,
    repository_id: i64,
    after: i64,
    limit: u64,
) -> Result<Vec<ExternalFile>> {
    let condition =
        "versions.stored AND versions.provenance_asked_at IS NULL AND versions.vanished_at IS NULL";
    external_charts::some_of(connection, repository_id, condition, after, limit).await
}

/// Takes out the provenance files of packages whose bytes are let go.
pub(super) async fn remove(
    transaction: &Transaction,
    repository_id: i64,
    package_file_names: &[String],
) -> Result<()> {
    const AT_ONCE: usize = 1000;
    for batch in package_file_names.chunks(AT_ONCE) {
        let sql = format!(
            "DELETE FROM provenances WHERE repository_id = {repository_id} AND file_name IN ({})",
            transaction.parameters(1, batch.len())
        );
        let names = batch.iter().map(|name| provenance_name(name).into());
        transaction.execute(&sql, names.collect()).await?;
    }
    Ok(())
}
