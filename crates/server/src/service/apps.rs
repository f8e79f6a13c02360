//! Apps: what workspaces publish.

use std::sync::Arc;

use chandlery_api::{AppInformation, AppListQuery, AppMaintainer, AppView, Page, UpdateApp};
use chandlery_chart::Metadata;
use chandlery_core::{
    Action, Actor, AppName, Error, Permission, Place, Result, VersionState, authorise, may,
};
use chandlery_store::apps::{self, AppChange, AppFilter, AppRow, NewApp};
use chandlery_store::imports::Origin;
use chandlery_store::workspaces::WorkspaceRow;
use chandlery_store::{Transaction, app_versions, audit, imports, reviews};
use jiff::Timestamp;

use crate::app::{App, WorkspaceScope};
use crate::http::conditional::IfMatch;
use crate::http::pages::limit_of;
use crate::service::app_versions::{NewVersion, record_version};
use crate::service::attachments::{Pictures, join, split};
use crate::service::audit::entry;
use crate::service::lifecycle::has_chance;

/// Somebody at one app, as the authoriser of the route let them in: the only way for a handler to an app.
#[derive(Clone, Debug)]
pub(crate) struct AppScope {
    /// Who.
    pub(crate) actor: Actor,
    /// The app's workspace.
    pub(crate) workspace: Arc<WorkspaceRow>,
    /// The app.
    pub(crate) app: Arc<AppRow>,
    /// Whether drafts are shown: to those who may see the workspace's apps. Reviewers see what was submitted.
    sees_drafts: bool,
}

impl AppScope {
    /// The app of this name, if the actor may know of it.
    pub(crate) async fn find(app: &App, scope: WorkspaceScope, name: Result<AppName>) -> Result<Self> {
        let WorkspaceScope { actor, workspace } = scope;
        let reader = app.store.database().reader();
        let row = match name {
            Ok(name) => apps::find(reader, workspace.id, &name).await?,
            Err(_) => None,
        };
        let sees_drafts = may(&actor, Permission::AppsView, Place::Workspace(workspace.id));
        let missing = || match actor {
            Actor::Anonymous => Error::Unauthenticated,
            _ => Error::not_found("app"),
        };
        let row = row.ok_or_else(missing)?;
        let reviews = may(&actor, Permission::AppsReview, Place::Platform);
        let visible = sees_drafts || (reviews && reviews::any(reader, row.id).await?);
        if !visible {
            return Err(missing());
        }
        Ok(Self { actor, workspace, app: Arc::new(row), sees_drafts })
    }

    /// The server itself at one app, by a rule.
    pub(crate) fn of_rule(actor: Actor, workspace: Arc<WorkspaceRow>, app: AppRow) -> Self {
        Self { actor, workspace, app: Arc::new(app), sees_drafts: true }
    }

    /// Checks a permission of the actor here: the first line of every service method. Whoever sees the app may read it.
    pub(crate) fn require(&self, permission: Permission) -> Result<()> {
        match permission {
            Permission::AppsView => Ok(()),
            _ => match authorise(&self.actor, permission, self.place()) {
                // A reviewer knows the app, though not its workspace.
                Err(Error::NotFound(_)) => Err(Error::Forbidden(format!(
                    "this account or token may not do that: it needs the permission {} in the workspace {}",
                    permission.as_str(),
                    self.workspace.name
                ))),
                outcome => outcome,
            },
        }
    }

    /// Refuses those who may never take an action on a version of this app, whatever its state.
    pub(crate) fn require_chance(&self, action: Action) -> Result<()> {
        match has_chance(&self.actor, action, self.place()) {
            true => Ok(()),
            false => Err(Error::Forbidden(format!(
                "this account or token may not {} a version of this app",
                action.as_str()
            ))),
        }
    }

    /// Where this is, for the permission table.
    pub(crate) fn place(&self) -> Place {
        Place::Workspace(self.workspace.id)
    }

