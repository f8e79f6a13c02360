//! Personal tokens.

use chandlery_api::{CreateToken, CreatedToken, TokenView};
use chandlery_core::{Account, Actor, Digest, Error, Permission, Result, TokenName, authorise};
use chandlery_store::{repositories, tokens};
use jiff::Timestamp;

use super::trail::{self, Change};
use crate::app::App;
use crate::authentication::{TOKEN_PREFIX, random_secret};
use crate::service::accounts::signed_in;

/// Creates a token of the caller, which can do no more than the credential that creates it.
pub(crate) async fn create(app: &App, actor: &Actor, request: CreateToken) -> Result<CreatedToken> {
    let account = signed_in(actor)?;
    if account.robot {
        return Err(Error::Forbidden("a robot makes no tokens: its workspace manages its own".to_owned()));
    }
    if request.scope > account.scope {
        return Err(Error::Forbidden(format!(
            "a credential with the scope {} cannot create a token with the scope {}",
            account.scope.as_str(),
            request.scope.as_str()
        )));
    }
    let repository_id = match &request.repository {
        Some(path) => Some(visible_repository(app, actor, path).await?),
        None => None,
    };
    if account.repository.is_some() && account.repository != repository_id {
        return Err(Error::Forbidden(
            "a token for one repository creates only tokens for that one".to_owned(),
        ));
    }
    let now = Timestamp::now();
    if request.expires_at.is_some_and(|expiry| expiry <= now) {
        return Err(Error::invalid("expires_at", "lies in the past"));
    }
    let secret = random_secret(TOKEN_PREFIX)?;
    let token = tokens::NewToken {
        account_id: account.id,
        name: request.name,
        secret_hash: Digest::of(secret.as_bytes()),
        scope: request.scope,
        repository_id,
        expires_at: request.expires_at,
        created_at: now,
    };
    let transaction = app.store.database().begin().await?;
    let row = tokens::create(&transaction, &token).await?;
    let message = format!("scope {}", row.scope.as_str());
    trail::note(&transaction, actor, change("token.create", account, &row.name, message)).await?;
    transaction.commit().await?;
    Ok(CreatedToken { token: view(app, row).await?, secret })
}

fn change(action: &'static str, account: &Account, token: &TokenName, message: String) -> Change<'static> {
    Change { action, name: format!("{}/{token}", account.name), workspace: None, message }
}

async fn visible_repository(app: &App, actor: &Actor, path: &chandlery_core::RepositoryPath) -> Result<i64> {
    let repository = app.repositories.find(path).await.map_err(|error| match error {
        // In the words for one that exists and may not be seen.
        Error::NotFound(_) => Error::not_found("repository"),
        other => other,
    })?;
    authorise(actor, Permission::AppsView, repository.place())?;
    Ok(repository.id)
}

async fn view(app: &App, row: tokens::TokenRow) -> Result<TokenView> {
    let repository = match row.repository_id {
        Some(id) => repositories::find_by_id(app.store.database().reader(), id).await?.map(|row| row.path),
        None => None,
    };
    Ok(TokenView {
        name: row.name,
        scope: row.scope,
        repository,
        expires_at: row.expires_at,
        created_at: row.created_at,
    })
}

/// The caller's tokens, in the order of their names.
pub(crate) async fn list(app: &App, actor: &Actor) -> Result<Vec<TokenView>> {
    let account = signed_in(actor)?;
    let rows = tokens::list(app.store.database().reader(), account.id).await?;
    let mut views = Vec::with_capacity(rows.len());
    for row in rows {
        views.push(view(app, row).await?);
    }
    Ok(views)
}

/// Deletes one of the caller's tokens: it stops working at once.
pub(crate) async fn delete(app: &App, actor: &Actor, name: &TokenName) -> Result<()> {
    let account = actor.in_full()?;
    let transaction = app.store.database().begin().await?;
    tokens::delete(&transaction, account.id, name).await?;
    trail::note(&transaction, actor, change("token.delete", account, name, String::new())).await?;
    transaction.commit().await?;
    app.authentication.forget();
    Ok(())
}
