//! The audit log.

use chandlery_core::Digest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The query of the lists of the audit log: every filter narrows the list.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// Only what this account did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Only this action, such as `release`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Only what was done to things of this kind, such as `version`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Only what was done to the thing of this name, such as `emqx 1.0.0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Not before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// At most this many items; 100 unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 500)]
    pub limit: Option<u32>,
    /// Where the page before this one ended: its `next`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// The query of the whole audit log as a file: every filter narrows it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditExportQuery {
    /// Only what this account did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Only this action, such as `release`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Only what was done to things of this kind, such as `version`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Only what was done to the thing of this name, such as `emqx 1.0.0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Not before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl From<AuditExportQuery> for AuditQuery {
    fn from(query: AuditExportQuery) -> Self {
        let AuditExportQuery { actor, action, kind, name, since, until } = query;
        Self { actor, action, kind, name, since, until, limit: None, cursor: None }
    }
}

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditView {
    /// Its number; later entries have greater ones.
    pub id: i64,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it: an account, or `system`.
    pub actor: String,
    /// The platform role of that account then.
    pub role: String,
    /// What was done.
    pub action: String,
    /// The kind of thing it was done to.
    pub kind: String,
    /// The thing.
    pub name: String,
    /// The workspace it belongs to; none for the platform.
    pub workspace: Option<String>,
    /// The phase of review.
    pub phase: Option<String>,
    /// The state before.
    pub from: Option<String>,
    /// The state after.
    pub to: Option<String>,
    /// The reason given, or what changed.
    pub message: String,
    /// The sha256 of the package this was about.
    pub digest: Option<Digest>,
}