    /// Whether this shows a version with these submissions.
    pub(crate) fn shows(&self, version: &app_versions::AppVersionRow) -> bool {
        self.sees_drafts || version.review_id.is_some()
    }

    /// Whether only submitted versions are shown.
    pub(crate) fn submitted_only(&self) -> bool {
        !self.sees_drafts
    }

    /// The version of this text, if the actor may see it.
    pub(crate) async fn version(&self, app: &App, version: &str) -> Result<app_versions::AppVersionRow> {
        let row = app_versions::find(app.store.database().reader(), self.app.id, version).await?;
        row.filter(|row| self.shows(row)).ok_or_else(|| Error::not_found("version"))
    }
}

/// The most characters of a display name.
const LONGEST_DISPLAY_NAME: usize = 60;

/// Makes an app with its first version.
pub(crate) async fn create(
    app: &App,
    scope: &WorkspaceScope,
    name: Option<AppName>,
    version: NewVersion,
) -> Result<AppView> {
    scope.require(Permission::AppsCreate)?;
    let metadata = version.package.metadata();
    let name = match name {
        Some(name) => name,
        None => metadata.name.parse().map_err(|_| {
            Error::invalid(
                "name",
                format!("the chart's name {:?} is no name for an app: give another one", metadata.name),
            )
        })?,
    };
    let transaction = app.store.begin_with(version.package.blobs()).await?;
    record_app(&transaction, scope, &name, &version, Timestamp::now()).await?;
    transaction.commit().await?;
    tracing::info!(workspace = %scope.workspace.name, app = %name, "app created");
    let scope = AppScope::find(app, scope.clone(), Ok(name)).await?;
    view(app, &scope).await
}

/// Writes the rows of a new app with its first version.
pub(crate) async fn record_app(
    transaction: &Transaction,
    scope: &WorkspaceScope,
    name: &AppName,
    version: &NewVersion,
    now: Timestamp,
) -> Result<AppRow> {
    let metadata = version.package.metadata();
    let new = NewApp {
        workspace_id: scope.workspace.id,
        name,
        chart_name: &metadata.name,
        display_name: &metadata.name.chars().take(LONGEST_DISPLAY_NAME).collect::<String>(),
        information: &join(&information_of(metadata), &Pictures::default())?,
        created_by: scope.actor.name(),
        created_at: now,
    };
    let id = apps::create(transaction, &new).await?;
    let row = apps::find_by_id(transaction, id).await?.ok_or_else(|| Error::not_found("app"))?;
    audit::append(transaction, &about(&scope.actor, "app.create", &row, now)).await?;
    record_version(transaction, &scope.actor, &row, version, now).await?;
    Ok(row)
}

/// An entry of the audit log about an app.
pub(crate) fn about(actor: &Actor, action: &str, app: &AppRow, now: Timestamp) -> audit::AuditEntry {
    audit::AuditEntry {
        kind: "app".to_owned(),
        name: app.name.to_string(),
        workspace: (app.workspace.0, app.workspace.1.to_string()),
        app_id: Some(app.id),
        ..entry(actor, action, now)
    }
}

/// What a chart says of itself, as the first draft of what people read.
fn information_of(metadata: &Metadata) -> AppInformation {
    AppInformation {
        summary: metadata.description.chars().take(LONGEST_SUMMARY).collect(),
        home: metadata.home.clone(),
        sources: metadata.sources.iter().take(MOST_SOURCES).cloned().collect(),
        keywords: metadata
            .keywords
            .iter()
            .take(MOST_KEYWORDS)
            .map(|keyword| keyword.chars().take(LONGEST_KEYWORD).collect())
            .collect(),
        maintainers: metadata
            .maintainers
            .iter()
            .take(MOST_MAINTAINERS)
            .map(|person| AppMaintainer {
                name: person.name.clone(),
                email: person.email.clone(),
                url: person.url.clone(),
            })
            .collect(),
        ..AppInformation::default()
    }
}

