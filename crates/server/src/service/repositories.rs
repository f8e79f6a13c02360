//! Repositories: looking them up on every request, and managing them.

mod counts;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use chandlery_api::{CreateRepository, RepositoryView, UpdateRepository};
use chandlery_core::{
    Actor, Error, Permission, Place, RepositoryPath, RepositoryScope, RepositorySettings, Result, authorise,
    may,
};
use chandlery_store::{Store, Transaction, charts, repositories, workspaces};
use jiff::Timestamp;

use super::sources;
use super::trail::{self, Change};
use super::workspaces::create_with_administrator;
use crate::app::{App, STORE_REPOSITORY, Scope, filled_by_releases};
use counts::RepositoryCounts;

/// A repository as requests use it.
#[derive(Debug)]
pub(crate) struct Repository {
    /// Its row.
    pub(crate) id: i64,
    /// The row of its workspace.
    pub(crate) workspace_id: i64,
    /// Where it is.
    pub(crate) path: RepositoryPath,
    /// What was set.
    pub(crate) settings: RepositorySettings,
    /// Whether it is also served at the root.
    pub(crate) is_default: bool,
    /// Whether it is the store's: see [`STORE_REPOSITORY`].
    pub(crate) is_store: bool,
    /// Where it comes from; `None` for one that is pushed to.
    pub(crate) source: Option<repositories::SourceSummary>,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// Shared with what this repository was before its settings changed: requests that began then still advance it.
    generation: Arc<AtomicI64>,
}

impl Repository {
    fn from_row(row: repositories::RepositoryRow, default: &RepositoryPath) -> Self {
        Self {
            id: row.id,
            workspace_id: row.workspace_id,
            is_default: row.path == *default,
            is_store: row.path == *STORE_REPOSITORY,
            path: row.path,
            settings: row.settings,
            source: row.source,
            created_at: row.created_at,
            updated_at: row.updated_at,
            generation: Arc::new(AtomicI64::new(row.generation)),
        }
    }

    /// Where this is, for the permission table.
    pub(crate) fn place(&self) -> Place {
        Place::Repository(RepositoryScope {
            id: self.id,
            workspace_id: self.workspace_id,
            visibility: self.settings.visibility,
        })
    }

    /// The newest generation known to be committed.
    pub(crate) fn generation(&self) -> i64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Notes that a change was committed.
    pub(crate) fn advance(&self, generation: i64) {
        self.generation.fetch_max(generation, Ordering::AcqRel);
    }
}

/// Finds repositories by path.
///
/// With SQLite this process is the only writer, so what it read stays true until it writes. With PostgreSQL other
/// replicas write, so every request asks: that is what makes an upload to one replica visible in the next answer of any.
pub(crate) struct Repositories {
    store: Arc<Store>,
    default: RepositoryPath,
    only_writer: bool,
    known: RwLock<HashMap<RepositoryPath, Arc<Repository>>>,
    /// How much they hold.
    pub(crate) counts: RepositoryCounts,
    /// Held while rows and `known` are brought together.
    changes: tokio::sync::Mutex<()>,
}

impl Repositories {
    /// Nothing known yet.
    pub(crate) fn new(store: Arc<Store>, default: RepositoryPath, only_writer: bool) -> Self {
        Self {
            store,
            default,
            only_writer,
            known: RwLock::default(),
            counts: RepositoryCounts::default(),
            changes: tokio::sync::Mutex::default(),
        }
    }

    /// Notes that a change of a repository was committed by somebody who has only its path.
    pub(crate) fn advance(&self, path: &RepositoryPath, generation: i64) {
        if let Some(repository) = self.known(path) {
            repository.advance(generation);
        }
    }

    /// The repository at `path`, as of now.
    pub(crate) async fn find(&self, path: &RepositoryPath) -> Result<Arc<Repository>> {
        if !self.only_writer {
            return self.read(path).await;
        }
        if let Some(repository) = self.known(path) {
            return Ok(repository);
        }
        let _changes = self.changes.lock().await;
        if let Some(repository) = self.known(path) {
            return Ok(repository);
        }
        let repository = self.read(path).await?;
        self.remember(path, Some(repository.clone()));
        Ok(repository)
    }

