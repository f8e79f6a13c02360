//! Roles and the permissions they grant.

use chandlery_core::{Permission, RoleKind, RoleName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A permission that roles grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PermissionView {
    /// Its name.
    pub name: Permission,
    /// What it allows.
    pub description: String,
    /// The kinds of roles that can grant it.
    pub kinds: Vec<RoleKind>,
}

/// A role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoleView {
    /// Its name.
    pub name: RoleName,
    /// Where it applies.
    pub kind: RoleKind,
    /// Whether every installation has it; such a role cannot be changed.
    pub built_in: bool,
    /// What it is for.
    pub description: String,
    /// What it grants.
    pub permissions: Vec<Permission>,
    /// When it was created; absent for a built-in one.
    pub created_at: Option<Timestamp>,
    /// When it last changed; absent for a built-in one.
    pub updated_at: Option<Timestamp>,
}

/// A custom role to be made.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateRole {
    /// A name that no other role here has.
    pub name: RoleName,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What it grants: nothing that its maker does not have.
    pub permissions: Vec<Permission>,
}

/// A change of a custom role: what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateRole {
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// All that it grants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<Permission>>,
}

/// The role that a group of the identity provider gives: on the platform, or in one workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupRole {
    /// The group, as the identity provider spells it.
    #[schema(min_length = 1, max_length = 255)]
    pub group: String,
    /// The role that its members have there.
    pub role: RoleName,
}

/// Which group is meant.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupRoleQuery {
    /// The group, as the identity provider spells it.
    pub group: String,
}
