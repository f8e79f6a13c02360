//! Webhooks, their deliveries, and what accounts are told by mail.

use chandlery_core::{Action, AppName, Event, VersionState, WebhookName, WorkspaceName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A webhook, without the secret that it signs with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookView {
    /// Its name in the workspace, or among those of the platform.
    pub name: WebhookName,
    /// Where it is sent to.
    pub url: String,
    /// What it is told of; everything if empty.
    pub events: Vec<Event>,
    /// Whether it is told anything. A receiver that answers 410 switches it off.
    pub active: bool,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A webhook to be made.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWebhook {
    /// A name that no other webhook of the workspace, or of the platform, has.
    pub name: WebhookName,
    /// Where it is sent to: `https://…` or `http://…`, without a user name or password.
    pub url: String,
    /// What it signs with: `whsec_` and the base64 of 24 to 64 bytes. It is never shown again.
    pub secret: String,
    /// What it is told of; everything if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
    /// Whether it is told anything; true if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
}

impl std::fmt::Debug for CreateWebhook {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("CreateWebhook").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What to change of a webhook; what is absent stays.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateWebhook {
    /// Where it is sent to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What it signs with from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// What it is told of; everything if empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<Event>>,
    /// Whether it is told anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
}

impl std::fmt::Debug for UpdateWebhook {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("UpdateWebhook").field("url", &self.url).finish_non_exhaustive()
    }
}

/// How far a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryStatus {
    /// There will be an attempt.
    Pending,
    /// The receiver has it.
    Delivered,
    /// It was given up.
    Failed,
}

/// Something that a webhook was told, or will be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryView {
    /// Its number.
    pub id: i64,
    /// What `webhook-id` says of it, in every attempt.
    pub webhook_id: String,
    /// Of what: the name of an event, or `ping`.
    pub event: String,
    /// How far it is.
    pub status: DeliveryStatus,
    /// The attempts that were begun.
    pub attempts: u32,
    /// When the next attempt is due, if there is one.
    pub next_attempt_at: Option<Timestamp>,
    /// What became of the last attempt that ended.
    pub last_attempt: Option<AttemptView>,
    /// When it happened.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What became of one attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AttemptView {
    /// The status of the receiver's answer, if there was one.
    #[serde(default)]
    pub http_status: Option<u16>,
    /// How long it took, in milliseconds.
    #[serde(default)]
    pub duration_ms: u64,
    /// The kind of the failure, such as `status`, `dns`, `connect`, `tls`, `address_refused` or `too_slow`.
    #[serde(default)]
    pub failure: Option<String>,
    /// What went wrong, as a sentence.
    #[serde(default)]
    pub error: Option<String>,
}

/// What receivers get: the body of a webhook's delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Notification {
    /// What happened: the name of an event, or `ping`.
    pub event: String,
    /// When.
    pub time: Timestamp,
    /// Who did it.
    pub actor: String,
    /// What it happened to; absent of a `ping`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<NotifiedVersion>,
    /// What the actor said to it; may be empty.
    #[serde(default)]
    pub message: String,
}

/// The app version that a notification is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NotifiedVersion {
    /// The workspace of the app.
    pub workspace: WorkspaceName,
    /// The app.
    pub app: AppName,
    /// What people call the app.
    pub display_name: String,
    /// The version.
    pub version: String,
    /// What was done.
    pub action: Action,
    /// Its state before.
    pub from: VersionState,
    /// Its state since.
    pub to: VersionState,
    /// The phase of review that it was about; may be empty.
    #[serde(default)]
    pub phase: String,
    /// Where to look.
    pub links: NotificationLinks,
}

/// Where to look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NotificationLinks {
    /// The version in the REST API.
    pub version: String,
    /// The app in the REST API.
    pub app: String,
}

/// What the caller wants to be told by mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NotificationChoices {
    /// The events, of those that concern the caller.
    pub mail_events: Vec<Event>,
    /// Where the mail goes; none is sent to an account without an address.
    pub email: String,
    /// Whether this server sends mail.
    pub mail_enabled: bool,
}

/// A choice of what to be told by mail.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateNotificationChoices {
    /// The events; none of them means no mail.
    pub mail_events: Vec<Event>,
}
