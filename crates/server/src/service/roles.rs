//! Roles: of the platform, and of workspaces.

use chandlery_api::{CreateRole, PermissionView, RoleView, UpdateRole};
use chandlery_core::{
    Actor, BUILTIN_ROLES, BuiltinRole, Error, Permission, PermissionSet, Place, Result, RoleKind, RoleName,
    authorise, builtin_role, see,
};
use chandlery_store::roles::{self, RoleOwner, RoleRow};
use chandlery_store::workspaces::WorkspaceRow;
use jiff::Timestamp;

use super::accounts::signed_in;
use super::rights::covers;
use super::texts::check_description;
use super::trail::{self, Change};
use crate::app::{App, WorkspaceScope};

/// Somebody at the roles of the platform or of one workspace.
pub(crate) struct Roles<'a> {
    actor: &'a Actor,
    workspace: Option<&'a WorkspaceRow>,
}

impl<'a> Roles<'a> {
    /// The platform's.
    pub(crate) fn of_platform(actor: &'a Actor) -> Self {
        Self { actor, workspace: None }
    }

    /// A workspace's.
    pub(crate) fn of_workspace(scope: &'a WorkspaceScope) -> Self {
        Self { actor: &scope.actor, workspace: Some(&scope.workspace) }
    }

    /// Who.
    pub(super) fn actor(&self) -> &'a Actor {
        self.actor
    }

    /// The workspace; nothing for the platform.
    pub(super) fn workspace(&self) -> Option<&'a WorkspaceRow> {
        self.workspace
    }

    /// Whose roles.
    pub(super) fn owner(&self) -> RoleOwner {
        self.workspace.map_or(RoleOwner::Platform, |workspace| RoleOwner::Workspace(workspace.id))
    }

    fn may_read(&self) -> Result<()> {
        match self.workspace {
            None => signed_in(self.actor).map(drop),
            Some(workspace) => see(self.actor, Place::Workspace(workspace.id)),
        }
    }

    /// Whether the actor manages roles here.
    pub(super) fn may_change(&self) -> Result<()> {
        match self.workspace {
            None => authorise(self.actor, Permission::RolesManage, Place::Platform),
            Some(workspace) => {
                authorise(self.actor, Permission::WorkspacesManage, Place::Workspace(workspace.id))
            }
        }
    }

    /// Whether a role may grant this, and the actor may make it so.
    fn may_grant(&self, name: &RoleName, permissions: PermissionSet) -> Result<()> {
        self.owner().kind().check(permissions)?;
        covers(self.actor, self.owner(), permissions, format_args!("the role {name} would grant"))
    }

    fn change(&self, action: &'static str, role: &RoleRow) -> Change<'a> {
        let permissions: Vec<_> = role.permissions.iter().map(Permission::as_str).collect();
        Change {
            action,
            name: role.name.to_string(),
            workspace: self.workspace,
            message: permissions.join(" "),
        }
    }
}

fn view(kind: RoleKind, row: RoleRow) -> RoleView {
    RoleView {
        name: row.name,
        kind,
        built_in: false,
        description: row.description,
        permissions: row.permissions.iter().collect(),
        created_at: Some(row.created_at),
        updated_at: Some(row.updated_at),
    }
}

fn view_of_builtin(role: &BuiltinRole) -> Result<RoleView> {
    Ok(RoleView {
        name: role.name.parse()?,
        kind: role.kind,
        built_in: true,
        description: String::new(),
        permissions: role.permissions.iter().collect(),
        created_at: None,
        updated_at: None,
    })
}

/// Every permission there is.
pub(crate) fn permissions(actor: &Actor) -> Result<Vec<PermissionView>> {
    signed_in(actor)?;
    let kinds = [RoleKind::Platform, RoleKind::Workspace, RoleKind::Project];
    let describe = |permission: &Permission| PermissionView {
        name: *permission,
        description: permission.description().to_owned(),
        kinds: kinds.into_iter().filter(|kind| kind.grantable().contains(*permission)).collect(),
    };
    Ok(Permission::ALL.iter().map(describe).collect())
}

