//! The audit log: who did what to what, and when.

use chandlery_api::{AuditExportQuery, AuditQuery, AuditView, Page};
use chandlery_core::{Actor, Error, Permission, Place, Result, authorise};
use chandlery_store::audit::{self, AuditEntry, AuditFilter, AuditRow};
use futures_util::stream::{self, BoxStream, StreamExt as _};
use jiff::Timestamp;

use crate::app::{App, SharedApp, WorkspaceScope};
use crate::http::pages::limit_of;
use crate::service::apps::AppScope;

/// An entry by `actor`, now, about nothing yet.
pub(crate) fn entry(actor: &Actor, action: &str, now: Timestamp) -> AuditEntry {
    let role = match actor {
        Actor::Account(account) => account.role.to_string(),
        Actor::Anonymous | Actor::System | Actor::Source(_) => String::new(),
    };
    AuditEntry {
        at: now,
        actor: actor.name().to_owned(),
        role,
        action: action.to_owned(),
        ..AuditEntry::default()
    }
}

/// Everything.
pub(crate) async fn list(app: &App, actor: &Actor, query: &AuditQuery) -> Result<Page<AuditView>> {
    authorise(actor, Permission::AuditView, Place::Platform)?;
    page(app, AuditFilter::default(), query).await
}

/// What happened in one workspace.
pub(crate) async fn of_workspace(
    app: &App,
    scope: &WorkspaceScope,
    query: &AuditQuery,
) -> Result<Page<AuditView>> {
    scope.require(Permission::AuditView)?;
    let filter = AuditFilter { workspace_id: Some(scope.workspace.id), ..AuditFilter::default() };
    page(app, filter, query).await
}

/// What happened to one app and its versions, or to one version of it.
pub(crate) async fn of_app(
    app: &App,
    scope: &AppScope,
    version: Option<&str>,
    query: &AuditQuery,
) -> Result<Page<AuditView>> {
    scope.require(Permission::AppsView)?;
    let version_id = match version {
        Some(version) => Some(scope.version(app, version).await?.id),
        None => None,
    };
    let filter = AuditFilter { app_id: Some(scope.app.id), version_id, ..AuditFilter::default() };
    page(app, filter, query).await
}

/// Entries on their way out, in batches.
pub(crate) type Entries = BoxStream<'static, Result<Vec<AuditView>>>;

/// Everything that the filters let through, the last first.
pub(crate) async fn export(app: SharedApp, actor: &Actor, query: AuditExportQuery) -> Result<Entries> {
    authorise(actor, Permission::AuditView, Place::Platform)?;
    entries(app, filtered(AuditFilter::default(), &query.into())).await
}

/// As [`export`], of one workspace.
pub(crate) async fn export_of_workspace(
    app: SharedApp,
    scope: &WorkspaceScope,
    query: AuditExportQuery,
) -> Result<Entries> {
    scope.require(Permission::AuditView)?;
    let filter = AuditFilter { workspace_id: Some(scope.workspace.id), ..AuditFilter::default() };
    entries(app, filtered(filter, &query.into())).await
}

/// The first batch is read at once, so that a database that does not answer is an error and not half a file. Each batch
/// is a query of its own: a slow reader holds no connection. What is added meanwhile is not in it.
async fn entries(app: SharedApp, filter: AuditFilter) -> Result<Entries> {
    let first = batch(&app, &filter, None).await?;
    let rest = stream::try_unfold((app, filter, place_of_last(&first)), async |(app, filter, before)| {
        let Some(before) = before else { return Ok(None) };
        let next = batch(&app, &filter, Some(before)).await?;
        let last = place_of_last(&next);
        Ok((!next.is_empty()).then_some((next, (app, filter, last))))
    });
    Ok(stream::once(async { Ok(first) }).chain(rest).boxed())
}

fn place_of_last(batch: &[AuditView]) -> Option<i64> {
    batch.last().map(|entry| entry.id)
}

async fn batch(app: &App, filter: &AuditFilter, before: Option<i64>) -> Result<Vec<AuditView>> {
    const AT_ONCE: u32 = 500;
    let rows = audit::list(app.store.database().reader(), filter, before, AT_ONCE).await?;
    Ok(rows.into_iter().map(view).collect())
}

fn filtered(mut filter: AuditFilter, query: &AuditQuery) -> AuditFilter {
    filter.actor.clone_from(&query.actor);
    filter.action.clone_from(&query.action);
    filter.kind.clone_from(&query.kind);
    filter.name.clone_from(&query.name);
    filter.since = query.since;
    filter.until = query.until;
    filter
}

async fn page(app: &App, filter: AuditFilter, query: &AuditQuery) -> Result<Page<AuditView>> {
    let limit = limit_of(query.limit)?;
    let before = query.cursor.as_deref().map(|cursor| {
        cursor
            .parse::<i64>()
            .map_err(|_| Error::invalid("cursor", "is not one that a page of this list ended with"))
    });
    let filter = filtered(filter, query);
    let reader = app.store.database().reader();
    let mut rows = audit::list(reader, &filter, before.transpose()?, limit + 1).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
    Ok(Page { items: rows.into_iter().map(view).collect(), next })
}

fn view(row: AuditRow) -> AuditView {
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    let entry = row.entry;
    AuditView {
        id: row.id,
        at: entry.at,
        actor: entry.actor,
        role: entry.role,
        action: entry.action,
        kind: entry.kind,
        name: entry.name,
        workspace: given(entry.workspace.1),
        phase: given(entry.phase),
        from: given(entry.from_state),
        to: given(entry.to_state),
        message: entry.message,
        digest: entry.digest,
    }
}
