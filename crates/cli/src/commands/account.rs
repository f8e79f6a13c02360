//! `chandlery account` and `chandlery password`.

mod notifications;

use std::io::{IsTerminal as _, Read as _};

use anyhow::{Context as _, Result, bail};
use chandlery_api::{AccountView, CreateAccount, UpdateAccount, UpdatePassword};
use chandlery_core::{AccountName, RoleName};
use clap::Subcommand;
use reqwest::Method;

use self::notifications::NotificationArguments;
use super::resource::{ResourceArguments, delete};
use crate::client::{Client, ClientArguments};
use crate::error::usage;
use crate::output::{Table, say};

/// How a password comes in without a terminal.
pub(crate) const STDIN_FLAG: &str = "--password-stdin";

/// Create, list, change and delete accounts.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  chandlery account create dev\n  chandlery account list")]
pub(crate) enum AccountCommand {
    Create(CreateArguments),
    /// List all accounts.
    #[command(
        visible_alias = "ls",
        after_help = "Examples:\n  chandlery account list\n  chandlery account list -o yaml"
    )]
    List(ResourceArguments),
    Update(UpdateArguments),
    #[command(visible_alias = "rm")]
    Delete(DeleteArguments),
    Notifications(NotificationArguments),
}

/// Create an account; its password is asked for or read from standard input.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery account create dev\n  \
                        pass show ci | chandlery account create ci --role repositories-manager --password-stdin")]
pub(crate) struct CreateArguments {
    /// The login name.
    name: AccountName,
    /// platform-regular, platform-admin, workspaces-manager, repositories-manager or a role of your own.
    #[arg(long, default_value = "platform-regular")]
    role: RoleName,
    /// What people call it.
    #[arg(long, default_value = "", hide_default_value = true)]
    display_name: String,
    /// Where mail goes.
    #[arg(long, default_value = "", hide_default_value = true)]
    email: String,
    /// Read the password from standard input.
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Change an account: its role, its password, whether it may log in.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery account update dev --role repositories-manager\n  \
                        chandlery account update dev --disabled=true\n  \
                        pass show dev | chandlery account update dev --password-stdin")]
pub(crate) struct UpdateArguments {
    /// The login name.
    name: AccountName,
    /// A new role: platform-regular, platform-admin, workspaces-manager, repositories-manager or a role of your own.
    #[arg(long)]
    role: Option<RoleName>,
    /// Disable (true) or enable (false) it.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "true|false")]
    disabled: Option<bool>,
    /// What people call it.
    #[arg(long)]
    display_name: Option<String>,
    /// Where mail goes; empty for nowhere.
    #[arg(long)]
    email: Option<String>,
    /// Read a new password from standard input.
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Delete an account and its tokens.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery account delete dev")]
pub(crate) struct DeleteArguments {
    /// The login name.
    name: AccountName,
    #[command(flatten)]
    client: ClientArguments,
}

/// Change your own password.
///
/// Both passwords are asked for; with --password-stdin they are the first and the second line of standard input.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  chandlery password\n  printf '%s\\n' \"$OLD\" \"$NEW\" | chandlery password --password-stdin"
)]
pub(crate) struct PasswordArguments {
    /// Read the password in use and the new one from standard input, one per line.
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    client: ClientArguments,
}

impl AccountCommand {
    pub(crate) async fn run(self) -> Result<()> {
        match self {
            Self::Create(arguments) => arguments.run().await,
            Self::List(arguments) => arguments.list(&["accounts"], COLUMNS, cells).await,
            Self::Update(arguments) => arguments.run().await,
            Self::Delete(arguments) => arguments.run().await,
            Self::Notifications(arguments) => arguments.run().await,
        }
    }
}

impl CreateArguments {
    async fn run(self) -> Result<()> {
        let client = self.resource.client()?;
        let url = client.api(&["accounts"])?;
        let password = new_password(self.password_stdin, &format!("Password for {}", self.name))?;
        let request = CreateAccount {
            name: self.name,
            role: self.role,
            display_name: self.display_name,
            email: self.email,
            password,
        };
        let account: AccountView = client.send_json(Method::POST, &url, &request).await?;
        self.resource.output.print(&[account][..], table)
    }
}

impl UpdateArguments {
    async fn run(self) -> Result<()> {
        let texts = self.display_name.is_some() || self.email.is_some();
        if self.role.is_none() && self.disabled.is_none() && !texts && !self.password_stdin {
            return Err(usage(
                "nothing to change: give --role, --disabled, --display-name, --email or --password-stdin",
            ));
        }
        let client = self.resource.client()?;
        let password = self.password_stdin.then(read_password_line).transpose()?;
        let request = UpdateAccount {
            role: self.role,
            display_name: self.display_name,
            email: self.email,
            password,
            disabled: self.disabled,
        };
        let url = client.api(&["accounts", self.name.as_str()])?;
        let account: AccountView = client.send_json(Method::PATCH, &url, &request).await?;
        self.resource.output.print(&[account][..], table)
    }
}

impl DeleteArguments {
    async fn run(self) -> Result<()> {
        delete(&self.client, &["accounts", self.name.as_str()], &format!("account {}", self.name)).await
    }
}

impl PasswordArguments {
    pub(crate) async fn run(self) -> Result<()> {
        let client = Client::new(&self.client)?;
        let url = client.api(&["password"])?;
        let (current, new) = if self.password_stdin {
            read_two_passwords()?
        } else {
            (ask("Password in use", STDIN_FLAG)?, new_password(false, "New password")?)
        };
        let request = UpdatePassword { current, new };
        client.send(client.request(Method::PUT, &url).json(&request)).await?;
        say("password changed");
        Ok(())
    }
}

const COLUMNS: [&str; 4] = ["NAME", "ROLE", "DISABLED", "CREATED"];

fn cells(account: &AccountView) -> [String; 4] {
    [
        account.name.to_string(),
        account.role.as_str().to_owned(),
        account.disabled.to_string(),
        account.created_at.to_string(),
    ]
}

fn table(accounts: &[AccountView]) -> Table {
    Table::of(COLUMNS, accounts, cells)
}

/// Asks for a password without showing it.
///
/// # Errors
/// There is no terminal to ask on; the message names the flag to use instead.
pub(crate) fn ask(prompt: &str, otherwise: &str) -> Result<String> {
    if !std::io::stdin().is_terminal() {
        return Err(usage(format!("{prompt}: there is no terminal to ask on, use {otherwise}")));
    }
    rpassword::prompt_password(format!("{prompt}: ")).context("cannot read the password")
}

fn new_password(from_stdin: bool, prompt: &str) -> Result<String> {
    if from_stdin {
        return read_password_line();
    }
    let first = ask(prompt, STDIN_FLAG)?;
    if first != ask("Again", STDIN_FLAG)? {
        bail!("the two passwords differ");
    }
    Ok(first)
}

/// All of standard input without the line end.
///
/// # Errors
/// Standard input cannot be read or is empty.
pub(crate) fn read_password_line() -> Result<String> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("cannot read the password from standard input")?;
    let password = text.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        bail!("standard input has no password");
    }
    Ok(password.to_owned())
}

fn read_two_passwords() -> Result<(String, String)> {
    let text = read_password_line()?;
    let (current, new) = text
        .split_once('\n')
        .context("standard input must have two lines: the password in use and the new one")?;
    Ok((current.trim_end_matches('\r').to_owned(), new.to_owned()))
}
