//! Robots: programs of a workspace.

use chandlery_core::{AccountName, RobotName, RoleName, TokenScope};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A robot, without the secret of its token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RobotView {
    /// Its name in the workspace.
    pub name: RobotName,
    /// Its login name, which logs and the audit show.
    pub account: AccountName,
    /// What it is for.
    pub description: String,
    /// Its role in the workspace.
    pub role: RoleName,
    /// What its token may be used for.
    pub scope: TokenScope,
    /// When its token stops working; never if absent.
    pub expires_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
}

/// A robot to be made.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateRobot {
    /// A name that no other robot of the workspace has.
    pub name: RobotName,
    /// Its role in the workspace: one that grants nothing that the caller does not have there.
    pub role: RoleName,
    /// What its token may be used for.
    pub scope: TokenScope,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// When its token stops working; never if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// A new token for a robot, in place of the one it has.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateRobot {
    /// When the new token stops working; never if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// A robot with a new token: the only time the secret is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreatedRobot {
    /// The robot.
    #[serde(flatten)]
    pub robot: RobotView,
    /// The secret of its token, `chy_…`.
    pub secret: String,
}
