//! Who acts.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{AccountName, Permission, PermissionSet, RepositoryPath, RoleName};

/// Whoever makes a request: the first argument of every service method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Nobody in particular: no credentials were sent.
    Anonymous,
    /// An account, by password or by token.
    Account(Account),
    /// The server itself: bootstrap, scheduled jobs, local administration with access to the data directory.
    System,
    /// The server by the rule of an external repository, with its name: see [`Actor::source`].
    Source(Arc<str>),
}

/// An authenticated account and what the credential it used allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The row of the account.
    pub id: i64,
    /// The login name.
    pub name: AccountName,
    /// Whether it is a program of a workspace and nobody's own.
    pub robot: bool,
    /// The platform role.
    pub role: RoleName,
    /// What the platform role grants, everywhere.
    pub permissions: PermissionSet,
    /// What it may do in the workspaces that it is a member of.
    pub memberships: Memberships,
    /// What the credential may be used for; a password may do all that the account may.
    pub scope: TokenScope,
    /// The only repository (its row) a credential is good for, if it is limited to one.
    pub repository: Option<i64>,
}

impl Account {
    /// What its membership in a workspace (its row) grants there.
    #[must_use]
    pub fn granted_in(&self, workspace_id: i64) -> PermissionSet {
        self.memberships.0.get(&workspace_id).copied().unwrap_or_default()
    }
}

/// Workspaces (their rows) and what an account may do in each. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memberships(Arc<BTreeMap<i64, PermissionSet>>);

impl Memberships {
    /// The workspaces, by row.
    pub fn workspaces(&self) -> impl Iterator<Item = (i64, PermissionSet)> {
        self.0.iter().map(|(id, permissions)| (*id, *permissions))
    }
}

impl FromIterator<(i64, PermissionSet)> for Memberships {
    /// Several roles in one workspace grant what each of them grants.
    fn from_iter<I: IntoIterator<Item = (i64, PermissionSet)>>(memberships: I) -> Self {
        let mut granted = BTreeMap::<i64, PermissionSet>::new();
        for (workspace, permissions) in memberships {
            let held = granted.entry(workspace).or_default();
            *held = held.with(permissions);
        }
        Self(Arc::new(granted))
    }
}

impl Actor {
    /// Whoever does what the rule of an external repository says. No account has such a name: they have no colon.
    #[must_use]
    pub fn source(path: &RepositoryPath) -> Self {
        Self::Source(format!("source:{path}").into())
    }

    /// The account's name, or what the audit log calls those who have none.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Account(account) => account.name.as_str(),
            Self::System => "system",
            Self::Source(name) => name,
        }
    }

    /// The account, if the credential may do all that the account may: what changing the account itself needs.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`](crate::Error::Unauthenticated) for nobody,
    /// [`Error::Forbidden`](crate::Error::Forbidden) for a token with a narrower scope or for one repository, and for
    /// robots.
    pub fn in_full(&self) -> crate::Result<&Account> {
        match self {
            Self::Account(account) if account.robot => {
                Err(crate::Error::Forbidden("a robot cannot do that: its workspace manages it".to_owned()))
            }
            Self::Account(account) if account.scope == TokenScope::All && account.repository.is_none() => {
                Ok(account)
            }
            Self::Account(_) => Err(crate::Error::Forbidden(
                "a token with a narrower scope cannot change its account: use the password".to_owned(),
            )),
            Self::Anonymous | Self::System | Self::Source(_) => Err(crate::Error::Unauthenticated),
        }
    }
}

/// What a credential may be used for, at most; the account's own permissions apply as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum TokenScope {
    /// Read packages.
    Pull,
    /// Read, upload and delete packages.
    Push,
    /// Everything the account may do.
    All,
}

impl TokenScope {
    /// The smallest scope that covers a permission.
    #[must_use]
    pub fn needed_for(permission: Permission) -> Self {
        match permission {
            Permission::AppsView => Self::Pull,
            Permission::AppsCreate | Permission::AppsManage => Self::Push,
            _ => Self::All,
        }
    }

    /// The scope's name, as the API and the CLI spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
            Self::All => "all",
        }
    }
}

impl std::str::FromStr for TokenScope {
    type Err = crate::Error;

    fn from_str(text: &str) -> crate::Result<Self> {
        [Self::Pull, Self::Push, Self::All]
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or_else(|| crate::Error::invalid("scope", format!("{text:?} is not one of pull, push, all")))
    }
}
