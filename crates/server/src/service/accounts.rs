//! Accounts.

use chandlery_api::{AccountView, CreateAccount, UpdateAccount, UpdatePassword, Whoami};
use chandlery_core::{Account, AccountName, Actor, Error, Permission, PlatformRole, Result, authorise};
use chandlery_store::{accounts, repositories};
use jiff::Timestamp;

use crate::app::App;
use crate::authentication::hash_password;

/// The account behind an actor.
pub(crate) fn signed_in(actor: &Actor) -> Result<&Account> {
    match actor {
        Actor::Account(account) => Ok(account),
        Actor::Anonymous | Actor::System => Err(Error::Unauthenticated),
    }
}

fn view(row: accounts::AccountRow) -> AccountView {
    AccountView { name: row.name, role: row.role, disabled: row.disabled, created_at: row.created_at }
}

/// Whom the credentials stand for.
pub(crate) async fn whoami(app: &App, actor: &Actor) -> Result<Whoami> {
    let Actor::Account(account) = actor else {
        return Ok(Whoami { account: None, role: None, scope: None, repository: None });
    };
    let repository = match account.repository {
        Some(id) => repositories::find_by_id(app.store.database().reader(), id).await?.map(|row| row.path),
        None => None,
    };
    Ok(Whoami {
        account: Some(account.name.clone()),
        role: Some(account.role),
        scope: Some(account.scope),
        repository,
    })
}

/// Creates an account.
pub(crate) async fn create(app: &App, actor: &Actor, request: CreateAccount) -> Result<AccountView> {
    authorise(actor, Permission::UsersManage, None)?;
    let hash = hash_password(request.password).await?;
    let transaction = app.store.database().begin().await?;
    let now = Timestamp::now();
    let row = accounts::create(&transaction, &request.name, Some(&hash), request.role, now).await?;
    transaction.commit().await?;
    tracing::info!(account = %row.name, role = row.role.as_str(), "account created");
    Ok(view(row))
}

/// All accounts, in the order of their names.
pub(crate) async fn list(app: &App, actor: &Actor) -> Result<Vec<AccountView>> {
    authorise(actor, Permission::UsersManage, None)?;
    let rows = accounts::list(app.store.database().reader()).await?;
    Ok(rows.into_iter().map(view).collect())
}

/// One account.
pub(crate) async fn get(app: &App, actor: &Actor, name: &AccountName) -> Result<AccountView> {
    authorise(actor, Permission::UsersManage, None)?;
    let row = accounts::find(app.store.database().reader(), name).await?;
    row.map(view).ok_or_else(|| Error::not_found(format_args!("account {name}")))
}

/// Changes an account. The last administrator stays one.
pub(crate) async fn update(
    app: &App,
    actor: &Actor,
    name: &AccountName,
    request: UpdateAccount,
) -> Result<AccountView> {
    authorise(actor, Permission::UsersManage, None)?;
    let password_hash = match request.password {
        Some(password) => Some(hash_password(password).await?),
        None => None,
    };
    let change = accounts::AccountChange { password_hash, role: request.role, disabled: request.disabled };
    let transaction = app.store.database().begin().await?;
    let row = accounts::update(&transaction, name, &change).await?;
    require_administrator(&accounts::list(&transaction).await?)?;
    transaction.commit().await?;
    app.authentication.forget();
    tracing::info!(account = %name, "account changed");
    Ok(view(row))
}

/// Deletes an account with its tokens. The last administrator stays.
pub(crate) async fn delete(app: &App, actor: &Actor, name: &AccountName) -> Result<()> {
    authorise(actor, Permission::UsersManage, None)?;
    let transaction = app.store.database().begin().await?;
    accounts::delete(&transaction, name).await?;
    require_administrator(&accounts::list(&transaction).await?)?;
    transaction.commit().await?;
    app.authentication.forget();
    tracing::info!(account = %name, "account deleted");
    Ok(())
}

fn require_administrator(accounts: &[accounts::AccountRow]) -> Result<()> {
    let administers = |account: &accounts::AccountRow| {
        account.role == PlatformRole::PlatformAdmin && !account.disabled && account.password_hash.is_some()
    };
    if accounts.iter().any(administers) {
        return Ok(());
    }
    Err(Error::Conflict("this would leave nobody who can administer the platform".to_owned()))
}

/// Changes the caller's own password.
pub(crate) async fn update_password(
    app: &App,
    actor: &Actor,
    peer: std::net::IpAddr,
    request: UpdatePassword,
) -> Result<()> {
    let account = actor.in_full()?;
    app.authentication.check_password(&account.name, request.current, peer).await.map_err(
        |error| match error {
            Error::Unauthenticated => Error::Forbidden("the current password is wrong".to_owned()),
            other => other,
        },
    )?;
    let password_hash = Some(hash_password(request.new).await?);
    let change = accounts::AccountChange { password_hash, role: None, disabled: None };
    let transaction = app.store.database().begin().await?;
    accounts::update(&transaction, &account.name, &change).await?;
    transaction.commit().await?;
    app.authentication.forget();
    Ok(())
}
