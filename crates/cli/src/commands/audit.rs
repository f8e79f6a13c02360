//! `chandlery audit`: who did what to what, and when.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use chandlery_api::{AuditExportQuery, AuditView};
use chandlery_core::WorkspaceName;
use clap::{Subcommand, ValueEnum};
use jiff::Timestamp;
use reqwest::Url;
use tokio::io::AsyncWriteExt as _;

use super::resource::ResourceArguments;
use crate::client::{Client, ClientArguments};
use crate::output::{Table, print_bytes, say, shorten};

/// List and export the audit log; it needs the permission audit.view, on the platform or in the workspace.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  chandlery audit list --workspace demo --action release\n  chandlery audit export --format csv --since 2026-01-01T00:00:00Z --file audit.csv"
)]
pub(crate) enum AuditCommand {
    List(ListArguments),
    Export(ExportArguments),
}

#[derive(Debug, clap::Args)]
struct FilterArguments {
    /// Only what happened in this workspace.
    #[arg(long)]
    workspace: Option<WorkspaceName>,
    /// Only what this account did.
    #[arg(long, value_name = "ACCOUNT")]
    actor: Option<String>,
    /// Only this action, such as release.
    #[arg(long)]
    action: Option<String>,
    /// Only what was done to things of this kind, such as version.
    #[arg(long)]
    kind: Option<String>,
    /// Only what was done to the thing of this name.
    #[arg(long)]
    name: Option<String>,
    /// Not before this time, such as 2026-01-31T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Before this time.
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
}

/// List entries of the audit log, the last first.
#[derive(Debug, clap::Args)]
#[command(
    visible_alias = "ls",
    after_help = "Examples:\n  chandlery audit list --workspace demo --actor isv\n  chandlery audit list --kind role --since 2026-01-01T00:00:00Z -o json"
)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    filter: FilterArguments,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Write the audit log, the last entry first, as it comes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  chandlery audit export --format csv --file audit.csv\n  chandlery audit export --workspace demo | jq .action"
)]
pub(crate) struct ExportArguments {
    #[command(flatten)]
    filter: FilterArguments,
    /// JSON lines, or a table for spreadsheets.
    #[arg(long, value_enum, default_value = "jsonl")]
    format: Format,
    /// Where to write; standard output unless given.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    client: ClientArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Jsonl,
    Csv,
}

impl Format {
    /// The end of the address.
    fn document(self) -> &'static str {
        match self {
            Self::Jsonl => "audit.jsonl",
            Self::Csv => "audit.csv",
        }
    }
}

impl AuditCommand {
    pub(crate) async fn run(self) -> Result<()> {
        match self {
            Self::List(arguments) => arguments.run().await,
            Self::Export(arguments) => arguments.run().await,
        }
    }
}

impl FilterArguments {
    /// The address of a document of the audit log with these filters.
    fn url(self, client: &Client, document: &str) -> Result<Url> {
        let mut url = match &self.workspace {
            Some(workspace) => client.api(&["workspaces", workspace.as_str(), document])?,
            None => client.api(&[document])?,
        };
        let Self { workspace: _, actor, action, kind, name, since, until } = self;
        let query = serde_json::to_value(AuditExportQuery { actor, action, kind, name, since, until })?;
        for (name, value) in query.as_object().into_iter().flatten() {
            url.query_pairs_mut().append_pair(name, value.as_str().unwrap_or_default());
        }
        Ok(url)
    }
}

impl ListArguments {
    async fn run(self) -> Result<()> {
        let client = self.resource.client()?;
        let entries: Vec<AuditView> = client.list_at(&self.filter.url(&client, "audit")?).await?;
        self.resource.output.print(&entries, |entries| Table::of(COLUMNS, entries, cells))
    }
}

impl ExportArguments {
    async fn run(self) -> Result<()> {
        let client = Client::new(&self.client)?;
        let mut response = client.get(&self.filter.url(&client, self.format.document())?).await?;
        let Some(path) = &self.file else {
            while let Some(chunk) = response.chunk().await? {
                print_bytes(&chunk)?;
            }
            return Ok(());
        };
        let cannot = || format!("cannot write {}", path.display());
        let mut file = tokio::fs::File::create(path).await.with_context(cannot)?;
        while let Some(chunk) = response.chunk().await? {
            file.write_all(&chunk).await.with_context(cannot)?;
        }
        file.sync_all().await.with_context(cannot)?;
        say(&format!("{} written", path.display()));
        Ok(())
    }
}

/// What tables show of entries.
pub(super) const COLUMNS: [&str; 6] = ["AT", "ACTOR", "ACTION", "WHAT", "TO", "MESSAGE"];

/// An entry in a table.
pub(super) fn cells(entry: &AuditView) -> [String; 6] {
    [
        entry.at.to_string(),
        entry.actor.clone(),
        entry.action.clone(),
        entry.name.clone(),
        entry.to.clone().unwrap_or_default(),
        shorten(&entry.message, 60),
    ]
}
