//! Reading provenance files. They are written with packages, by `publish`.

use chandlery_core::Result;
use sea_orm::QueryResult;

use super::Connection;
use super::columns::Columns;
use super::packages::StoredFile;

/// The provenance file of this name (`<name>-<version>.tgz.prov`).
///
/// # Errors
/// Faults of the database only.
pub async fn find(
    connection: &impl Connection,
    repository_id: i64,
    file_name: &str,
) -> Result<Option<StoredFile>> {
    let sql =
        "SELECT digest, size, created_at, TRUE FROM provenances WHERE repository_id = $1 AND file_name = $2";
    let row = connection.query_optional(sql, vec![repository_id.into(), file_name.into()]).await?;
    row.as_ref().map(StoredFile::from_row).transpose()
}

/// The names of all provenance files of a repository, in byte order.
///
/// # Errors
/// Faults of the database only.
pub async fn names(connection: &impl Connection, repository_id: i64) -> Result<Vec<String>> {
    let sql = "SELECT file_name FROM provenances WHERE repository_id = $1 ORDER BY file_name";
    let rows = connection.query(sql, vec![repository_id.into()]).await?;
    rows.iter().map(|row: &QueryResult| Columns::of(row).take()).collect()
}
