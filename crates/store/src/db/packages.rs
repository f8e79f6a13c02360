//! Packages in and out of the rows: publish, look up, delete.

mod delete;
mod publish;

use chandlery_core::{Digest, Result};
use jiff::Timestamp;
use sea_orm::QueryResult;

use super::Connection;
use super::columns::Columns;

pub use delete::{DeletedVersion, delete_version};
pub use publish::{NewPackage, NewProvenance, PublishLimits, PublishOutcome, PublishRequest, record};

/// A stored file: what to send for its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// The sha256 of its bytes, which is where they are in [`Blobs`](crate::Blobs).
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// When it was uploaded, or last replaced.
    pub created_at: Timestamp,
    /// Whether the bytes are here. Those of an external repository's package may have to be fetched first: its size is
    /// unknown then.
    pub stored: bool,
}

impl StoredFile {
    pub(super) fn from_row(row: &QueryResult) -> Result<Self> {
        Self::take(&mut Columns::of(row))
    }

    pub(super) fn take(columns: &mut Columns<'_>) -> Result<Self> {
        Ok(Self {
            digest: columns.parse()?,
            size: columns.unsigned()?,
            created_at: columns.time()?,
            stored: columns.take()?,
        })
    }
}

/// The package of this file name (`<name>-<version>.tgz`).
///
/// # Errors
/// Faults of the database only.
pub async fn find_file(
    connection: &impl Connection,
    repository_id: i64,
    file_name: &str,
) -> Result<Option<StoredFile>> {
    let sql =
        "SELECT digest, size, created_at, stored FROM versions WHERE repository_id = $1 AND file_name = $2";
    let row = connection.query_optional(sql, vec![repository_id.into(), file_name.into()]).await?;
    row.as_ref().map(StoredFile::from_row).transpose()
}

/// What a package's provenance file is called.
pub(super) fn provenance_name(file_name: &str) -> String {
    format!("{file_name}.prov")
}
