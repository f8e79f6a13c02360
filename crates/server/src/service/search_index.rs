//! The full-text index of apps beside the database: brought up to date from the numbers of changes, and never needed
//! for an answer.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chandlery_api::StoreInformation;
use chandlery_chart::{Archive, Limits};
use chandlery_core::{Error, Result};
use chandlery_search::{Change, Document, Index, Page, Query, View};
use chandlery_store::app_versions::AppVersionRow;
use chandlery_store::apps::AppRow;
use chandlery_store::{app_versions, apps, listings};

use crate::app::{App, SharedApp};
use crate::service::packages::{read_blob, readme_of};

/// Raised whenever documents are made differently from the same rows.
const SOURCE_VERSION: u32 = 1;

/// How often searches ask the database whether something changed.
const INTERVAL: Duration = Duration::from_millis(200);

/// Changes that a search waits for; when there are more, it is answered from what is known and they follow behind it.
const BATCH: u32 = 100;

/// What is searched of a README, in bytes.
const LONGEST_README: usize = 64 << 10;

/// The index, or nothing if it cannot be used.
pub(crate) struct SearchIndex {
    index: Option<Arc<Index>>,
    /// When the database was last asked.
    asked: Mutex<Option<Instant>>,
    /// Held while changes are made.
    changing: tokio::sync::Mutex<()>,
}

impl SearchIndex {
    /// Opens the index in a directory; where that cannot be, there is none on disk and a new one is made in memory.
    pub(crate) fn open(directory: &Path) -> Self {
        let opened = Index::open(directory, SOURCE_VERSION).or_else(|error| {
            tracing::warn!(%error, directory = %directory.display(), "the search index cannot be opened, it is made in memory");
            Index::in_memory()
        });
        let index = match opened {
            Ok(index) => Some(Arc::new(index)),
            Err(error) => {
                tracing::error!(%error, "there is no search index: searches compare the beginnings of names");
                None
            }
        };
        Self { index, asked: Mutex::default(), changing: tokio::sync::Mutex::default() }
    }

    /// Answers a query as of now, or with nothing when the index cannot.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a cursor of another query.
    pub(crate) async fn search(&self, app: &SharedApp, query: Query) -> Result<Option<Page>> {
        let Some(index) = self.index.clone() else { return Ok(None) };
        if let Err(error) = self.freshen(app, &index).await {
            tracing::warn!(%error, "the search index cannot be brought up to date");
        }
        if index.generation().is_none() {
            return Ok(None);
        }
        let searched = tokio::task::spawn_blocking(move || index.search(&query)).await;
        match searched.map_err(Error::internal).flatten() {
            Ok(page) => Ok(Some(page)),
            Err(error @ Error::Invalid { .. }) => Err(error),
            Err(error) => {
                tracing::warn!(%error, "the search index does not answer");
                Ok(None)
            }
        }
    }

    /// Takes over what changed since the last time.
    async fn freshen(&self, app: &SharedApp, index: &Arc<Index>) -> Result<()> {
        if !self.is_due() {
            return Ok(());
        }
        // Somebody else is at it, or the index is being made: what is known has to do.
        let Ok(_changing) = self.changing.try_lock() else { return Ok(()) };
        let Some(known) = index.generation() else { return Ok(()) };
        if catch_up(app, index, known).await? {
            let app = app.clone();
            tokio::spawn(async move { app.search_index.bring_up_to_date(&app).await });
        }
        Ok(())
    }

    fn is_due(&self) -> bool {
        let now = Instant::now();
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let due = asked.is_none_or(|asked| now.duration_since(asked) >= INTERVAL);
        if due {
            *asked = Some(now);
        }
        due
    }

    /// Makes the index, or takes over all that changed: at the start, and when much has changed.
    pub(crate) async fn bring_up_to_date(&self, app: &SharedApp) {
        let Some(index) = self.index.clone() else { return };
        let _changing = self.changing.lock().await;
        let outcome = async {
            let newest = generation(app).await?;
            // A number from the future is another database's.
            let mut known = index.generation().filter(|known| *known <= newest);
            if known.is_none() {
                rebuild(app, &index, newest).await?;
                known = Some(newest);
            }
            while catch_up(app, &index, known.unwrap_or_default()).await? {
                known = index.generation();
            }
            Ok::<(), Error>(())
        };
        if let Err(error) = outcome.await {
            tracing::warn!(%error, "the search index cannot be brought up to date");
        }
    }
}

async fn generation(app: &App) -> Result<u64> {
    let generation = apps::generation(app.store.database().reader()).await?;
    u64::try_from(generation).map_err(Error::internal)
}

