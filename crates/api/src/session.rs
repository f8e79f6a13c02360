//! Sessions of the console.

use chandlery_core::AccountName;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who logs in.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateSession {
    /// The login name.
    pub account: String,
    /// The password.
    #[schema(write_only)]
    pub password: String,
}

/// The session of the cookie that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionView {
    /// Who is logged in.
    pub account: AccountName,
    /// Since when.
    pub created_at: Timestamp,
    /// When the session ends unless it is used before.
    pub expires_at: Timestamp,
}