const LONGEST_SUMMARY: usize = 300;
const LONGEST_DESCRIPTION: usize = 64 << 10;
const MOST_SOURCES: usize = 20;
const MOST_KEYWORDS: usize = 30;
const LONGEST_KEYWORD: usize = 60;
const MOST_MAINTAINERS: usize = 30;
const LONGEST_URL: usize = 2000;

/// Refuses what would not fit, and addresses that are none.
fn check(information: &AppInformation) -> Result<()> {
    let zh = &information.zh;
    let texts = [
        ("summary", &information.summary, LONGEST_SUMMARY),
        ("description", &information.description, LONGEST_DESCRIPTION),
        ("provider", &information.provider, LONGEST_SUMMARY),
        ("zh.display_name", &zh.display_name, LONGEST_DISPLAY_NAME),
        ("zh.summary", &zh.summary, LONGEST_SUMMARY),
        ("zh.description", &zh.description, LONGEST_DESCRIPTION),
    ];
    for (field, text, longest) in texts {
        if text.chars().count() > longest {
            return Err(Error::invalid(field, format!("is longer than {longest} characters")));
        }
    }
    let lists = [
        ("sources", information.sources.len(), MOST_SOURCES),
        ("keywords", information.keywords.len(), MOST_KEYWORDS),
        ("maintainers", information.maintainers.len(), MOST_MAINTAINERS),
    ];
    for (field, length, most) in lists {
        if length > most {
            return Err(Error::invalid(field, format!("has more than {most} items")));
        }
    }
    if information.keywords.iter().any(|keyword| keyword.chars().count() > LONGEST_KEYWORD) {
        return Err(Error::invalid("keywords", format!("one is longer than {LONGEST_KEYWORD} characters")));
    }
    let urls = [("home", &information.home), ("provider_url", &information.provider_url)];
    let sources = information.sources.iter().map(|url| ("sources", url));
    let people = information.maintainers.iter().map(|person| ("maintainers.url", &person.url));
    urls.into_iter().chain(sources).chain(people).try_for_each(|(field, url)| check_url(field, url))
}

fn check_url(field: &str, url: &str) -> Result<()> {
    let web = url.starts_with("https://") || url.starts_with("http://");
    if url.is_empty() || (web && url.len() <= LONGEST_URL && !url.contains(char::is_whitespace)) {
        return Ok(());
    }
    Err(Error::invalid(field, "is not an address that begins with http:// or https://"))
}

/// The apps of a workspace, by name.
pub(crate) async fn list(app: &App, scope: &WorkspaceScope, query: &AppListQuery) -> Result<Page<AppView>> {
    scope.require(Permission::AppsView)?;
    let limit = limit_of(query.limit)?;
    let filter = AppFilter { state: query.state, category: query.category.clone() };
    let after = query.cursor.as_deref().unwrap_or_default();
    let reader = app.store.database().reader();
    let mut rows = apps::list(reader, scope.workspace.id, &filter, after, limit + 1).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|(row, _)| row.name.to_string());
    let ids: Vec<i64> = rows.iter().map(|(row, _)| row.id).collect();
    let mut origins = imports::origins(reader, &ids).await?;
    let shape = |(row, latest): (AppRow, _)| {
        let origin = origins.remove(&row.id);
        shape(app, &scope.actor, scope.place(), row, latest, origin)
    };
    Ok(Page { items: rows.into_iter().map(shape).collect::<Result<_>>()?, next })
}

/// One app as the caller sees it.
pub(crate) async fn view(app: &App, scope: &AppScope) -> Result<AppView> {
    scope.require(Permission::AppsView)?;
    let reader = app.store.database().reader();
    let latest = app_versions::list(reader, scope.app.id, scope.submitted_only(), None, 1).await?;
    let row = AppRow::clone(&scope.app);
    let latest = latest.into_iter().next().map(|version| version.version);
    let origin = imports::origins(reader, &[row.id]).await?.remove(&row.id);
    shape(app, &scope.actor, scope.place(), row, latest, origin)
}

