//! Apps by rule: each chart of an external repository becomes an app of its workspace, its newest versions become versions
//! of that app, as drafts or released.
//!
//! A look at a source ends with it. Only charts that changed since the last time are looked at, in the order of their
//! changes, and those of which something could not be done. Each version is a transaction of its own, so whoever dies
//! in between leaves whole apps, and the next look goes on. What was imported once is never imported again, whatever
//! people did with it, and only a draft that nobody has touched is released.

mod rule;

use std::collections::HashMap;
use std::sync::Arc;

use chandlery_api::ImportState;
use chandlery_core::{Actor, AppName, CategoryName, Error, Result, VersionState};
use chandlery_source::foreign::Source;
use chandlery_store::app_versions::{self, AppVersionRow};
use chandlery_store::apps::{self, AppChange, AppRow};
use chandlery_store::imports::{self, Failure, Hold, ListedVersion, Position};
use chandlery_store::sources::SourceRow;
use chandlery_store::{Transaction, categories, listings, workspaces};
use jiff::Timestamp;

use super::history::Problems;
use super::{packages, provenances, settings_of};
use crate::app::{App, Scope, WorkspaceScope};
use crate::service::app_versions::{NewPackage, NewVersion, record_version};
use crate::service::apps::{AppScope, record_app};
use crate::service::lifecycle::release_by_rule;
use rule::Rule;
pub(super) use rule::{authorise, check};

/// Versions that one look imports at most: then other sources have their turn.
const MOST_PER_LOOK: u32 = 200;

/// Charts that are asked for at once: the first look at a source changes all of them in one generation, which is sorted
/// anew each time.
const CHARTS_AT_ONCE: u64 = 2000;

/// What was imported at one look.
#[derive(Default)]
pub(super) struct Imported {
    /// Versions that were made or released.
    pub(super) versions: u64,
    /// Whether there is more to import, which does not have to wait for a change.
    pub(super) goes_on: bool,
}

/// Imports what the rule of a source says, if it has one. What cannot be imported is told and tried again.
pub(super) async fn run(
    app: &App,
    row: &SourceRow,
    source: &Source,
    problems: &mut Problems,
) -> Result<Imported> {
    let Some(rule) = settings_of(row)?.import else { return Ok(Imported::default()) };
    let reader = app.store.database().reader();
    let position = imports::position(reader, row.repository_id).await?;
    let changed = imports::changed(reader, row.repository_id, &position, 1).await?;
    let failures = imports::failures(reader, row.repository_id, u64::MAX).await?;
    if changed.is_empty() && failures.is_empty() {
        return Ok(Imported::default());
    }
    let mut importer = Importer::new(app, row, source, Rule::new(&rule), problems).await?;
    importer.failed = failures.iter().map(|failure| (failure.chart.clone(), failure.blocked)).collect();
    let goes_on = importer.follow(position).await?;
    importer.retry(failures).await?;
    if goes_on {
        importer.problems.add(&format!(
            "{MOST_PER_LOOK} versions were to be imported at this look; the others follow at the next one, in a minute"
        ));
    }
    Ok(Imported { versions: importer.imported, goes_on })
}

/// Something that could not be done.
struct Trouble {
    /// What and why, for whoever manages the repository.
    text: String,
    /// Whether it is tried again only when somebody asks for it.
    is_final: bool,
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        let is_final =
            matches!(error, Error::Invalid { .. } | Error::AlreadyExists(_) | Error::TooLarge { .. });
        Self { text: super::sync::words(error), is_final }
    }
}

impl Trouble {
    /// A package that cannot be had now.
    fn of_fetch(error: Error) -> Self {
        match error {
            error @ Error::Unavailable { source: Some(_), .. } => {
                Self { text: packages::told(error), is_final: false }
            }
            other => other.into(),
        }
    }

    /// A version that is not released by itself: what it is short of, time does not bring.
    fn of_release(error: Error) -> Self {
        let is_final = matches!(error, Error::Conflict(_));
        let trouble = Self::from(error);
        Self { text: format!("it stays a draft: {}", trouble.text), is_final: is_final || trouble.is_final }
    }
}

