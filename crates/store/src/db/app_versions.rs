//! Versions of apps, each with one package and a state of the lifecycle.

use chandlery_core::{Digest, Error, Result, VersionState};
use jiff::Timestamp;
use sea_orm::QueryResult;

use super::blobs::{self, BlobUse};
use super::columns::{Columns, nanoseconds, signed};
use super::connection::Executor as _;
use super::{Connection, Transaction};

/// A version as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppVersionRow {
    /// Its row number, never used again.
    pub id: i64,
    /// The row of its app.
    pub app_id: i64,
    /// The version as `Chart.yaml` spells it.
    pub version: String,
    /// Where it is.
    pub state: VersionState,
    /// What it consists of.
    pub package: VersionPackage,
    /// What its maker says has changed.
    pub update_log: String,
    /// The row of its last submission.
    pub review_id: Option<i64>,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was last released.
    pub released_at: Option<Timestamp>,
    /// Grows with every change.
    pub revision: i64,
}

/// The package of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionPackage {
    /// Orders versions by precedence when compared as bytes.
    pub sort_key: String,
    /// The version of what the chart installs.
    pub app_version: String,
    /// The sha256 of the package.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// The sha256 and the size of the provenance file, if there is one.
    pub provenance: Option<(Digest, u64)>,
    /// `Chart.yaml`, as JSON.
    pub metadata: String,
}

const COLUMNS: &str = "id, app_id, version, state, sort_key, app_version, package_digest, size, provenance_digest,
    provenance_size, metadata, update_log, review_id, created_by, created_at, updated_at, released_at, revision";

impl AppVersionRow {
    fn from_row(row: &QueryResult) -> Result<Self> {
        let mut columns = Columns::of(row);
        Ok(Self {
            id: columns.take()?,
            app_id: columns.take()?,
            version: columns.take()?,
            state: columns.parse()?,
            package: VersionPackage {
                sort_key: columns.take()?,
                app_version: columns.take()?,
                digest: columns.parse()?,
                size: columns.unsigned()?,
                provenance: {
                    let digest: Option<String> = columns.take()?;
                    let size = columns.unsigned_or_null()?;
                    digest.map(|digest| digest.parse()).transpose()?.zip(size)
                },
                metadata: columns.take()?,
            },
            update_log: columns.take()?,
            review_id: columns.take()?,
            created_by: columns.take()?,
            created_at: columns.time()?,
            updated_at: columns.time()?,
            released_at: columns.time_or_null()?,
            revision: columns.take()?,
        })
    }
}

/// A version to be made, as a draft.
#[derive(Clone, Debug)]
pub struct NewAppVersion<'a> {
    /// The row of its app.
    pub app_id: i64,
    /// The version as `Chart.yaml` spells it.
    pub version: &'a str,
    /// What it consists of; its bytes are in the blob store.
    pub package: &'a VersionPackage,
    /// What its maker says has changed.
    pub update_log: &'a str,
    /// Who makes it.
    pub created_by: &'a str,
    /// Now.
    pub created_at: Timestamp,
}

/// Records that the package's blobs are needed. Their rows stay locked until the transaction ends.
async fn touch(transaction: &Transaction, package: &VersionPackage, now: Timestamp) -> Result<()> {
    let package_use = BlobUse { digest: package.digest, size: package.size };
    let provenance = package.provenance.map(|(digest, size)| BlobUse { digest, size });
    let mut uses: Vec<BlobUse> = [Some(package_use), provenance].into_iter().flatten().collect();
    uses.sort_by_key(|blob| blob.digest);
    for blob in &uses {
        blobs::keep(transaction, blob, now).await?;
    }
    Ok(())
}

/// Makes a version.
///
/// # Errors
/// [`Error::AlreadyExists`] when the app has one; [`Error::Conflict`] while the same bytes are being collected as
/// garbage.
pub async fn create(transaction: &Transaction, version: &NewAppVersion<'_>) -> Result<AppVersionRow> {
    touch(transaction, version.package, version.created_at).await?;
    let sql = format!(
        "INSERT INTO app_versions (app_id, version, state, sort_key, app_version, package_digest, size,
           provenance_digest, provenance_size, metadata, update_log, created_by, created_at, updated_at, revision)
         VALUES ($1, $2, 'draft', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, 1)
         ON CONFLICT (app_id, version) DO NOTHING RETURNING {COLUMNS}"
    );
    let package = version.package;
    let values = vec![
        version.app_id.into(),
        version.version.into(),
        package.sort_key.as_str().into(),
        package.app_version.as_str().into(),
        package.digest.to_hex().into(),
        signed(package.size).into(),
        package.provenance.map(|(digest, _)| digest.to_hex()).into(),
        package.provenance.map(|(_, size)| signed(size)).into(),
        package.metadata.as_str().into(),
        version.update_log.into(),
        version.created_by.into(),
        nanoseconds(version.created_at).into(),
    ];
    match transaction.query_optional(&sql, values).await? {
        Some(row) => AppVersionRow::from_row(&row),
        None => Err(Error::AlreadyExists(format!("version {} of this app", version.version))),
    }
}

/// The version of an app (its row) with this text.
///
/// # Errors
/// Faults of the database only.
pub async fn find(connection: &impl Connection, app_id: i64, version: &str) -> Result<Option<AppVersionRow>> {
    let sql = format!("SELECT {COLUMNS} FROM app_versions WHERE app_id = $1 AND version = $2");
    let row = connection.query_optional(&sql, vec![app_id.into(), version.into()]).await?;
    row.as_ref().map(AppVersionRow::from_row).transpose()
}

