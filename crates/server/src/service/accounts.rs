//! Accounts.

use chandlery_api::{AccountView, CreateAccount, MembershipView, UpdateAccount, UpdatePassword, Whoami};
use chandlery_core::{
    Account, AccountName, Actor, Error, Permission, Place, Result, WorkspaceName, authorise,
};
use chandlery_store::roles::RoleOwner;
use chandlery_store::{Connection, Transaction, accounts, invitations, members, repositories, sessions};
use jiff::Timestamp;

use super::rights::{covers, may_give};
use super::texts::check_name;
use super::trail::{self, Change};
use crate::app::App;
use crate::authentication::hash_password;

/// What the login names of robots begin with.
pub(crate) const ROBOT_PREFIX: &str = "robot.";

/// The account behind an actor.
pub(crate) fn signed_in(actor: &Actor) -> Result<&Account> {
    match actor {
        Actor::Account(account) => Ok(account),
        Actor::Anonymous | Actor::System | Actor::Source(_) => Err(Error::Unauthenticated),
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
    check_name("display_name", &request.display_name)?;
    check_name("email", &request.email)?;
    refuse_robot_names(&request.name)?;
    let hash = hash_password(request.password).await?;
    let transaction = app.store.database().begin().await?;
    may_give(&transaction, actor, RoleOwner::Platform, &request.role).await?;
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
    let message = format!("role {}", row.role);
    trail::note(&transaction, actor, change("account.create", &row.name, message)).await?;
    transaction.commit().await?;
    Ok(view(row))
}

/// The accounts behind `after`, robots aside, by name.
pub(crate) async fn list(app: &App, actor: &Actor, after: &str, limit: u32) -> Result<Vec<AccountView>> {
    authorise(actor, Permission::UsersManage, Place::Platform)?;
    let rows = accounts::list(app.store.database().reader(), after, limit).await?;
    Ok(rows.into_iter().map(view).collect())
}

/// One account.
pub(crate) async fn get(app: &App, actor: &Actor, name: &AccountName) -> Result<AccountView> {
    authorise(actor, Permission::UsersManage, Place::Platform)?;
    person(app.store.database().reader(), name).await.map(view)
}

/// Changes an account. The last administrator stays one.
pub(crate) async fn update(
    app: &App,
    actor: &Actor,
    name: &AccountName,
    request: UpdateAccount,
) -> Result<AccountView> {
    authorise(actor, Permission::UsersManage, Place::Platform)?;
    check_name("display_name", request.display_name.as_deref().unwrap_or_default())?;
    check_name("email", request.email.as_deref().unwrap_or_default())?;
    let message = told(&request);
    let password_hash = match request.password {
        Some(password) => Some(hash_password(password).await?),
        None => None,
    };
    let transaction = app.store.database().begin().await?;
    may_manage(&transaction, actor, name).await?;
    if let Some(role) = &request.role {
        may_give(&transaction, actor, RoleOwner::Platform, role).await?;
    }
    let wanted = accounts::AccountChange {
        password_hash,
        role: request.role,
        disabled: request.disabled,
        display_name: request.display_name,
        email: request.email,
    };
    let row = accounts::update(&transaction, name, &wanted).await?;
    require_administrator(&transaction).await?;
    if wanted.disabled == Some(true) {
        let administered = members::administered_by(&transaction, row.id).await?;
        require_administrators(&transaction, actor, &administered).await?;
    }
    if row.disabled || wanted.password_hash.is_some() {
        sessions::delete_of(&transaction, row.id).await?;
    }
    if row.disabled {
        invitations::delete_of(&transaction, None, name).await?;
    }
    trail::note(&transaction, actor, change("account.update", name, message)).await?;
    transaction.commit().await?;
    app.authentication.forget();
    Ok(view(row))
}

/// Deletes an account with its tokens. The last administrator stays.
pub(crate) async fn delete(app: &App, actor: &Actor, name: &AccountName) -> Result<()> {
    authorise(actor, Permission::UsersManage, Place::Platform)?;
    let transaction = app.store.database().begin().await?;
    let row = may_manage(&transaction, actor, name).await?;
    let administered = members::administered_by(&transaction, row.id).await?;
    accounts::delete(&transaction, name).await?;
    require_administrator(&transaction).await?;
    require_administrators(&transaction, actor, &administered).await?;
    invitations::delete_of(&transaction, None, name).await?;
    trail::note(&transaction, actor, change("account.delete", name, String::new())).await?;
    transaction.commit().await?;
    app.authentication.forget();
    Ok(())
}

/// The names of robots are made of their workspace's, so nobody else may have such a name.
pub(crate) fn refuse_robot_names(name: &AccountName) -> Result<()> {
    if name.as_str().starts_with(ROBOT_PREFIX) {
        return Err(Error::invalid(
            "name",
            format!("begins with {ROBOT_PREFIX}, which is how robots are called"),
        ));
    }
    Ok(())
}

/// What a request changes, for the audit.
fn told(request: &UpdateAccount) -> String {
    let told = [
        request.role.as_ref().map(|role| format!("role {role}")),
        request.disabled.map(|disabled| if disabled { "disabled".to_owned() } else { "enabled".to_owned() }),
        request.password.as_ref().map(|_| "password".to_owned()),
        request.display_name.as_ref().map(|_| "display name".to_owned()),
        request.email.as_ref().map(|_| "email".to_owned()),
    ];
    told.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Refuses to change an account that may do more than who changes it: a new password would be a way to its rights.
async fn may_manage(
    connection: &impl Connection,
    actor: &Actor,
    name: &AccountName,
) -> Result<accounts::AccountRow> {
    let row = person(connection, name).await?;
    covers(actor, RoleOwner::Platform, row.permissions, format_args!("the account {name} has"))?;
    Ok(row)
}

/// An account that is not a workspace's robot.
async fn person(connection: &impl Connection, name: &AccountName) -> Result<accounts::AccountRow> {
    let row = accounts::find(connection, name).await?;
    let row = row.filter(|row| row.workspace_id.is_none());
    row.ok_or_else(|| Error::not_found(format_args!("account {name}")))
}

fn change(action: &'static str, name: &AccountName, message: String) -> Change<'static> {
    Change { action, name: name.to_string(), workspace: None, message }
}

async fn require_administrator(transaction: &Transaction) -> Result<()> {
    if accounts::has_administrator(transaction).await? {
        return Ok(());
    }
    Err(Error::Conflict("this would leave nobody who can administer the platform".to_owned()))
}

/// The same for workspaces (their rows and names), unless who does this manages all of them.
async fn require_administrators(
    transaction: &Transaction,
    actor: &Actor,
    workspaces: &[(i64, WorkspaceName)],
) -> Result<()> {
    for (id, name) in workspaces {
        super::members::require_administrator(transaction, actor, *id, name).await?;
    }
    Ok(())
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
    let wanted = accounts::AccountChange { password_hash, ..accounts::AccountChange::default() };
    let transaction = app.store.database().begin().await?;
    accounts::update(&transaction, &account.name, &wanted).await?;
    // Whoever knew the old password is logged out.
    sessions::delete_of(&transaction, account.id).await?;
    trail::note(&transaction, actor, change("account.update", &account.name, "password".to_owned())).await?;
    transaction.commit().await?;
    app.authentication.forget();
    Ok(())
}
