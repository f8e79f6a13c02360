//! `chandlery webhook`: programs that are told what happens to app versions.

use anyhow::Result;
use chandlery_api::{CreateWebhook, DeliveryStatus, DeliveryView, UpdateWebhook, WebhookView};
use chandlery_core::{Event, WebhookName, WorkspaceName};
use chandlery_source::webhook::SigningSecret;
use clap::Subcommand;
use reqwest::Method;

use super::account::read_password_line;
use super::resource::{ResourceArguments, delete};
use crate::client::ClientArguments;
use crate::error::usage;
use crate::output::{Table, say, shorten};

/// Tell other programs what happens to app versions: of one workspace, or of all without --workspace.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  chandlery webhook add chat https://chat.example.org/hook --workspace team\n  \
                        chandlery webhook test chat --workspace team\n  \
                        chandlery webhook deliveries chat --workspace team"
)]
pub(crate) enum WebhookCommand {
    #[command(visible_alias = "create")]
    Add(AddArguments),
    List(ListArguments),
    Get(NamedArguments),
    #[command(visible_alias = "update")]
    Edit(EditArguments),
    #[command(visible_aliases = ["rm", "delete"])]
    Remove(RemoveArguments),
    Test(TestArguments),
    Deliveries(DeliveriesArguments),
    Redeliver(RedeliverArguments),
}

/// Whose webhooks.
#[derive(Debug, clap::Args)]
pub(crate) struct OwnerArguments {
    /// The workspace; without it those that hear of all workspaces.
    #[arg(long, short, value_name = "NAME")]
    workspace: Option<WorkspaceName>,
}

impl OwnerArguments {
    /// The path of something below the owner's webhooks.
    fn path<'a>(&'a self, rest: &[&'a str]) -> Vec<&'a str> {
        let mut path = match &self.workspace {
            Some(workspace) => vec!["workspaces", workspace.as_str(), "webhooks"],
            None => vec!["webhooks"],
        };
        path.extend(rest);
        path
    }
}

/// Make a webhook. Its secret is made here and printed once, unless one is given.
///
/// What it is told of is any of version.submitted, version.cancelled, version.review-started, version.phase-passed,
/// version.passed, version.rejected, version.released, version.suspended, version.recovered. How a receiver verifies it
/// is in docs/NOTIFICATIONS.md.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  chandlery webhook add chat https://chat.example.org/hook --workspace team\n  \
                  chandlery webhook add cd https://cd.example.org/ --event version.released --event version.suspended\n  \
                  pass show hook | chandlery webhook add ci https://ci.example.org/ -w team --secret-stdin"
)]
pub(crate) struct AddArguments {
    /// A name that no other webhook of the workspace, or of the platform, has.
    name: WebhookName,
    /// Where it is sent to.
    url: String,
    /// What it is told of, repeated for more; everything unless given.
    #[arg(long = "event", value_name = "EVENT")]
    events: Vec<Event>,
    /// Read the secret (whsec_ and base64 of 24 to 64 bytes) from standard input.
    #[arg(long)]
    secret_stdin: bool,
    /// Make it, and tell it nothing yet.
    #[arg(long)]
    inactive: bool,
    #[command(flatten)]
    owner: OwnerArguments,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// List webhooks.
#[derive(Debug, clap::Args)]
#[command(
    visible_alias = "ls",
    after_help = "Examples:\n  chandlery webhook list --workspace team\n  chandlery webhook list -o json"
)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    owner: OwnerArguments,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Show a webhook, without its secret.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery webhook get chat --workspace team -o yaml")]
pub(crate) struct NamedArguments {
    /// Its name.
    name: WebhookName,
    #[command(flatten)]
    owner: OwnerArguments,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Change a webhook.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery webhook edit chat --workspace team --active=false\n  \
                  chandlery webhook edit cd --event version.released\n  \
                  echo whsec_$(openssl rand -base64 32) | chandlery webhook edit chat -w team --secret-stdin")]
pub(crate) struct EditArguments {
    /// Its name.
    name: WebhookName,
    /// Where it is sent to.
    #[arg(long)]
    url: Option<String>,
    /// What it is told of, repeated for more, in place of what it was told of.
    #[arg(long = "event", value_name = "EVENT", conflicts_with = "all_events")]
    events: Vec<Event>,
    /// Tell it everything.
    #[arg(long)]
    all_events: bool,
    /// Tell it anything (true) or nothing (false).
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "true|false")]
    active: Option<bool>,
    /// Read a new secret from standard input.
    #[arg(long)]
    secret_stdin: bool,
    #[command(flatten)]
    owner: OwnerArguments,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Remove a webhook with what became of its deliveries.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery webhook remove chat --workspace team")]
pub(crate) struct RemoveArguments {
    /// Its name.
    name: WebhookName,
    #[command(flatten)]
    owner: OwnerArguments,
    #[command(flatten)]
    client: ClientArguments,
}

/// Send a ping to a webhook; `webhook deliveries` says what became of it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery webhook test chat --workspace team")]
pub(crate) struct TestArguments {
    #[command(flatten)]
    named: NamedArguments,
}

/// List what a webhook was told in the last 30 days, the last first.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery webhook deliveries chat --workspace team\n  \
                        chandlery webhook deliveries cd -o json")]
