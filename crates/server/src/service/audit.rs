//! The audit log: who did what to what, and when.

use chandlery_api::{AuditQuery, AuditView, Page};
use chandlery_core::{Actor, Error, Permission, Place, Result, authorise};
use chandlery_store::audit::{self, AuditEntry, AuditFilter, AuditRow};
use jiff::Timestamp;

use crate::app::{App, WorkspaceScope};
use crate::http::pages::limit_of;
use crate::service::apps::AppScope;

/// An entry by `actor`, now, about nothing yet.
pub(crate) fn entry(actor: &Actor, action: &str, now: Timestamp) -> AuditEntry {
    let role = match actor {
        Actor::Account(account) => account.role.to_string(),
        Actor::Anonymous | Actor::System => String::new(),
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

async fn page(app: &App, filter: AuditFilter, query: &AuditQuery) -> Result<Page<AuditView>> {
    let limit = limit_of(query.limit)?;
    let before = query.cursor.as_deref().map(|cursor| {
        cursor
            .parse::<i64>()
            .map_err(|_| Error::invalid("cursor", "is not one that a page of this list ended with"))
    });
    let filter = AuditFilter {
        actor: query.actor.clone(),
        action: query.action.clone(),
        kind: query.kind.clone(),
        since: query.since,
        until: query.until,
        ..filter
    };
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
