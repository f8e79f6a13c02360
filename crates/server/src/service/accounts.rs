//! Accounts.

use chandlery_api::{AccountView, CreateAccount, MembershipView, UpdateAccount, UpdatePassword, Whoami};
use chandlery_core::{
    Account, AccountName, Actor, Error, PLATFORM_ADMIN, Permission, PermissionSet, Place, Result, RoleName,
    authorise,
};
use chandlery_store::roles::RoleOwner;
use chandlery_store::{Connection, accounts, members, repositories, roles};
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
    AccountView {
        name: row.name,
        display_name: row.display_name,
        email: row.email,
        role: row.role,
        disabled: row.disabled,
        created_at: row.created_at,
    }
}

/// Whom the credentials stand for.
pub(crate) async fn whoami(app: &App, actor: &Actor) -> Result<Whoami> {
    let Actor::Account(account) = actor else {
        return Ok(Whoami::default());
    };
    let reader = app.store.database().reader();
    let workspaces =
        members::workspaces_of(reader, account.id).await?.into_iter().map(|row| MembershipView {
            workspace: row.workspace,
            role: row.role,
            permissions: row.permissions.iter().collect(),
        });
    let repository = match account.repository {
        Some(id) => repositories::find_by_id(reader, id).await?.map(|row| row.path),
        None => None,
    };
    Ok(Whoami {
        account: Some(account.name.clone()),
        role: Some(account.role.clone()),
        permissions: account.permissions.iter().collect(),
        workspaces: workspaces.collect(),
        scope: Some(account.scope),
        repository,
    })
}

/// Creates an account.
pub(crate) async fn create(app: &App, actor: &Actor, request: CreateAccount) -> Result<AccountView> {
    authorise(actor, Permission::UsersManage, Place::Platform)?;
    let hash = hash_password(request.password).await?;
    let transaction = app.store.database().begin().await?;
    may_give(&transaction, actor, &request.role).await?;
    let account = accounts::NewAccount {
        name: &request.name,
        password_hash: Some(&hash),
        display_name: &request.display_name,
        email: &request.email,
        workspace_id: None,
        role: &request.role,
        created_at: Timestamp::now(),
    };
    let row = accounts::create(&transaction, &account).await?;
    transaction.commit().await?;
    tracing::info!(account = %row.name, role = row.role.as_str(), "account created");
    Ok(view(row))
}

/// All accounts, in the order of their names.
pub(crate) async fn list(app: &App, actor: &Actor) -> Result<Vec<AccountView>> {
    authorise(actor, Permission::UsersManage, Place::Platform)?;
    let rows = accounts::list(app.store.database().reader()).await?;
    Ok(rows.into_iter().map(view).collect())
}

/// One account.
pub(crate) async fn get(app: &App, actor: &Actor, name: &AccountName) -> Result<AccountView> {
    authorise(actor, Permission::UsersManage, Place::Platform)?;
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
    authorise(actor, Permission::UsersManage, Place::Platform)?;
    let password_hash = match request.password {
        Some(password) => Some(hash_password(password).await?),
        None => None,
    };
    let transaction = app.store.database().begin().await?;
    may_manage(&transaction, actor, name).await?;
    if let Some(role) = &request.role {
        may_give(&transaction, actor, role).await?;
    }
    let change = accounts::AccountChange {
        password_hash,
        role: request.role,
        disabled: request.disabled,
        display_name: request.display_name,
        email: request.email,
    };
    let row = accounts::update(&transaction, name, &change).await?;
    require_administrator(&accounts::list(&transaction).await?)?;
    transaction.commit().await?;
    app.authentication.forget();
    tracing::info!(account = %name, "account changed");
    Ok(view(row))
}

/// Deletes an account with its tokens. The last administrator stays.
pub(crate) async fn delete(app: &App, actor: &Actor, name: &AccountName) -> Result<()> {
    authorise(actor, Permission::UsersManage, Place::Platform)?;
    let transaction = app.store.database().begin().await?;
    may_manage(&transaction, actor, name).await?;
    accounts::delete(&transaction, name).await?;
    require_administrator(&accounts::list(&transaction).await?)?;
    transaction.commit().await?;
    app.authentication.forget();
    tracing::info!(account = %name, "account deleted");
    Ok(())
}

/// Refuses to give a role that grants more than the giver has: managing accounts is no way to become administrator.
async fn may_give(connection: &impl Connection, actor: &Actor, role: &RoleName) -> Result<()> {
    let granted = roles::permissions(connection, RoleOwner::Platform, role).await?;
    let granted = granted.ok_or_else(|| Error::invalid("role", format!("there is no role {role}")))?;
    covers(actor, granted, &format!("the role {role} grants"))
}

/// Refuses to change an account that may do more than who changes it: a new password would be a way to its rights.
async fn may_manage(connection: &impl Connection, actor: &Actor, name: &AccountName) -> Result<()> {
    match accounts::find(connection, name).await? {
        Some(row) => covers(actor, row.permissions, &format!("the account {name} has")),
        None => Err(Error::not_found(format_args!("account {name}"))),
    }
}

fn covers(actor: &Actor, permissions: PermissionSet, what: &str) -> Result<()> {
    match actor {
        Actor::System => Ok(()),
        Actor::Account(account) if account.permissions.covers(permissions) => Ok(()),
        _ => Err(Error::Forbidden(format!("{what} permissions that you do not have"))),
    }
}

fn require_administrator(accounts: &[accounts::AccountRow]) -> Result<()> {
    let administers = |account: &accounts::AccountRow| {
        account.role.as_str() == PLATFORM_ADMIN && !account.disabled && account.password_hash.is_some()
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
    let change = accounts::AccountChange { password_hash, ..accounts::AccountChange::default() };
    let transaction = app.store.database().begin().await?;
    accounts::update(&transaction, &account.name, &change).await?;
    transaction.commit().await?;
    app.authentication.forget();
    Ok(())
}
