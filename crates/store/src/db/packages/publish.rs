//! Putting a package, a provenance file or both in.

use chandlery_core::{Digest, Error, Result};
use jiff::Timestamp;
use sea_orm::Value;

use super::delete::delete_provenance;
use crate::db::blobs::{self, BlobUse};
use crate::db::columns::{Columns, nanoseconds, signed};
use crate::db::connection::Executor as _;
use crate::db::{Transaction, repositories};

/// An upload, validated, as the rows see it.
#[derive(Clone, Debug)]
pub struct PublishRequest {
    /// The repository's row.
    pub repository_id: i64,
    /// The package, unless only a provenance file was uploaded.
    pub package: Option<NewPackage>,
    /// The provenance file, if one was uploaded. Its package need not exist.
    pub provenance: Option<NewProvenance>,
    /// Now.
    pub created_at: Timestamp,
    /// Whether files that exist may be replaced.
    pub overwrite: bool,
    /// The repository's limits.
    pub limits: PublishLimits,
}

/// A package to be published.
#[derive(Clone, Debug)]
pub struct NewPackage {
    /// The chart's name.
    pub chart: String,
    /// The version as `Chart.yaml` spells it.
    pub version: String,
    /// `<name>-<version>.tgz`.
    pub file_name: String,
    /// The sha256 of its bytes.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// What is kept with the version and returned with it, as JSON.
    pub metadata: String,
}

/// A provenance file to be published.
#[derive(Clone, Debug)]
pub struct NewProvenance {
    /// `<name>-<version>.tgz.prov`.
    pub file_name: String,
    /// The sha256 of its bytes.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// What a repository may hold; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PublishLimits {
    /// Packages and provenance files together.
    pub max_storage_objects: Option<u64>,
    /// Versions of one chart.
    pub max_versions_per_chart: Option<u64>,
    /// Retention: a new version removes all but the last so many uploads of its chart (at least the new one stays).
    pub keep_versions: Option<u64>,
}

/// What an upload did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishOutcome {
    /// The repository's generation with this upload.
    pub generation: i64,
    /// Whether the package replaced one of the same version.
    pub replaced: bool,
    /// The packages that retention removed with their provenance files, by file name, oldest upload first.
    pub evicted: Vec<String>,
}

/// Writes the rows of an upload. On any error roll the transaction back.
///
/// Services call [`Store::publish`](crate::Store::publish), which brings the bytes to their place first and calls this;
/// this alone serves imports that put several uploads into one transaction, whose bytes are in place.
///
/// # Errors
/// [`Error::AlreadyExists`] with the file name, when a file exists and may not be replaced, or the package's file name
/// belongs to a version of another chart; [`Error::QuotaExceeded`]; [`Error::NotFound`] when the repository is gone;
/// [`Error::Conflict`] while the same bytes are being collected as garbage.
pub async fn record(transaction: &Transaction, request: &PublishRequest) -> Result<PublishOutcome> {
    let generation = repositories::advance(transaction, request.repository_id, request.created_at).await?;
    for blob in blob_uses(request) {
        blobs::keep(transaction, &blob, request.created_at).await?;
    }
    let mut outcome = PublishOutcome { generation, replaced: false, evicted: Vec::new() };
    if let Some(package) = &request.package {
        record_package(transaction, request, package, &mut outcome).await?;
    }
    let new_provenance = match &request.provenance {
        Some(provenance) => record_provenance(transaction, request, provenance).await?,
        None => false,
    };
    let new_package = request.package.is_some() && !outcome.replaced;
    if new_package || new_provenance {
        check_storage_objects(transaction, request).await?;
    }
    Ok(outcome)
}

/// The blobs an upload refers to, in the order of their digests, so that two uploads of the same pair never wait for
/// each other.
fn blob_uses(request: &PublishRequest) -> Vec<BlobUse> {
    let package = request.package.iter().map(|file| BlobUse { digest: file.digest, size: file.size });
    let provenance = request.provenance.iter().map(|file| BlobUse { digest: file.digest, size: file.size });
    let mut uses: Vec<BlobUse> = package.chain(provenance).collect();
    uses.sort_by_key(|blob| blob.digest);
    uses.dedup_by_key(|blob| blob.digest);
    uses
}

async fn record_package(
    transaction: &Transaction,
    request: &PublishRequest,
    package: &NewPackage,
    outcome: &mut PublishOutcome,
) -> Result<()> {
    let chart_id =
        advance_chart(transaction, request.repository_id, &package.chart, outcome.generation).await?;
    if insert_version(transaction, request, package, chart_id).await? {
        outcome.evicted = evict(transaction, request, package, chart_id).await?;
        return check_versions_per_chart(transaction, request, package, chart_id).await;
    }
    if request.overwrite && replace_version(transaction, request, package, chart_id).await? {
        outcome.replaced = true;
        return Ok(());
    }
    Err(Error::AlreadyExists(package.file_name.clone()))
}

/// Makes or touches the row of a chart, and returns its number.
async fn advance_chart(
    transaction: &Transaction,
    repository_id: i64,
    name: &str,
    generation: i64,
) -> Result<i64> {
    let sql = "INSERT INTO charts (repository_id, name, generation) VALUES ($1, $2, $3)
               ON CONFLICT (repository_id, name) DO UPDATE SET generation = excluded.generation RETURNING id";
    let row =
        transaction.query_optional(sql, vec![repository_id.into(), name.into(), generation.into()]).await?;
    let row = row.ok_or_else(|| Error::internal("an upsert returned no row"))?;
    Columns::of(&row).take()
}

