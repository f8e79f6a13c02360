//! The permission table: who may do what to which repository, as data and one function.

use serde::{Deserialize, Serialize};

use crate::{Account, Actor, Error, Result, TokenScope};

/// One verb on one kind: the authorities of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Permission {
    /// Create, change, disable and list accounts.
    #[serde(rename = "users.manage")]
    UsersManage,
    /// Create and change roles.
    #[serde(rename = "roles.manage")]
    RolesManage,
    /// Create and change workspaces.
    #[serde(rename = "workspaces.manage")]
    WorkspacesManage,
    /// Register clusters.
    #[serde(rename = "clusters.manage")]
    ClustersManage,
    /// Create, change and remove repositories.
    #[serde(rename = "repositories.manage")]
    RepositoriesManage,
    /// See apps and pull packages.
    #[serde(rename = "apps.view")]
    AppsView,
    /// Upload packages.
    #[serde(rename = "apps.create")]
    AppsCreate,
    /// Submit and delete app versions and packages.
    #[serde(rename = "apps.manage")]
    AppsManage,
    /// Release a version that passed review.
    #[serde(rename = "apps.release")]
    AppsRelease,
    /// Review, suspend and recover versions.
    #[serde(rename = "apps.review")]
    AppsReview,
    /// Curate the store's categories.
    #[serde(rename = "categories.manage")]
    CategoriesManage,
    /// See installed apps.
    #[serde(rename = "instances.view")]
    InstancesView,
    /// Install and upgrade apps.
    #[serde(rename = "instances.deploy")]
    InstancesDeploy,
    /// Everything else with installed apps.
    #[serde(rename = "instances.manage")]
    InstancesManage,
    /// Read the audit log.
    #[serde(rename = "audit.view")]
    AuditView,
}

impl Permission {
    /// Every permission there is.
    pub const ALL: &'static [Self] = &[
        Self::UsersManage,
        Self::RolesManage,
        Self::WorkspacesManage,
        Self::ClustersManage,
        Self::RepositoriesManage,
        Self::AppsView,
        Self::AppsCreate,
        Self::AppsManage,
        Self::AppsRelease,
        Self::AppsReview,
        Self::CategoriesManage,
        Self::InstancesView,
        Self::InstancesDeploy,
        Self::InstancesManage,
        Self::AuditView,
    ];

    /// The permission's name, as roles, the API and messages spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UsersManage => "users.manage",
            Self::RolesManage => "roles.manage",
            Self::WorkspacesManage => "workspaces.manage",
            Self::ClustersManage => "clusters.manage",
            Self::RepositoriesManage => "repositories.manage",
            Self::AppsView => "apps.view",
            Self::AppsCreate => "apps.create",
            Self::AppsManage => "apps.manage",
            Self::AppsRelease => "apps.release",
            Self::AppsReview => "apps.review",
            Self::CategoriesManage => "categories.manage",
            Self::InstancesView => "instances.view",
            Self::InstancesDeploy => "instances.deploy",
            Self::InstancesManage => "instances.manage",
            Self::AuditView => "audit.view",
        }
    }
}

/// A role on the whole platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlatformRole {
    /// May do everything.
    PlatformAdmin,
    /// May create workspaces and repositories, and reads and writes in all of them.
    WorkspacesManager,
    /// May log in and pull from internal repositories.
    PlatformRegular,
}

/// The permissions of every platform role, everywhere on the platform.
const ROLE_PERMISSIONS: &[(PlatformRole, &[Permission])] = &[
    (PlatformRole::PlatformAdmin, Permission::ALL),
    (
        PlatformRole::WorkspacesManager,
        &[
            Permission::WorkspacesManage,
            Permission::RepositoriesManage,
            Permission::AppsView,
            Permission::AppsCreate,
            Permission::AppsManage,
        ],
    ),
    (PlatformRole::PlatformRegular, &[]),
];

impl PlatformRole {
    /// Every role there is.
    pub const ALL: &'static [Self] = &[Self::PlatformAdmin, Self::WorkspacesManager, Self::PlatformRegular];

    /// The role's name, as the API and the database spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PlatformAdmin => "platform-admin",
            Self::WorkspacesManager => "workspaces-manager",
            Self::PlatformRegular => "platform-regular",
        }
    }

    fn grants(self, permission: Permission) -> bool {
        ROLE_PERMISSIONS.iter().any(|(role, permissions)| *role == self && permissions.contains(&permission))
    }
}

impl std::str::FromStr for PlatformRole {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.iter().copied().find(|role| role.as_str() == text).ok_or_else(|| {
            Error::invalid(
                "role",
                format!("{text:?} is not one of platform-admin, workspaces-manager, platform-regular"),
            )
        })
    }
}

/// Who may read a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    /// Everyone, without an account.
    Public,
    /// Every account.
    Internal,
    /// Accounts with `apps.view` there.
    Private,
}

impl Visibility {
    /// The visibility's name, as the API and the database spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Private => "private",
        }
    }
}

impl std::str::FromStr for Visibility {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [Self::Public, Self::Internal, Self::Private]
            .into_iter()
            .find(|visibility| visibility.as_str() == text)
            .ok_or_else(|| {
                Error::invalid("visibility", format!("{text:?} is not one of public, internal, private"))
            })
    }
}

/// What the table needs to know of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RepositoryScope {
    /// The row of the repository.
    pub id: i64,
    /// Who may read it.
    pub visibility: Visibility,
}

