//! `chandlery account notifications`: what the caller is told by mail.

use anyhow::Result;
use chandlery_api::{NotificationChoices, UpdateNotificationChoices};
use chandlery_core::Event;
use reqwest::Method;

use crate::commands::resource::ResourceArguments;
use crate::output::Table;

/// Show or choose what you are told by mail: of the versions you review, submitted or manage.
///
/// The events are version.submitted, version.cancelled, version.review-started, version.phase-passed, version.passed,
/// version.rejected, version.released, version.suspended and version.recovered.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  chandlery account notifications\n  chandlery user notifications --all\n  \
                  chandlery account notifications --mail version.passed --mail version.rejected\n  \
                  chandlery account notifications --none"
)]
pub(crate) struct NotificationArguments {
    /// Be told of this by mail, repeated for more, and of nothing else.
    #[arg(long = "mail", value_name = "EVENT", conflicts_with_all = ["all", "none"])]
    mail_events: Vec<Event>,
    /// Be told of everything.
    #[arg(long, conflicts_with = "none")]
    all: bool,
    /// Be told of nothing.
    #[arg(long)]
    none: bool,
    #[command(flatten)]
    resource: ResourceArguments,
}

impl NotificationArguments {
    pub(crate) async fn run(self) -> Result<()> {
        let path = ["notification-choices"];
        if !self.all && !self.none && self.mail_events.is_empty() {
            let client = self.resource.client()?;
            let choices: NotificationChoices = client.get_json(&client.api(&path)?).await?;
            return self.resource.output.print(&choices, table);
        }
        let mail_events = if self.all { Event::ALL.to_vec() } else { self.mail_events };
        let request = UpdateNotificationChoices { mail_events };
        self.resource.send(Method::PUT, &path, &request, table).await
    }
}

fn table(choices: &NotificationChoices) -> Table {
    Table::of(["EVENT", "MAIL"], Event::ALL, |event| {
        let wanted = choices.mail_events.contains(event);
        let to = match (choices.mail_enabled, choices.email.as_str()) {
            (false, _) => "no: this server sends no mail",
            (true, "") => "no: the account has no address",
            (true, address) => address,
        };
        [event.as_str().to_owned(), if wanted { to.to_owned() } else { "no".to_owned() }]
    })
}