/// Whether the version was new and is stored now.
async fn insert_version(
    transaction: &Transaction,
    request: &PublishRequest,
    package: &NewPackage,
    chart_id: i64,
) -> Result<bool> {
    let sql = "INSERT INTO versions
          (chart_id, version, repository_id, file_name, digest, size, created_at, metadata)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
    let values = version_values(request, package, chart_id);
    Ok(transaction.execute(sql, values.into()).await? == 1)
}

/// Whether the version existed under this chart and is replaced now.
async fn replace_version(
    transaction: &Transaction,
    request: &PublishRequest,
    package: &NewPackage,
    chart_id: i64,
) -> Result<bool> {
    let sql = "UPDATE versions SET digest = $5, size = $6, created_at = $7, metadata = $8
        WHERE chart_id = $1 AND version = $2 AND repository_id = $3 AND file_name = $4";
    let values = version_values(request, package, chart_id);
    Ok(transaction.execute(sql, values.into()).await? == 1)
}

fn version_values(request: &PublishRequest, package: &NewPackage, chart_id: i64) -> [Value; 8] {
    [
        chart_id.into(),
        package.version.as_str().into(),
        request.repository_id.into(),
        package.file_name.as_str().into(),
        package.digest.to_hex().into(),
        signed(package.size).into(),
        nanoseconds(request.created_at).into(),
        package.metadata.as_str().into(),
    ]
}

/// Stores a provenance file; whether it was new.
async fn record_provenance(
    transaction: &Transaction,
    request: &PublishRequest,
    provenance: &NewProvenance,
) -> Result<bool> {
    let values = || {
        vec![
            request.repository_id.into(),
            provenance.file_name.as_str().into(),
            provenance.digest.to_hex().into(),
            signed(provenance.size).into(),
            nanoseconds(request.created_at).into(),
        ]
    };
    let insert = "INSERT INTO provenances (repository_id, file_name, digest, size, created_at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    if transaction.execute(insert, values()).await? == 1 {
        return Ok(true);
    }
    let replace = "UPDATE provenances SET digest = $3, size = $4, created_at = $5
        WHERE repository_id = $1 AND file_name = $2";
    if request.overwrite && transaction.execute(replace, values()).await? == 1 {
        return Ok(false);
    }
    Err(Error::AlreadyExists(provenance.file_name.clone()))
}

/// Removes the oldest uploads of the chart beyond `keep_versions`, never the one just made.
async fn evict(
    transaction: &Transaction,
    request: &PublishRequest,
    package: &NewPackage,
    chart_id: i64,
) -> Result<Vec<String>> {
    let Some(keep) = request.limits.keep_versions else { return Ok(Vec::new()) };
    // The new version is one of those kept, whatever its clock said.
    let sql = "SELECT file_name FROM versions WHERE chart_id = $1 AND version <> $2
        ORDER BY created_at DESC, id DESC LIMIT $3 OFFSET $4";
    let others_kept = signed(keep.max(1) - 1);
    let values = vec![chart_id.into(), package.version.as_str().into(), i64::MAX.into(), others_kept.into()];
    let rows = transaction.query(sql, values).await?;
    let mut evicted: Vec<String> = rows.iter().map(|row| Columns::of(row).take()).collect::<Result<_>>()?;
    evicted.reverse();
    for file_name in &evicted {
        let sql = "DELETE FROM versions WHERE chart_id = $1 AND file_name = $2";
        transaction.execute(sql, vec![chart_id.into(), file_name.as_str().into()]).await?;
        delete_provenance(transaction, request.repository_id, file_name).await?;
    }
    Ok(evicted)
}

async fn check_versions_per_chart(
    transaction: &Transaction,
    request: &PublishRequest,
    package: &NewPackage,
    chart_id: i64,
) -> Result<()> {
    let Some(limit) = request.limits.max_versions_per_chart else { return Ok(()) };
    let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM versions WHERE chart_id = $1 LIMIT $2) AS stored";
    if count(transaction, sql, chart_id, limit).await? <= limit {
        return Ok(());
    }
    Err(Error::QuotaExceeded(format!(
        "chart {} has reached the limit of {limit} versions: delete some, or raise the repository's limit",
        package.chart
    )))
}

async fn check_storage_objects(transaction: &Transaction, request: &PublishRequest) -> Result<()> {
    let Some(limit) = request.limits.max_storage_objects else { return Ok(()) };
    let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM versions WHERE repository_id = $1
        UNION ALL SELECT 1 FROM provenances WHERE repository_id = $1 LIMIT $2) AS stored";
    if count(transaction, sql, request.repository_id, limit).await? <= limit {
        return Ok(());
    }
    // ChartMuseum's words, which its clients know.
    Err(Error::QuotaExceeded("repo has reached storage limit".to_owned()))
}

/// A count that stops one above `limit`, so that it costs no more than the limit.
async fn count(transaction: &Transaction, sql: &str, id: i64, limit: u64) -> Result<u64> {
    let row =
        transaction.query_optional(sql, vec![id.into(), signed(limit.saturating_add(1)).into()]).await?;
    row.map_or(Ok(0), |row| Columns::of(&row).unsigned())
}
