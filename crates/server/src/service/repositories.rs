//! Repositories: looking them up on every request, and managing them.

mod counts;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use chandlery_api::{CreateRepository, RepositoryKind, RepositoryView, UpdateRepository};
use chandlery_core::{
    Actor, Error, Permission, Place, RepositoryPath, RepositoryScope, RepositorySettings, Result, authorise,
    may,
};
use chandlery_store::repositories::RepositoryRow;
use chandlery_store::{Store, Transaction, charts, repositories, virtual_repositories as merges, workspaces};
use jiff::Timestamp;

use super::trail::{self, Change};
use super::virtual_repositories::Reserved;
use super::workspaces::create_with_administrator;
use super::{sources, virtual_repositories};
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
    /// What it merges; `None` for one with packages of its own.
    pub(crate) merge: Option<Merge>,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// Shared with what this repository was before its settings changed: requests that began then still advance it.
    generation: Arc<AtomicI64>,
}

/// What a virtual repository merges.
#[derive(Debug)]
pub(crate) struct Merge {
    /// Its members, the first one first, as they were when this was read: see [`Repositories::members`].
    pub(crate) members: Vec<Arc<Repository>>,
    /// Names that never come from external members.
    pub(crate) reserved: Reserved,
    /// Grows with every change.
    pub(crate) revision: i64,
}

impl Merge {
    fn new(row: &repositories::MergeSummary, members: Vec<Arc<Repository>>) -> Result<Self> {
        let patterns: Vec<String> = serde_json::from_str(&row.reserved).map_err(Error::internal)?;
        Ok(Self { members, reserved: Reserved::new(&patterns)?, revision: row.revision })
    }
}

