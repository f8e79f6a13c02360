//! Moving app versions through their lifecycle: the table is in `core`, this carries it out.
//!
//! Every move happens in one transaction that holds the lock of the app: it checks the state again, writes the version,
//! the review, the store's repository and listing, one row of the audit log, and what there is to tell of it.

use std::sync::Arc;

use chandlery_api::{ActOnVersion, AppVersionView, AppView, ReviewSettings};
use chandlery_chart::file_name;
use chandlery_chart::review::{Options, Report, examine};
use chandlery_core::{
    Action, Actor, Digest, Error, MOVES_OF_RULES, Permission, PermissionSet, Place, Result, TokenScope,
    VersionState, Who, may,
};
use chandlery_store::app_versions::{self, AppVersionChange, AppVersionRow};
use chandlery_store::packages::{self, NewPackage, NewProvenance, PublishLimits, PublishRequest};
use chandlery_store::reviews::{self, ReviewRow};
use chandlery_store::{Connection, Transaction, apps, audit, listings, platform_settings};
use jiff::Timestamp;

use crate::app::{App, STORE_REPOSITORY};
use crate::service::app_versions::{about_version, bytes, stored_bytes, view};
use crate::service::apps::{AppScope, reread};
use crate::service::attachments;
use crate::service::notifications::{self, Move};
use crate::service::repositories::Repository;

/// The name under which the settings of reviews are stored.
pub(crate) const REVIEW_SETTINGS: &str = "review";

/// How reviews are done.
pub(crate) async fn settings(connection: &impl Connection) -> Result<ReviewSettings> {
    let stored = platform_settings::find(connection, REVIEW_SETTINGS).await?;
    stored.map_or_else(
        || Ok(ReviewSettings::default()),
        |text| serde_json::from_str(&text).map_err(Error::internal),
    )
}

/// Whether the actor may ever take an action on a version in this workspace, whatever its state and its submitter.
pub(crate) fn has_chance(actor: &Actor, action: Action, workspace: Place) -> bool {
    match action.who() {
        Who::Workspace(permission) => may(actor, permission, workspace),
        Who::Platform(permission) | Who::Reviewer(permission) => may(actor, permission, Place::Platform),
        Who::SubmitterOr(permission) => {
            may(actor, permission, workspace) || may(actor, Permission::AppsManage, workspace)
        }
        Who::Administrator => is_administrator(actor),
    }
}

/// Refuses those who may not let a rule release versions that nobody has looked at.
pub(crate) fn may_let_rules_release(actor: &Actor, workspace: Place) -> Result<()> {
    match MOVES_OF_RULES.iter().find(|action| !has_chance(actor, **action, workspace)) {
        None => Ok(()),
        Some(action) => Err(Error::Forbidden(format!(
            "a rule that releases takes versions past review, and this account or token may not {}: import as drafts, \
             or have an administrator set the source",
            action.as_str()
        ))),
    }
}

fn is_administrator(actor: &Actor) -> bool {
    match actor {
        Actor::System | Actor::Source(_) => true,
        Actor::Anonymous => false,
        Actor::Account(account) => {
            account.permissions == PermissionSet::ALL
                && account.scope == TokenScope::All
                && account.repository.is_none()
        }
    }
}

/// Whether the actor is who submitted a version.
fn submitted(actor: &Actor, review: Option<&ReviewRow>) -> bool {
    matches!((actor, review), (Actor::Account(account), Some(review)) if account.id == review.submitted_by)
}

/// Whether the actor may take an action on a version with this submission.
fn permit(
    actor: &Actor,
    action: Action,
    workspace: Place,
    review: Option<&ReviewRow>,
    settings: &ReviewSettings,
) -> Result<()> {
    let own = submitted(actor, review);
    let refused = match action.who() {
        Who::Reviewer(_) if own && !settings.allow_self_review => {
            Some("who submitted a version does not review it: somebody else has to")
        }
        Who::SubmitterOr(permission) if !own && !may(actor, permission, workspace) => {
            Some("only who submitted the version, or who manages the workspace, may take it back")
        }
        _ if !has_chance(actor, action, workspace) => Some("this account or token may not do that"),
        _ => None,
    };
    refused.map_or(Ok(()), |reason| Err(Error::Forbidden(reason.to_owned())))
}