/// The roles behind `after`, built in and custom, by name: at most `limit`.
pub(crate) async fn list(app: &App, roles: &Roles<'_>, after: &str, limit: u32) -> Result<Vec<RoleView>> {
    roles.may_read()?;
    let kind = roles.owner().kind();
    let built_in = BUILTIN_ROLES.iter().filter(|role| role.kind == kind && role.name > after);
    let mut views = built_in.map(view_of_builtin).collect::<Result<Vec<_>>>()?;
    let rows = roles::list(app.store.database().reader(), roles.owner(), after, limit).await?;
    views.extend(rows.into_iter().map(|row| view(kind, row)));
    views.sort_by(|left, right| left.name.cmp(&right.name));
    views.truncate(limit as usize);
    Ok(views)
}

/// One role.
pub(crate) async fn get(app: &App, roles: &Roles<'_>, name: &RoleName) -> Result<RoleView> {
    roles.may_read()?;
    let kind = roles.owner().kind();
    if let Some(role) = builtin_role(kind, name.as_str()) {
        return view_of_builtin(role);
    }
    let row = roles::find(app.store.database().reader(), roles.owner(), name).await?;
    row.map(|row| view(kind, row)).ok_or_else(|| not_found(name))
}

/// Makes a custom role, which grants no more than its maker has.
pub(crate) async fn create(app: &App, roles: &Roles<'_>, request: CreateRole) -> Result<RoleView> {
    roles.may_change()?;
    check_description("description", &request.description)?;
    let permissions: PermissionSet = request.permissions.into_iter().collect();
    roles.may_grant(&request.name, permissions)?;
    let owner = roles.owner();
    if builtin_role(owner.kind(), request.name.as_str()).is_some() {
        return Err(Error::AlreadyExists(format!("role {}", request.name)));
    }
    let now = Timestamp::now();
    let row = RoleRow {
        name: request.name,
        description: request.description,
        permissions,
        created_at: now,
        updated_at: now,
    };
    let transaction = app.store.database().begin().await?;
    roles::create(&transaction, owner, &row).await?;
    trail::note(&transaction, roles.actor, roles.change("role.create", &row)).await?;
    transaction.commit().await?;
    // Holders of a role of this name that was gone have it again.
    app.authentication.forget();
    Ok(view(owner.kind(), row))
}

/// Changes a custom role: neither it as it was nor as it will be grants more than its changer has.
pub(crate) async fn update(
    app: &App,
    roles: &Roles<'_>,
    name: &RoleName,
    request: UpdateRole,
) -> Result<RoleView> {
    roles.may_change()?;
    let owner = roles.owner();
    refuse_builtin(owner.kind(), name)?;
    let transaction = app.store.database().begin().await?;
    let mut row = roles::find(&transaction, owner, name).await?.ok_or_else(|| not_found(name))?;
    covers(roles.actor, owner, row.permissions, format_args!("the role {name} grants"))?;
    if let Some(description) = request.description {
        check_description("description", &description)?;
        row.description = description;
    }
    if let Some(permissions) = request.permissions {
        row.permissions = permissions.into_iter().collect();
        roles.may_grant(name, row.permissions)?;
    }
    row.updated_at = Timestamp::now();
    roles::update(&transaction, owner, &row).await?;
    trail::note(&transaction, roles.actor, roles.change("role.update", &row)).await?;
    transaction.commit().await?;
    app.authentication.forget();
    Ok(view(owner.kind(), row))
}

/// Deletes a custom role that nobody has.
pub(crate) async fn delete(app: &App, roles: &Roles<'_>, name: &RoleName) -> Result<()> {
    roles.may_change()?;
    let owner = roles.owner();
    refuse_builtin(owner.kind(), name)?;
    let transaction = app.store.database().begin().await?;
    let row = roles::find(&transaction, owner, name).await?.ok_or_else(|| not_found(name))?;
    covers(roles.actor, owner, row.permissions, format_args!("the role {name} grants"))?;
    roles::delete(&transaction, owner, name).await?;
    trail::note(&transaction, roles.actor, roles.change("role.delete", &row)).await?;
    transaction.commit().await
}

fn refuse_builtin(kind: RoleKind, name: &RoleName) -> Result<()> {
    match builtin_role(kind, name.as_str()) {
        None => Ok(()),
        Some(_) => Err(Error::Conflict(format!(
            "the role {name} is built in and stays as it is: make one of your own"
        ))),
    }
}

fn not_found(name: &RoleName) -> Error {
    Error::not_found(format_args!("role {name}"))
}