/// The import from one repository at one look.
struct Importer<'a> {
    app: &'a App,
    row: &'a SourceRow,
    source: &'a Source,
    rule: Rule,
    /// The repository, as whoever does what its rule says.
    scope: Scope,
    /// Where the apps are.
    workspace: WorkspaceScope,
    /// Charts that failed before, and whether that is tried again only when somebody asks for it.
    failed: HashMap<String, bool>,
    problems: &'a mut Problems,
    /// Versions that may still be imported at this look.
    room: u32,
    imported: u64,
    /// Whether somebody changed the source meanwhile, or has taken its lease.
    is_over: bool,
}

impl<'a> Importer<'a> {
    async fn new(
        app: &'a App,
        row: &'a SourceRow,
        source: &'a Source,
        rule: Rule,
        problems: &'a mut Problems,
    ) -> Result<Self> {
        let actor = Actor::source(&row.path);
        let workspace = workspaces::find(app.store.database().reader(), &row.path.workspace).await?;
        let workspace = Arc::new(workspace.ok_or_else(|| Error::not_found("workspace"))?);
        Ok(Self {
            app,
            row,
            source,
            rule,
            scope: Scope { actor: actor.clone(), repository: app.repositories.find(&row.path).await? },
            workspace: WorkspaceScope { actor, workspace },
            failed: HashMap::new(),
            problems,
            room: MOST_PER_LOOK,
            imported: 0,
            is_over: false,
        })
    }

    fn id(&self) -> i64 {
        self.row.repository_id
    }