/// What the actor may do with a version in this state.
pub(crate) fn possible_actions(
    actor: &Actor,
    workspace: Place,
    state: VersionState,
    review: Option<&ReviewRow>,
    settings: &ReviewSettings,
) -> Vec<Action> {
    let permitted = |action: &Action| permit(actor, *action, workspace, review, settings).is_ok();
    state.actions().filter(permitted).collect()
}

/// The state that an action leads to, if the actor may take it now.
///
/// # Errors
/// [`Error::IllegalAction`] with what the actor may do instead; [`Error::Forbidden`].
pub(crate) async fn next_state(
    connection: &impl Connection,
    scope: &AppScope,
    version: &AppVersionRow,
    action: Action,
) -> Result<Option<VersionState>> {
    let review = review_of(connection, version).await?;
    let settings = settings(connection).await?;
    next(scope, version, review.as_ref(), &settings, action)
}

fn next(
    scope: &AppScope,
    version: &AppVersionRow,
    review: Option<&ReviewRow>,
    settings: &ReviewSettings,
    action: Action,
) -> Result<Option<VersionState>> {
    let left = review.map_or(0, |review| review.phases.len().saturating_sub(review.passed + 1));
    let next = action.next(version.state, left).map_err(|_| Error::IllegalAction {
        action,
        state: version.state,
        allowed: possible_actions(&scope.actor, scope.place(), version.state, review, settings),
    })?;
    permit(&scope.actor, action, scope.place(), review, settings)?;
    Ok(next)
}

async fn review_of(connection: &impl Connection, version: &AppVersionRow) -> Result<Option<ReviewRow>> {
    match version.review_id {
        Some(id) => reviews::find(connection, id).await,
        None => Ok(None),
    }
}

/// The most characters of a message.
const LONGEST_MESSAGE: usize = 2000;

fn check_message(action: Action, message: &str) -> Result<()> {
    if message.chars().count() > LONGEST_MESSAGE {
        return Err(Error::invalid("message", format!("is longer than {LONGEST_MESSAGE} characters")));
    }
    if action.needs_reason() && message.trim().is_empty() {
        return Err(Error::invalid("message", format!("{} needs a reason: say why", action.as_str())));
    }
    Ok(())
}

/// Takes an action on a version; returns it as it is then.
pub(crate) async fn act(
    app: &App,
    scope: &AppScope,
    version: &str,
    action: Action,
    request: ActOnVersion,
) -> Result<AppVersionView> {
    scope.require_chance(action)?;
    check_message(action, &request.message)?;
    let report = match action {
        Action::Submit => Some(evidence(app, scope, version, &request).await?),
        _ => None,
    };
    let mut step = Step::new(app, scope, action, request, report).await?;
    let transaction = app.store.database().begin().await?;
    apps::lock(&transaction, scope.app.id).await?;
    let seen = app_versions::find(&transaction, scope.app.id, version).await?;
    let seen = seen.filter(|row| scope.shows(row)).ok_or_else(|| Error::not_found("version"))?;
    let moved = step.take(&transaction, seen).await?;
    transaction.commit().await?;
    step.announce();
    view(app, scope, moved).await
}

/// The account (its row) that submitted what a rule did.
const NOBODY: i64 = 0;

/// Takes an imported draft into the store, by the rule that the scope's actor stands for: all moves at once, each as if
/// somebody made it, and only if the version still is as `seen`.
pub(crate) async fn release_by_rule(app: &App, scope: &AppScope, seen: AppVersionRow) -> Result<()> {
    let request = ActOnVersion { message: "by an import rule".to_owned(), ..ActOnVersion::default() };
    let report = evidence(app, scope, &seen.version, &request).await?;
    let mut step = Step::new(app, scope, Action::Submit, request, Some(report)).await?;
    let transaction = app.store.database().begin().await?;
    apps::lock(&transaction, scope.app.id).await?;
    let mut version = seen;
    for &action in MOVES_OF_RULES {
        step.action = action;
        // Nobody has to do anything about what is over before they could: the last move tells it all.
        step.is_told = MOVES_OF_RULES.last() == Some(&action);
        version = step.take(&transaction, version).await?;
    }
    transaction.commit().await?;
    step.announce();
    Ok(())
}

