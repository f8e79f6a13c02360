//! Uploads: validated, then stored with all their rows at once.

use std::io::Read;
use std::sync::LazyLock;

use chandlery_chart::{ArchiveError, Limits, Metadata, file_name, inspect, parse_identity};
use chandlery_core::{ChartName, Error, Permission, Result};
use chandlery_store::FinishedBlob;
use chandlery_store::packages::{NewPackage, NewProvenance, PublishLimits, PublishRequest};
use jiff::Timestamp;

use crate::app::{App, Scope};

/// What a client sent, in temporary files.
#[derive(Default)]
pub(crate) struct Upload {
    /// A chart archive.
    pub(crate) package: Option<FinishedBlob>,
    /// A provenance file.
    pub(crate) provenance: Option<FinishedBlob>,
    /// Whether files that exist are to be replaced.
    pub(crate) force: bool,
}

/// Packages that are unpacked at once: each may take as much memory as its largest file.
static INSPECTIONS: LazyLock<tokio::sync::Semaphore> = LazyLock::new(|| tokio::sync::Semaphore::new(4));

/// Stores an upload. Everything the client sent is checked before anything is stored.
///
/// # Errors
/// [`Error::Invalid`] for a package or provenance file that is not one; [`Error::AlreadyExists`];
/// [`Error::QuotaExceeded`]; [`Error::TooLarge`].
pub(crate) async fn publish(app: &App, scope: &Scope, upload: Upload) -> Result<()> {
    scope.require(Permission::AppsCreate)?;
    let Upload { package, provenance, force } = upload;
    let settings = &scope.repository.settings;
    let new_package = match &package {
        Some(blob) => Some(checked_package(blob, settings.max_package_size).await?),
        None => None,
    };
    let new_provenance = match &provenance {
        Some(blob) => Some(checked_provenance(blob)?),
        None => None,
    };
    let name = new_package.as_ref().map(|package| package.file_name.clone());
    let request = PublishRequest {
        repository_id: scope.repository.id,
        package: new_package,
        provenance: new_provenance,
        created_at: Timestamp::now(),
        overwrite: settings.allow_overwrite || (force && !app.config.chartmuseum.disable_force),
        limits: PublishLimits {
            max_storage_objects: settings.max_storage_objects,
            max_versions_per_chart: settings.max_versions_per_chart,
            keep_versions: settings.keep_versions,
        },
    };
    let blobs: Vec<FinishedBlob> = [package, provenance].into_iter().flatten().collect();
    let outcome = app.store.publish(&request, &blobs).await?;
    scope.repository.advance(outcome.generation);
    app.metrics.uploads.inc();
    let path = &scope.repository.path;
    tracing::info!(repository = %path, package = name, replaced = outcome.replaced, evicted = ?outcome.evicted, "stored");
    Ok(())
}

/// Opens a package and checks it as Helm's loader does, off the threads that serve connections.
pub(super) async fn checked_package(blob: &FinishedBlob, limit: Option<u64>) -> Result<NewPackage> {
    if let Some(limit) = limit.filter(|limit| blob.size() > *limit) {
        return Err(Error::TooLarge { what: "the package".to_owned(), limit });
    }
    let reader = blob.reader();
    let permit = INSPECTIONS.acquire().await.map_err(Error::internal)?;
    let summary = tokio::task::spawn_blocking(move || inspect(reader, &Limits::default()))
        .await
        .map_err(Error::internal)?
        .map_err(refused)?;
    drop(permit);
    let metadata = &summary.metadata;
    let file_name = checked_file_name(metadata)?;
    Ok(NewPackage {
        chart: metadata.name.clone(),
        version: metadata.version.clone(),
        file_name,
        digest: *blob.digest(),
        size: blob.size(),
        metadata: serde_json::to_string(metadata).map_err(Error::internal)?,
    })
}

/// A package that cannot be read is the server's fault, one that is wrong the client's.
fn refused(error: ArchiveError) -> Error {
    match error {
        ArchiveError::Io { .. } => Error::unavailable("the temporary file of the upload", error),
        error => Error::invalid("", error.to_string()),
    }
}

/// `<name>-<version>.tgz`, if that is one path segment.
fn checked_file_name(metadata: &Metadata) -> Result<String> {
    let file_name = file_name(&metadata.name, &metadata.version);
    let improper = |_| improperly_formatted(&file_name);
    metadata.name.parse::<ChartName>().map_err(improper)?;
    file_name.parse::<ChartName>().map_err(improper)?;
    Ok(file_name)
}

/// The largest provenance file that is read: a Chart.yaml of 1 MiB would be large.
pub(super) const LARGEST_PROVENANCE: u64 = 5 << 20;

pub(super) fn checked_provenance(blob: &FinishedBlob) -> Result<NewProvenance> {
    let mut text = Vec::new();
    blob.reader().take(LARGEST_PROVENANCE).read_to_end(&mut text).map_err(|_| invalid_provenance())?;
    let identity = parse_identity(&text).map_err(|_| invalid_provenance())?;
    let file_name = identity.file_name();
    if file_name.parse::<ChartName>().is_err() {
        return Err(improperly_formatted(&file_name));
    }
    Ok(NewProvenance { file_name, digest: *blob.digest(), size: blob.size() })
}

/// In ChartMuseum's words, with no more of the name than helps.
fn improperly_formatted(file_name: &str) -> Error {
    const SHOWN: usize = 200;
    let shown = match file_name.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &file_name[..end]),
        None => file_name.to_owned(),
    };
    Error::invalid("", format!("{shown:?} is improperly formatted"))
}

/// In ChartMuseum's words.
pub(crate) fn invalid_provenance() -> Error {
    Error::invalid("provenance file", "invalid provenance file")
}
