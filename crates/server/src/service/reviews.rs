//! The queue of reviews, their evidence, and how they are done.

use chandlery_api::{Page, ReviewQuery, ReviewSettings, ReviewStatus, ReviewView};
use chandlery_chart::review::CHECKS;
use chandlery_core::{Actor, Error, Permission, Place, Result, VersionState, authorise};
use chandlery_store::{audit, platform_settings, reviews};
use jiff::Timestamp;

use crate::app::App;
use crate::http::pages::limit_of;
use crate::service::app_versions::summary;
use crate::service::apps::AppScope;
use crate::service::audit::entry;
use crate::service::lifecycle::{REVIEW_SETTINGS, settings};

/// The submissions of all workspaces, the last ones first.
pub(crate) async fn list(app: &App, actor: &Actor, query: &ReviewQuery) -> Result<Page<ReviewView>> {
    authorise(actor, Permission::AppsReview, Place::Platform)?;
    let limit = limit_of(query.limit)?;
    let before = query.cursor.as_deref().map(|cursor| {
        cursor
            .parse::<i64>()
            .map_err(|_| Error::invalid("cursor", "is not one that a page of this list ended with"))
    });
    let reader = app.store.database().reader();
    let mut rows = reviews::list(reader, states(query.status), before.transpose()?, limit + 1).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|row| row.review.id.to_string());
    let view = |row: reviews::QueuedReview| ReviewView {
        workspace: row.workspace,
        app: row.app,
        display_name: row.display_name,
        version: row.version,
        review: summary(row.review),
    };
    Ok(Page { items: rows.into_iter().map(view).collect(), next })
}

/// The states of a part of the queue; none means all.
fn states(status: Option<ReviewStatus>) -> &'static [VersionState] {
    use VersionState::{Active, Draft, InReview, Passed, Rejected, Submitted, Suspended};
    match status {
        None => &[],
        Some(ReviewStatus::Unprocessed) => &[Submitted, InReview],
        Some(ReviewStatus::Processed) => &[Draft, Passed, Rejected, Active, Suspended],
    }
}

/// What was found out about a version when it was last submitted, as JSON.
pub(crate) async fn report(app: &App, scope: &AppScope, version: &str) -> Result<String> {
    scope.require(Permission::AppsView)?;
    let row = scope.version(app, version).await?;
    let never = || Error::not_found("a report of this version, which was never submitted,");
    let id = row.review_id.ok_or_else(never)?;
    reviews::report(app.store.database().reader(), id).await?.ok_or_else(never)
}

/// How reviews are done.
pub(crate) async fn get_settings(app: &App, actor: &Actor) -> Result<ReviewSettings> {
    authorise(actor, Permission::AppsReview, Place::Platform)?;
    settings(app.store.database().reader()).await
}

/// Changes how reviews are done. Submissions under way keep their phases.
pub(crate) async fn update_settings(
    app: &App,
    actor: &Actor,
    settings: ReviewSettings,
) -> Result<ReviewSettings> {
    authorise(actor, Permission::RolesManage, Place::Platform)?;
    if settings.phases.is_empty() || settings.phases.len() > 10 {
        return Err(Error::invalid("phases", "there have to be 1 to 10"));
    }
    let distinct: std::collections::BTreeSet<_> = settings.phases.iter().collect();
    if distinct.len() != settings.phases.len() {
        return Err(Error::invalid("phases", "one is named twice"));
    }
    if let Some(unknown) = settings.blocking_checks.iter().find(|id| !CHECKS.contains(&id.as_str())) {
        return Err(Error::invalid(
            "blocking_checks",
            format!("{unknown:?} is not one of {}", CHECKS.join(", ")),
        ));
    }
    let text = serde_json::to_string(&settings).map_err(Error::internal)?;
    let transaction = app.store.database().begin().await?;
    platform_settings::write(&transaction, REVIEW_SETTINGS, &text).await?;
    let changed = audit::AuditEntry {
        kind: "settings".to_owned(),
        name: REVIEW_SETTINGS.to_owned(),
        message: text,
        ..entry(actor, "settings.update", Timestamp::now())
    };
    audit::append(&transaction, &changed).await?;
    transaction.commit().await?;
    Ok(settings)
}
