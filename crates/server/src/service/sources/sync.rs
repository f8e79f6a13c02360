//! Looking at sources: when, who, and what becomes of it.
//!
//! Whoever holds the lease of a source in the database looks at it; a holder that dies loses it after
//! [`LEASE`], so nothing has to be put right after a crash. The listing of a source is void until it is whole:
//! rows are written in one transaction that begins with the first difference and ends with the listing, or, where
//! the rest of the listing has to come over the network, after it has come.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chandlery_core::{Digest, Error, Result};
use chandlery_source::foreign::{Fetched, Item, Known, Listing, Source, SourceUrl, Validator};
use chandlery_store::Transaction;
use chandlery_store::external_charts::{self, Applied, ExternalVersion, Listed, MOST_VERSIONS};
use chandlery_store::source_runs::SourceCounts;
use chandlery_store::sources::{self, SourceOutcome, SourceRow};
use jiff::Timestamp;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;

use super::entries::{Entry, Filter, entry_of};
use super::history::{self, Problems, Run};
use super::{connect, imports, mirror, packages, settings_of};
use crate::app::{App, SharedApp};
use crate::authentication::random_secret;

/// How long a lease lasts unless it is renewed.
const LEASE: Duration = Duration::from_secs(60);

/// How often it is renewed.
const RENEWAL: Duration = Duration::from_secs(20);

/// Sources that one process looks at at once.
const AT_ONCE: usize = 2;

/// The longest time between two looks for sources that are due: another replica may have been asked.
const LONGEST_SLEEP: Duration = Duration::from_secs(15);

/// What the tasks that look at sources share.
pub(crate) struct Syncs {
    wake: Notify,
    /// Names this process in leases.
    holder: String,
}

impl Syncs {
    /// Nothing is looked at yet.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self { wake: Notify::new(), holder: random_secret("")? })
    }

    /// Names this process in leases.
    pub(super) fn holder(&self) -> &str {
        &self.holder
    }

    /// Has sources looked for that are due.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }
}

/// Looks at sources when they are due, until it is dropped.
pub(crate) async fn keep_syncing(app: SharedApp) {
    let mut running = JoinSet::new();
    let places = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        while running.try_join_next().is_some() {}
        let sleep = match start_due(&app, &places, &mut running).await {
            Ok(sleep) => sleep,
            Err(error) => {
                tracing::warn!(%error, "sources could not be looked for, trying again later");
                LONGEST_SLEEP
            }
        };
        tokio::select! {
            () = app.syncs.wake.notified() => {}
            () = tokio::time::sleep(sleep) => {}
        }
    }
}

/// Starts what is due as far as there is room; how long until somebody should look again.
async fn start_due(app: &SharedApp, places: &Arc<Semaphore>, running: &mut JoinSet<()>) -> Result<Duration> {
    let database = app.store.database();
    let now = Timestamp::now();
    for id in sources::due(database.reader(), now, AT_ONCE as u32).await? {
        let Ok(place) = places.clone().try_acquire_owned() else { return Ok(LONGEST_SLEEP) };
        if !sources::lease(database.writer(), id, &app.syncs.holder, now, LEASE).await? {
            continue;
        }
        let app = app.clone();
        running.spawn(async move {
            look_at(&app, id).await;
            drop(place);
            app.syncs.wake();
        });
    }
    let next = sources::next_due(database.reader()).await?;
    let until = next.and_then(|next| Duration::try_from(next.duration_since(now)).ok());
    Ok(until.unwrap_or(LONGEST_SLEEP).clamp(Duration::from_millis(100), LONGEST_SLEEP))
}

/// Looks at a source and gives its lease back.
async fn look_at(app: &SharedApp, repository_id: i64) {
    let renewal = tokio::spawn(keep_lease(app.clone(), repository_id));
    if let Err(error) = sync(app, repository_id).await {
        tracing::warn!(repository_id, %error, "a source could not be looked at, trying again later");
    }
    renewal.abort();
}