/// Decides whether `actor` may use `permission`, on the platform (`repository` = `None`) or in one repository.
///
/// # Errors
/// For nobody: [`Error::Unauthenticated`], whether or not the thing exists. For an account that may not see the
/// repository: [`Error::NotFound`]. For one that sees it but may not do this: [`Error::Forbidden`].
pub fn authorise(actor: &Actor, permission: Permission, repository: Option<RepositoryScope>) -> Result<()> {
    if allowed(actor, permission, repository) {
        return Ok(());
    }
    match actor {
        Actor::Anonymous => Err(Error::Unauthenticated),
        _ if repository.is_some() && !allowed(actor, Permission::AppsView, repository) => {
            Err(Error::not_found("repository"))
        }
        _ => Err(Error::Forbidden(format!(
            "this account or token may not do that: it needs the permission {}",
            permission.as_str()
        ))),
    }
}

fn allowed(actor: &Actor, permission: Permission, repository: Option<RepositoryScope>) -> bool {
    match actor {
        Actor::System => true,
        Actor::Anonymous => {
            permission == Permission::AppsView
                && repository.is_some_and(|repository| repository.visibility == Visibility::Public)
        }
        Actor::Account(account) => {
            let readable = permission == Permission::AppsView
                && repository.is_some_and(|repository| repository.visibility != Visibility::Private);
            credential_covers(account, permission, repository)
                && (readable || account.role.grants(permission))
        }
    }
}

/// Whether the credential itself allows this, whatever the account may do. A credential for one repository still
/// reads what everybody reads.
fn credential_covers(account: &Account, permission: Permission, repository: Option<RepositoryScope>) -> bool {
    let in_scope = account.scope >= TokenScope::needed_for(permission);
    let in_place = match (account.repository, repository) {
        (None, _) => true,
        (Some(only), Some(repository)) => {
            only == repository.id
                || (permission == Permission::AppsView && repository.visibility == Visibility::Public)
        }
        (Some(_), None) => false,
    };
    in_scope && in_place
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(role: PlatformRole, scope: TokenScope, repository: Option<i64>) -> Actor {
        Actor::Account(Account { id: 1, name: "someone".parse().unwrap(), role, scope, repository })
    }

    fn outcome(actor: &Actor, permission: Permission, repository: Option<RepositoryScope>) -> &'static str {
        authorise(actor, permission, repository).map_or_else(|error| error.code(), |()| "ok")
    }

    #[test]
    fn the_table_for_one_repository() {
        use Permission::{AppsCreate, AppsManage, AppsView, RepositoriesManage};
        use PlatformRole::{PlatformAdmin, PlatformRegular, WorkspacesManager};
        use TokenScope::{All, Pull, Push};
        use Visibility::{Internal, Private, Public};
        let anonymous = Actor::Anonymous;
        let admin = account(PlatformAdmin, All, None);
        let manager = account(WorkspacesManager, All, None);
        let regular = account(PlatformRegular, All, None);
        let puller = account(PlatformAdmin, Pull, None);
        let pusher = account(PlatformAdmin, Push, None);
        let here = account(PlatformAdmin, Push, Some(7));
        let elsewhere = account(PlatformAdmin, Push, Some(8));
        let cases = [
            (&anonymous, AppsView, Public, "ok"),
            (&anonymous, AppsView, Internal, "unauthenticated"),
            (&anonymous, AppsView, Private, "unauthenticated"),
            (&anonymous, AppsCreate, Public, "unauthenticated"),
            (&regular, AppsView, Public, "ok"),
            (&regular, AppsView, Internal, "ok"),
            (&regular, AppsView, Private, "not_found"),
            (&regular, AppsCreate, Internal, "forbidden"),
            (&regular, AppsCreate, Private, "not_found"),
            (&manager, AppsCreate, Private, "ok"),
            (&manager, RepositoriesManage, Private, "ok"),
            (&admin, AppsManage, Private, "ok"),
            (&puller, AppsView, Private, "ok"),
            (&puller, AppsCreate, Private, "forbidden"),
            (&pusher, AppsManage, Private, "ok"),
            (&pusher, RepositoriesManage, Private, "forbidden"),
            (&here, AppsCreate, Private, "ok"),
            (&elsewhere, AppsCreate, Private, "not_found"),
            (&elsewhere, AppsCreate, Public, "forbidden"),
            (&elsewhere, AppsView, Public, "ok"),
            (&Actor::System, RepositoriesManage, Private, "ok"),
        ];
        for (actor, permission, visibility, expected) in cases {
            let repository = RepositoryScope { id: 7, visibility };
            assert_eq!(
                outcome(actor, permission, Some(repository)),
                expected,
                "{actor:?} {permission:?} {visibility:?}"
            );
        }
    }

    #[test]
    fn the_table_for_the_platform() {
        let admin = account(PlatformRole::PlatformAdmin, TokenScope::All, None);
        let limited = account(PlatformRole::PlatformAdmin, TokenScope::All, Some(7));
        let regular = account(PlatformRole::PlatformRegular, TokenScope::All, None);
        for &permission in Permission::ALL {
            assert_eq!(outcome(&admin, permission, None), "ok");
            assert_eq!(outcome(&limited, permission, None), "forbidden");
            assert_eq!(outcome(&regular, permission, None), "forbidden");
            assert_eq!(outcome(&Actor::Anonymous, permission, None), "unauthenticated");
        }
    }

    #[test]
    fn permission_names_in_messages_are_the_serialised_ones() {
        for &permission in Permission::ALL {
            assert_eq!(serde_json::to_value(permission).unwrap(), permission.as_str());
        }
    }
}