/// Takes over the next changes, and says whether there are more.
async fn catch_up(app: &App, index: &Arc<Index>, known: u64) -> Result<bool> {
    let newest = generation(app).await?;
    if known >= newest {
        return Ok(false);
    }
    let reader = app.store.database().reader();
    let since = i64::try_from(known).map_err(Error::internal)?;
    let rows = apps::changed_since(reader, since, BATCH).await?;
    let more = rows.len() == BATCH as usize;
    let last = rows.last().map_or(0, |(generation, _)| *generation);
    let last = u64::try_from(last).map_err(Error::internal)?;
    let reached = if more { last } else { newest.max(last) };
    let mut changes = Vec::new();
    for (_, id) in apps::removed_since(reader, since).await? {
        changes.extend([View::Store, View::Workspace].map(|view| Change::Remove { id, view }));
    }
    for (_, row) in &rows {
        let [store, workspace] = documents(app, row).await?;
        changes.push(store.map_or(Change::Remove { id: row.id, view: View::Store }, Change::Put));
        changes.extend(workspace.map(Change::Put));
    }
    let index = index.clone();
    tokio::task::spawn_blocking(move || index.apply(changes, reached)).await.map_err(Error::internal)??;
    Ok(more)
}

/// Makes the index from all rows.
async fn rebuild(app: &SharedApp, index: &Arc<Index>, generation: u64) -> Result<()> {
    const WAITING: usize = 200;
    let (sender, mut receiver) = tokio::sync::mpsc::channel(WAITING);
    let reading = tokio::spawn(read_all(app.clone(), sender));
    let index = index.clone();
    let documents = std::iter::from_fn(move || receiver.blocking_recv());
    let written = tokio::task::spawn_blocking(move || index.rebuild(documents, generation)).await;
    reading.abort();
    written.map_err(Error::internal)?
}

async fn read_all(app: SharedApp, sender: tokio::sync::mpsc::Sender<Result<Document>>) {
    // An app that changes meanwhile is read again behind the others.
    let mut seen = HashSet::new();
    let mut generation = -1;
    loop {
        let rows = match apps::changed_since(app.store.database().reader(), generation, BATCH).await {
            Ok(rows) => rows,
            Err(error) => return drop(sender.send(Err(error)).await),
        };
        let Some((last, _)) = rows.last() else { return };
        generation = *last;
        for (_, row) in rows {
            if !seen.insert(row.id) {
                continue;
            }
            let found = match documents(&app, &row).await {
                Ok(documents) => documents.into_iter().flatten().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            };
            for document in found {
                if sender.send(document).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// What the store and what the workspace sees of an app.
async fn documents(app: &App, row: &AppRow) -> Result<[Option<Document>; 2]> {
    let reader = app.store.database().reader();
    let newest = app_versions::list(reader, row.id, false, None, 1).await?.into_iter().next();
    let readme = readme(app, newest.as_ref()).await;
    let listing = listings::find_by_id(reader, row.id).await?;
    let draft = document(row, View::Workspace, &row.display_name, &row.information, readme.clone());
    let Some(listing) = listing else { return Ok([None, Some(draft)]) };
    let readme = match newest.filter(|newest| newest.version == listing.latest_version) {
        Some(_) => readme,
        None => {
            let released = app_versions::find(reader, row.id, &listing.latest_version).await?;
            self::readme(app, released.as_ref()).await
        }
    };
    let mut shown = document(row, View::Store, &listing.display_name, &listing.information, readme);
    shown.updated_at = listing.released_at.as_millisecond();
    Ok([Some(shown), Some(draft)])
}

fn document(
    row: &AppRow,
    view: View,
    display_name: &str,
    information: &str,
    readme: Option<String>,
) -> Document {
    let information: StoreInformation = serde_json::from_str(information).unwrap_or_default();
    let texts = |texts: [String; 4]| texts.into_iter().filter(|text| !text.is_empty()).collect();
    let display_names = [display_name.to_owned(), information.zh.display_name];
    Document {
        name: row.chart_name.clone(),
        display_names: display_names.into_iter().filter(|name| !name.is_empty()).collect(),
        keywords: information.keywords,
        maintainers: information.maintainers.into_iter().map(|maintainer| maintainer.name).collect(),
        categories: vec![row.category.to_string()],
        summaries: texts([
            information.summary,
            information.description,
            information.zh.summary,
            information.zh.description,
        ]),
        readmes: readme.into_iter().collect(),
        updated_at: row.updated_at.as_millisecond(),
        ..Document::new(row.id, view, row.workspace.0)
    }
}

/// The README of a version. An app without one is found by its other texts, so whatever is wrong with it is no error.
async fn readme(app: &App, version: Option<&AppVersionRow>) -> Option<String> {
    let package = &version?.package;
    let read = |reader| Archive::read(reader, &Limits::default()).map(|archive| readme_of(&archive));
    match read_blob(app, &package.digest, package.size, read).await {
        Ok(readme) => readme.map(|text| text.chars().take(LONGEST_README).collect()),
        Err(error) => {
            tracing::debug!(%error, digest = %package.digest, "a package cannot be read for the search index");
            None
        }
    }
}