async fn keep_lease(app: SharedApp, repository_id: i64) {
    loop {
        tokio::time::sleep(RENEWAL).await;
        let writer = app.store.database().writer();
        let renewed = sources::lease(writer, repository_id, &app.syncs.holder, Timestamp::now(), LEASE).await;
        if let Err(error) = renewed {
            tracing::warn!(repository_id, %error, "the lease of a source could not be renewed");
        }
    }
}

/// What a look learnt.
#[derive(Default)]
struct Learnt {
    validator: Option<Validator>,
    is_unchanged: bool,
    counts: SourceCounts,
    problems: Problems,
    /// Whether there is more to import.
    goes_on: bool,
}

async fn sync(app: &SharedApp, repository_id: i64) -> Result<()> {
    let database = app.store.database();
    let Some(row) = sources::find(database.reader(), repository_id).await? else { return Ok(()) };
    let started_at = Timestamp::now();
    let (learnt, message) = match look(app, &row).await {
        Ok(learnt) => (learnt, None),
        Err(message) => (Learnt::default(), Some(message)),
    };
    let ended_at = Timestamp::now();
    let outcome = match &message {
        Some(_) => "failed",
        None if learnt.is_unchanged => "unchanged",
        None => "synced",
    };
    tracing::info!(repository = %row.path, outcome, counts = ?learnt.counts, message, "source looked at");
    let validator = learnt.validator.as_ref().map(serde_json::to_string).transpose();
    let validator = validator.map_err(Error::internal)?;
    let finished = SourceOutcome {
        validator: validator.as_deref(),
        failure: message.as_deref(),
        started_at,
        ended_at,
        next_at: next_look(&row, message.is_some(), learnt.goes_on, ended_at)?,
    };
    let run = Run {
        outcome,
        message: message.clone().unwrap_or_default(),
        counts: learnt.counts,
        problems: learnt.problems,
        started_at,
        ended_at,
    };
    // At once: whoever waits for the run sees the source as it is after it.
    let transaction = database.begin().await?;
    history::note(&transaction, &row, run).await?;
    sources::finish(&transaction, &row, &app.syncs.holder, &finished).await?;
    transaction.commit().await
}

/// Reads a source, fetches its packages if they are to be here, and makes apps of its charts if there is a rule.
async fn look(app: &App, row: &SourceRow) -> Result<Learnt, String> {
    let source = connect::open(app, row)?;
    let mut learnt = read(app, row, &source).await?;
    mirror::fill(app, row, &source, &mut learnt.problems).await.map_err(words)?;
    let imported = imports::run(app, row, &source, &mut learnt.problems).await.map_err(words)?;
    learnt.counts.imported = imported.versions;
    learnt.goes_on = imported.goes_on;
    Ok(learnt)
}

/// The first pause after a failure, doubled with each further one.
const FIRST_PAUSE: u64 = 60;

/// When to look again. A source that fails is asked again sooner than its period, and less and less often; one of which
/// there is more to import soon, however seldom it is looked at otherwise.
fn next_look(row: &SourceRow, failed: bool, goes_on: bool, now: Timestamp) -> Result<Option<Timestamp>> {
    let seconds = match settings_of(row)?.period {
        _ if goes_on => FIRST_PAUSE,
        0 => return Ok(None),
        period if failed => (FIRST_PAUSE << row.failures.min(20)).min(period),
        period => period,
    };
    Ok(now.checked_add(Duration::from_secs(seconds)).ok())
}

/// Reads a source and brings the rows in line with it; in words for whoever manages it why that is not possible.
async fn read(app: &App, row: &SourceRow, source: &Source) -> Result<Learnt, String> {
    let mut reading = Reading::new(app, row, source)?;
    let previous: Option<Validator> = serde_json::from_str(&row.validator).ok();
    let mut fault = None;
    // Asked only when something may have changed.
    let known = async {
        match external_charts::listed(app.store.database().reader(), row.repository_id).await {
            Ok(listed) => reading.expect(listed),
            Err(error) => {
                fault = Some(error);
                Known::default()
            }
        }
    };
    let fetched = source.fetch(previous.as_ref(), Box::pin(known)).await;
    if let Some(error) = fault {
        return Err(words(error));
    }
    match fetched.map_err(|failure| connect::told(&failure))? {
        Fetched::Unchanged(validator) => {
            Ok(Learnt { validator: Some(validator), is_unchanged: true, ..Learnt::default() })
        }
        Fetched::Changed(listing) => reading.take(listing).await,
    }
}

