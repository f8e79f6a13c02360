//! The permission table: who may do what where, as data and one function.

use serde::{Deserialize, Serialize};

use crate::{Account, Actor, Error, Result, TokenScope, WORKSPACE_PERMISSIONS};

/// One verb on one kind: the authorities of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
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

    /// What it allows, in a few words for people.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::UsersManage => "Create, change, disable and list accounts",
            Self::RolesManage => "Create and change roles",
            Self::WorkspacesManage => "Create and change workspaces, their members and roles",
            Self::ClustersManage => "Register clusters",
            Self::RepositoriesManage => "Create, change and remove repositories",
            Self::AppsView => "See apps and pull packages",
            Self::AppsCreate => "Upload packages and apps",
            Self::AppsManage => "Submit and delete app versions and packages",
            Self::AppsRelease => "Release a version that passed review",
            Self::AppsReview => "Review, suspend and recover versions",
            Self::CategoriesManage => "Curate the store's categories",
            Self::InstancesView => "See installed apps",
            Self::InstancesDeploy => "Install and upgrade apps",
            Self::InstancesManage => "Everything else with installed apps",
            Self::AuditView => "Read the audit log",
        }
    }
}

/// Permissions as a set: what a role grants.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct PermissionSet(u32);

impl PermissionSet {
    /// No permission.
    pub const NONE: Self = Self(0);

    /// The set of these.
    #[must_use]
    pub const fn of(permissions: &[Permission]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < permissions.len() {
            bits |= 1 << permissions[at] as u32;
            at += 1;
        }
        Self(bits)
    }

    /// Every permission there is.
    pub const ALL: Self = Self::of(Permission::ALL);

    /// Whether `permission` is one of them.
    #[must_use]
    pub fn contains(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u32) != 0
    }

    /// Whether all of `other` are in it.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Both sets together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What both have.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The permissions in the order of [`Permission::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.contains(*permission))
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        permissions.into_iter().fold(Self::NONE, |set, permission| set.with(Self::of(&[permission])))
    }
}

impl std::fmt::Debug for PermissionSet {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.iter().map(Permission::as_str)).finish()
    }
}

impl std::str::FromStr for Permission {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|permission| permission.as_str() == text)
            .ok_or_else(|| Error::invalid("permissions", format!("{text:?} is not a permission")))
    }
}

/// Who may read a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
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
    /// The row of its workspace.
    pub workspace_id: i64,
    /// Who may read it.
    pub visibility: Visibility,
}

/// Where a permission is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On the whole platform.
    Platform,
    /// In one workspace, by its row.
    Workspace(i64),
    /// In one repository.
    Repository(RepositoryScope),
}

impl Place {
    fn workspace_id(self) -> Option<i64> {
        match self {
            Self::Platform => None,
            Self::Workspace(id) => Some(id),
            Self::Repository(repository) => Some(repository.workspace_id),
        }
    }

    /// What an answer calls a place that the caller may not see.
    fn noun(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Workspace(_) => "workspace",
            Self::Repository(_) => "repository",
        }
    }
}

/// Decides whether `actor` may use `permission` at `place`.
///
/// # Errors
/// For nobody: [`Error::Unauthenticated`], whether or not the thing exists. For an account that may not see the
/// place: [`Error::NotFound`]. For one that sees it but may not do this: [`Error::Forbidden`].
pub fn authorise(actor: &Actor, permission: Permission, place: Place) -> Result<()> {
    if may(actor, permission, place) {
        return Ok(());
    }
    match actor {
        Actor::Anonymous => Err(Error::Unauthenticated),
        _ if !sees(actor, place) => Err(Error::not_found(place.noun())),
        _ => Err(Error::Forbidden(format!(
            "this account or token may not do that: it needs the permission {}",
            permission.as_str()
        ))),
    }
}

/// Decides whether `actor` may know that `place` exists.
///
/// # Errors
/// For nobody [`Error::Unauthenticated`], for others [`Error::NotFound`].
pub fn see(actor: &Actor, place: Place) -> Result<()> {
    match actor {
        _ if sees(actor, place) => Ok(()),
        Actor::Anonymous => Err(Error::Unauthenticated),
        _ => Err(Error::not_found(place.noun())),
    }
}