/// Takes an app down, or puts it back: all its versions that the action is possible for, at once.
pub(crate) async fn act_on_app(
    app: &App,
    scope: &AppScope,
    action: Action,
    request: ActOnVersion,
) -> Result<AppView> {
    scope.require_chance(action)?;
    check_message(action, &request.message)?;
    let mut step = Step::new(app, scope, action, request, None).await?;
    let transaction = app.store.database().begin().await?;
    apps::lock(&transaction, scope.app.id).await?;
    let versions = app_versions::list(&transaction, scope.app.id, true, None, u32::MAX).await?;
    let mut moved = 0;
    for seen in versions {
        if action.next(seen.state, 0).is_ok() {
            step.take(&transaction, seen).await?;
            moved += 1;
        }
    }
    if moved == 0 {
        return Err(Error::IllegalAction { action, state: scope.app.state, allowed: Vec::new() });
    }
    transaction.commit().await?;
    step.announce();
    reread(app, scope).await
}

/// Removes a version.
pub(crate) async fn delete(app: &App, scope: &AppScope, version: &str) -> Result<()> {
    scope.require_chance(Action::Delete)?;
    let now = Timestamp::now();
    let transaction = app.store.database().begin().await?;
    apps::lock(&transaction, scope.app.id).await?;
    let seen = app_versions::find(&transaction, scope.app.id, version).await?;
    let seen = seen.filter(|row| scope.shows(row)).ok_or_else(|| Error::not_found("version"))?;
    next_state(&transaction, scope, &seen, Action::Delete).await?;
    let entry = audit::AuditEntry {
        from_state: seen.state.as_str().to_owned(),
        ..about_version(&scope.actor, Action::Delete.as_str(), &scope.app, &seen, now)
    };
    audit::append(&transaction, &entry).await?;
    app_versions::delete(&transaction, &seen).await?;
    apps::refresh(&transaction, scope.app.id, now).await?;
    transaction.commit().await
}

/// Packages that are examined at once: each may take several hundred MB while it is rendered.
static EXAMINATIONS: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(1);

/// What a reviewer should know of the package that is submitted, and of which package it tells.
struct Evidence {
    digest: Digest,
    report: String,
}

/// Examines a version before it is submitted. What cannot be examined is not submitted.
async fn evidence(app: &App, scope: &AppScope, version: &str, request: &ActOnVersion) -> Result<Evidence> {
    let row = scope.version(app, version).await?;
    let reader = app.store.database().reader();
    // A cheap refusal first; the state is checked again in the transaction.
    expect_state(scope, &row, request)?;
    next_state(reader, scope, &row, Action::Submit).await?;
    let released = match app_versions::newest(reader, scope.app.id, VersionState::Active).await? {
        Some(released) => Some(bytes(app, &released).await?),
        None => None,
    };
    let provenance = match row.package.provenance {
        Some((digest, size)) => Some(stored_bytes(app, &digest, size).await?),
        None => None,
    };
    let package = bytes(app, &row).await?;
    let permit = EXAMINATIONS.acquire().await.map_err(Error::internal)?;
    let report = tokio::task::spawn_blocking(move || {
        let options = Options {
            released: released.as_deref(),
            provenance: provenance.as_deref(),
            ..Options::new(Timestamp::now())
        };
        examine(package.as_slice(), &options)
    });
    let report = report.await.map_err(Error::internal)?;
    drop(permit);
    refuse_blocked(&report, &settings(reader).await?)?;
    Ok(Evidence {
        digest: row.package.digest,
        report: serde_json::to_string(&report).map_err(Error::internal)?,
    })
}

fn refuse_blocked(report: &Report, settings: &ReviewSettings) -> Result<()> {
    let ids: Vec<&str> = settings.blocking_checks.iter().map(String::as_str).collect();
    let blocking: Vec<String> =
        report.blocked_by(&ids).iter().map(|check| format!("{}: {}", check.id, check.summary)).collect();
    match blocking.is_empty() {
        true => Ok(()),
        false => Err(Error::Conflict(format!(
            "the package does not pass checks that are required here: {}",
            blocking.join("; ")
        ))),
    }
}

fn expect_state(scope: &AppScope, seen: &AppVersionRow, request: &ActOnVersion) -> Result<()> {
    match request.expected_state {
        Some(expected) if expected != seen.state => Err(Error::Conflict(format!(
            "version {} of {} is {}, not {}: read it again",
            seen.version,
            scope.app.name,
            seen.state.as_str(),
            expected.as_str()
        ))),
        _ => Ok(()),
    }
}

