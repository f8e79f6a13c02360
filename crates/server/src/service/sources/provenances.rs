//! Provenance files of external packages: asked for with the first pull, checked, and kept beside their packages.
//!
//! Most packages have none, which is remembered like everything else that a source answers. A source that does not answer
//! says nothing.

use std::io::Read as _;

use chandlery_chart::check_provenance;
use chandlery_core::{Error, Result};
use chandlery_source::foreign::Source;
use chandlery_store::external_charts::{self, ExternalFile};
use chandlery_store::packages::StoredFile;
use chandlery_store::sources::SourceRow;
use chandlery_store::{FinishedBlob, external_provenances, provenance, sources};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::MutexGuard;

use super::{connect, history, packages};
use crate::app::App;
use crate::service::publish::LARGEST_PROVENANCE;

/// How long what a source answered holds for those who pull: some sign later.
const ANSWER_HOLDS: SignedDuration = SignedDuration::from_mins(10);

/// Letters of a refusal that are remembered: it may quote the file.
const LONGEST_REFUSAL: usize = 400;

/// What became of asking a source.
pub(super) enum Answer {
    /// The file is here now.
    Kept,
    /// The source has none.
    None,
    /// What the source has is not taken, and why.
    Refused(String),
}

/// What a provenance file is called.
fn name_of(package: &str) -> String {
    format!("{package}.prov")
}

/// Fetches the provenance file of a package of an external repository, unless somebody else did meanwhile.
///
/// # Errors
/// [`Error::NotFound`] when the source has none; [`Error::Unavailable`] when that cannot be told, or when what it has
/// belongs to another package.
pub(crate) async fn fetch(app: &App, repository_id: i64, package: &str) -> Result<()> {
    let Some((file, _alone)) = unanswered(app, repository_id, package).await? else { return Ok(()) };
    let row = sources::find(app.store.database().reader(), repository_id).await?.ok_or_else(not_found)?;
    let source = connect::open(app, &row).map_err(|cause| unavailable(&file, &cause))?;
    let answer = ask(app, &row, &source, &file).await?;
    if let Answer::Refused(cause) = &answer {
        let told = format!("{} is refused: {cause}", name_of(&file.file_name));
        history::note_pull(app, &row, told).await?;
    }
    outcome(&file, answer)
}

/// As [`fetch`], of a source that is open, for whoever tells what is refused.
pub(super) async fn fetch_from(app: &App, row: &SourceRow, source: &Source, package: &str) -> Result<()> {
    match unanswered(app, row.repository_id, package).await? {
        Some((file, _alone)) => outcome(&file, ask(app, row, source, &file).await?),
        None => Ok(()),
    }
}

fn outcome(file: &ExternalFile, answer: Answer) -> Result<()> {
    match answer {
        Answer::Kept => Ok(()),
        Answer::None => Err(not_found()),
        Answer::Refused(cause) => Err(unavailable(file, &cause)),
    }
}

fn not_found() -> Error {
    Error::not_found("object")
}

/// A package whose provenance file is not here, with the right to ask for it, alone; what was answered a short while ago
/// is answered again.
async fn unanswered<'a>(
    app: &'a App,
    repository_id: i64,
    package: &str,
) -> Result<Option<(ExternalFile, MutexGuard<'a, ()>)>> {
    let (reader, writer) = (app.store.database().reader(), app.store.database().writer());
    let file = external_charts::find(reader, repository_id, package).await?.ok_or_else(not_found)?;
    let alone = app.fetches.of(file.id).lock().await;
    if provenance::find(writer, repository_id, &name_of(package)).await?.is_some() {
        return Ok(None);
    }
    let file = external_charts::find(writer, repository_id, package).await?.ok_or_else(not_found)?;
    match external_provenances::asked(writer, file.id).await? {
        Some(asked) if Timestamp::now().duration_since(asked.at) < ANSWER_HOLDS => {
            outcome(&file, asked.refusal.map_or(Answer::None, Answer::Refused)).map(|()| None)
        }
        _ => Ok(Some((file, alone))),
    }
}

/// Asks for the provenance file of a package, checks that it belongs to it, and keeps it; the package comes with it.
///
/// # Errors
/// [`Error::Unavailable`] when the source does not answer.
pub(super) async fn ask(app: &App, row: &SourceRow, source: &Source, file: &ExternalFile) -> Result<Answer> {
    let writer = app.store.database().writer();
    let blob = match download(app, source, file).await.map_err(|cause| unavailable(file, &cause))? {
        Some(blob) => blob,
        None => {
            external_provenances::note_absence(writer, file.id, None, Timestamp::now()).await?;
            return Ok(Answer::None);
        }
    };
    if let Some(cause) = fault(&blob, file).await? {
        external_provenances::note_absence(writer, file.id, Some(&cause), Timestamp::now()).await?;
        return Ok(Answer::Refused(cause));
    }
    if !file.stored {
        packages::keep(app, row, source, file).await?;
    }
    keep(app, row, file, &blob).await?;
    Ok(Answer::Kept)
}

async fn download(app: &App, source: &Source, file: &ExternalFile) -> Result<Option<FinishedBlob>, String> {
    let location = packages::location_of(&file.location)?;
    let opened = source.open_provenance(&location, &file.version, LARGEST_PROVENANCE).await;
    match opened.map_err(|failure| connect::told(&failure))? {
        Some(reader) => packages::receive(app, reader, LARGEST_PROVENANCE).await.map(Some),
        None => Ok(None),
    }
}

/// What is wrong with a file that should be the provenance file of a package.
async fn fault(blob: &FinishedBlob, file: &ExternalFile) -> Result<Option<String>> {
    let (mut reader, name, digest) = (blob.reader(), file.file_name.clone(), file.digest);
    let checking = tokio::task::spawn_blocking(move || -> Result<_> {
        let mut text = Vec::new();
        reader.read_to_end(&mut text).map_err(|error| Error::unavailable("a temporary file", error))?;
        Ok(check_provenance(&text, &name, &digest).err())
    });
    let fault = checking.await.map_err(Error::internal)??;
    Ok(fault.map(|fault| fault.to_string().chars().take(LONGEST_REFUSAL).collect()))
}

async fn keep(app: &App, row: &SourceRow, file: &ExternalFile, blob: &FinishedBlob) -> Result<()> {
    let transaction = app.store.begin_with(std::slice::from_ref(blob)).await?;
    let stored =
        StoredFile { digest: *blob.digest(), size: blob.size(), created_at: Timestamp::now(), stored: true };
    if !external_provenances::put(&transaction, row.repository_id, file, &stored).await? {
        transaction.rollback().await?;
        return Err(unavailable(file, "its package was replaced or let go meanwhile: try again"));
    }
    transaction.commit().await?;
    tracing::info!(repository = %row.path, package = file.file_name, "provenance file fetched");
    packages::make_room(app, row, file).await
}

/// What whoever pulls is told.
fn unavailable(file: &ExternalFile, cause: &str) -> Error {
    let what = format!("the provenance file of {}", file.file_name);
    tracing::warn!(package = file.file_name, cause, "a provenance file could not be fetched");
    Error::unavailable(format!("{what} at its source"), cause.to_owned())
}