/// An error for whoever manages the repository.
pub(super) fn words(error: Error) -> String {
    match error {
        Error::Internal(_) => "something went wrong here; the log tells what".to_owned(),
        other => other.to_string(),
    }
}

/// The rows of one listing, on their way.
struct Reading<'a> {
    app: &'a App,
    row: &'a SourceRow,
    source: &'a Source,
    filter: Filter,
    /// What was known and has not been listed yet.
    unlisted: HashMap<Digest, i64>,
    /// Versions to be written.
    waiting: Vec<ExternalVersion>,
    /// Versions of which the source does not tell the digest.
    undigested: Vec<ExternalVersion>,
    /// Begins with the first difference.
    transaction: Option<(Transaction, i64)>,
    applied: Applied,
    problems: Problems,
    skipped: u64,
}

impl<'a> Reading<'a> {
    fn new(app: &'a App, row: &'a SourceRow, source: &'a Source) -> Result<Self, String> {
        Ok(Self {
            app,
            row,
            source,
            filter: Filter::new(&settings_of(row).map_err(words)?),
            unlisted: HashMap::new(),
            waiting: Vec::new(),
            undigested: Vec::new(),
            transaction: None,
            applied: Applied::default(),
            problems: Problems::default(),
            skipped: 0,
        })
    }

    /// Notes what was listed the last time; of that, what need not be read again.
    fn expect(&mut self, listed: Vec<Listed>) -> Known {
        let mut known = Vec::with_capacity(listed.len());
        for Listed { fingerprint, id, chart } in listed {
            self.unlisted.insert(fingerprint, id);
            // What is not wanted any more is taken for unlisted.
            known.extend(self.filter.takes(&chart).then_some(fingerprint));
        }
        known.into_iter().collect()
    }

    async fn take(mut self, mut listing: Listing) -> Result<Learnt, String> {
        // Everything else of an index is here by now; other listings go on over the network.
        let is_local = matches!(self.source.url(), SourceUrl::Http(_));
        while let Some(items) = listing.next().await.map_err(|failure| connect::told(&failure))? {
            for item in items {
                self.take_item(item);
            }
            if is_local && self.waiting.len() >= MOST_VERSIONS {
                self.write().await.map_err(words)?;
            }
        }
        self.write().await.map_err(words)?;
        self.take_out().await.map_err(words)?;
        self.commit().await.map_err(words)?;
        self.take_undigested().await;
        let counts = listing.counts().unwrap_or_default();
        self.problems.add_applied(&self.applied);
        Ok(Learnt {
            validator: Some(listing.validator().clone()).filter(|_| self.undigested.is_empty()),
            is_unchanged: false,
            counts: SourceCounts {
                charts: counts.charts,
                versions: counts.versions,
                added: self.applied.added,
                changed: self.applied.changed,
                vanished: self.applied.vanished,
                skipped: self.skipped,
                imported: 0,
            },
            problems: self.problems,
            goes_on: false,
        })
    }

    fn take_item(&mut self, item: Item) {
        match item {
            Item::Known(fingerprint) => {
                self.unlisted.remove(&fingerprint);
            }
            Item::Skipped(skipped) => {
                self.skipped += 1;
                self.problems.add_skipped(&skipped);
            }
            Item::Package(package) if !self.filter.takes(&package.name) => {}
            Item::Package(package) => match entry_of(*package) {
                Ok(Entry { version, is_digested: true }) => self.waiting.push(version),
                Ok(Entry { version, is_digested: false }) => self.undigested.push(version),
                Err(skipped) => {
                    self.skipped += 1;
                    self.problems.add_skipped(&skipped);
                }
            },
        }
    }

