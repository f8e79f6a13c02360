//! `chandlery member`: who may do what in a workspace.

use anyhow::{Context as _, Result};
use chandlery_api::{
    AcceptInvitation, CreateInvitation, CreateMember, CreatedInvitation, MemberView, MembershipView,
    UpdateMember,
};
use chandlery_core::{AccountName, RoleName, WorkspaceName};
use clap::Subcommand;
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;

use super::account::{ask, read_password_line};
use super::resource::{ResourceArguments, delete};
use crate::client::ClientArguments;
use crate::output::{OutputFormat, Table, print_text, say};

/// Add, list, change and remove members of a workspace, and invite them.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  chandlery member add team dev --role workspace-regular\n  chandlery member list team"
)]
pub(crate) enum MemberCommand {
    Add(AddArguments),
    List(ListArguments),
    Update(UpdateArguments),
    #[command(visible_aliases = ["rm", "delete"])]
    Remove(RemoveArguments),
    Invite(InviteArguments),
    Accept(AcceptArguments),
}

/// Make an account a member.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  chandlery member add team dev\n  chandlery member add team boss --role workspace-admin"
)]
pub(crate) struct AddArguments {
    /// The workspace.
    workspace: WorkspaceName,
    /// The account.
    account: AccountName,
    /// Its role there: workspace-regular, workspace-admin, workspace-viewer or one of the workspace's own.
    #[arg(long, default_value = "workspace-regular")]
    role: RoleName,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// List the members of a workspace.
#[derive(Debug, clap::Args)]
#[command(
    visible_alias = "ls",
    after_help = "Examples:\n  chandlery member list team\n  chandlery member list team -o json"
)]
pub(crate) struct ListArguments {
    /// The workspace.
    workspace: WorkspaceName,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Give a member another role.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery member update team dev --role workspace-admin")]
pub(crate) struct UpdateArguments {
    /// The workspace.
    workspace: WorkspaceName,
    /// The account.
    account: AccountName,
    /// The new role.
    #[arg(long)]
    role: RoleName,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Remove a member, or leave a workspace yourself.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery member remove team dev")]
pub(crate) struct RemoveArguments {
    /// The workspace.
    workspace: WorkspaceName,
    /// The account.
    account: AccountName,
    #[command(flatten)]
    client: ClientArguments,
}

/// Make an invitation and print its secret, once: whoever has it can become a member, once.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  chandlery member invite team --role workspace-viewer --expires-in-days 3"
)]
pub(crate) struct InviteArguments {
    /// The workspace.
    workspace: WorkspaceName,
    /// The role of whoever accepts.
    #[arg(long, default_value = "workspace-regular")]
    role: RoleName,
    /// When it stops working, in days from now.
    #[arg(long, value_name = "DAYS", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=89))]
    expires_in_days: u32,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Become a member with the secret of an invitation, which is asked for or read from standard input.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  chandlery member accept\n  pass show invitation | chandlery member accept --secret-stdin"
)]
pub(crate) struct AcceptArguments {
    /// Read the secret from standard input.
    #[arg(long)]
    secret_stdin: bool,
    #[command(flatten)]
    resource: ResourceArguments,
}

impl MemberCommand {
    pub(crate) async fn run(self) -> Result<()> {
        match self {
            Self::Add(AddArguments { workspace, account, role, resource }) => {
                let request = CreateMember { account, role };
                resource.send(Method::POST, &members(&workspace), &request, table).await
            }
            Self::List(ListArguments { workspace, resource }) => {
                resource.list(&members(&workspace), COLUMNS, cells).await
            }
            Self::Update(UpdateArguments { workspace, account, role, resource }) => {
                let path = ["workspaces", workspace.as_str(), "members", account.as_str()];
                resource.send(Method::PATCH, &path, &UpdateMember { role }, table).await
            }
            Self::Remove(RemoveArguments { workspace, account, client }) => {
                let path = ["workspaces", workspace.as_str(), "members", account.as_str()];
                delete(&client, &path, &format!("member {account} of {workspace}")).await
            }
            Self::Invite(arguments) => arguments.run().await,
            Self::Accept(arguments) => arguments.run().await,
        }
    }
}

fn members(workspace: &WorkspaceName) -> [&str; 3] {
    ["workspaces", workspace.as_str(), "members"]
}

impl InviteArguments {
    async fn run(self) -> Result<()> {
        let client = self.resource.client()?;
        let span = SignedDuration::from_hours(i64::from(self.expires_in_days) * 24);
        let expires_at =
            Timestamp::now().checked_add(span).context("it would expire after the end of time")?;
        let request = CreateInvitation { role: self.role, expires_at: Some(expires_at) };
        let url = client.api(&["workspaces", self.workspace.as_str(), "invitations"])?;
        let created: CreatedInvitation = client.send_json(Method::POST, &url, &request).await?;
        if self.resource.output.output == OutputFormat::Table {
            say("This is the only time the secret is shown. It works once: chandlery member accept");
            return print_text(&format!("{}\n", created.secret));
        }
        self.resource.output.print(&created, |_| Table::new([]))
    }
}

impl AcceptArguments {
    async fn run(self) -> Result<()> {
        let secret = match self.secret_stdin {
            true => read_password_line()?,
            false => ask("Secret of the invitation", "--secret-stdin")?,
        };
        let path = ["invitations", "accept"];
        let request = AcceptInvitation { secret };
        self.resource
            .send(Method::POST, &path, &request, |joined: &MembershipView| {
                let mut table = Table::new(["WORKSPACE", "ROLE"]);
                table.row([joined.workspace.to_string(), joined.role.to_string()]);
                table
            })
            .await
    }
}

const COLUMNS: [&str; 3] = ["ACCOUNT", "ROLE", "SINCE"];

fn cells(member: &MemberView) -> [String; 3] {
    [member.account.to_string(), member.role.to_string(), member.created_at.to_string()]
}

fn table(member: &MemberView) -> Table {
    Table::of(COLUMNS, std::slice::from_ref(member), cells)
}
