//! Invitations to workspaces.

use std::sync::Arc;

use chandlery_api::{AcceptInvitation, CreateInvitation, CreatedInvitation, InvitationView, MembershipView};
use chandlery_core::{Actor, Digest, Error, Permission, Result};
use chandlery_store::invitations::{self, InvitationRow, NewInvitation};
use chandlery_store::roles::{self, RoleOwner};
use chandlery_store::{members, workspaces};
use jiff::{Timestamp, ToSpan};

use super::members::change;
use super::rights::may_give;
use super::trail;
use crate::app::{App, WorkspaceScope};
use crate::authentication::random_secret;

/// What every invitation begins with.
const PREFIX: &str = "chi_";

/// How long an invitation works unless said, and at most, in hours.
const USUAL_HOURS: i64 = 7 * 24;
const MOST_HOURS: i64 = 90 * 24;

fn view(row: InvitationRow) -> InvitationView {
    InvitationView {
        id: row.id,
        role: row.role,
        created_by: row.created_by,
        created_at: row.created_at,
        expires_at: row.expires_at,
    }
}

/// The invitations behind the one with the number `after`, in the order they were made.
pub(crate) async fn list(
    app: &App,
    scope: &WorkspaceScope,
    after: i64,
    limit: u32,
) -> Result<Vec<InvitationView>> {
    scope.require(Permission::WorkspacesManage)?;
    let rows = invitations::list(app.store.database().reader(), scope.workspace.id, after, limit).await?;
    Ok(rows.into_iter().map(view).collect())
}

/// Makes an invitation.
pub(crate) async fn create(
    app: &App,
    scope: &WorkspaceScope,
    request: CreateInvitation,
) -> Result<CreatedInvitation> {
    scope.require(Permission::WorkspacesManage)?;
    let Actor::Account(account) = &scope.actor else { return Err(Error::Unauthenticated) };
    let now = Timestamp::now();
    let expires_at = request.expires_at.unwrap_or(now + USUAL_HOURS.hours());
    if expires_at <= now || expires_at > now + MOST_HOURS.hours() {
        return Err(Error::invalid("expires_at", "is not between now and 90 days from now"));
    }
    let secret = random_secret(PREFIX)?;
    let transaction = app.store.database().begin().await?;
    may_give(&transaction, &scope.actor, RoleOwner::Workspace(scope.workspace.id), &request.role).await?;
    let invitation = NewInvitation {
        workspace_id: scope.workspace.id,
        role: &request.role,
        secret_hash: Digest::of(secret.as_bytes()),
        created_by: &account.name,
        created_at: now,
        expires_at,
    };
    let row = invitations::create(&transaction, &invitation).await?;
    let change = trail::Change {
        name: row.id.to_string(),
        ..change("invitation.create", scope, &account.name, &request.role)
    };
    trail::note(&transaction, &scope.actor, change).await?;
    transaction.commit().await?;
    Ok(CreatedInvitation { invitation: view(row), secret })
}

/// Revokes an invitation.
pub(crate) async fn delete(app: &App, scope: &WorkspaceScope, id: i64) -> Result<()> {
    scope.require(Permission::WorkspacesManage)?;
    let transaction = app.store.database().begin().await?;
    let row = invitations::delete(&transaction, scope.workspace.id, id).await?;
    let change = trail::Change {
        name: id.to_string(),
        ..change("invitation.delete", scope, &row.created_by, &row.role)
    };
    trail::note(&transaction, &scope.actor, change).await?;
    transaction.commit().await
}

/// Makes the caller a member of the workspace that an invitation is for.
pub(crate) async fn accept(app: &App, actor: &Actor, request: AcceptInvitation) -> Result<MembershipView> {
    let account = actor.in_full()?;
    let now = Timestamp::now();
    let transaction = app.store.database().begin().await?;
    let hash = Digest::of(request.secret.as_bytes());
    let invitation = invitations::take(&transaction, &hash, now).await?;
    let gone = || Error::not_found("this invitation (it may have expired or been used)");
    let invitation = invitation.ok_or_else(gone)?;
    let workspace = workspaces::find_by_id(&transaction, invitation.workspace_id).await?.ok_or_else(gone)?;
    members::create(&transaction, workspace.id, account.id, &invitation.role, now).await?;
    let owner = RoleOwner::Workspace(workspace.id);
    let permissions = roles::permissions(&transaction, owner, &invitation.role).await?.unwrap_or_default();
    let scope = WorkspaceScope { actor: actor.clone(), workspace: Arc::new(workspace) };
    trail::note(&transaction, actor, change("invitation.accept", &scope, &account.name, &invitation.role))
        .await?;
    transaction.commit().await?;
    app.authentication.forget();
    Ok(MembershipView {
        workspace: scope.workspace.name.clone(),
        role: invitation.role,
        permissions: permissions.iter().collect(),
    })
}