pub(crate) struct DeliveriesArguments {
    #[command(flatten)]
    named: NamedArguments,
}

/// Send a delivery again, now: one that was given up, one that arrived, or one that waits for its next attempt.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery webhook redeliver chat 42 --workspace team")]
pub(crate) struct RedeliverArguments {
    /// The name of the webhook.
    name: WebhookName,
    /// The number of the delivery.
    delivery: u64,
    #[command(flatten)]
    owner: OwnerArguments,
    #[command(flatten)]
    resource: ResourceArguments,
}

impl WebhookCommand {
    pub(crate) async fn run(self) -> Result<()> {
        match self {
            Self::Add(arguments) => arguments.run().await,
            Self::List(ListArguments { owner, resource }) => {
                resource.list(&owner.path(&[]), COLUMNS, cells).await
            }
            Self::Get(NamedArguments { name, owner, resource }) => {
                let client = resource.client()?;
                let webhook: WebhookView =
                    client.get_json(&client.api(&owner.path(&[name.as_str()]))?).await?;
                resource.output.print(&webhook, table)
            }
            Self::Edit(arguments) => arguments.run().await,
            Self::Remove(RemoveArguments { name, owner, client }) => {
                delete(&client, &owner.path(&[name.as_str()]), &format!("webhook {name}")).await
            }
            Self::Test(TestArguments { named: NamedArguments { name, owner, resource } }) => {
                post(&resource, &owner.path(&[name.as_str(), "test"])).await
            }
            Self::Deliveries(DeliveriesArguments { named: NamedArguments { name, owner, resource } }) => {
                let path = owner.path(&[name.as_str(), "deliveries"]);
                resource.list(&path, DELIVERY_COLUMNS, delivery_cells).await
            }
            Self::Redeliver(RedeliverArguments { name, delivery, owner, resource }) => {
                let number = delivery.to_string();
                let path = owner.path(&[name.as_str(), "deliveries", &number, "redeliver"]);
                post(&resource, &path).await
            }
        }
    }
}

impl AddArguments {
    async fn run(self) -> Result<()> {
        let secret = match self.secret_stdin {
            true => read_password_line()?,
            false => SigningSecret::generate().to_secret().expose().to_owned(),
        };
        let request = CreateWebhook {
            name: self.name,
            url: self.url,
            secret: secret.clone(),
            events: self.events,
            active: self.inactive.then_some(false),
        };
        self.resource.send(Method::POST, &self.owner.path(&[]), &request, table).await?;
        if !self.secret_stdin {
            say(&format!("This is the only time the secret is shown. Give it to the receiver: {secret}"));
        }
        Ok(())
    }
}

impl EditArguments {
    async fn run(self) -> Result<()> {
        let events = match (self.events.is_empty(), self.all_events) {
            (true, false) => None,
            _ => Some(self.events),
        };
        if self.url.is_none() && events.is_none() && self.active.is_none() && !self.secret_stdin {
            return Err(usage(
                "nothing to change: give --url, --event, --all-events, --active or --secret-stdin",
            ));
        }
        let secret = self.secret_stdin.then(read_password_line).transpose()?;
        let request = UpdateWebhook { url: self.url, secret, events, active: self.active };
        self.resource.send(Method::PATCH, &self.owner.path(&[self.name.as_str()]), &request, table).await
    }
}

/// Has a delivery made and shows it.
async fn post(resource: &ResourceArguments, path: &[&str]) -> Result<()> {
    let client = resource.client()?;
    let request = client.request(Method::POST, &client.api(path)?);
    let delivery: DeliveryView = client.send_for_json(request).await?;
    resource.output.print(&delivery, |delivery| {
        Table::of(DELIVERY_COLUMNS, std::slice::from_ref(delivery), delivery_cells)
    })
}

const COLUMNS: [&str; 4] = ["NAME", "URL", "EVENTS", "ACTIVE"];

fn cells(webhook: &WebhookView) -> [String; 4] {
    let events: Vec<&str> = webhook.events.iter().map(|event| event.as_str()).collect();
    [
        webhook.name.to_string(),
        shorten(&webhook.url, 60),
        if events.is_empty() { "all".to_owned() } else { events.join(" ") },
        webhook.active.to_string(),
    ]
}

fn table(webhook: &WebhookView) -> Table {
    Table::of(COLUMNS, std::slice::from_ref(webhook), cells)
}

const DELIVERY_COLUMNS: [&str; 7] = ["ID", "EVENT", "STATUS", "ATTEMPTS", "HTTP", "CREATED", "ERROR"];

fn delivery_cells(delivery: &DeliveryView) -> [String; 7] {
    let last = delivery.last_attempt.as_ref();
    let status = match delivery.status {
        DeliveryStatus::Pending => "pending",
        DeliveryStatus::Delivered => "delivered",
        DeliveryStatus::Failed => "failed",
    };
    [
        delivery.id.to_string(),
        delivery.event.clone(),
        status.to_owned(),
        delivery.attempts.to_string(),
        last.and_then(|last| last.http_status).map(|code| code.to_string()).unwrap_or_default(),
        delivery.created_at.to_string(),
        last.and_then(|last| last.error.as_deref()).map(|error| shorten(error, 60)).unwrap_or_default(),
    ]
}
