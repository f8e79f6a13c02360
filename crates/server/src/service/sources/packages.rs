//! The bytes of external packages: fetched with the first pull, checked, and kept.

use chandlery_api::CacheMode;
use chandlery_core::{Error, Result};
use chandlery_source::foreign::{Location, Source};
use chandlery_store::external_charts::{self, ExternalFile};
use chandlery_store::sources::SourceRow;
use chandlery_store::{FinishedBlob, sources};

use super::history::Problems;
use super::{connect, history, settings_of};
use crate::app::App;

/// Who fetches: one at a time for each of some packages, so that many pulls at once cost one.
#[derive(Default)]
pub(crate) struct Fetches([tokio::sync::Mutex<()>; 32]);

impl Fetches {
    fn of(&self, version_id: i64) -> &tokio::sync::Mutex<()> {
        &self.0[version_id.unsigned_abs() as usize % self.0.len()]
    }
}

/// The largest package that is fetched from sources of repositories that set no limit.
const LARGEST_PACKAGE: u64 = 256 << 20;

/// Fetches a package of an external repository whose bytes are not here, unless somebody else did meanwhile.
pub(crate) async fn fetch(app: &App, repository_id: i64, file_name: &str) -> Result<()> {
    let Some((file, _alone)) = missing(app, repository_id, file_name).await? else { return Ok(()) };
    let row = sources::find(app.store.database().reader(), repository_id).await?.ok_or_else(not_found)?;
    let source = connect::open(app, &row).map_err(|cause| unavailable(&file, &cause))?;
    keep(app, &row, &source, &file).await
}

/// As [`fetch`], of a source that is open.
pub(super) async fn fetch_from(app: &App, row: &SourceRow, source: &Source, file_name: &str) -> Result<()> {
    match missing(app, row.repository_id, file_name).await? {
        Some((file, _alone)) => keep(app, row, source, &file).await,
        None => Ok(()),
    }
}

fn not_found() -> Error {
    Error::not_found("object")
}

/// A package whose bytes are not here, with the right to fetch it, alone.
async fn missing<'a>(
    app: &'a App,
    repository_id: i64,
    file_name: &str,
) -> Result<Option<(ExternalFile, tokio::sync::MutexGuard<'a, ()>)>> {
    let database = app.store.database();
    let file = external_charts::find(database.reader(), repository_id, file_name).await?;
    let alone = app.fetches.of(file.ok_or_else(not_found)?.id).lock().await;
    // Asked again: the one before may have brought it.
    let file = external_charts::find(database.writer(), repository_id, file_name).await?;
    let file = file.ok_or_else(not_found)?;
    Ok((!file.stored).then_some((file, alone)))
}

/// Fetches a package, checks that it is the one that was listed, and keeps it.
pub(super) async fn keep(app: &App, row: &SourceRow, source: &Source, file: &ExternalFile) -> Result<()> {
    let blob = download(app, source, &file.location).await.map_err(|cause| unavailable(file, &cause))?;
    if *blob.digest() != file.digest {
        let cause = format!("its sha256 is {}, and {} was listed", blob.digest(), file.digest);
        history::note_swap(app, row, &file.file_name, &cause).await?;
        return Err(unavailable(file, &cause));
    }
    let transaction = app.store.begin_with(std::slice::from_ref(&blob)).await?;
    external_charts::mark_stored(&transaction, file.id, &file.digest, blob.size()).await?;
    transaction.commit().await?;
    if let Some(quota) = settings_of(row)?.cache_quota {
        external_charts::let_go(app.store.database().writer(), row.repository_id, quota, file.id).await?;
    }
    tracing::info!(repository = %row.path, package = file.file_name, bytes = blob.size(), "package fetched");
    Ok(())
}

/// Fetches all packages that are not here, if the repository is a mirror. What cannot be fetched is told, and tried again
/// at the next look.
pub(super) async fn mirror(
    app: &App,
    row: &SourceRow,
    source: &Source,
    problems: &mut Problems,
) -> Result<()> {
    const BATCH: u64 = 100;
    let settings = settings_of(row)?;
    if settings.cache != CacheMode::Mirror {
        return Ok(());
    }
    let database = app.store.database();
    let mut after = 0;
    loop {
        let batch = external_charts::elsewhere(database.reader(), row.repository_id, after, BATCH).await?;
        let Some(last) = batch.last() else { return Ok(()) };
        after = last.id;
        for file in &batch {
            if let Some(quota) = settings.cache_quota
                && external_charts::cached(database.reader(), row.repository_id).await?.bytes >= quota
            {
                problems.add("the cache is full: raise cache_quota to mirror the other packages");
                return Ok(());
            }
            let _alone = app.fetches.of(file.id).lock().await;
            if let Err(error) = keep(app, row, source, file).await {
                problems.add(&error.to_string());
            }
        }
    }
}

/// The bytes at a place of a source.
pub(super) async fn download(app: &App, source: &Source, location: &str) -> Result<FinishedBlob, String> {
    let location: Location = serde_json::from_str(location).map_err(|error| error.to_string())?;
    let mut package =
        source.open(&location, LARGEST_PACKAGE).await.map_err(|failure| connect::told(&failure))?;
    let mut blob = app.store.blobs().begin(LARGEST_PACKAGE);
    while let Some(bytes) = package.chunk().await.map_err(|failure| connect::told(&failure))? {
        blob.write(&bytes).await.map_err(|error| error.to_string())?;
    }
    blob.finish().await.map_err(|error| error.to_string())
}

/// What whoever pulls is told: addresses are for those who manage the repository, and in the log.
fn unavailable(file: &ExternalFile, cause: &str) -> Error {
    tracing::warn!(package = file.file_name, cause, "a package could not be fetched");
    Error::unavailable(format!("the package {} at its source", file.file_name), cause.to_owned())
}