    /// The source as it was found: somebody who takes the rule away is heeded at once.
    fn hold(&self) -> Hold<'a> {
        Hold {
            repository_id: self.row.repository_id,
            revision: self.row.revision,
            holder: self.app.syncs.holder(),
        }
    }

    /// Looks at what changed since `reached`; whether there is more than has room.
    async fn follow(&mut self, mut reached: Position) -> Result<bool> {
        let database = self.app.store.database();
        loop {
            let charts = imports::changed(database.reader(), self.id(), &reached, CHARTS_AT_ONCE).await?;
            let Some(last) = charts.last().cloned() else { return Ok(false) };
            let before = reached.clone();
            for next in charts {
                if !self.chart(&next.chart).await? {
                    break;
                }
                reached = next;
            }
            let moved = reached != before;
            if moved && !imports::advance(database.writer(), self.hold(), &reached).await? {
                self.is_over = true;
            }
            if self.is_over || reached != last {
                return Ok(!self.is_over);
            }
        }
    }

    /// Tries again what failed before, as far as there is room: what waits for somebody only if somebody asked.
    async fn retry(&mut self, failures: Vec<Failure>) -> Result<()> {
        let is_asked_for = matches!(self.row.cause.as_str(), "demand" | "changed");
        for Failure { chart, blocked, .. } in failures {
            // What is not there any more was tried just now.
            if !self.failed.contains_key(&chart) || (blocked && !is_asked_for) {
                continue;
            }
            if self.is_over || !self.chart(&chart).await? {
                break;
            }
        }
        Ok(())
    }

    /// Imports what is missing of a chart; whether that was all.
    async fn chart(&mut self, chart: &str) -> Result<bool> {
        let mut troubles = Vec::new();
        let is_whole = match self.versions(chart, &mut troubles).await {
            Ok(is_whole) => is_whole,
            Err(error) => {
                troubles.push(error.into());
                true
            }
        };
        self.note(chart, &troubles).await?;
        Ok(is_whole)
    }

    async fn note(&mut self, chart: &str, troubles: &[Trouble]) -> Result<()> {
        let writer = self.app.store.database().writer();
        let failed_before = self.failed.remove(chart).is_some();
        if troubles.is_empty() {
            return match failed_before {
                true => imports::clear_failure(writer, self.id(), chart).await,
                false => Ok(()),
            };
        }
        let texts: Vec<&str> = troubles.iter().map(|trouble| trouble.text.as_str()).collect();
        let problem = format!("{chart} {}", texts.join("; "));
        let blocked = troubles.iter().all(|trouble| trouble.is_final);
        tracing::info!(repository = %self.row.path, problem, "not imported");
        self.problems.add(&problem);
        let failure = Failure { chart: chart.to_owned(), problem, blocked };
        imports::set_failure(writer, self.id(), &failure, Timestamp::now()).await
    }

    /// Imports the versions of a chart that the rule asks for; whether there was room for all.
    async fn versions(&mut self, chart: &str, troubles: &mut Vec<Trouble>) -> Result<bool> {
        if !self.rule.takes(chart) {
            return Ok(true);
        }
        let reader = self.app.store.database().reader();
        let wanted = self.rule.newest(imports::listed(reader, self.id(), chart).await?);
        if wanted.is_empty() {
            return Ok(true);
        }
        let known = imports::versions(reader, self.id(), chart).await?;
        for listed in &wanted {
            let outcome = match known.contains(&listed.version) {
                true => self.go_on_with(chart, &listed.version).await,
                false => self.begin(chart, listed).await,
            };
            match outcome {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(Trouble { text, is_final }) => {
                    troubles.push(Trouble { text: format!("{}: {text}", listed.version), is_final });
                }
            }
        }
        Ok(true)
    }

    /// Takes room for one version, if there is some and the source still is as it was found.
    async fn take_room(&mut self) -> Result<bool> {
        if self.room == 0 || self.is_over {
            return Ok(false);
        }
        self.is_over = !imports::holds(self.app.store.database().reader(), self.hold()).await?;
        self.room -= 1;
        Ok(!self.is_over)
    }

    /// Imports a version; whether there was room for it.
    async fn begin(&mut self, chart: &str, listed: &ListedVersion) -> Result<bool, Trouble> {
        if !self.take_room().await? {
            return Ok(false);
        }
        let fetched = packages::fetch_from(self.app, self.row, self.source, &listed.file_name).await;
        fetched.map_err(Trouble::of_fetch)?;
        self.fetch_provenance(listed).await;
        let package = NewPackage::of_repository(self.app, &self.scope, chart, &listed.version).await?;
        let version = NewVersion { package, update_log: String::new() };
        let Some(row) = self.record(chart, &listed.version, &version).await? else { return Ok(true) };
        self.imported += 1;
        self.release(row, &listed.version).await?;
        Ok(true)
    }

    /// Fetches the provenance file of a version, if it has one. Without it the version is imported all the same.
    async fn fetch_provenance(&mut self, listed: &ListedVersion) {
        let fetched = provenances::fetch_from(self.app, self.row, self.source, &listed.file_name).await;
        match fetched {
            Ok(()) | Err(Error::NotFound(_)) => {}
            Err(error) => self.problems.add(&format!(
                "{} is imported without its provenance file: {}",
                listed.file_name,
                packages::told(error)
            )),
        }
    }

    /// Releases a version that was imported before, if the rule says so now and nobody has touched it; whether there was
    /// room for it.
    async fn go_on_with(&mut self, chart: &str, version: &str) -> Result<bool, Trouble> {
        let reader = self.app.store.database().reader();
        if self.rule.state == ImportState::Draft {
            return Ok(true);
        }
        let Some(app_id) = imports::app_of(reader, self.id(), chart).await? else { return Ok(true) };
        let Some(row) = apps::find_by_id(reader, app_id).await? else { return Ok(true) };
        if self.untouched(&row, version).await?.is_none() {
            return Ok(true);
        }
        if !self.take_room().await? {
            return Ok(false);
        }
        self.release(row, version).await?;
        self.imported += 1;
        Ok(true)
    }

    /// A version, if it still is as the import made it.
    async fn untouched(&self, app: &AppRow, version: &str) -> Result<Option<AppVersionRow>> {
        let row = app_versions::find(self.app.store.database().reader(), app.id, version).await?;
        let name = self.scope.actor.name();
        Ok(row.filter(|row| row.state == VersionState::Draft && row.revision == 1 && row.created_by == name))
    }

    /// Writes the rows of a version, and of the app if it is the first one; nothing if somebody has made it already.
    async fn record(&mut self, chart: &str, text: &str, version: &NewVersion) -> Result<Option<AppRow>> {
        let database = self.app.store.database();
        let app_id = imports::app_of(database.reader(), self.id(), chart).await?;
        if let Some(app_id) = app_id
            && app_versions::find(database.reader(), app_id, text).await?.is_some()
        {
            imports::create_version(database.writer(), self.id(), chart, text).await?;
            return Ok(None);
        }
        let new = match app_id {
            None => Some((self.free_name(chart).await?, self.category_of(version).await?)),
            Some(_) => None,
        };
        let now = Timestamp::now();
        let transaction = database.begin().await?;
        let row = match (app_id, new) {
            (Some(app_id), _) => self.record_version(&transaction, app_id, version, now).await?,
            (None, Some(new)) => self.record_app(&transaction, chart, new, version).await?,
            (None, None) => return Err(Error::internal("an app without a name")),
        };
        imports::create_version(&transaction, self.id(), chart, text).await?;
        transaction.commit().await?;
        tracing::info!(repository = %self.row.path, app = %row.name, version = text, "imported");
        Ok(Some(row))
    }

    async fn record_version(
        &self,
        transaction: &Transaction,
        app_id: i64,
        version: &NewVersion,
        now: Timestamp,
    ) -> Result<AppRow> {
        apps::lock(transaction, app_id).await?;
        let row = apps::find_by_id(transaction, app_id).await?.ok_or_else(|| Error::not_found("app"))?;
        record_version(transaction, &self.scope.actor, &row, version, now).await?;
        Ok(row)
    }

    async fn record_app(
        &self,
        transaction: &Transaction,
        chart: &str,
        (name, category): (AppName, Option<CategoryName>),
        version: &NewVersion,
    ) -> Result<AppRow> {
        let now = Timestamp::now();
        let row = record_app(transaction, &self.workspace, &name, version, now).await?;
        if category.is_some() {
            let change = AppChange { category, ..AppChange::default() };
            apps::update(transaction, row.id, row.revision, &change, now).await?;
        }
        imports::create_app(transaction, self.id(), chart, row.id).await?;
        Ok(row)
    }

    /// The name of a new app: the chart's, with that of the repository before it if another app has it.
    async fn free_name(&self, chart: &str) -> Result<AppName> {
        let longer = format!("{}-{chart}", self.row.path.repository);
        for text in [chart, &longer] {
            let name: AppName = text
                .parse()
                .map_err(|_| Error::invalid("name", format!("{text:?} is no name for an app")))?;
            let workspace_id = self.workspace.workspace.id;
            if apps::find(self.app.store.database().reader(), workspace_id, &name).await?.is_none() {
                return Ok(name);
            }
        }
        Err(Error::AlreadyExists(format!("an app {chart} and one {longer}, made by somebody else,")))
    }

    /// The category of a new app, unless it has been removed since somebody made the rule.
    async fn category_of(&mut self, version: &NewVersion) -> Result<Option<CategoryName>> {
        let Some(name) = self.rule.category_of(version.package.metadata()) else { return Ok(None) };
        if categories::find(self.app.store.database().reader(), name).await?.is_some() {
            return Ok(Some(name.clone()));
        }
        self.problems.add(&format!(
            "{}: there is no category {name} any more, which the rule names",
            version.package.metadata().name
        ));
        Ok(None)
    }

    /// Releases a version that nobody has touched, if the rule says so.
    async fn release(&self, app: AppRow, version: &str) -> Result<(), Trouble> {
        if self.rule.state == ImportState::Draft {
            return Ok(());
        }
        let Some(seen) = self.untouched(&app, version).await? else { return Ok(()) };
        self.release_untouched(app, seen).await.map_err(Trouble::of_release)
    }

    async fn release_untouched(&self, app: AppRow, seen: AppVersionRow) -> Result<()> {
        // A cheap refusal before the package is examined; asked again in the transaction.
        let listed = listings::find(self.app.store.database().reader(), &app.chart_name).await?;
        if let Some(other) = listed.filter(|listing| listing.app.id != app.id) {
            return Err(Error::Conflict(format!(
                "the store has another app whose chart is called {:?}, {}/{}: one name is one app's",
                app.chart_name, other.app.workspace.1, other.app.name
            )));
        }
        let workspace = self.workspace.workspace.clone();
        let scope = AppScope::of_rule(self.scope.actor.clone(), workspace, app);
        release_by_rule(self.app, &scope, seen).await
    }
}
