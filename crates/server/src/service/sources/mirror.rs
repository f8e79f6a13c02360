//! Mirrors: external repositories all of whose packages are here, with their provenance files.

use chandlery_api::CacheMode;
use chandlery_core::{Error, Result};
use chandlery_source::foreign::Source;
use chandlery_store::external_charts::{self, ExternalFile};
use chandlery_store::external_provenances;
use chandlery_store::sources::SourceRow;

use super::history::Problems;
use super::provenances::Answer;
use super::{packages, provenances, settings_of};
use crate::app::App;

/// Files that are asked for at a time.
const BATCH: u64 = 100;

/// What is fetched, in this order.
#[derive(Clone, Copy)]
enum Wanted {
    Packages,
    /// Of packages that are here and for which nobody has asked yet: most have none, and are not asked for again.
    Provenances,
}

/// Fetches what is not here, if the repository is a mirror. What cannot be fetched is told, and tried again at the next
/// look.
pub(super) async fn fill(app: &App, row: &SourceRow, source: &Source, problems: &mut Problems) -> Result<()> {
    let settings = settings_of(row)?;
    if settings.cache != CacheMode::Mirror {
        return Ok(());
    }
    let mut mirror = Mirror { app, row, source, quota: settings.cache_quota, problems };
    for wanted in [Wanted::Packages, Wanted::Provenances] {
        if !mirror.fetch(wanted).await? {
            mirror.problems.add("the cache is full: raise cache_quota to mirror the rest");
            break;
        }
    }
    Ok(())
}

struct Mirror<'a> {
    app: &'a App,
    row: &'a SourceRow,
    source: &'a Source,
    quota: Option<u64>,
    problems: &'a mut Problems,
}

impl Mirror<'_> {
    /// Fetches all; whether there was room for it.
    async fn fetch(&mut self, wanted: Wanted) -> Result<bool> {
        let mut after = 0;
        loop {
            let batch = self.batch(wanted, after).await?;
            let Some(last) = batch.last() else { return Ok(true) };
            after = last.id;
            for file in &batch {
                if self.is_full().await? {
                    return Ok(false);
                }
                let _alone = self.app.fetches.of(file.id).lock().await;
                if let Err(error) = self.fetch_one(wanted, file).await {
                    self.problems.add(&packages::told(error));
                }
            }
        }
    }

    async fn batch(&self, wanted: Wanted, after: i64) -> Result<Vec<ExternalFile>> {
        let (reader, id) = (self.app.store.database().reader(), self.row.repository_id);
        match wanted {
            Wanted::Packages => external_charts::elsewhere(reader, id, after, BATCH).await,
            Wanted::Provenances => external_provenances::unasked(reader, id, after, BATCH).await,
        }
    }

    async fn is_full(&self) -> Result<bool> {
        let Some(quota) = self.quota else { return Ok(false) };
        let cached = external_charts::cached(self.app.store.database().reader(), self.row.repository_id);
        Ok(cached.await?.bytes >= quota)
    }

    async fn fetch_one(&self, wanted: Wanted, file: &ExternalFile) -> Result<()> {
        let Self { app, row, source, .. } = self;
        match wanted {
            Wanted::Packages => packages::keep(app, row, source, file).await,
            Wanted::Provenances => match provenances::ask(app, row, source, file).await? {
                Answer::Kept | Answer::None => Ok(()),
                Answer::Refused(cause) => Err(Error::Conflict(format!(
                    "the provenance file of {} is refused: {cause}",
                    file.file_name
                ))),
            },
        }
    }
}