/// Whether `actor` may know that the place exists: who has any right in it, or may read it.
fn sees(actor: &Actor, place: Place) -> bool {
    match (place, actor) {
        (Place::Platform, _) => true,
        (Place::Workspace(id), Actor::Account(account)) => {
            let everywhere = account.permissions.and(WORKSPACE_PERMISSIONS);
            account.repository.is_none() && !account.granted_in(id).with(everywhere).is_empty()
        }
        _ => may(actor, Permission::AppsView, place),
    }
}

/// Whether `actor` may use `permission` at `place`: the platform role grants it everywhere, a membership in its
/// workspace, and a repository's visibility lets others read. The credential has to cover it as well.
#[must_use]
pub fn may(actor: &Actor, permission: Permission, place: Place) -> bool {
    let visible_to = |least: Visibility| {
        permission == Permission::AppsView
            && matches!(place, Place::Repository(repository) if repository.visibility <= least)
    };
    match actor {
        Actor::System | Actor::Source(_) => true,
        Actor::Anonymous => visible_to(Visibility::Public),
        Actor::Account(account) => {
            let member = place.workspace_id().map(|id| account.granted_in(id)).unwrap_or_default();
            credential_covers(account, permission, place)
                && (visible_to(Visibility::Internal) || account.permissions.with(member).contains(permission))
        }
    }
}

