//! `chandlery login`, `logout` and `whoami`.

use anyhow::{Context as _, Result};
use chandlery_api::{CreateToken, CreatedToken, Whoami};
use chandlery_core::{TokenName, TokenScope};
use jiff::Timestamp;
use reqwest::{Method, StatusCode};

use super::account::{STDIN_FLAG, ask, read_password_line};
use crate::client::address::ServerAddress;
use crate::client::answer::status_of;
use crate::client::credentials::{Credentials, process_variable};
use crate::client::logins::{Login, LoginFile};
use crate::client::{Client, ClientArguments};
use crate::error::usage;
use crate::output::{OutputArguments, Table, say, warn};

/// Log in to a server: a token is created there and kept in a file that only you can read.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery login https://charts.example.org -u dev\n  \
                        pass show chandlery | chandlery login http://127.0.0.1:8080 -u admin --password-stdin")]
pub(crate) struct LoginArguments {
    /// The server.
    url: String,
    /// The account; asked for unless given.
    #[arg(short, long, value_name = "NAME", env = "CHANDLERY_USERNAME")]
    username: Option<String>,
    /// Read the password from standard input.
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    client: ClientArguments,
}

/// Log out: the token is deleted on the server and forgotten here.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery logout\n  chandlery logout https://charts.example.org")]
pub(crate) struct LogoutArguments {
    /// The server; the one of the last login unless given.
    url: Option<String>,
    #[command(flatten)]
    client: ClientArguments,
}

/// Print whom the server takes you for.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery whoami\n  chandlery whoami -o json")]
pub(crate) struct WhoamiArguments {
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    client: ClientArguments,
}

impl LoginArguments {
    pub(crate) async fn run(self) -> Result<()> {
        let server = ServerAddress::parse(&self.url)?;
        warn_about_plain_http(&server);
        let account = match &self.username {
            Some(name) => name.clone(),
            None => ask_name()?,
        };
        let password = self.password(&account)?;
        let credentials = Credentials::Password { account: account.clone(), password };
        let client = Client::with_credentials(&self.client, &server, credentials)?;
        let whoami: Whoami = client.get_json(&client.api(&["whoami"])?).await?;
        let account =
            whoami.account.with_context(|| format!("{} does not know {account}", server.as_key()))?;
        let request =
            CreateToken { name: token_name()?, scope: TokenScope::All, repository: None, expires_at: None };
        let created: CreatedToken =
            client.send_json(Method::POST, &client.api(&["tokens"])?, &request).await?;
        let login = Login {
            account: account.to_string(),
            token_name: created.token.name.to_string(),
            token: created.secret,
        };
        let file = LoginFile::locate()?;
        let mut logins = file.read()?;
        let previous = logins.find(&server).cloned();
        logins.add(&server, login);
        file.write(&logins)?;
        if let Some(previous) = previous {
            forget_on_server(&client, &previous).await;
        }
        say(&format!("logged in to {} as {account}", server.as_key()));
        Ok(())
    }

    fn password(&self, account: &str) -> Result<String> {
        if self.password_stdin {
            return read_password_line();
        }
        let from_environment = Credentials::from_environment(|name| match name {
            "CHANDLERY_USERNAME" => Some(account.to_owned()),
            "CHANDLERY_PASSWORD" | "CHANDLERY_PASSWORD_FILE" => process_variable(name),
            _ => None,
        })?;
        match from_environment {
            Some(Credentials::Password { password, .. }) => Ok(password),
            _ => ask(&format!("Password for {account}"), STDIN_FLAG),
        }
    }
}

fn warn_about_plain_http(server: &ServerAddress) {
    let host = server.root().host_str().unwrap_or_default();
    let local = host == "localhost" || host == "[::1]" || host.starts_with("127.");
    if server.root().scheme() == "http" && !local {
        warn(&format!("{} is not encrypted: everybody on the way can read the password", server.as_key()));
    }
}

fn ask_name() -> Result<String> {
    use std::io::{BufRead as _, IsTerminal as _};
    if !std::io::stdin().is_terminal() {
        return Err(usage("no account: give --username NAME"));
    }
    say("Account:");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("cannot read the account name")?;
    Ok(line.trim().to_owned())
}

/// A name that says where the token is used: `cli-HOST-TIME`, unique per second.
fn token_name() -> Result<TokenName> {
    let host = process_variable("HOSTNAME").unwrap_or_default().to_ascii_lowercase();
    let host: String = host.chars().filter(char::is_ascii_alphanumeric).take(30).collect();
    let host = if host.is_empty() { "host".to_owned() } else { host };
    Ok(format!("cli-{host}-{}", Timestamp::now().as_millisecond()).parse()?)
}

/// Deletes the token of a login that is replaced or ended; one that is gone already is no error.
async fn forget_on_server(client: &Client, login: &Login) {
    let result = match client.api(&["tokens", &login.token_name]) {
        Ok(url) => client.delete(&url).await,
        Err(error) => Err(error),
    };
    if let Err(error) = result
        && !matches!(status_of(&error), Some(StatusCode::NOT_FOUND | StatusCode::UNAUTHORIZED))
    {
        warn(&format!("the token {} is still valid on the server: {error:#}", login.token_name));
    }
}

impl LogoutArguments {
    pub(crate) async fn run(self) -> Result<()> {
        let file = LoginFile::locate()?;
        let mut logins = file.read()?;
        let server = match self.url.as_ref().or(self.client.server.as_ref()).or(logins.current.as_ref()) {
            Some(url) => ServerAddress::parse(url)?,
            None => {
                say("not logged in anywhere");
                return Ok(());
            }
        };
        let Some(login) = logins.remove(&server) else {
            say(&format!("not logged in to {}", server.as_key()));
            return Ok(());
        };
        file.write(&logins)?;
        let credentials = Credentials::Token(login.token.clone());
        let client = Client::with_credentials(&self.client, &server, credentials)?;
        forget_on_server(&client, &login).await;
        say(&format!("logged out of {}", server.as_key()));
        Ok(())
    }
}

impl WhoamiArguments {
    pub(crate) async fn run(self) -> Result<()> {
        let client = Client::new(&self.client)?;
        let whoami: Whoami = client.get_json(&client.api(&["whoami"])?).await?;
        let server = client.server()?.as_key().to_owned();
        self.output.print(&whoami, |whoami| {
            let mut table = Table::new(["SERVER", "ACCOUNT", "ROLE", "SCOPE", "REPOSITORY"]);
            table.row([
                server,
                whoami.account.as_ref().map_or_else(|| "(anonymous)".to_owned(), ToString::to_string),
                whoami.role.as_ref().map_or_else(String::new, ToString::to_string),
                whoami.scope.map_or("", TokenScope::as_str).to_owned(),
                whoami.repository.as_ref().map_or_else(|| "all".to_owned(), ToString::to_string),
            ]);
            table
        })
    }
}
