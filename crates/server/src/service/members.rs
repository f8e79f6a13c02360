//! Members of workspaces.

use chandlery_api::{CreateMember, MemberView, UpdateMember};
use chandlery_core::{
    AccountName, Actor, Error, Permission, Place, Result, RoleName, WORKSPACE_ADMIN, WorkspaceName, may, see,
};
use chandlery_store::members::{self, MemberRow};
use chandlery_store::roles::{self, RoleOwner};
use chandlery_store::{Transaction, accounts, invitations};
use jiff::Timestamp;

use super::rights::{covers, may_give};
use super::trail::{self, Change};
use crate::app::{App, WorkspaceScope};

fn view(row: MemberRow) -> MemberView {
    MemberView {
        account: row.account,
        display_name: row.display_name,
        role: row.role,
        created_at: row.created_at,
    }
}

fn owner(scope: &WorkspaceScope) -> RoleOwner {
    RoleOwner::Workspace(scope.workspace.id)
}

/// A change of a member.
pub(crate) fn change<'a>(
    action: &'static str,
    scope: &'a WorkspaceScope,
    account: &AccountName,
    role: &RoleName,
) -> Change<'a> {
    Change {
        action,
        name: account.to_string(),
        workspace: Some(&scope.workspace),
        message: format!("role {role}"),
    }
}

/// The members behind `after`, by name.
pub(crate) async fn list(
    app: &App,
    scope: &WorkspaceScope,
    after: &str,
    limit: u32,
) -> Result<Vec<MemberView>> {
    see(&scope.actor, scope.place())?;
    let rows = members::list(app.store.database().reader(), scope.workspace.id, after, limit).await?;
    Ok(rows.into_iter().map(view).collect())
}

/// One member.
pub(crate) async fn get(app: &App, scope: &WorkspaceScope, account: &AccountName) -> Result<MemberView> {
    see(&scope.actor, scope.place())?;
    let row = members::find(app.store.database().reader(), scope.workspace.id, account).await?;
    row.map(view).ok_or_else(|| not_found(account))
}

/// Makes an account a member.
pub(crate) async fn create(app: &App, scope: &WorkspaceScope, request: CreateMember) -> Result<MemberView> {
    scope.require(Permission::WorkspacesManage)?;
    let transaction = app.store.database().begin().await?;
    may_give(&transaction, &scope.actor, owner(scope), &request.role).await?;
    let account = accounts::find(&transaction, &request.account).await?;
    let account = account.filter(|account| account.workspace_id.is_none());
    let missing = || Error::invalid("account", format!("there is no account {}", request.account));
    let account = account.ok_or_else(missing)?;
    let now = Timestamp::now();
    members::create(&transaction, scope.workspace.id, account.id, &request.role, now).await?;
    trail::note(&transaction, &scope.actor, change("member.create", scope, &account.name, &request.role))
        .await?;
    transaction.commit().await?;
    app.authentication.forget();
    Ok(MemberView {
        account: account.name,
        display_name: account.display_name,
        role: request.role,
        created_at: now,
    })
}

/// Gives a member another role.
pub(crate) async fn update(
    app: &App,
    scope: &WorkspaceScope,
    account: &AccountName,
    request: UpdateMember,
) -> Result<MemberView> {
    scope.require(Permission::WorkspacesManage)?;
    let transaction = app.store.database().begin().await?;
    let row = manageable(&transaction, scope, account).await?;
    may_give(&transaction, &scope.actor, owner(scope), &request.role).await?;
    members::update(&transaction, scope.workspace.id, account, &request.role).await?;
    after_loss(&transaction, scope, &row).await?;
    trail::note(&transaction, &scope.actor, change("member.update", scope, account, &request.role)).await?;
    transaction.commit().await?;
    app.authentication.forget();
    Ok(view(MemberRow { role: request.role, ..row }))
}

/// Removes a member: another one for those who manage the workspace, oneself for everybody.
pub(crate) async fn delete(app: &App, scope: &WorkspaceScope, account: &AccountName) -> Result<()> {
    see(&scope.actor, scope.place())?;
    let transaction = app.store.database().begin().await?;
    let row = if scope.actor.in_full().is_ok_and(|actor| actor.name == *account) {
        members::find(&transaction, scope.workspace.id, account).await?.ok_or_else(|| not_found(account))?
    } else {
        scope.require(Permission::WorkspacesManage)?;
        manageable(&transaction, scope, account).await?
    };
    members::delete(&transaction, scope.workspace.id, account).await?;
    after_loss(&transaction, scope, &row).await?;
    trail::note(&transaction, &scope.actor, change("member.delete", scope, account, &row.role)).await?;
    transaction.commit().await?;
    app.authentication.forget();
    Ok(())
}

/// A member who has no more rights here than who changes them.
async fn manageable(
    transaction: &Transaction,
    scope: &WorkspaceScope,
    account: &AccountName,
) -> Result<MemberRow> {
    let row = members::find(transaction, scope.workspace.id, account).await?;
    let row = row.ok_or_else(|| not_found(account))?;
    let granted = roles::permissions(transaction, owner(scope), &row.role).await?.unwrap_or_default();
    covers(&scope.actor, owner(scope), granted, format_args!("the member {account} has"))?;
    Ok(row)
}

/// What follows when a member may lose rights: what they handed out ends with it, and somebody still administers the
/// workspace, unless who does this manages all of them.
async fn after_loss(transaction: &Transaction, scope: &WorkspaceScope, before: &MemberRow) -> Result<()> {
    invitations::delete_of(transaction, Some(scope.workspace.id), &before.account).await?;
    if before.role.as_str() != WORKSPACE_ADMIN {
        return Ok(());
    }
    require_administrator(transaction, &scope.actor, scope.workspace.id, &scope.workspace.name).await
}

/// Refuses to leave a workspace to nobody, unless who does this manages all of them and so is not locked out.
pub(super) async fn require_administrator(
    transaction: &Transaction,
    actor: &Actor,
    workspace_id: i64,
    workspace: &WorkspaceName,
) -> Result<()> {
    if may(actor, Permission::WorkspacesManage, Place::Platform)
        || members::has_administrator(transaction, workspace_id).await?
    {
        return Ok(());
    }
    Err(Error::Conflict(format!(
        "this would leave nobody who administers the workspace {workspace}: give another member the role {WORKSPACE_ADMIN} first"
    )))
}

fn not_found(account: &AccountName) -> Error {
    Error::not_found(format_args!("member {account}"))
}
