//! `chandlery role`: roles of the platform and of workspaces.

use anyhow::Result;
use chandlery_api::{CreateRole, RoleView, UpdateRole};
use chandlery_core::{Permission, RoleName, WorkspaceName};
use clap::Subcommand;
use reqwest::Method;

mod group;

use self::group::GroupRoleCommand;
use super::resource::{ResourceArguments, delete};
use crate::client::ClientArguments;
use crate::error::usage;
use crate::output::{Table, shorten};

/// Create, list, change and delete roles: sets of permissions with a name.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  chandlery role create app-review --permission apps.review --permission categories.manage\n  \
                        chandlery role list --workspace team"
)]
pub(crate) enum RoleCommand {
    Create(CreateArguments),
    List(ListArguments),
    Update(UpdateArguments),
    #[command(visible_alias = "rm")]
    Delete(DeleteArguments),
    #[command(subcommand)]
    Group(GroupRoleCommand),
}

/// Whose roles.
#[derive(Debug, clap::Args)]
struct OwnerArguments {
    /// Roles that members have in this workspace, instead of those of the platform.
    #[arg(long, value_name = "WORKSPACE")]
    workspace: Option<WorkspaceName>,
}

impl OwnerArguments {
    /// The path of these roles, or of one of them.
    fn path<'a>(&'a self, role: Option<&'a RoleName>) -> Vec<&'a str> {
        let mut path = match &self.workspace {
            Some(workspace) => vec!["workspaces", workspace.as_str(), "roles"],
            None => vec!["roles"],
        };
        path.extend(role.map(RoleName::as_str));
        path
    }
}

/// Create a role that grants no more than you have.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  chandlery role create app-review --permission apps.review --permission categories.manage\n  \
                        chandlery role create pusher --workspace team --permission apps.view --permission apps.create"
)]
pub(crate) struct CreateArguments {
    /// A name that no other role here has.
    name: RoleName,
    /// A permission it grants, such as apps.view; may be repeated.
    #[arg(long = "permission", value_name = "PERMISSION")]
    permissions: Vec<Permission>,
    /// What it is for.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    description: String,
    #[command(flatten)]
    owner: OwnerArguments,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// List roles, built in and custom, with what they grant.
#[derive(Debug, clap::Args)]
#[command(
    visible_alias = "ls",
    after_help = "Examples:\n  chandlery role list\n  chandlery role list --workspace team -o json"
)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    owner: OwnerArguments,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Change a custom role: what it is for, or all that it grants.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery role update app-review --permission apps.review")]
pub(crate) struct UpdateArguments {
    /// Its name.
    name: RoleName,
    /// A permission it grants from now on, instead of those it has; may be repeated.
    #[arg(long = "permission", value_name = "PERMISSION")]
    permissions: Vec<Permission>,
    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    #[command(flatten)]
    owner: OwnerArguments,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Delete a custom role that nobody has.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  chandlery role delete app-review\n  chandlery role delete pusher --workspace team"
)]
pub(crate) struct DeleteArguments {
    /// Its name.
    name: RoleName,
    #[command(flatten)]
    owner: OwnerArguments,
    #[command(flatten)]
    client: ClientArguments,
}

impl RoleCommand {
    pub(crate) async fn run(self) -> Result<()> {
        match self {
            Self::Create(arguments) => arguments.run().await,
            Self::List(ListArguments { owner, resource }) => {
                resource.list(&owner.path(None), COLUMNS, cells).await
            }
            Self::Update(arguments) => arguments.run().await,
            Self::Delete(DeleteArguments { name, owner, client }) => {
                delete(&client, &owner.path(Some(&name)), &format!("role {name}")).await
            }
            Self::Group(command) => command.run().await,
        }
    }
}

impl CreateArguments {
    async fn run(self) -> Result<()> {
        let path = self.owner.path(None);
        let request =
            CreateRole { name: self.name, description: self.description, permissions: self.permissions };
        self.resource.send(Method::POST, &path, &request, table).await
    }
}

impl UpdateArguments {
    async fn run(self) -> Result<()> {
        if self.permissions.is_empty() && self.description.is_none() {
            return Err(usage("nothing to change: give --permission or --description"));
        }
        let path = self.owner.path(Some(&self.name));
        let permissions = (!self.permissions.is_empty()).then_some(self.permissions);
        let request = UpdateRole { description: self.description, permissions };
        self.resource.send(Method::PATCH, &path, &request, table).await
    }
}

const COLUMNS: [&str; 4] = ["NAME", "BUILT-IN", "PERMISSIONS", "DESCRIPTION"];

fn cells(role: &RoleView) -> [String; 4] {
    let permissions: Vec<_> = role.permissions.iter().map(|permission| permission.as_str()).collect();
    [role.name.to_string(), role.built_in.to_string(), permissions.join(" "), shorten(&role.description, 60)]
}

fn table(role: &RoleView) -> Table {
    Table::of(COLUMNS, std::slice::from_ref(role), cells)
}