impl Repository {
    fn from_row(row: RepositoryRow, default: &RepositoryPath, merge: Option<Merge>) -> Self {
        Self {
            merge,
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

    /// Where the packages come from.
    pub(crate) fn kind(&self) -> RepositoryKind {
        match (&self.source, &self.merge) {
            (Some(_), _) => RepositoryKind::External,
            (None, Some(_)) => RepositoryKind::Virtual,
            (None, None) => RepositoryKind::Hosted,
        }
    }

    /// Whether packages are pushed to it.
    pub(crate) fn is_hosted(&self) -> bool {
        self.kind() == RepositoryKind::Hosted
    }

    /// Where a row is, for the permission table.
    pub(super) fn place_of(row: &RepositoryRow) -> Place {
        let visibility = row.settings.visibility;
        Place::Repository(RepositoryScope { id: row.id, workspace_id: row.workspace_id, visibility })
    }

    /// Where this is, for the permission table.
    pub(crate) fn place(&self) -> Place {
        Place::Repository(RepositoryScope {
            id: self.id,
            workspace_id: self.workspace_id,
            visibility: self.settings.visibility,
        })
    }

    /// When its content or settings last changed, as of when it was read.
    pub(crate) fn updated_at(&self) -> Timestamp {
        self.updated_at
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

    /// The repository at `path` as its rows are now, without remembering it.
    pub(super) async fn current(&self, path: &RepositoryPath) -> Result<Arc<Repository>> {
        self.read(path).await
    }

    /// Held by who changes rows of repositories until [`Self::refresh`] has told of it.
    pub(super) async fn changing(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.changes.lock().await
    }

    /// The members of a virtual repository as of now, the first one first.
    pub(crate) async fn members(&self, repository: &Repository) -> Result<Vec<Arc<Repository>>> {
        let Some(merge) = &repository.merge else { return Ok(Vec::new()) };
        if !self.only_writer {
            // They were read with the repository, by this request.
            return Ok(merge.members.clone());
        }
        let mut members = Vec::with_capacity(merge.members.len());
        for member in &merge.members {
            match self.find(&member.path).await {
                Ok(found) if found.id == member.id => members.push(found),
                // It was deleted a moment ago.
                Ok(_) | Err(Error::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(members)
    }

    /// Repositories of rows, virtual ones with their members.
    async fn of_rows(&self, rows: Vec<RepositoryRow>) -> Result<Vec<Repository>> {
        let virtual_ids: Vec<i64> = rows.iter().filter(|row| row.merge.is_some()).map(|row| row.id).collect();
        let mut members = merges::members(self.store.database().reader(), &virtual_ids).await?;
        let with = |row, merge| Repository::from_row(row, &self.default, merge);
        let repository = |row: RepositoryRow| {
            let members = members.remove(&row.id).unwrap_or_default().into_iter();
            let members = members.map(|row| Arc::new(with(row, None))).collect();
            let merge = row.merge.as_ref().map(|merge| Merge::new(merge, members)).transpose()?;
            Ok(with(row, merge))
        };
        rows.into_iter().map(repository).collect()
    }

    /// Reads a repository again after its settings changed.
    pub(super) async fn refresh(&self, path: &RepositoryPath) -> Result<()> {
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
        let mut read = self.of_rows(vec![row]).await?;
        read.pop().ok_or_else(|| Error::internal("a row without a repository"))
    }
}

/// Creates a repository, and its workspace with the first one: whoever makes it administers it.
pub(crate) async fn create(app: &App, actor: &Actor, request: CreateRepository) -> Result<RepositoryView> {
    let CreateRepository { path, settings: wanted, source, r#virtual: merge } = request;
    if source.is_some() && merge.is_some() {
        return Err(Error::invalid("virtual", "a repository has a source or members, not both"));
    }
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
    if let Some(merge) = &merge {
        virtual_repositories::insert(&transaction, actor, (workspace.id, id), merge).await?;
    }
    let message = merge.as_ref().map(virtual_repositories::told).unwrap_or_default();
    note_with(&transaction, actor, "repository.create", &path, message).await?;
    transaction.commit().await?;
    if is_external {
        app.syncs.wake();
    }
    // Whoever made the workspace is a member of it.
    app.authentication.forget();
    let repository = app.repositories.read(&path).await?;
    tracing::info!(repository = %path, "repository created");
    Ok(view(app, actor, &repository, charts::Counts::default()))
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
    let mut views = views(app, &scope.actor, &[current]).await?;
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
    let may_read = |row: &RepositoryRow| may(actor, Permission::AppsView, Repository::place_of(row));
    let mut found = Vec::new();
    let mut after = after;
    loop {
        let reader = app.store.database().reader();
        let mut rows = repositories::list(reader, after.as_ref(), rows_at_once as u32).await?;
        let is_last = rows.len() < rows_at_once;
        after = rows.last().map(|row| row.path.clone());
        rows.retain(may_read);
        found.extend(app.repositories.of_rows(rows).await?.into_iter().map(Arc::new));
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
    views(app, actor, &readable(app, actor, after, limit as usize).await?).await
}

async fn views(app: &App, actor: &Actor, repositories: &[Arc<Repository>]) -> Result<Vec<RepositoryView>> {
    let states: Vec<(i64, i64)> = repositories.iter().map(|one| (one.id, one.generation())).collect();
    let counts = app.repositories.counts.of(app.store.database().reader(), &states).await?;
    Ok(repositories
        .iter()
        .zip(counts)
        .map(|(repository, counts)| view(app, actor, repository, counts))
        .collect())
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
    let merged_in = virtual_repositories::take_out(&transaction, &scope.actor, &scope.repository).await?;
    note(&transaction, &scope.actor, "repository.delete", path).await?;
    repositories::delete(&transaction, scope.repository.id).await?;
    transaction.commit().await?;
    app.repositories.remember(path, None);
    app.repositories.counts.forget(scope.repository.id);
    for path in &merged_in {
        app.repositories.refresh(path).await?;
    }
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

fn view(app: &App, actor: &Actor, repository: &Repository, counts: charts::Counts) -> RepositoryView {
    RepositoryView {
        kind: repository.kind(),
        path: repository.path.clone(),
        url: app.indexes.links().repository_url(&repository.path),
        settings: repository.settings.clone(),
        charts: counts.charts,
        versions: counts.versions,
        generation: repository.generation(),
        created_at: repository.created_at,
        updated_at: repository.updated_at,
        source: repository.source.as_ref().map(sources::summary),
        r#virtual: repository.merge.as_ref().map(|merge| virtual_repositories::summary(actor, merge)),
    }
}
