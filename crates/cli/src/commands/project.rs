//! `chandlery project`: the parts of a workspace that apps are deployed to.

use anyhow::Result;
use chandlery_api::{CreateProject, ProjectView, UpdateProject};
use chandlery_core::{ProjectName, WorkspaceName};
use clap::Subcommand;
use reqwest::Method;

use super::resource::{ResourceArguments, delete};
use crate::client::ClientArguments;
use crate::error::usage;
use crate::output::{Table, shorten};

/// Create, list, change and delete projects of a workspace.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  chandlery project create team web\n  chandlery project list team")]
pub(crate) enum ProjectCommand {
    Create(CreateArguments),
    List(ListArguments),
    Update(UpdateArguments),
    #[command(visible_alias = "rm")]
    Delete(DeleteArguments),
}

/// Create a project.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery project create team web --description 'The web site'")]
pub(crate) struct CreateArguments {
    /// The workspace.
    workspace: WorkspaceName,
    /// A name that no other project of the workspace has.
    name: ProjectName,
    /// What people call it.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    display_name: String,
    /// What it is for.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    description: String,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// List the projects of a workspace.
#[derive(Debug, clap::Args)]
#[command(
    visible_alias = "ls",
    after_help = "Examples:\n  chandlery project list team\n  chandlery project list team -o json"
)]
pub(crate) struct ListArguments {
    /// The workspace.
    workspace: WorkspaceName,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Change what people read of a project.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery project update team web --display-name 'The web site'")]
pub(crate) struct UpdateArguments {
    /// The workspace.
    workspace: WorkspaceName,
    /// Its name.
    name: ProjectName,
    /// What people call it.
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Delete a project.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery project delete team web")]
pub(crate) struct DeleteArguments {
    /// The workspace.
    workspace: WorkspaceName,
    /// Its name.
    name: ProjectName,
    #[command(flatten)]
    client: ClientArguments,
}

impl ProjectCommand {
    pub(crate) async fn run(self) -> Result<()> {
        match self {
            Self::Create(CreateArguments { workspace, name, display_name, description, resource }) => {
                let request = CreateProject { name, display_name, description };
                resource.send(Method::POST, &projects(&workspace), &request, table).await
            }
            Self::List(ListArguments { workspace, resource }) => {
                resource.list(&projects(&workspace), COLUMNS, cells).await
            }
            Self::Update(arguments) => arguments.run().await,
            Self::Delete(DeleteArguments { workspace, name, client }) => {
                let path = ["workspaces", workspace.as_str(), "projects", name.as_str()];
                delete(&client, &path, &format!("project {name} of {workspace}")).await
            }
        }
    }
}

fn projects(workspace: &WorkspaceName) -> [&str; 3] {
    ["workspaces", workspace.as_str(), "projects"]
}

impl UpdateArguments {
    async fn run(self) -> Result<()> {
        if self.display_name.is_none() && self.description.is_none() {
            return Err(usage("nothing to change: give --display-name or --description"));
        }
        let request = UpdateProject { display_name: self.display_name, description: self.description };
        let path = ["workspaces", self.workspace.as_str(), "projects", self.name.as_str()];
        self.resource.send(Method::PATCH, &path, &request, table).await
    }
}

const COLUMNS: [&str; 4] = ["NAME", "DISPLAY NAME", "DESCRIPTION", "CREATED"];

fn cells(project: &ProjectView) -> [String; 4] {
    [
        project.name.to_string(),
        shorten(&project.display_name, 40),
        shorten(&project.description, 60),
        project.created_at.to_string(),
    ]
}

fn table(project: &ProjectView) -> Table {
    Table::of(COLUMNS, std::slice::from_ref(project), cells)
}
