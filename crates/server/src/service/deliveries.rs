//! Sending what there is to tell: at least once each, by one replica at a time, again and again until the policy of
//! [`chandlery_source::webhook`] gives up, and a few at once to each receiver, so that a slow one holds up itself only.

use std::time::Duration;

use chandlery_api::{AttemptView, Notification};
use chandlery_core::{Error, Event, Result};
use chandlery_source::mail::{Mail, MailError};
use chandlery_source::webhook::{Delivery, Outcome, SigningSecret, delay_before_attempt, deliver};
use chandlery_store::deliveries::{self, AttemptResult, DeliveryRow, DeliveryState, Receiver};
use chandlery_store::{notification_choices, webhooks};
use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;

use crate::app::{App, SharedApp};
use crate::service::webhooks::{PING, message_id, purpose};

/// Attempts under way at once. Each waits for its receiver and holds little more than a connection; of one receiver there
/// are [`deliveries::AT_ONCE_FROM_A_QUEUE`], so that it takes 32 that answer slowly to hold up the others.
const MOST_AT_ONCE: usize = 32 * deliveries::AT_ONCE_FROM_A_QUEUE;

/// How long nobody else takes what one replica is sending: longer than any attempt may take (a mail 60 s).
const LEASE: SignedDuration = SignedDuration::from_secs(120);

/// How long to sleep at most: what another replica left behind when it died is found after this time.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// How long to sleep at least, so that a lost race with another replica is not run again at once.
const SHORTEST_SLEEP: Duration = Duration::from_millis(20);
/// How long to sleep when the database does not answer.
const SLEEP_AFTER_FAULT: Duration = Duration::from_secs(5);

/// How long it is kept what became of deliveries.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Sends deliveries for ever. `alone` says that no other process does.
pub(crate) async fn keep_delivering(app: SharedApp, alone: bool) {
    if alone && let Err(error) = deliveries::end_leases(app.store.database().writer()).await {
        tracing::warn!(%error, "notifications that were being sent before wait until their time is over");
    }
    let mut running = JoinSet::new();
    loop {
        let sleep = match start_due(&app, &mut running).await {
            Ok(sleep) => sleep,
            Err(error) => {
                tracing::warn!(%error, "notifications cannot be sent now, trying again later");
                SLEEP_AFTER_FAULT
            }
        };
        tokio::select! {
            () = app.notifications.woken() => {}
            () = tokio::time::sleep(sleep) => {}
            Some(_) = running.join_next() => {}
        }
    }
}

/// Starts what is due as far as there is room, and says how long there is nothing to do.
async fn start_due(app: &SharedApp, running: &mut JoinSet<()>) -> Result<Duration> {
    while running.try_join_next().is_some() {}
    let database = app.store.database();
    let room = MOST_AT_ONCE.saturating_sub(running.len());
    if room == 0 {
        return Ok(LONGEST_SLEEP);
    }
    // On SQLite there is one writer: nothing is written when there is nothing to take.
    let due = deliveries::next_due(database.reader()).await?;
    let now = Timestamp::now();
    if due.is_none_or(|due| due > now) {
        let sleep = due.map_or(LONGEST_SLEEP, |due| now.duration_until(due).unsigned_abs());
        return Ok(sleep.clamp(SHORTEST_SLEEP, LONGEST_SLEEP));
    }
    let limit = u32::try_from(room).unwrap_or(1);
    for row in deliveries::take_due(database.writer(), now, now + LEASE, limit).await? {
        let app = app.clone();
        running.spawn(async move { attempt(&app, row).await });
    }
    Ok(SHORTEST_SLEEP)
}

/// What became of an attempt, and what to do next.
struct Ended {
    outcome: Outcome,
    about: AttemptView,
}

impl Ended {
    fn failed(outcome: Outcome, failure: &str, error: impl Into<String>) -> Self {
        let about = AttemptView {
            failure: Some(failure.to_owned()),
            error: Some(error.into()),
            ..AttemptView::default()
        };
        Self { outcome, about }
    }
}

/// Makes one attempt and writes what became of it.
async fn attempt(app: &App, row: DeliveryRow) {
    let started = std::time::Instant::now();
    let ended = match (delay_before_attempt(row.attempts), row.receiver) {
        // Somebody died with every lease of it.
        (None, _) => Ok(Ended::failed(Outcome::GiveUp, "crashed", "the server stopped during each attempt")),
        (Some(_), Receiver::Webhook(id)) => send_to_webhook(app, &row, id).await,
        (Some(_), Receiver::Account(id)) => send_mail(app, &row, id).await,
    };
    let mut ended = ended.unwrap_or_else(|error| {
        tracing::warn!(delivery = row.id, %error, "a notification cannot be sent now");
        Ended::failed(Outcome::Retry, "server", error.to_string())
    });
    ended.about.duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    if let Err(error) = write_down(app, &row, &ended).await {
        tracing::warn!(delivery = row.id, %error, "what became of a notification is lost, it will be sent again");
    }
}

