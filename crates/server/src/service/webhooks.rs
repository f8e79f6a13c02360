//! Webhooks: where programs are told of what happens in one workspace, or in all.
//!
//! Who has a webhook made is told of everything there, so it takes the right to read everything, which is that to the
//! audit log, besides the right to change how the place is run.

use chandlery_api::{
    AttemptView, CreateWebhook, DeliveryStatus, DeliveryView, Notification, Page, UpdateWebhook, WebhookView,
};
use chandlery_core::{Actor, Error, Event, Permission, Place, Result, Secret, WebhookName, authorise};
use chandlery_source::webhook::SigningSecret;
use chandlery_store::deliveries::{self, DeliveryRow, DeliveryState, Receiver};
use chandlery_store::webhooks::{self, WebhookFields, WebhookRow};
use chandlery_store::{Connection, Sealed};
use jiff::Timestamp;

use super::trail::{self, Change};
use crate::app::{App, WorkspaceScope};

/// The most webhooks of one owner: each is a delivery more for everything that happens.
const MOST_WEBHOOKS: u32 = 50;

/// The longest URL, in bytes.
const LONGEST_URL: usize = 2000;

/// What a webhook is told when somebody tests it.
pub(crate) const PING: &str = "ping";

/// Somebody at the webhooks of one workspace, or at those that hear of all.
#[derive(Clone, Debug)]
pub(crate) enum WebhookOwner {
    /// Those that hear of all workspaces.
    Platform(Actor),
    /// Those of one workspace.
    Workspace(WorkspaceScope),
}

impl WebhookOwner {
    /// Checks that the actor may manage webhooks here: the first line of every service method.
    fn require(&self) -> Result<()> {
        match self {
            Self::Platform(actor) => {
                authorise(actor, Permission::AuditView, Place::Platform)?;
                authorise(actor, Permission::RolesManage, Place::Platform)
            }
            Self::Workspace(scope) => {
                scope.require(Permission::AuditView)?;
                scope.require(Permission::WorkspacesManage)
            }
        }
    }

    fn actor(&self) -> &Actor {
        match self {
            Self::Platform(actor) => actor,
            Self::Workspace(scope) => &scope.actor,
        }
    }

    fn workspace_id(&self) -> Option<i64> {
        match self {
            Self::Platform(_) => None,
            Self::Workspace(scope) => Some(scope.workspace.id),
        }
    }