    /// The transaction, begun if it is the first time.
    async fn transaction(&mut self) -> Result<&(Transaction, i64)> {
        if self.transaction.is_none() {
            let transaction = self.app.store.database().begin().await?;
            let id = self.row.repository_id;
            let generation = external_charts::advance(&transaction, id, Timestamp::now()).await?;
            self.transaction = Some((transaction, generation));
        }
        self.transaction.as_ref().ok_or_else(|| Error::internal("a transaction that was begun"))
    }

    async fn write(&mut self) -> Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let mut waiting = std::mem::take(&mut self.waiting).into_iter().peekable();
        let mut applied = std::mem::take(&mut self.applied);
        let id = self.row.repository_id;
        let (transaction, generation) = self.transaction().await?;
        while waiting.peek().is_some() {
            let batch = waiting.by_ref().take(MOST_VERSIONS).collect();
            external_charts::put(transaction, id, *generation, batch, &mut applied).await?;
        }
        self.applied = applied;
        Ok(())
    }

    /// Takes out what was not listed, and what is not wanted any more.
    async fn take_out(&mut self) -> Result<()> {
        let kept = self.undigested_rows().await?;
        let unlisted: Vec<(Digest, i64)> =
            self.unlisted.drain().filter(|(_, id)| !kept.contains(id)).collect();
        if unlisted.is_empty() {
            return Ok(());
        }
        let mut applied = std::mem::take(&mut self.applied);
        let (transaction, generation) = self.transaction().await?;
        external_charts::vanish(transaction, *generation, &unlisted, Timestamp::now(), &mut applied).await?;
        self.applied = applied;
        Ok(())
    }

    /// The rows of versions whose digest is still to be learnt.
    async fn undigested_rows(&mut self) -> Result<Vec<i64>> {
        let mut rows = Vec::new();
        let id = self.row.repository_id;
        let names: Vec<String> = self.undigested.iter().map(|version| version.file_name.clone()).collect();
        for name in names {
            let reader = self.app.store.database().reader();
            rows.extend(external_charts::find(reader, id, &name).await?.map(|file| file.id));
        }
        Ok(rows)
    }

    async fn commit(&mut self) -> Result<()> {
        let Some((transaction, generation)) = self.transaction.take() else { return Ok(()) };
        transaction.commit().await?;
        self.app.repositories.advance(&self.row.path, generation);
        Ok(())
    }

    /// Fetches the packages whose digest only they can tell. Those that cannot be had now stay behind, and the next look
    /// is not conditional.
    async fn take_undigested(&mut self) {
        const MOST: usize = 500;
        let versions = std::mem::take(&mut self.undigested);
        for (number, version) in versions.into_iter().enumerate() {
            if number >= MOST {
                self.undigested.push(version);
                continue;
            }
            if let Err(cause) = self.take_one_undigested(&version).await {
                self.skipped += 1;
                self.problems.add(&format!("{}: its digest is not listed, and {cause}", version.file_name));
                self.undigested.push(version);
            }
        }
    }

    async fn take_one_undigested(&mut self, version: &ExternalVersion) -> Result<(), String> {
        let id = self.row.repository_id;
        let store = &self.app.store;
        let known = external_charts::find(store.database().reader(), id, &version.file_name).await;
        let known = known.map_err(words)?.filter(|known| known.location == version.location);
        let blob = match &known {
            Some(_) => None,
            None => Some(packages::download(self.app, self.source, &version.location).await?),
        };
        let digest = known.map(|known| known.digest).or(blob.as_ref().map(|blob| *blob.digest()));
        let Some(digest) = digest else { return Ok(()) };
        let version = ExternalVersion { digest, ..version.clone() };
        let write = async {
            let transaction = store.begin_with(blob.as_slice()).await?;
            let generation = external_charts::advance(&transaction, id, Timestamp::now()).await?;
            let file_name = version.file_name.clone();
            external_charts::put(&transaction, id, generation, vec![version], &mut self.applied).await?;
            if let Some(blob) = &blob
                && let Some(file) = external_charts::find(&transaction, id, &file_name).await?
            {
                external_charts::mark_stored(&transaction, file.id, &digest, blob.size()).await?;
            }
            transaction.commit().await?;
            self.app.repositories.advance(&self.row.path, generation);
            Ok(())
        };
        write.await.map_err(words)
    }
}
