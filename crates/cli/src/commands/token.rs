//! `chandlery token`: tokens of the caller.

use anyhow::{Context as _, Result};
use chandlery_api::{CreateToken, CreatedToken, TokenView};
use chandlery_core::{RepositoryPath, TokenName, TokenScope};
use clap::Subcommand;
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;

use crate::client::{Client, ClientArguments};
use crate::output::{OutputArguments, OutputFormat, Table, say};

/// Create, list and delete your tokens.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  chandlery token create ci --scope push --repository team/charts\n  chandlery token list"
)]
pub(crate) enum TokenCommand {
    Create(CreateArguments),
    #[command(visible_alias = "ls")]
    List(ListArguments),
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
    output: OutputArguments,
    #[command(flatten)]
    client: ClientArguments,
}

/// List your tokens, without their secrets.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery token list\n  chandlery token list -o json")]
pub(crate) struct ListArguments {
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    client: ClientArguments,
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
            Self::List(arguments) => arguments.run().await,
            Self::Delete(arguments) => arguments.run().await,
        }
    }
}

impl CreateArguments {
    async fn run(self) -> Result<()> {
        let client = Client::new(&self.client)?;
        let expires_at = self.expires_in_days.map(days_from_now).transpose()?;
        let request =
            CreateToken { name: self.name, scope: self.scope, repository: self.repository, expires_at };
        let created: CreatedToken =
            client.send_json(Method::POST, &client.api(&["tokens"])?, &request).await?;
        if self.output.output == OutputFormat::Table {
            say("This is the only time the secret is shown. Use it as a password, or as CHANDLERY_TOKEN.");
            return crate::output::print_text(&format!("{}\n", created.secret));
        }
        self.output.print(&created, |_| Table::new([]))
    }
}

fn days_from_now(days: u32) -> Result<Timestamp> {
    let span = SignedDuration::from_hours(i64::from(days) * 24);
    Timestamp::now().checked_add(span).context("the token would expire after the end of time")
}

impl ListArguments {
    async fn run(self) -> Result<()> {
        let tokens: Vec<TokenView> = Client::new(&self.client)?.list(&["tokens"]).await?;
        self.output.print(&tokens, |tokens| {
            let mut table = Table::new(["NAME", "SCOPE", "REPOSITORY", "EXPIRES", "CREATED"]);
            for token in tokens {
                table.row([
                    token.name.to_string(),
                    token.scope.as_str().to_owned(),
                    token.repository.as_ref().map_or_else(|| "all".to_owned(), ToString::to_string),
                    token.expires_at.map_or_else(|| "never".to_owned(), |time| time.to_string()),
                    token.created_at.to_string(),
                ]);
            }
            table
        })
    }
}

impl DeleteArguments {
    async fn run(self) -> Result<()> {
        let client = Client::new(&self.client)?;
        client.delete(&client.api(&["tokens", self.name.as_str()])?).await?;
        say(&format!("token {} deleted", self.name));
        Ok(())
    }
}