    fn change(&self, action: &'static str, name: &WebhookName, message: String) -> Change<'_> {
        let workspace = match self {
            Self::Platform(_) => None,
            Self::Workspace(scope) => Some(&*scope.workspace),
        };
        Change { action, name: name.to_string(), workspace, message }
    }

    async fn find(&self, connection: &impl Connection, name: &WebhookName) -> Result<WebhookRow> {
        let row = webhooks::find(connection, self.workspace_id(), name).await?;
        row.ok_or_else(|| Error::not_found(format_args!("webhook {name}")))
    }
}

fn view(row: WebhookRow) -> WebhookView {
    WebhookView {
        name: row.name,
        url: row.fields.url,
        events: row.fields.events,
        active: row.fields.active,
        created_by: row.created_by,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

/// What the secret of a webhook is sealed for.
pub(crate) fn purpose(workspace_id: Option<i64>) -> String {
    workspace_id
        .map_or_else(|| "webhook of the platform".to_owned(), |id| format!("webhook of workspace {id}"))
}

/// Refuses a URL that will not be asked, or that holds what others should not read.
async fn check_url(app: &App, url: &str) -> Result<()> {
    let refuse = |reason: String| Err(Error::invalid("url", reason));
    if url.len() > LONGEST_URL {
        return refuse(format!("is longer than {LONGEST_URL} bytes"));
    }
    let authority = url.split_once("//").map_or(url, |(_, rest)| rest).split(['/', '?', '#']).next();
    if authority.is_some_and(|authority| authority.contains('@')) {
        return refuse(
            "holds a user name or password, which everybody here could read: the receiver checks the signature"
                .to_owned(),
        );
    }
    app.outbound.check_host(url).await.or_else(|error| refuse(error.to_string()))
}

fn seal(app: &App, owner: &WebhookOwner, secret: String) -> Result<Sealed> {
    secret.parse::<SigningSecret>().map_err(|_| {
        let form =
            "is whsec_ and the base64 of 24 to 64 bytes, such as: echo whsec_$(openssl rand -base64 32)";
        Error::invalid("secret", form)
    })?;
    Ok(app.keyring()?.seal(&purpose(owner.workspace_id()), &Secret::new(secret)))
}

/// Each event once, in the order of the table.
fn in_order(events: &[Event]) -> Vec<Event> {
    Event::ALL.iter().copied().filter(|event| events.contains(event)).collect()
}

/// What the audit says of a webhook: not its whole URL, whose path is a secret at some receivers.
fn told(fields: &WebhookFields) -> String {
    let origin: String = fields.url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    let events: Vec<&str> = fields.events.iter().map(|event| event.as_str()).collect();
    let events = if events.is_empty() { "all events".to_owned() } else { events.join(", ") };
    format!("to {origin}, {events}, {}", if fields.active { "active" } else { "switched off" })
}

/// The webhooks behind the one called `after`, by name.
pub(crate) async fn list(
    app: &App,
    owner: &WebhookOwner,
    after: &str,
    limit: u32,
) -> Result<Vec<WebhookView>> {
    owner.require()?;
    let rows = webhooks::list(app.store.database().reader(), owner.workspace_id(), after, limit).await?;
    Ok(rows.into_iter().map(view).collect())
}

/// One webhook.
pub(crate) async fn get(app: &App, owner: &WebhookOwner, name: &WebhookName) -> Result<WebhookView> {
    owner.require()?;
    owner.find(app.store.database().reader(), name).await.map(view)
}

/// Makes a webhook.
pub(crate) async fn create(app: &App, owner: &WebhookOwner, request: CreateWebhook) -> Result<WebhookView> {
    owner.require()?;
    // Before the transaction: names are looked up.
    check_url(app, &request.url).await?;
    let fields = WebhookFields {
        url: request.url,
        secret: seal(app, owner, request.secret)?,
        events: in_order(&request.events),
        active: request.active.unwrap_or(true),
    };
    let (name, workspace_id) = (&request.name, owner.workspace_id());
    let transaction = app.store.database().begin().await?;
    let there = webhooks::list(&transaction, workspace_id, "", MOST_WEBHOOKS).await?;
    if there.len() >= MOST_WEBHOOKS as usize {
        return Err(Error::Conflict(format!("there are {MOST_WEBHOOKS} webhooks already: delete one first")));
    }
    let actor = owner.actor();
    let row =
        webhooks::create(&transaction, workspace_id, name, &fields, actor.name(), Timestamp::now()).await?;
    trail::note(&transaction, actor, owner.change("webhook.create", name, told(&fields))).await?;
    transaction.commit().await?;
    Ok(view(row))
}

/// Changes a webhook.
pub(crate) async fn update(
    app: &App,
    owner: &WebhookOwner,
    name: &WebhookName,
    request: UpdateWebhook,
) -> Result<WebhookView> {
    owner.require()?;
    if let Some(url) = &request.url {
        check_url(app, url).await?;
    }
    let secret = request.secret.map(|secret| seal(app, owner, secret)).transpose()?;
    let transaction = app.store.database().begin().await?;
    let seen = owner.find(&transaction, name).await?;
    let replaced = if secret.is_some() { ", new secret" } else { "" };
    let fields = WebhookFields {
        url: request.url.unwrap_or(seen.fields.url),
        secret: secret.unwrap_or(seen.fields.secret),
        events: request.events.map_or(seen.fields.events, |events| in_order(&events)),
        active: request.active.unwrap_or(seen.fields.active),
    };
    let row = webhooks::update(&transaction, seen.id, &fields, Timestamp::now()).await?;
    let message = format!("{}{replaced}", told(&fields));
    trail::note(&transaction, owner.actor(), owner.change("webhook.update", name, message)).await?;
    transaction.commit().await?;
    Ok(view(row))
}

/// Deletes a webhook with its deliveries.
pub(crate) async fn delete(app: &App, owner: &WebhookOwner, name: &WebhookName) -> Result<()> {
    owner.require()?;
    let transaction = app.store.database().begin().await?;
    let seen = owner.find(&transaction, name).await?;
    webhooks::delete(&transaction, seen.id).await?;
    trail::note(&transaction, owner.actor(), owner.change("webhook.delete", name, told(&seen.fields)))
        .await?;
    transaction.commit().await
}

/// Has a webhook told that this is a test.
pub(crate) async fn test(app: &App, owner: &WebhookOwner, name: &WebhookName) -> Result<DeliveryView> {
    owner.require()?;
    let now = Timestamp::now();
    let row = owner.find(app.store.database().reader(), name).await?;
    let ping = Notification {
        event: PING.to_owned(),
        time: now,
        actor: owner.actor().name().to_owned(),
        version: None,
        message: String::new(),
    };
    let payload = serde_json::to_string(&ping).map_err(Error::internal)?;
    let writer = app.store.database().writer();
    let delivery = deliveries::create(writer, Receiver::Webhook(row.id), PING, &payload, now).await?;
    app.notifications.wake();
    delivery_view(app, delivery)
}

/// What a webhook was told, the newest first.
pub(crate) async fn list_deliveries(
    app: &App,
    owner: &WebhookOwner,
    name: &WebhookName,
    before: Option<i64>,
    limit: u32,
) -> Result<Page<DeliveryView>> {
    owner.require()?;
    let reader = app.store.database().reader();
    let webhook = owner.find(reader, name).await?;
    let mut rows = deliveries::list(reader, webhook.id, before, limit + 1).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
    let items = rows.into_iter().map(|row| delivery_view(app, row)).collect::<Result<_>>()?;
    Ok(Page { items, next })
}

/// Has a delivery tried now, whatever became of it.
pub(crate) async fn redeliver(
    app: &App,
    owner: &WebhookOwner,
    name: &WebhookName,
    delivery: i64,
) -> Result<DeliveryView> {
    owner.require()?;
    let webhook = owner.find(app.store.database().reader(), name).await?;
    let writer = app.store.database().writer();
    let row = deliveries::try_again(writer, webhook.id, delivery, Timestamp::now()).await?;
    app.notifications.wake();
    delivery_view(app, row)
}

/// What names a delivery to its receiver: the same in every attempt, and in no other installation.
pub(crate) fn message_id(app: &App, delivery: i64) -> String {
    format!("msg_{}_{delivery}", app.store.instance_id())
}

fn delivery_view(app: &App, row: DeliveryRow) -> Result<DeliveryView> {
    let last_attempt: Option<AttemptView> = match row.outcome.as_str() {
        "" => None,
        text => Some(serde_json::from_str(text).map_err(Error::internal)?),
    };
    Ok(DeliveryView {
        id: row.id,
        webhook_id: message_id(app, row.id),
        event: row.event,
        status: match row.state {
            DeliveryState::Pending => DeliveryStatus::Pending,
            DeliveryState::Delivered => DeliveryStatus::Delivered,
            DeliveryState::Failed => DeliveryStatus::Failed,
        },
        attempts: row.attempts,
        next_attempt_at: (row.state == DeliveryState::Pending).then_some(row.next_at),
        last_attempt,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}
