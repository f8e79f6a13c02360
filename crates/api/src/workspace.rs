//! Workspaces, their members, invitations and projects.

use chandlery_core::{AccountName, Permission, ProjectName, RoleName, WorkspaceName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkspaceView {
    /// Its name, the first segment of its repositories' URLs.
    pub name: WorkspaceName,
    /// What people call it.
    pub display_name: String,
    /// What it is for.
    pub description: String,
    /// What the caller may do in it.
    pub permissions: Vec<Permission>,
    /// When it was created.
    pub created_at: Timestamp,
}

/// A workspace to be made.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWorkspace {
    /// A name that no other workspace has.
    pub name: WorkspaceName,
    /// What people call it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub display_name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The account that becomes its first workspace-admin; the caller unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub administrator: Option<AccountName>,
}

/// A change of a workspace: what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateWorkspace {
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A member of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MemberView {
    /// The account.
    pub account: AccountName,
    /// What people call it.
    pub display_name: String,
    /// Its role in the workspace.
    pub role: RoleName,
    /// Since when it is a member.
    pub created_at: Timestamp,
}

/// An account that becomes a member.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateMember {
    /// The account.
    pub account: AccountName,
    /// Its role in the workspace: one that grants nothing that the caller does not have there.
    pub role: RoleName,
}

/// A change of a member.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateMember {
    /// Another role: one that grants nothing that the caller does not have there.
    pub role: RoleName,
}

/// An invitation to a workspace, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvitationView {
    /// Its number.
    pub id: i64,
    /// The role of whoever accepts it.
    pub role: RoleName,
    /// Who invited.
    pub created_by: AccountName,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
}

/// An invitation to be made: whoever has its secret can become a member, once.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateInvitation {
    /// The role of whoever accepts it: one that grants nothing that the caller does not have there.
    pub role: RoleName,
    /// When it stops working, at most 90 days from now; in 7 days if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// A new invitation: the only time the secret is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreatedInvitation {
    /// The invitation.
    #[serde(flatten)]
    pub invitation: InvitationView,
    /// The secret, `chi_…`: give it to whom you invite.
    pub secret: String,
}

/// The secret of an invitation that the caller accepts.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptInvitation {
    /// The secret, `chi_…`.
    #[schema(write_only)]
    pub secret: String,
}

/// A project of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProjectView {
    /// Its name in the workspace.
    pub name: ProjectName,
    /// What people call it.
    pub display_name: String,
    /// What it is for.
    pub description: String,
    /// When it was created.
    pub created_at: Timestamp,
}

/// A project to be made.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateProject {
    /// A name that no other project of the workspace has.
    pub name: ProjectName,
    /// What people call it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub display_name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// A change of a project: what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateProject {
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}
