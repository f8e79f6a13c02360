//! `chandlery role group`: the roles that groups of the identity provider give.

use anyhow::Result;
use chandlery_api::{GroupRole, GroupRoleQuery};
use chandlery_core::RoleName;
use clap::Subcommand;
use reqwest::Method;

use super::OwnerArguments;
use crate::client::{Client, ClientArguments};
use crate::commands::resource::ResourceArguments;
use crate::output::{Table, say};

/// Give the members of a group of the identity provider a role, of the platform or in a workspace.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  chandlery role group add reviewers app-review\n  \
                        chandlery role group list --workspace team")]
pub(crate) enum GroupRoleCommand {
    Add(AddArguments),
    List(ListArguments),
    #[command(visible_alias = "rm")]
    Remove(RemoveArguments),
}

/// Give the members of a group a role that grants no more than you have.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery role group add reviewers app-review\n  \
                        chandlery role group add team-devs workspace-regular --workspace team")]
pub(crate) struct AddArguments {
    /// The group, as the identity provider spells it.
    group: String,
    /// The role.
    role: RoleName,
    #[command(flatten)]
    owner: OwnerArguments,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// List the groups that give a role.
#[derive(Debug, clap::Args)]
#[command(
    visible_alias = "ls",
    after_help = "Examples:\n  chandlery role group list\n  chandlery role group list --workspace team -o json"
)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    owner: OwnerArguments,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Take its role from the members of a group.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery role group remove reviewers\n  \
                        chandlery role group remove team-devs --workspace team")]
pub(crate) struct RemoveArguments {
    /// The group, as the identity provider spells it.
    group: String,
    #[command(flatten)]
    owner: OwnerArguments,
    #[command(flatten)]
    client: ClientArguments,
}

const COLUMNS: [&str; 2] = ["GROUP", "ROLE"];

fn cells(given: &GroupRole) -> [String; 2] {
    [given.group.clone(), given.role.to_string()]
}

impl GroupRoleCommand {
    pub(super) async fn run(self) -> Result<()> {
        match self {
            Self::Add(AddArguments { group, role, owner, resource }) => {
                let table = |given: &GroupRole| Table::of(COLUMNS, std::slice::from_ref(given), cells);
                let request = GroupRole { group, role };
                resource.send(Method::POST, &owner.group_roles(), &request, table).await
            }
            Self::List(ListArguments { owner, resource }) => {
                resource.list(&owner.group_roles(), COLUMNS, cells).await
            }
            Self::Remove(RemoveArguments { group, owner, client }) => {
                let client = Client::new(&client)?;
                let mut url = client.api(&owner.group_roles())?;
                let query = GroupRoleQuery { group };
                url.query_pairs_mut().append_pair("group", &query.group);
                client.delete(&url).await?;
                say(&format!("role of the group {} removed", query.group));
                Ok(())
            }
        }
    }
}

impl OwnerArguments {
    /// The path of the roles that groups give here.
    fn group_roles(&self) -> Vec<&str> {
        match &self.workspace {
            Some(workspace) => vec!["workspaces", workspace.as_str(), "group-roles"],
            None => vec!["group-roles"],
        }
    }
}