/// One move of a version, and what it takes along.
struct Step<'s> {
    app: &'s App,
    scope: &'s AppScope,
    action: Action,
    request: ActOnVersion,
    report: Option<Evidence>,
    now: Timestamp,
    /// The store's repository: looked up before the transaction, which may hold the last connection there is.
    store: Arc<Repository>,
    /// Its generation, when the move changed it.
    store_generation: Option<i64>,
    /// Whether anybody is told of it.
    is_told: bool,
    /// How many are to be told of it.
    to_tell: u64,
}

impl<'s> Step<'s> {
    async fn new(
        app: &'s App,
        scope: &'s AppScope,
        action: Action,
        request: ActOnVersion,
        report: Option<Evidence>,
    ) -> Result<Self> {
        let store = app.repositories.find(&STORE_REPOSITORY).await?;
        let now = Timestamp::now();
        Ok(Self {
            app,
            scope,
            action,
            request,
            report,
            now,
            store,
            store_generation: None,
            is_told: true,
            to_tell: 0,
        })
    }

    async fn take(&mut self, transaction: &Transaction, seen: AppVersionRow) -> Result<AppVersionRow> {
        expect_state(self.scope, &seen, &self.request)?;
        let settings = settings(transaction).await?;
        let review = review_of(transaction, &seen).await?;
        let state = next(self.scope, &seen, review.as_ref(), &settings, self.action)?
            .ok_or_else(|| Error::internal("removing a version is no move"))?;
        let mut change = AppVersionChange { state: Some(state), ..AppVersionChange::default() };
        let mut phase = String::new();
        let submitted_by = review.as_ref().map(|review| review.submitted_by);
        match self.action {
            Action::Submit => {
                change.update_log = self.request.update_log.clone();
                change.review_id = Some(self.submit(transaction, &seen, &settings).await?);
            }
            Action::Release => {
                require_reviewed(&seen, review.as_ref())?;
                change.released_at = Some(self.now);
            }
            _ => {}
        }
        if let Some(mut review) = review.filter(|_| self.action != Action::Submit) {
            phase = self.advance_review(transaction, &mut review, state).await?;
        }
        let row = app_versions::update(transaction, &seen, &change, self.now).await?;
        match self.action {
            Action::Release | Action::Recover => self.put_into_store(transaction, &row).await?,
            Action::Suspend => self.take_from_store(transaction, &row).await?,
            _ => {}
        }
        apps::refresh(transaction, self.scope.app.id, self.now).await?;
        let entry = audit::AuditEntry {
            phase,
            from_state: seen.state.as_str().to_owned(),
            to_state: row.state.as_str().to_owned(),
            message: self.request.message.trim().to_owned(),
            ..about_version(&self.scope.actor, self.action.as_str(), &self.scope.app, &row, self.now)
        };
        audit::append(transaction, &entry).await?;
        let moved = Move {
            scope: self.scope,
            action: self.action,
            version: &row.version,
            states: (seen.state, row.state),
            phase: &entry.phase,
            message: &entry.message,
            submitted_by,
            at: self.now,
        };
        if self.is_told {
            self.to_tell += notifications::enqueue(self.app, transaction, &moved).await?;
        }
        Ok(row)
    }

    /// Makes the review of a submission, with the phases as they are set now.
    async fn submit(
        &self,
        transaction: &Transaction,
        seen: &AppVersionRow,
        settings: &ReviewSettings,
    ) -> Result<i64> {
        let evidence = self.report.as_ref().ok_or_else(|| Error::internal("nothing was examined"))?;
        if evidence.digest != seen.package.digest {
            return Err(Error::Conflict("the package was replaced meanwhile: submit it again".to_owned()));
        }
        let (submitted_by, submitter) = match &self.scope.actor {
            Actor::Account(account) => (account.id, account.name.to_string()),
            Actor::Source(name) => (NOBODY, name.to_string()),
            Actor::Anonymous | Actor::System => return Err(Error::Unauthenticated),
        };
        let review = ReviewRow {
            id: 0,
            version_id: seen.id,
            app_id: seen.app_id,
            workspace_id: self.scope.workspace.id,
            state: VersionState::Submitted,
            phases: settings.phases.clone(),
            passed: 0,
            submitted_by,
            submitter,
            reviewer: String::new(),
            digest: seen.package.digest,
            submitted_at: self.now,
            updated_at: self.now,
        };
        reviews::create(transaction, &review, &evidence.report).await
    }

