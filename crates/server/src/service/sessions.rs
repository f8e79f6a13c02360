//! Sessions of the console.

use std::net::IpAddr;

use chandlery_api::{CreateSession, SessionView};
use chandlery_core::{AccountName, Digest, Error, Result};
use chandlery_store::accounts::AccountRow;
use chandlery_store::{Transaction, sessions};
use jiff::Timestamp;

use super::trail::{self, Change};
use crate::app::App;
use crate::authentication::{LONGEST_SESSION, SESSION_IDLE, random_secret};

/// What every session's secret begins with.
const PREFIX: &str = "chs_";

/// Logs in by password. Returns the session, and its secret for the cookie with the seconds it lives.
pub(crate) async fn create(
    app: &App,
    peer: IpAddr,
    request: CreateSession,
) -> Result<(SessionView, String, i64)> {
    let name: AccountName = request.account.parse().map_err(|_| Error::Unauthenticated)?;
    let row = app.authentication.check_password(&name, request.password, peer).await?;
    let transaction = app.store.database().begin().await?;
    let opened = open(&transaction, &row, String::new()).await?;
    transaction.commit().await?;
    Ok(opened)
}

/// Opens a session for an account that proved who it is, as `message` tells the audit. Returns as [`create`].
pub(crate) async fn open(
    transaction: &Transaction,
    account: &AccountRow,
    message: String,
) -> Result<(SessionView, String, i64)> {
    let secret = random_secret(PREFIX)?;
    let now = Timestamp::now();
    let expires_at = now + SESSION_IDLE;
    sessions::create(transaction, account.id, &Digest::of(secret.as_bytes()), now, expires_at).await?;
    let change =
        Change { action: "session.create", name: account.name.to_string(), workspace: None, message };
    trail::note_of(transaction, account.name.as_str(), account.role.as_str(), change).await?;
    let view = SessionView { account: account.name.clone(), created_at: now, expires_at };
    Ok((view, secret, LONGEST_SESSION.as_secs()))
}

/// The session with this secret.
pub(crate) async fn get(app: &App, secret: Option<&str>) -> Result<SessionView> {
    let missing = || Error::not_found("a session");
    let hash = Digest::of(secret.ok_or_else(missing)?.as_bytes());
    let reader = app.store.database().reader();
    let (session, account) =
        sessions::find_by_secret(reader, &hash, Timestamp::now()).await?.ok_or_else(missing)?;
    Ok(SessionView { account: account.name, created_at: session.created_at, expires_at: session.expires_at })
}

/// Logs out; also where there is no session any more.
pub(crate) async fn delete(app: &App, secret: Option<&str>) -> Result<()> {
    if let Some(secret) = secret {
        sessions::delete(app.store.database().writer(), &Digest::of(secret.as_bytes())).await?;
        app.authentication.forget();
    }
    Ok(())
}
