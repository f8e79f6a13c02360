//! Telling people and programs what happened to app versions.
//!
//! What there is to tell is written in the transaction of what happened, so that nothing is told that did not happen
//! and nothing is forgotten; [`super::deliveries`] sends it afterwards.

use std::collections::BTreeSet;

use chandlery_api::{
    Notification, NotificationChoices, NotificationLinks, NotifiedVersion, UpdateNotificationChoices,
};
use chandlery_core::{Account, Action, Actor, Audience, Error, Event, Permission, Result, VersionState};
use chandlery_store::notification_choices::{self as choices, MailCandidate};
use chandlery_store::{Connection, Transaction, deliveries};
use jiff::Timestamp;
use tokio::sync::Notify;

use crate::app::App;
use crate::service::apps::AppScope;

/// What wakes who sends deliveries.
#[derive(Debug, Default)]
pub(crate) struct Notifications(Notify);

impl Notifications {
    /// Says that there is something to send: it was committed.
    pub(crate) fn wake(&self) {
        self.0.notify_one();
    }

    /// Completes when there was something to send since the last time.
    pub(crate) async fn woken(&self) {
        self.0.notified().await;
    }
}

/// A move of a version that was written in a transaction.
pub(crate) struct Move<'a> {
    /// Who moved it, and which app it is of.
    pub(crate) scope: &'a AppScope,
    /// How.
    pub(crate) action: Action,
    /// The version's text.
    pub(crate) version: &'a str,
    /// Its state before and since.
    pub(crate) states: (VersionState, VersionState),
    /// The phase of review that it was about; may be empty.
    pub(crate) phase: &'a str,
    /// What was said to it; may be empty.
    pub(crate) message: &'a str,
    /// Who submitted the version (their row), if it was.
    pub(crate) submitted_by: Option<i64>,
    /// When.
    pub(crate) at: Timestamp,
}

/// Writes what there is to tell of a move, to webhooks and by mail. Returns how many are to be told.
pub(crate) async fn enqueue(app: &App, transaction: &Transaction, moved: &Move<'_>) -> Result<u64> {
    let Some(event) = Event::of(moved.action, moved.states.1) else { return Ok(0) };
    let payload = serde_json::to_string(&notification(app, moved, event)).map_err(Error::internal)?;
    let workspace_id = moved.scope.workspace.id;
    let webhooks =
        deliveries::create_for_webhooks(transaction, workspace_id, event, &payload, moved.at).await?;
    // A rule may release hundreds of versions at once: programs are told, people read it in the history of the source.
    if app.mailer.is_none() || matches!(moved.scope.actor, Actor::Source(_)) {
        return Ok(webhooks);
    }
    let accounts = receivers(transaction, moved, event).await?;
    let mails = deliveries::create_for_accounts(transaction, &accounts, event, &payload, moved.at).await?;
    Ok(webhooks + mails)
}

fn notification(app: &App, moved: &Move<'_>, event: Event) -> Notification {
    let (workspace, row) = (&moved.scope.workspace.name, &moved.scope.app);
    let link = app.indexes.links().absolute(&format!("/api/v1/workspaces/{workspace}/apps/{}", row.name));
    let version = percent_encoding::utf8_percent_encode(moved.version, percent_encoding::NON_ALPHANUMERIC);
    let version = NotifiedVersion {
        workspace: workspace.clone(),
        app: row.name.clone(),
        display_name: row.display_name.clone(),
        version: moved.version.to_owned(),
        action: moved.action,
        from: moved.states.0,
        to: moved.states.1,
        phase: moved.phase.to_owned(),
        links: NotificationLinks { version: format!("{link}/versions/{version}"), app: link },
    };
    Notification {
        event: event.as_str().to_owned(),
        time: moved.at,
        actor: moved.scope.actor.name().to_owned(),
        version: Some(version),
        message: moved.message.to_owned(),
    }
}

/// Who is told by mail (their rows): of those whom it concerns, who want it, may see the app, and did not do it
/// themselves.
async fn receivers(connection: &impl Connection, moved: &Move<'_>, event: Event) -> Result<Vec<i64>> {
    let managers = |one: &MailCandidate| one.permissions.contains(Permission::AppsManage);
    let concerned = match event.audience() {
        Audience::Reviewers => choices::holders_to_mail(connection, Permission::AppsReview).await?,
        Audience::Managers => of_workspace(connection, moved, managers).await?,
        Audience::Submitter => submitter(connection, moved).await?,
        Audience::SubmitterAndManagers => {
            let mut concerned = of_workspace(connection, moved, managers).await?;
            concerned.extend(submitter(connection, moved).await?);
            concerned
        }
    };
    let own = match &moved.scope.actor {
        Actor::Account(account) => Some(account.id),
        Actor::Anonymous | Actor::System | Actor::Source(_) => None,
    };
    let wanted = concerned.iter().filter(|one| one.wants(event) && Some(one.account_id) != own);
    let accounts: BTreeSet<i64> = wanted.map(|one| one.account_id).collect();
    Ok(accounts.into_iter().collect())
}

async fn of_workspace(
    connection: &impl Connection,
    moved: &Move<'_>,
    which: impl Fn(&MailCandidate) -> bool,
) -> Result<Vec<MailCandidate>> {
    let mut members = choices::members_to_mail(connection, moved.scope.workspace.id).await?;
    members.retain(which);
    Ok(members)
}

/// Who submitted the version, if they may still see it: as a member, or by their role on the platform.
async fn submitter(connection: &impl Connection, moved: &Move<'_>) -> Result<Vec<MailCandidate>> {
    let Some(id) = moved.submitted_by else { return Ok(Vec::new()) };
    let sees = |one: &MailCandidate| one.account_id == id && one.permissions.contains(Permission::AppsView);
    let members = of_workspace(connection, moved, sees).await?;
    if !members.is_empty() {
        return Ok(members);
    }
    let mut holders = choices::holders_to_mail(connection, Permission::AppsView).await?;
    holders.retain(sees);
    Ok(holders)
}

/// What the caller is told by mail.
pub(crate) async fn get_choices(app: &App, actor: &Actor) -> Result<NotificationChoices> {
    choices_of(app, actor.in_full()?).await
}

/// Chooses what the caller is told by mail.
pub(crate) async fn set_choices(
    app: &App,
    actor: &Actor,
    request: UpdateNotificationChoices,
) -> Result<NotificationChoices> {
    let account = actor.in_full()?;
    choices::write(app.store.database().writer(), account.id, &request.mail_events).await?;
    choices_of(app, account).await
}

async fn choices_of(app: &App, account: &Account) -> Result<NotificationChoices> {
    let reader = app.store.database().reader();
    let chosen = choices::find(reader, account.id).await?;
    let wanted = |event: &Event| chosen.as_ref().is_none_or(|chosen| chosen.contains(event));
    Ok(NotificationChoices {
        mail_events: Event::ALL.iter().copied().filter(wanted).collect(),
        email: choices::address(reader, account.id).await?.unwrap_or_default(),
        mail_enabled: app.mailer.is_some(),
    })
}