/// Whether the credential itself allows this, whatever the account may do. A credential for one repository still
/// reads what everybody reads.
fn credential_covers(account: &Account, permission: Permission, place: Place) -> bool {
    let in_scope = account.scope >= TokenScope::needed_for(permission);
    let in_place = match (account.repository, place) {
        (None, _) => true,
        (Some(only), Place::Repository(repository)) => {
            only == repository.id
                || (permission == Permission::AppsView && repository.visibility == Visibility::Public)
        }
        (Some(_), _) => false,
    };
    in_scope && in_place
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Memberships, RoleKind, builtin_role};

    /// The workspace of the repository 7, and another one.
    const HOME: i64 = 70;
    const AWAY: i64 = 80;

    fn account(role: &str, scope: TokenScope, repository: Option<i64>) -> Account {
        Account {
            id: 1,
            name: "someone".parse().unwrap(),
            robot: false,
            role: role.parse().unwrap(),
            permissions: builtin_role(RoleKind::Platform, role).unwrap().permissions,
            memberships: Memberships::default(),
            scope,
            repository,
        }
    }

    fn member(role: &str, workspace_id: i64, scope: TokenScope) -> Actor {
        let permissions = builtin_role(RoleKind::Workspace, role).unwrap().permissions;
        let memberships = [(workspace_id, permissions)].into_iter().collect();
        Actor::Account(Account { memberships, ..account("platform-regular", scope, None) })
    }

    fn outcome(actor: &Actor, permission: Permission, place: Place) -> &'static str {
        authorise(actor, permission, place).map_or_else(|error| error.code(), |()| "ok")
    }

    #[test]
    fn the_table_for_one_repository() {
        use Permission::{AppsCreate, AppsManage, AppsView, RepositoriesManage};
        use TokenScope::{All, Pull, Push};
        use Visibility::{Internal, Private, Public};
        let anonymous = Actor::Anonymous;
        let account = |role, scope, repository| Actor::Account(account(role, scope, repository));
        let admin = account("platform-admin", All, None);
        let manager = account("workspaces-manager", All, None);
        let regular = account("platform-regular", All, None);
        let puller = account("platform-admin", Pull, None);
        let pusher = account("platform-admin", Push, None);
        let here = account("platform-admin", Push, Some(7));
        let elsewhere = account("platform-admin", Push, Some(8));
        let owner = member("workspace-admin", HOME, All);
        let developer = member("workspace-regular", HOME, All);
        let viewer = member("workspace-viewer", HOME, All);
        let stranger = member("workspace-admin", AWAY, All);
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
            (&manager, AppsCreate, Internal, "forbidden"),
            (&manager, AppsView, Private, "not_found"),
            (&owner, RepositoriesManage, Private, "ok"),
            (&owner, AppsManage, Private, "ok"),
            (&developer, AppsCreate, Private, "ok"),
            (&developer, AppsManage, Private, "forbidden"),
            (&viewer, AppsView, Private, "ok"),
            (&viewer, AppsCreate, Private, "forbidden"),
            (&stranger, AppsView, Private, "not_found"),
            (&stranger, AppsManage, Private, "not_found"),
            (&stranger, AppsManage, Internal, "forbidden"),
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
            let repository = RepositoryScope { id: 7, workspace_id: HOME, visibility };
            assert_eq!(
                outcome(actor, permission, Place::Repository(repository)),
                expected,
                "{actor:?} {permission:?} {visibility:?}"
            );
        }
    }

    #[test]
    fn the_table_for_one_workspace() {
        use Permission::{AppsReview, AppsView, WorkspacesManage};
        let owner = member("workspace-admin", HOME, TokenScope::All);
        let viewer = member("workspace-viewer", HOME, TokenScope::All);
        let puller = member("workspace-admin", HOME, TokenScope::Pull);
        let manager = Actor::Account(account("workspaces-manager", TokenScope::All, None));
        let limited = Actor::Account(account("platform-admin", TokenScope::All, Some(7)));
        let cases = [
            (&owner, WorkspacesManage, HOME, "ok"),
            (&owner, AppsReview, HOME, "forbidden"),
            (&owner, AppsView, AWAY, "not_found"),
            (&viewer, AppsView, HOME, "ok"),
            (&viewer, WorkspacesManage, HOME, "forbidden"),
            (&puller, AppsView, HOME, "ok"),
            (&puller, WorkspacesManage, HOME, "forbidden"),
            (&manager, WorkspacesManage, HOME, "ok"),
            (&manager, AppsView, HOME, "forbidden"),
            (&limited, AppsView, HOME, "not_found"),
            (&Actor::Anonymous, AppsView, HOME, "unauthenticated"),
        ];
        for (actor, permission, workspace, expected) in cases {
            let answer = outcome(actor, permission, Place::Workspace(workspace));
            assert_eq!(answer, expected, "{actor:?} {permission:?} {workspace}");
        }
    }

    #[test]
    fn the_table_for_the_platform() {
        let admin = Actor::Account(account("platform-admin", TokenScope::All, None));
        let limited = Actor::Account(account("platform-admin", TokenScope::All, Some(7)));
        let regular = Actor::Account(account("platform-regular", TokenScope::All, None));
        let owner = member("workspace-admin", HOME, TokenScope::All);
        for &permission in Permission::ALL {
            assert_eq!(outcome(&admin, permission, Place::Platform), "ok");
            for actor in [&limited, &regular, &owner] {
                assert_eq!(outcome(actor, permission, Place::Platform), "forbidden");
            }
            assert_eq!(outcome(&Actor::Anonymous, permission, Place::Platform), "unauthenticated");
        }
    }

    #[test]
    fn sets_of_permissions() {
        let set: PermissionSet = [Permission::AppsView, Permission::AuditView].into_iter().collect();
        assert!(set.contains(Permission::AppsView) && !set.contains(Permission::AppsReview));
        assert!(PermissionSet::ALL.covers(set) && !set.covers(PermissionSet::ALL));
        assert_eq!(format!("{set:?}"), "{\"apps.view\", \"audit.view\"}");
        for permission in PermissionSet::ALL.iter() {
            assert_eq!(permission.as_str().parse::<Permission>().unwrap(), permission);
        }
        assert!("apps.*".parse::<Permission>().is_err());
    }

    #[test]
    fn permission_names_in_messages_are_the_serialised_ones() {
        for &permission in Permission::ALL {
            assert_eq!(serde_json::to_value(permission).unwrap(), permission.as_str());
        }
    }
}