    fn known(&self, path: &RepositoryPath) -> Option<Arc<Repository>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }

    fn remember(&self, path: &RepositoryPath, repository: Option<Arc<Repository>>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        match repository {
            Some(repository) => known.insert(path.clone(), repository),
            None => known.remove(path),
        };
    }

    async fn read(&self, path: &RepositoryPath) -> Result<Arc<Repository>> {
        Ok(Arc::new(self.read_row(path).await?))
    }

    /// Reads a repository again after its settings changed.
    async fn refresh(&self, path: &RepositoryPath) -> Result<()> {
        let mut repository = self.read_row(path).await?;
        if let Some(known) = self.known(path).filter(|known| known.id == repository.id) {
            known.advance(repository.generation());
            repository.generation = known.generation.clone();
        }
        self.remember(path, Some(Arc::new(repository)));
        Ok(())
    }

    async fn read_row(&self, path: &RepositoryPath) -> Result<Repository> {
        let row = repositories::find(self.store.database().reader(), path).await?;
        let row = row.ok_or_else(|| Error::not_found(format_args!("repository {path}")))?;
        Ok(Repository::from_row(row, &self.default))
    }
}

/// Creates a repository, and its workspace with the first one: whoever makes it administers it.
pub(crate) async fn create(app: &App, actor: &Actor, request: CreateRepository) -> Result<RepositoryView> {
    let CreateRepository { path, settings: wanted, source } = request;
    let mut settings = app.config.repository_defaults.clone();
    wanted.apply(&mut settings);
    check(&settings)?;
    let now = Timestamp::now();
    let _changes = app.repositories.changes.lock().await;
    let transaction = app.store.database().begin().await?;
    let workspace = match workspaces::find(&transaction, &path.workspace).await? {
        Some(workspace) => {
            authorise(actor, Permission::RepositoriesManage, Place::Workspace(workspace.id))?;
            workspace
        }
        None => {
            may_create_workspaces(actor)?;
            create_with_administrator(&transaction, actor, &path.workspace, None).await?
        }
    };
    let id = repositories::create(&transaction, workspace.id, &path.repository, &settings, now).await?;
    let is_external = source.is_some();
    if let Some(source) = source {
        sources::insert(app, &transaction, actor, id, source).await?;
    }
    note(&transaction, actor, "repository.create", &path).await?;
    transaction.commit().await?;
    if is_external {
        app.syncs.wake();
    }
    // Whoever made the workspace is a member of it.
    app.authentication.forget();
    let repository = app.repositories.read(&path).await?;
    tracing::info!(repository = %path, "repository created");
    Ok(view(app, &repository, charts::Counts::default()))
}

/// Whether a workspace is made for its first repository. Whoever cannot make one learns no more than that there is none.
fn may_create_workspaces(actor: &Actor) -> Result<()> {
    let may = |permission| may(actor, permission, Place::Platform);
    if may(Permission::WorkspacesManage) && may(Permission::RepositoriesManage) {
        return Ok(());
    }
    Err(Error::not_found("workspace"))
}

/// A repository and what it holds.
pub(crate) async fn get(app: &App, scope: &Scope) -> Result<RepositoryView> {
    scope.require(Permission::AppsView)?;
    let current = app.repositories.read(&scope.repository.path).await?;
    let mut views = views(app, &[current]).await?;
    views.pop().ok_or_else(|| Error::internal("a repository without a view"))
}

/// The repositories behind `after` that `actor` may read, by workspace and name, at most `limit`.
pub(crate) async fn readable(
    app: &App,
    actor: &Actor,
    after: Option<RepositoryPath>,
    limit: usize,
) -> Result<Vec<Arc<Repository>>> {
    const MOST_ROWS: usize = 500;
    let rows_at_once = limit.min(MOST_ROWS);
    let may_read = |repository: &Repository| may(actor, Permission::AppsView, repository.place());
    let mut found = Vec::new();
    let mut after = after;
    loop {
        let reader = app.store.database().reader();
        let rows = repositories::list(reader, after.as_ref(), rows_at_once as u32).await?;
        let is_last = rows.len() < rows_at_once;
        after = rows.last().map(|row| row.path.clone());
        let rows = rows.into_iter().map(|row| Repository::from_row(row, &app.config.default_repository));
        found.extend(rows.filter(may_read).map(Arc::new));
        if is_last || found.len() >= limit {
            found.truncate(limit);
            return Ok(found);
        }
    }
}

/// The views of the repositories behind `after` that `actor` may read, by workspace and name, at most `limit`.
pub(crate) async fn list(
    app: &App,
    actor: &Actor,
    after: Option<RepositoryPath>,
    limit: u32,
) -> Result<Vec<RepositoryView>> {
    views(app, &readable(app, actor, after, limit as usize).await?).await
}