async fn write_down(app: &App, row: &DeliveryRow, ended: &Ended) -> Result<()> {
    let now = Timestamp::now();
    let again = delay_before_attempt(row.attempts + 1).filter(|_| ended.outcome == Outcome::Retry);
    let (state, word) = match (ended.outcome, again) {
        (Outcome::Delivered, _) => (DeliveryState::Delivered, "delivered"),
        (_, Some(_)) => (DeliveryState::Pending, "retried"),
        (_, None) => (DeliveryState::Failed, "failed"),
    };
    let channel = match row.receiver {
        Receiver::Webhook(_) => "webhook",
        Receiver::Account(_) => "mail",
    };
    app.metrics.notified(channel, word);
    let failure = ended.about.failure.as_deref().unwrap_or_default();
    tracing::info!(delivery = row.id, channel, event = row.event, attempt = row.attempts, failure, "{word}");
    let outcome = serde_json::to_string(&ended.about).map_err(Error::internal)?;
    let next_at = again.and_then(|delay| now.checked_add(delay).ok()).unwrap_or(now);
    let result = AttemptResult { state, next_at, outcome: &outcome };
    deliveries::finish(app.store.database().writer(), row, &result, now).await
}

async fn send_to_webhook(app: &App, row: &DeliveryRow, id: i64) -> Result<Ended> {
    let database = app.store.database();
    let webhook = webhooks::find_by_id(database.reader(), id).await?;
    // Its deliveries go with it.
    let webhook = webhook.ok_or_else(|| Error::not_found("webhook"))?;
    let fields = &webhook.fields;
    if !fields.active && row.event != PING {
        return Ok(Ended::failed(Outcome::GiveUp, "switched_off", "the webhook is switched off"));
    }
    let secret = app.keyring()?.open(&purpose(webhook.workspace_id), &fields.secret)?;
    let secret: SigningSecret = secret.expose().parse()?;
    let delivery = Delivery {
        id: message_id(app, row.id),
        timestamp: Timestamp::now().as_second(),
        body: row.payload.clone().into(),
    };
    let attempt = deliver(&app.outbound, &fields.url, &[secret], &delivery).await;
    if attempt.outcome == Outcome::Gone {
        webhooks::switch_off(database.writer(), id, &fields.url, Timestamp::now()).await?;
    }
    let (failure, error) = attempt.failure.map(|(stage, error)| (stage.to_owned(), error)).unzip();
    let about = AttemptView { http_status: attempt.status, failure, error, ..AttemptView::default() };
    Ok(Ended { outcome: attempt.outcome, about })
}

async fn send_mail(app: &App, row: &DeliveryRow, account: i64) -> Result<Ended> {
    let address = notification_choices::address(app.store.database().reader(), account).await?;
    let Some(to) = address else {
        return Ok(Ended::failed(Outcome::GiveUp, "mail", "the account is locked out or has no address"));
    };
    let Some(mailer) = &app.mailer else {
        return Ok(Ended::failed(Outcome::Retry, "settings", "this server has no relay for mail"));
    };
    let notification: Notification = serde_json::from_str(&row.payload).map_err(Error::internal)?;
    Ok(match mailer.send(&mail(to, &notification)).await {
        Ok(()) => Ended { outcome: Outcome::Delivered, about: AttemptView::default() },
        Err(error) => {
            let outcome = if error.is_permanent() { Outcome::GiveUp } else { Outcome::Retry };
            let status = match &error {
                MailError::Refused { code, .. } => Some(*code),
                _ => None,
            };
            let mut ended = Ended::failed(outcome, error.stage(), error.to_string());
            ended.about.http_status = status;
            ended
        }
    })
}

/// What a person reads of a notification.
fn mail(to: String, notification: &Notification) -> Mail {
    let happened = notification.event.parse::<Event>().map_or("changed", Event::description);
    let (mut subject, mut text) = (format!("Chandlery: {happened}"), String::new());
    if let Some(about) = &notification.version {
        subject = format!("[{}/{}] {} {happened}", about.workspace, about.app, about.version);
        text = format!(
            "{} {} ({}/{}) {happened}: {} by {}.\n",
            about.display_name,
            about.version,
            about.workspace,
            about.app,
            about.action.as_str(),
            notification.actor
        );
    }
    if !notification.message.is_empty() {
        text.push_str(&format!("\n{}\n", notification.message));
    }
    if let Some(about) = &notification.version {
        text.push_str(&format!("\n{}\n", about.links.version));
    }
    text.push_str("\nWhat you are told is chosen with: chandlery user notifications --help\n");
    Mail { to, subject, text }
}

/// Removes what became of deliveries long ago.
pub(crate) async fn clean(app: &App) -> Result<u64> {
    deliveries::delete_ended(app.store.database().writer(), Timestamp::now() - KEPT).await
}
