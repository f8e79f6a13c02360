//! `chandlery robot`: programs of a workspace.

use anyhow::Result;
use chandlery_api::{CreateRobot, CreatedRobot, RobotView, RotateRobot};
use chandlery_core::{RobotName, RoleName, TokenScope, WorkspaceName};
use clap::Subcommand;
use reqwest::Method;
use serde::Serialize;

use super::resource::{ResourceArguments, delete};
use super::token::days_from_now;
use crate::client::ClientArguments;
use crate::output::{OutputFormat, Table, print_text, say, shorten};

/// Create, list, rotate and delete robots: programs of a workspace, each with a role and a token of its own.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  chandlery robot create team ci --scope push\n  chandlery robot list team"
)]
pub(crate) enum RobotCommand {
    Create(CreateArguments),
    List(ListArguments),
    Rotate(RotateArguments),
    #[command(visible_alias = "rm")]
    Delete(DeleteArguments),
}

/// Create a robot and print the secret of its token, once.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery robot create team ci --scope push --expires-in-days 90\n  \
                        chandlery robot create team argo --role workspace-viewer > token.txt")]
pub(crate) struct CreateArguments {
    /// The workspace.
    workspace: WorkspaceName,
    /// A name that no other robot of the workspace has.
    name: RobotName,
    /// Its role there: workspace-regular, workspace-admin, workspace-viewer or one of the workspace's own.
    #[arg(long, default_value = "workspace-regular")]
    role: RoleName,
    /// What its token may be used for: pull, push or all.
    #[arg(long, default_value = "pull")]
    scope: TokenScope,
    /// What it is for.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    description: String,
    /// When its token stops working, in days from now; never unless given.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36500))]
    expires_in_days: Option<u32>,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// List the robots of a workspace, without their secrets.
#[derive(Debug, clap::Args)]
#[command(
    visible_alias = "ls",
    after_help = "Examples:\n  chandlery robot list team\n  chandlery robot list team -o json"
)]
pub(crate) struct ListArguments {
    /// The workspace.
    workspace: WorkspaceName,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Give a robot a new token and print its secret, once: the old one stops working at once.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery robot rotate team ci --expires-in-days 90")]
pub(crate) struct RotateArguments {
    /// The workspace.
    workspace: WorkspaceName,
    /// Its name.
    name: RobotName,
    /// When the new token stops working, in days from now; never unless given.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36500))]
    expires_in_days: Option<u32>,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Delete a robot: its token stops working at once.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery robot delete team ci")]
pub(crate) struct DeleteArguments {
    /// The workspace.
    workspace: WorkspaceName,
    /// Its name.
    name: RobotName,
    #[command(flatten)]
    client: ClientArguments,
}

impl RobotCommand {
    pub(crate) async fn run(self) -> Result<()> {
        match self {
            Self::Create(arguments) => arguments.run().await,
            Self::List(ListArguments { workspace, resource }) => {
                resource.list(&["workspaces", workspace.as_str(), "robots"], COLUMNS, cells).await
            }
            Self::Rotate(arguments) => arguments.run().await,
            Self::Delete(DeleteArguments { workspace, name, client }) => {
                let path = ["workspaces", workspace.as_str(), "robots", name.as_str()];
                delete(&client, &path, &format!("robot {name} of {workspace}")).await
            }
        }
    }
}

impl CreateArguments {
    async fn run(self) -> Result<()> {
        let request = CreateRobot {
            name: self.name,
            role: self.role,
            scope: self.scope,
            description: self.description,
            expires_at: self.expires_in_days.map(days_from_now).transpose()?,
        };
        show_secret(&self.resource, &["workspaces", self.workspace.as_str(), "robots"], &request).await
    }
}

impl RotateArguments {
    async fn run(self) -> Result<()> {
        let request = RotateRobot { expires_at: self.expires_in_days.map(days_from_now).transpose()? };
        let path = ["workspaces", self.workspace.as_str(), "robots", self.name.as_str(), "rotate"];
        show_secret(&self.resource, &path, &request).await
    }
}

/// Sends a request that makes a secret, and prints that.
async fn show_secret(resource: &ResourceArguments, path: &[&str], request: &impl Serialize) -> Result<()> {
    let client = resource.client()?;
    let created: CreatedRobot = client.send_json(Method::POST, &client.api(path)?, request).await?;
    if resource.output.output == OutputFormat::Table {
        say("This is the only time the secret is shown. Use it as a password, or as CHANDLERY_TOKEN.");
        return print_text(&format!("{}\n", created.secret));
    }
    resource.output.print(&created, |_| Table::new([]))
}

const COLUMNS: [&str; 6] = ["NAME", "LOGIN", "ROLE", "SCOPE", "EXPIRES", "DESCRIPTION"];

fn cells(robot: &RobotView) -> [String; 6] {
    [
        robot.name.to_string(),
        robot.account.to_string(),
        robot.role.to_string(),
        robot.scope.as_str().to_owned(),
        robot.expires_at.map_or_else(|| "never".to_owned(), |time| time.to_string()),
        shorten(&robot.description, 40),
    ]
}
