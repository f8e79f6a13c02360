//! Accounts.

use chandlery_core::{
    AccountName, PLATFORM_REGULAR, Permission, RepositoryPath, RoleName, TokenScope, WorkspaceName,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An account as others see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountView {
    /// The login name.
    pub name: AccountName,
    /// What people call it.
    pub display_name: String,
    /// Where mail goes; may be empty.
    pub email: String,
    /// The platform role.
    pub role: RoleName,
    /// A disabled account cannot log in, and its tokens do not work.
    pub disabled: bool,
    /// When it was created.
    pub created_at: Timestamp,
}

/// `POST /api/v1/accounts`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateAccount {
    /// The login name.
    pub name: AccountName,
    /// The platform role; `platform-regular` unless said.
    #[serde(default = "regular")]
    pub role: RoleName,
    /// What people call it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub display_name: String,
    /// Where mail goes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// The password.
    #[schema(min_length = 8, write_only)]
    pub password: String,
}

fn regular() -> RoleName {
    PLATFORM_REGULAR.parse().expect("a built-in role has a valid name")
}

/// `PATCH /api/v1/accounts/{name}`: what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateAccount {
    /// A new platform role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleName>,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Where mail goes; empty for nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// A new password.
    #[schema(min_length = 8, write_only)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// Disable or enable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
}

/// `PUT /api/v1/password`: the caller's own.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdatePassword {
    /// The password in use.
    #[schema(write_only)]
    pub current: String,
    /// The new one.
    #[schema(min_length = 8, write_only)]
    pub new: String,
}

/// `GET /api/v1/whoami`: whom the credentials stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Whoami {
    /// The account, or nothing for an anonymous caller.
    pub account: Option<AccountName>,
    /// Its platform role.
    pub role: Option<RoleName>,
    /// What the platform role grants, everywhere.
    pub permissions: Vec<Permission>,
    /// The workspaces it is a member of.
    pub workspaces: Vec<MembershipView>,
    /// What the credential may be used for.
    pub scope: Option<TokenScope>,
    /// The only repository the credential is good for, if it is limited to one.
    pub repository: Option<RepositoryPath>,
}

/// A workspace that an account is a member of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MembershipView {
    /// The workspace.
    pub workspace: WorkspaceName,
    /// The role in it.
    pub role: RoleName,
    /// What the role grants there.
    pub permissions: Vec<Permission>,
}