fn shape(
    app: &App,
    actor: &Actor,
    place: Place,
    row: AppRow,
    latest_version: Option<String>,
    origin: Option<Origin>,
) -> Result<AppView> {
    let (information, pictures) = split(&row.information)?;
    let context_path = app.indexes.links().context_path();
    let path = format!("{context_path}/api/v1/workspaces/{}/apps/{}", row.workspace.1, row.name);
    let (icon, screenshots) = pictures.views(&path);
    let readable = |origin: &Origin| may(actor, Permission::AppsView, Place::Repository(origin.scope));
    Ok(AppView {
        imported_from: origin.filter(readable).map(|origin| origin.path),
        actions: actions(actor, place, row.state, latest_version.is_none()),
        workspace: row.workspace.1,
        name: row.name,
        chart: row.chart_name,
        display_name: row.display_name,
        information,
        icon,
        screenshots,
        category: row.category,
        state: row.state,
        latest_version,
        created_by: row.created_by,
        created_at: row.created_at,
        updated_at: row.updated_at,
        revision: row.revision,
    })
}

/// What the actor may do with an app as a whole.
fn actions(actor: &Actor, place: Place, state: VersionState, empty: bool) -> Vec<Action> {
    let possible = [
        (Action::Edit, may(actor, Permission::AppsCreate, place)),
        (Action::Suspend, state == VersionState::Active && has_chance(actor, Action::Suspend, place)),
        (Action::Recover, state == VersionState::Suspended && has_chance(actor, Action::Recover, place)),
        (Action::Delete, empty && may(actor, Permission::AppsManage, place)),
    ];
    possible.into_iter().filter(|(_, possible)| *possible).map(|(action, _)| action).collect()
}

/// Changes the draft of what people read.
pub(crate) async fn update(
    app: &App,
    scope: &AppScope,
    if_match: &IfMatch,
    request: UpdateApp,
) -> Result<AppView> {
    scope.require(Permission::AppsCreate)?;
    if_match.check(scope.app.revision)?;
    if let Some(name) = &request.display_name {
        let length = name.chars().count();
        if name.trim().is_empty() || length > LONGEST_DISPLAY_NAME {
            return Err(Error::invalid(
                "display_name",
                format!("has to have 1 to {LONGEST_DISPLAY_NAME} characters"),
            ));
        }
    }
    if let Some(information) = &request.information {
        check(information)?;
    }
    let change = AppChange {
        display_name: request.display_name,
        information: match &request.information {
            Some(information) => Some(join(information, &Pictures::of(&scope.app.information)?)?),
            None => None,
        },
        category: None,
    };
    let now = Timestamp::now();
    let transaction = app.store.database().begin().await?;
    apps::update(&transaction, scope.app.id, scope.app.revision, &change, now).await?;
    audit::append(&transaction, &about(&scope.actor, "app.update", &scope.app, now)).await?;
    transaction.commit().await?;
    reread(app, scope).await
}

/// The app as it is now.
pub(crate) async fn reread(app: &App, scope: &AppScope) -> Result<AppView> {
    let row = apps::find_by_id(app.store.database().reader(), scope.app.id).await?;
    let row = row.ok_or_else(|| Error::not_found("app"))?;
    view(app, &AppScope { app: Arc::new(row), ..scope.clone() }).await
}

/// Removes an app that has no versions.
pub(crate) async fn delete(app: &App, scope: &AppScope) -> Result<()> {
    scope.require(Permission::AppsManage)?;
    let now = Timestamp::now();
    let transaction = app.store.database().begin().await?;
    apps::delete(&transaction, scope.app.id).await?;
    audit::append(&transaction, &about(&scope.actor, "app.delete", &scope.app, now)).await?;
    transaction.commit().await
}