/// The version of a row number.
///
/// # Errors
/// Faults of the database only.
pub async fn find_by_id(connection: &impl Connection, id: i64) -> Result<Option<AppVersionRow>> {
    let sql = format!("SELECT {COLUMNS} FROM app_versions WHERE id = $1");
    let row = connection.query_optional(&sql, vec![id.into()]).await?;
    row.as_ref().map(AppVersionRow::from_row).transpose()
}

/// The versions of an app (its row) below the sort key `before`, newest first. `submitted_only` leaves out those that
/// were never submitted.
///
/// # Errors
/// Faults of the database only.
pub async fn list(
    connection: &impl Connection,
    app_id: i64,
    submitted_only: bool,
    before: Option<&str>,
    limit: u32,
) -> Result<Vec<AppVersionRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM app_versions WHERE app_id = $1 AND ($2 OR review_id IS NOT NULL)
           AND ($3 = '' OR sort_key < $3) ORDER BY sort_key DESC LIMIT $4"
    );
    let values = vec![
        app_id.into(),
        (!submitted_only).into(),
        before.unwrap_or_default().into(),
        i64::from(limit).into(),
    ];
    connection.query(&sql, values).await?.iter().map(AppVersionRow::from_row).collect()
}

/// The versions of an app (its row) in a state below the sort key `before`, newest first.
///
/// # Errors
/// Faults of the database only.
pub async fn list_in_state(
    connection: &impl Connection,
    app_id: i64,
    state: VersionState,
    before: Option<&str>,
    limit: u32,
) -> Result<Vec<AppVersionRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM app_versions WHERE app_id = $1 AND state = $2 AND ($3 = '' OR sort_key < $3)
         ORDER BY sort_key DESC LIMIT $4"
    );
    let values = vec![
        app_id.into(),
        state.as_str().into(),
        before.unwrap_or_default().into(),
        i64::from(limit).into(),
    ];
    connection.query(&sql, values).await?.iter().map(AppVersionRow::from_row).collect()
}

/// The newest version of an app (its row) in a state.
///
/// # Errors
/// Faults of the database only.
pub async fn newest(
    connection: &impl Connection,
    app_id: i64,
    state: VersionState,
) -> Result<Option<AppVersionRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM app_versions WHERE app_id = $1 AND state = $2 ORDER BY sort_key DESC LIMIT 1"
    );
    let row = connection.query_optional(&sql, vec![app_id.into(), state.as_str().into()]).await?;
    row.as_ref().map(AppVersionRow::from_row).transpose()
}

/// What [`update`] writes besides the state; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct AppVersionChange {
    /// The state it gets.
    pub state: Option<VersionState>,
    /// What its maker says has changed.
    pub update_log: Option<String>,
    /// Another package.
    pub package: Option<VersionPackage>,
    /// The row of its submission.
    pub review_id: Option<i64>,
    /// When it was released.
    pub released_at: Option<Timestamp>,
}

/// Changes a version, if it still is as `seen`: compare and set. The caller holds the lock of its app.
///
/// # Errors
/// [`Error::Conflict`] when it changed since; [`Error::Conflict`] while the bytes of a new package are being collected
/// as garbage.
pub async fn update(
    transaction: &Transaction,
    seen: &AppVersionRow,
    change: &AppVersionChange,
    now: Timestamp,
) -> Result<AppVersionRow> {
    if let Some(package) = &change.package {
        touch(transaction, package, now).await?;
    }
    let package = change.package.as_ref().unwrap_or(&seen.package);
    let sql = format!(
        "UPDATE app_versions SET state = $4, sort_key = $5, app_version = $6, package_digest = $7, size = $8,
           provenance_digest = $9, provenance_size = $10, metadata = $11, update_log = COALESCE($12, update_log),
           review_id = COALESCE($13, review_id), released_at = COALESCE($14, released_at), updated_at = $15,
           revision = revision + 1
         WHERE id = $1 AND state = $2 AND revision = $3 RETURNING {COLUMNS}"
    );
    let values = vec![
        seen.id.into(),
        seen.state.as_str().into(),
        seen.revision.into(),
        change.state.unwrap_or(seen.state).as_str().into(),
        package.sort_key.as_str().into(),
        package.app_version.as_str().into(),
        package.digest.to_hex().into(),
        signed(package.size).into(),
        package.provenance.map(|(digest, _)| digest.to_hex()).into(),
        package.provenance.map(|(_, size)| signed(size)).into(),
        package.metadata.as_str().into(),
        change.update_log.as_deref().into(),
        change.review_id.into(),
        change.released_at.map(nanoseconds).into(),
        nanoseconds(now).into(),
    ];
    match transaction.query_optional(&sql, values).await? {
        Some(row) => AppVersionRow::from_row(&row),
        None => Err(changed_meanwhile()),
    }
}

/// Removes a version, if it still is as `seen`. Its bytes stay while anything refers to them.
///
/// # Errors
/// [`Error::Conflict`] when it changed since.
pub async fn delete(transaction: &Transaction, seen: &AppVersionRow) -> Result<()> {
    let sql = "DELETE FROM app_versions WHERE id = $1 AND state = $2 AND revision = $3";
    let values = vec![seen.id.into(), seen.state.as_str().into(), seen.revision.into()];
    match transaction.execute(sql, values).await? {
        0 => Err(changed_meanwhile()),
        _ => Ok(()),
    }
}

fn changed_meanwhile() -> Error {
    Error::Conflict("the version was changed by somebody else meanwhile: read it again".to_owned())
}