    /// Writes what the move means for the review; returns the phase it was about.
    async fn advance_review(
        &self,
        transaction: &Transaction,
        review: &mut ReviewRow,
        state: VersionState,
    ) -> Result<String> {
        let phase = review.phase().map(ToString::to_string).unwrap_or_default();
        if let Some(meant) = self.request.phase.as_ref().filter(|meant| meant.as_str() != phase) {
            return Err(Error::Conflict(format!("the phase under way is {phase}, not {meant}")));
        }
        let reviewing = match self.action {
            Action::Pass => {
                review.passed += 1;
                true
            }
            Action::OverridePass => {
                review.passed = review.phases.len();
                true
            }
            Action::StartReview | Action::Reject | Action::OverrideReject => true,
            _ => false,
        };
        if reviewing {
            self.scope.actor.name().clone_into(&mut review.reviewer);
        }
        review.state = state;
        review.updated_at = self.now;
        reviews::update(transaction, review).await?;
        Ok(if reviewing { phase } else { String::new() })
    }

    /// Puts the package into the store's repository, and what people read into the store's listing.
    async fn put_into_store(&mut self, transaction: &Transaction, row: &AppVersionRow) -> Result<()> {
        let file_name = file_name(&self.scope.app.chart_name, &row.version);
        let package = NewPackage {
            chart: self.scope.app.chart_name.clone(),
            version: row.version.clone(),
            digest: row.package.digest,
            size: row.package.size,
            metadata: row.package.metadata.clone(),
            file_name,
        };
        let provenance = row.package.provenance.map(|(digest, size)| NewProvenance {
            file_name: format!("{}.prov", package.file_name),
            digest,
            size,
        });
        let current = apps::find_by_id(transaction, self.scope.app.id).await?;
        let current = current.ok_or_else(|| Error::not_found("app"))?;
        let latest = app_versions::newest(transaction, row.app_id, VersionState::Active).await?;
        let latest = latest.map_or_else(|| row.version.clone(), |latest| latest.version);
        // The chart's name is reserved first: then the repository has no file of this name but the app's.
        match self.action {
            Action::Release => {
                listings::release(transaction, &current, &latest, self.now).await?;
                attachments::remove_unused(transaction, row.app_id).await?;
            }
            _ => listings::refresh(transaction, row.app_id, Some(&latest)).await?,
        }
        let request = PublishRequest {
            repository_id: self.store.id,
            package: Some(package),
            provenance,
            created_at: self.now,
            overwrite: false,
            limits: PublishLimits::default(),
        };
        self.store_generation = Some(packages::record(transaction, &request).await?.generation);
        Ok(())
    }

    /// Takes the package out of the store's repository.
    async fn take_from_store(&mut self, transaction: &Transaction, row: &AppVersionRow) -> Result<()> {
        let chart = &self.scope.app.chart_name;
        let deleted =
            packages::delete_version(transaction, self.store.id, chart, &row.version, self.now).await?;
        self.store_generation = Some(deleted.generation);
        let latest = app_versions::newest(transaction, row.app_id, VersionState::Active).await?;
        listings::refresh(transaction, row.app_id, latest.as_ref().map(|latest| latest.version.as_str()))
            .await
    }

    /// Tells this process of what was committed.
    fn announce(&self) {
        let (workspace, name) = (&self.scope.workspace.name, &self.scope.app.name);
        tracing::info!(%workspace, app = %name, action = self.action.as_str(), "app version moved");
        if let Some(generation) = self.store_generation {
            self.store.advance(generation);
        }
        if self.to_tell > 0 {
            self.app.notifications.wake();
        }
    }
}

/// An approval is for one package: the one that was reviewed.
fn require_reviewed(version: &AppVersionRow, review: Option<&ReviewRow>) -> Result<()> {
    match review {
        Some(review) if review.digest == version.package.digest => Ok(()),
        _ => Err(Error::Conflict(
            "the package is not the one that was reviewed: it has to be submitted again".to_owned(),
        )),
    }
}
