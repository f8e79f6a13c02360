//! `chandlery token`: tokens of the caller.

use anyhow::{Context as _, Result};
use chandlery_api::{CreateToken, CreatedToken, TokenView};
use chandlery_core::{RepositoryPath, TokenName, TokenScope};
use clap::Subcommand;
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;

use super::resource::{ResourceArguments, delete};
use crate::client::ClientArguments;
use crate::output::{OutputFormat, Table, print_text, say};

/// Create, list and delete your tokens.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  chandlery token create ci --scope push --repository team/charts\n  chandlery token list"
)]
pub(crate) enum TokenCommand {
    Create(CreateArguments),
    /// List your tokens, without their secrets.
    #[command(
        visible_alias = "ls",
        after_help = "Examples:\n  chandlery token list\n  chandlery token list -o json"
    )]
    List(ResourceArguments),
    #[command(visible_alias = "rm")]
    Delete(DeleteArguments),
}

/// Create a token and print its secret, once.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  chandlery token create ci --scope push --repository team/charts --expires-in-days 90\n  \
                        chandlery token create argo --scope pull > token.txt"
)]
pub(crate) struct CreateArguments {
    /// A name, unique among your tokens.
    name: TokenName,
    /// What it may be used for: pull, push or all.
    #[arg(long, default_value = "pull")]
    scope: TokenScope,
    /// Limit it to one repository.
    #[arg(long, value_name = "WORKSPACE/REPOSITORY")]
    repository: Option<RepositoryPath>,
    /// When it stops working, in days from now; never unless given.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36500))]
    expires_in_days: Option<u32>,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Delete a token: it stops working at once.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery token delete ci")]
pub(crate) struct DeleteArguments {
    /// Its name.
    name: TokenName,
    #[command(flatten)]
    client: ClientArguments,
}

impl TokenCommand {
    pub(crate) async fn run(self) -> Result<()> {
        match self {
            Self::Create(arguments) => arguments.run().await,
            Self::List(arguments) => arguments.list(&["tokens"], COLUMNS, cells).await,
            Self::Delete(arguments) => arguments.run().await,
        }
    }
}

impl CreateArguments {
    async fn run(self) -> Result<()> {
        let client = self.resource.client()?;
        let expires_at = self.expires_in_days.map(days_from_now).transpose()?;
        let request =
            CreateToken { name: self.name, scope: self.scope, repository: self.repository, expires_at };
        let created: CreatedToken =
            client.send_json(Method::POST, &client.api(&["tokens"])?, &request).await?;
        if self.resource.output.output == OutputFormat::Table {
            say("This is the only time the secret is shown. Use it as a password, or as CHANDLERY_TOKEN.");
            return print_text(&format!("{}\n", created.secret));
        }
        self.resource.output.print(&created, |_| Table::new([]))
    }
}

/// The time so many days from now.
///
/// # Errors
/// There is no such time.
pub(crate) fn days_from_now(days: u32) -> Result<Timestamp> {
    let span = SignedDuration::from_hours(i64::from(days) * 24);
    Timestamp::now().checked_add(span).context("the token would expire after the end of time")
}

const COLUMNS: [&str; 5] = ["NAME", "SCOPE", "REPOSITORY", "EXPIRES", "CREATED"];

fn cells(token: &TokenView) -> [String; 5] {
    [
        token.name.to_string(),
        token.scope.as_str().to_owned(),
        token.repository.as_ref().map_or_else(|| "all".to_owned(), ToString::to_string),
        token.expires_at.map_or_else(|| "never".to_owned(), |time| time.to_string()),
        token.created_at.to_string(),
    ]
}

impl DeleteArguments {
    async fn run(self) -> Result<()> {
        delete(&self.client, &["tokens", self.name.as_str()], &format!("token {}", self.name)).await
    }
}
