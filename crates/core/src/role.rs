//! Roles: named sets of permissions, some of them built in.

use serde::{Deserialize, Serialize};

use crate::{Error, Permission, PermissionSet, Result};

/// Where a role applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RoleKind {
    /// On the whole platform: every account has one.
    Platform,
    /// In one workspace: every member has one.
    Workspace,
    /// In one project.
    Project,
}

/// A role that every installation has and nobody can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltinRole {
    /// Where it applies.
    pub kind: RoleKind,
    /// Its name, which no other role of its kind may have.
    pub name: &'static str,
    /// What it grants.
    pub permissions: PermissionSet,
}

/// The role that administers the platform: at least one account that can log in has it, always.
pub const PLATFORM_ADMIN: &str = "platform-admin";

/// The role that reads and writes the repositories of all workspaces.
pub const REPOSITORIES_MANAGER: &str = "repositories-manager";

/// The role of an account unless another is said: log in, be invited, browse the store.
pub const PLATFORM_REGULAR: &str = "platform-regular";

/// The role of who makes a workspace; every workspace with members has one.
pub const WORKSPACE_ADMIN: &str = "workspace-admin";

/// The permissions that a workspace can give: the others concern more than one of them.
pub const WORKSPACE_PERMISSIONS: PermissionSet = PermissionSet::of(&[
    Permission::WorkspacesManage,
    Permission::RepositoriesManage,
    Permission::AppsView,
    Permission::AppsCreate,
    Permission::AppsManage,
    Permission::AppsRelease,
    Permission::InstancesView,
    Permission::InstancesDeploy,
    Permission::InstancesManage,
    Permission::AuditView,
]);

/// The permissions that a project can give.
pub const PROJECT_PERMISSIONS: PermissionSet =
    PermissionSet::of(&[Permission::InstancesView, Permission::InstancesDeploy, Permission::InstancesManage]);

/// The table of built-in roles (product.md, "Permissions"; the predecessors' in appstore.md 1.8).
pub const BUILTIN_ROLES: &[BuiltinRole] = &[
    role(RoleKind::Platform, PLATFORM_ADMIN, PermissionSet::ALL),
    role(RoleKind::Platform, "workspaces-manager", PermissionSet::of(&[Permission::WorkspacesManage])),
    // What a ChartMuseum account may: read and write every repository.
    role(
        RoleKind::Platform,
        REPOSITORIES_MANAGER,
        PermissionSet::of(&[
            Permission::WorkspacesManage,
            Permission::RepositoriesManage,
            Permission::AppsView,
            Permission::AppsCreate,
            Permission::AppsManage,
        ]),
    ),
    role(RoleKind::Platform, PLATFORM_REGULAR, PermissionSet::NONE),
    role(RoleKind::Workspace, WORKSPACE_ADMIN, WORKSPACE_PERMISSIONS),
    role(
        RoleKind::Workspace,
        "workspace-regular",
        PermissionSet::of(&[
            Permission::AppsView,
            Permission::AppsCreate,
            Permission::InstancesView,
            Permission::InstancesDeploy,
        ]),
    ),
    role(
        RoleKind::Workspace,
        "workspace-viewer",
        PermissionSet::of(&[Permission::AppsView, Permission::InstancesView]),
    ),
    role(RoleKind::Project, "admin", PROJECT_PERMISSIONS),
    role(
        RoleKind::Project,
        "operator",
        PermissionSet::of(&[Permission::InstancesView, Permission::InstancesDeploy]),
    ),
    role(RoleKind::Project, "viewer", PermissionSet::of(&[Permission::InstancesView])),
];

const fn role(kind: RoleKind, name: &'static str, permissions: PermissionSet) -> BuiltinRole {
    BuiltinRole { kind, name, permissions }
}

/// The built-in role of a name.
#[must_use]
pub fn builtin_role(kind: RoleKind, name: &str) -> Option<&'static BuiltinRole> {
    BUILTIN_ROLES.iter().find(|role| role.kind == kind && role.name == name)
}

impl RoleKind {
    /// The kind's name, as the API and the database spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Workspace => "workspace",
            Self::Project => "project",
        }
    }

    /// What roles of this kind may grant at most.
    #[must_use]
    pub fn grantable(self) -> PermissionSet {
        match self {
            Self::Platform => PermissionSet::ALL,
            Self::Workspace => WORKSPACE_PERMISSIONS,
            Self::Project => PROJECT_PERMISSIONS,
        }
    }

    /// Checks what a custom role of this kind would grant.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming a permission that cannot be given here.
    pub fn check(self, permissions: PermissionSet) -> Result<()> {
        match permissions.iter().find(|permission| !self.grantable().contains(*permission)) {
            None => Ok(()),
            Some(permission) => Err(Error::invalid(
                "permissions",
                format!("{} concerns the whole platform and cannot be given here", permission.as_str()),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_roles_grant_what_their_kind_may() {
        for role in BUILTIN_ROLES {
            assert!(role.kind.check(role.permissions).is_ok(), "{}", role.name);
            assert_eq!(builtin_role(role.kind, role.name), Some(role), "a name is used twice");
        }
        let error = RoleKind::Workspace.check(PermissionSet::of(&[Permission::AppsReview])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "permissions: apps.review concerns the whole platform and cannot be given here"
        );
    }
}
