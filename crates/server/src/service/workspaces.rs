//! Workspaces.

use chandlery_api::{CreateWorkspace, UpdateWorkspace, WorkspaceView};
use chandlery_core::{
    AccountName, Actor, Error, Permission, Place, Result, WORKSPACE_ADMIN, WORKSPACE_PERMISSIONS,
    WorkspaceName, authorise, may, see,
};
use chandlery_store::roles::RoleOwner;
use chandlery_store::workspaces::{self, WorkspaceRow};
use chandlery_store::{Transaction, accounts, members};
use jiff::Timestamp;

use super::accounts::signed_in;
use super::rights::held;
use super::texts::{check_description, check_name};
use super::trail::{self, Change};
use crate::app::{App, WorkspaceScope};

fn view(actor: &Actor, row: WorkspaceRow) -> WorkspaceView {
    let place = Place::Workspace(row.id);
    WorkspaceView {
        permissions: WORKSPACE_PERMISSIONS
            .and(held(actor, RoleOwner::Workspace(row.id)))
            .iter()
            .filter(|permission| may(actor, *permission, place))
            .collect(),
        name: row.name,
        display_name: row.display_name,
        description: row.description,
        created_at: row.created_at,
    }
}

fn change<'a>(action: &'static str, workspace: &'a WorkspaceRow, message: String) -> Change<'a> {
    Change { action, name: workspace.name.to_string(), workspace: Some(workspace), message }
}

/// The workspaces behind `after` that the caller is a member of, or all for those who manage them, by name.
pub(crate) async fn list(app: &App, actor: &Actor, after: &str, limit: u32) -> Result<Vec<WorkspaceView>> {
    let account = signed_in(actor)?;
    if account.repository.is_some() {
        return Ok(Vec::new());
    }
    let all = may(actor, Permission::WorkspacesManage, Place::Platform);
    let member = (!all).then_some(account.id);
    let rows = workspaces::list(app.store.database().reader(), member, after, limit).await?;
    Ok(rows.into_iter().map(|row| view(actor, row)).collect())
}

/// One workspace.
pub(crate) fn get(scope: &WorkspaceScope) -> Result<WorkspaceView> {
    see(&scope.actor, scope.place())?;
    Ok(view(&scope.actor, (*scope.workspace).clone()))
}

/// Makes a workspace. Its maker or the account that is named becomes its first administrator.
pub(crate) async fn create(app: &App, actor: &Actor, request: CreateWorkspace) -> Result<WorkspaceView> {
    authorise(actor, Permission::WorkspacesManage, Place::Platform)?;
    check_name("display_name", &request.display_name)?;
    check_description("description", &request.description)?;
    let transaction = app.store.database().begin().await?;
    let mut row =
        create_with_administrator(&transaction, actor, &request.name, request.administrator.as_ref()).await?;
    row.display_name = request.display_name;
    row.description = request.description;
    workspaces::update(&transaction, &row).await?;
    transaction.commit().await?;
    app.authentication.forget();
    // What the caller may do there now, not what the credential was read with.
    let granted = match &request.administrator {
        None => WORKSPACE_PERMISSIONS,
        Some(_) => WORKSPACE_PERMISSIONS.and(held(actor, RoleOwner::Platform)),
    };
    Ok(WorkspaceView { permissions: granted.iter().collect(), ..view(actor, row) })
}

/// Makes a workspace with its first administrator: the account that is named, or the actor if that is somebody.
pub(crate) async fn create_with_administrator(
    transaction: &Transaction,
    actor: &Actor,
    name: &WorkspaceName,
    administrator: Option<&AccountName>,
) -> Result<WorkspaceRow> {
    let now = Timestamp::now();
    let row = workspaces::create(transaction, name, now).await?;
    let administrator = match (administrator, actor) {
        (Some(name), _) => {
            let account = accounts::find(transaction, name).await?;
            let account = account.filter(|account| account.workspace_id.is_none());
            let missing = || Error::invalid("administrator", format!("there is no account {name}"));
            Some(account.map(|account| (account.id, account.name)).ok_or_else(missing)?)
        }
        (None, Actor::Account(account)) => Some((account.id, account.name.clone())),
        (None, _) => None,
    };
    let mut message = String::new();
    if let Some((id, name)) = administrator {
        members::create(transaction, row.id, id, &WORKSPACE_ADMIN.parse()?, now).await?;
        message = format!("{WORKSPACE_ADMIN}: {name}");
    }
    trail::note(transaction, actor, change("workspace.create", &row, message)).await?;
    Ok(row)
}

/// Changes what people read of a workspace.
pub(crate) async fn update(
    app: &App,
    scope: &WorkspaceScope,
    request: UpdateWorkspace,
) -> Result<WorkspaceView> {
    scope.require(Permission::WorkspacesManage)?;
    let transaction = app.store.database().begin().await?;
    let row = workspaces::find(&transaction, &scope.workspace.name).await?;
    let mut row = row.ok_or_else(|| Error::not_found("workspace"))?;
    if let Some(name) = request.display_name {
        check_name("display_name", &name)?;
        row.display_name = name;
    }
    if let Some(description) = request.description {
        check_description("description", &description)?;
        row.description = description;
    }
    workspaces::update(&transaction, &row).await?;
    trail::note(&transaction, &scope.actor, change("workspace.update", &row, String::new())).await?;
    transaction.commit().await?;
    Ok(view(&scope.actor, row))
}

/// Deletes an empty workspace with its members, robots, invitations and roles.
pub(crate) async fn delete(app: &App, scope: &WorkspaceScope) -> Result<()> {
    scope.require(Permission::WorkspacesManage)?;
    let transaction = app.store.database().begin().await?;
    workspaces::delete(&transaction, &scope.workspace.name).await?;
    trail::note(&transaction, &scope.actor, change("workspace.delete", &scope.workspace, String::new()))
        .await?;
    transaction.commit().await?;
    app.authentication.forget();
    Ok(())
}
