//! Errors.

use chandlery_core::{Action, VersionState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An error body, `application/problem+json` (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// The stable name of the kind of error, such as `not_found`.
    pub code: String,
    /// The short English name of the status.
    pub title: String,
    /// What happened, which input, what to do.
    pub detail: String,
    /// The request's id, as in the `X-Request-Id` header and the log.
    pub request_id: String,
    /// With `illegal_action`: the state the version is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<VersionState>,
    /// With `illegal_action`: what the caller may do in that state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions: Option<Vec<Action>>,
}