async fn views(app: &App, repositories: &[Arc<Repository>]) -> Result<Vec<RepositoryView>> {
    let states: Vec<(i64, i64)> = repositories.iter().map(|one| (one.id, one.generation())).collect();
    let counts = app.repositories.counts.of(app.store.database().reader(), &states).await?;
    Ok(repositories.iter().zip(counts).map(|(repository, counts)| view(app, repository, counts)).collect())
}

/// Changes settings.
pub(crate) async fn update(app: &App, scope: &Scope, change: UpdateRepository) -> Result<RepositoryView> {
    scope.require(Permission::RepositoriesManage)?;
    let path = &scope.repository.path;
    let changes = app.repositories.changes.lock().await;
    let current = app.repositories.read(path).await?;
    let mut settings = current.settings.clone();
    change.apply(&mut settings);
    check(&settings)?;
    let transaction = app.store.database().begin().await?;
    repositories::update(&transaction, current.id, &settings, Timestamp::now()).await?;
    note(&transaction, &scope.actor, "repository.update", path).await?;
    transaction.commit().await?;
    app.repositories.refresh(path).await?;
    drop(changes);
    tracing::info!(repository = %path, "repository settings changed");
    get(app, scope).await
}

/// Removes a repository with everything in it.
pub(crate) async fn delete(app: &App, scope: &Scope) -> Result<()> {
    scope.require(Permission::RepositoriesManage)?;
    let path = &scope.repository.path;
    if scope.repository.is_store {
        return Err(filled_by_releases());
    }
    if scope.repository.is_default {
        return Err(Error::Conflict(format!("{path} is served at the root and cannot be deleted")));
    }
    let _changes = app.repositories.changes.lock().await;
    let transaction = app.store.database().begin().await?;
    note(&transaction, &scope.actor, "repository.delete", path).await?;
    repositories::delete(&transaction, scope.repository.id).await?;
    transaction.commit().await?;
    app.repositories.remember(path, None);
    app.repositories.counts.forget(scope.repository.id);
    app.indexes.forget(scope.repository.id);
    tracing::info!(repository = %path, "repository deleted");
    Ok(())
}

/// Notes in the audit what somebody did with a repository.
async fn note(
    transaction: &Transaction,
    actor: &Actor,
    action: &'static str,
    path: &RepositoryPath,
) -> Result<()> {
    note_with(transaction, actor, action, path, String::new()).await
}

/// The same, with words; never a secret.
pub(crate) async fn note_with(
    transaction: &Transaction,
    actor: &Actor,
    action: &'static str,
    path: &RepositoryPath,
    message: String,
) -> Result<()> {
    let workspace = workspaces::find(transaction, &path.workspace).await?;
    let change = Change { action, name: path.to_string(), workspace: workspace.as_ref(), message };
    trail::note(transaction, actor, change).await
}

/// Refuses settings that would do harm.
pub(crate) fn check(settings: &RepositorySettings) -> Result<()> {
    if settings.keep_versions == Some(0) {
        return Err(Error::invalid("keep_versions", "0 would keep nothing; leave it out to keep everything"));
    }
    // What the database can hold.
    const MOST: u64 = i64::MAX as u64;
    let limits = [
        ("max_package_size", settings.max_package_size),
        ("max_versions_per_chart", settings.max_versions_per_chart),
        ("max_storage_objects", settings.max_storage_objects),
        ("keep_versions", settings.keep_versions),
    ];
    if let Some((name, _)) = limits.iter().find(|(_, limit)| limit.is_some_and(|limit| limit > MOST)) {
        return Err(Error::invalid(*name, format!("is larger than {MOST}")));
    }
    let id = settings.artifacthub_repository_id.as_deref().unwrap_or_default();
    if id.chars().any(char::is_control) {
        return Err(Error::invalid("artifacthub_repository_id", "contains control characters"));
    }
    Ok(())
}

fn view(app: &App, repository: &Repository, counts: charts::Counts) -> RepositoryView {
    RepositoryView {
        path: repository.path.clone(),
        url: app.indexes.links().repository_url(&repository.path),
        settings: repository.settings.clone(),
        charts: counts.charts,
        versions: counts.versions,
        generation: repository.generation(),
        created_at: repository.created_at,
        updated_at: repository.updated_at,
        source: repository.source.as_ref().map(sources::summary),
    }
}
