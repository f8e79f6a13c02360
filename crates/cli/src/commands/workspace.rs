//! `chandlery workspace`.

use anyhow::Result;
use chandlery_api::{CreateWorkspace, UpdateWorkspace, WorkspaceView};
use chandlery_core::{AccountName, WorkspaceName};
use clap::Subcommand;
use reqwest::Method;

use super::resource::{ResourceArguments, delete};
use crate::client::ClientArguments;
use crate::error::usage;
use crate::output::{Table, shorten};

/// Create, list, change and delete workspaces: the tenants.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  chandlery workspace create team --administrator dev\n  chandlery workspace list"
)]
pub(crate) enum WorkspaceCommand {
    Create(CreateArguments),
    /// List your workspaces, or all of them if you manage workspaces.
    #[command(
        visible_alias = "ls",
        after_help = "Examples:\n  chandlery workspace list\n  chandlery workspace list -o json"
    )]
    List(ResourceArguments),
    Update(UpdateArguments),
    #[command(visible_alias = "rm")]
    Delete(DeleteArguments),
}

/// Create a workspace; you or the account you name administers it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery workspace create team\n  \
                        chandlery workspace create team --administrator dev --display-name 'The team'")]
pub(crate) struct CreateArguments {
    /// A name, the first segment of its repositories' URLs.
    name: WorkspaceName,
    /// The account that administers it; you unless given.
    #[arg(long, value_name = "ACCOUNT")]
    administrator: Option<AccountName>,
    /// What people call it.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    display_name: String,
    /// What it is for.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    description: String,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Change what people read of a workspace.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery workspace update team --display-name 'The team'")]
pub(crate) struct UpdateArguments {
    /// Its name.
    name: WorkspaceName,
    /// What people call it.
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Delete an empty workspace.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery workspace delete team")]
pub(crate) struct DeleteArguments {
    /// Its name.
    name: WorkspaceName,
    #[command(flatten)]
    client: ClientArguments,
}

impl WorkspaceCommand {
    pub(crate) async fn run(self) -> Result<()> {
        match self {
            Self::Create(arguments) => arguments.run().await,
            Self::List(arguments) => arguments.list(&["workspaces"], COLUMNS, cells).await,
            Self::Update(arguments) => arguments.run().await,
            Self::Delete(DeleteArguments { name, client }) => {
                delete(&client, &["workspaces", name.as_str()], &format!("workspace {name}")).await
            }
        }
    }
}

impl CreateArguments {
    async fn run(self) -> Result<()> {
        let request = CreateWorkspace {
            name: self.name,
            display_name: self.display_name,
            description: self.description,
            administrator: self.administrator,
        };
        self.resource.send(Method::POST, &["workspaces"], &request, table).await
    }
}

impl UpdateArguments {
    async fn run(self) -> Result<()> {
        if self.display_name.is_none() && self.description.is_none() {
            return Err(usage("nothing to change: give --display-name or --description"));
        }
        let request = UpdateWorkspace { display_name: self.display_name, description: self.description };
        let path = ["workspaces", self.name.as_str()];
        self.resource.send(Method::PATCH, &path, &request, table).await
    }
}

const COLUMNS: [&str; 4] = ["NAME", "DISPLAY NAME", "DESCRIPTION", "CREATED"];

fn cells(workspace: &WorkspaceView) -> [String; 4] {
    [
        workspace.name.to_string(),
        shorten(&workspace.display_name, 40),
        shorten(&workspace.description, 60),
        workspace.created_at.to_string(),
    ]
}

fn table(workspace: &WorkspaceView) -> Table {
    Table::of(COLUMNS, std::slice::from_ref(workspace), cells)
}
