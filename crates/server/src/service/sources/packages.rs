//! The bytes of external packages: fetched with the first pull, checked, and kept.

use chandlery_core::{Error, Result};
use chandlery_source::foreign::{Location, PackageReader, Source};
use chandlery_store::external_charts::{self, ExternalFile};
use chandlery_store::sources::SourceRow;
use chandlery_store::{FinishedBlob, sources};

use super::{connect, history, settings_of};
use crate::app::App;

/// Who fetches: one at a time for each of some packages, so that many pulls at once cost one.
#[derive(Default)]
pub(crate) struct Fetches([tokio::sync::Mutex<()>; 32]);

impl Fetches {
    /// The right to fetch what belongs to a version.
    pub(super) fn of(&self, version_id: i64) -> &tokio::sync::Mutex<()> {
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
        let told = format!("{} is not the package that was listed: {cause}", file.file_name);
        history::note_pull(app, row, told).await?;
        return Err(unavailable(file, &cause));
    }
    let transaction = app.store.begin_with(std::slice::from_ref(&blob)).await?;
    external_charts::mark_stored(&transaction, file.id, &file.digest, blob.size()).await?;
    transaction.commit().await?;
    tracing::info!(repository = %row.path, package = file.file_name, bytes = blob.size(), "package fetched");
    make_room(app, row, file).await
}

/// Lets go of other packages, if there is a quota that this one exceeds.
pub(super) async fn make_room(app: &App, row: &SourceRow, kept: &ExternalFile) -> Result<()> {
    let Some(quota) = settings_of(row)?.cache_quota else { return Ok(()) };
    let database = app.store.database();
    // Adding up is cheap; putting all that is here into an order for each package that comes is not.
    if external_charts::cached(database.writer(), row.repository_id).await?.bytes <= quota {
        return Ok(());
    }
    let transaction = database.begin().await?;
    external_charts::let_go(&transaction, row.repository_id, quota, kept.id).await?;
    transaction.commit().await
}

/// Where a package is, as its row has it.
pub(super) fn location_of(text: &str) -> Result<Location, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// The bytes at a place of a source.
pub(super) async fn download(app: &App, source: &Source, location: &str) -> Result<FinishedBlob, String> {
    let location = location_of(location)?;
    let package = source.open(&location, LARGEST_PACKAGE).await.map_err(|failure| connect::told(&failure))?;
    receive(app, package, LARGEST_PACKAGE).await
}

/// The bytes of a file, of at most `limit`.
pub(super) async fn receive(app: &App, mut file: PackageReader, limit: u64) -> Result<FinishedBlob, String> {
    let mut blob = app.store.blobs().begin(limit);
    while let Some(bytes) = file.chunk().await.map_err(|failure| connect::told(&failure))? {
        blob.write(&bytes).await.map_err(|error| error.to_string())?;
    }
    blob.finish().await.map_err(|error| error.to_string())
}

/// Why something could not be fetched. The cause, which those who pull are not told, is for those who manage.
pub(super) fn told(error: Error) -> String {
    match error {
        Error::Unavailable { what, source: Some(source) } => format!("{what} is unavailable: {source}"),
        other => super::sync::words(other),
    }
}

/// What whoever pulls is told: addresses are for those who manage the repository, and in the log.
fn unavailable(file: &ExternalFile, cause: &str) -> Error {
    tracing::warn!(package = file.file_name, cause, "a package could not be fetched");
    Error::unavailable(format!("the package {} at its source", file.file_name), cause.to_owned())
}
