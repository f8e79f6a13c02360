//! Personal tokens.

use chandlery_core::{RepositoryPath, TokenName, TokenScope};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenView {
    /// The name its account gave it.
    pub name: TokenName,
    /// What it may be used for.
    pub scope: TokenScope,
    /// The only repository it is good for, if it is limited to one.
    pub repository: Option<RepositoryPath>,
    /// When it stops working; never if absent.
    pub expires_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
}

/// `POST /api/v1/tokens`: a token of the caller.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateToken {
    /// A name, unique among the account's tokens.
    pub name: TokenName,
    /// What it may be used for.
    pub scope: TokenScope,
    /// Limit it to one repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<RepositoryPath>,
    /// When it stops working; never if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// A new token: the only time the secret is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreatedToken {
    /// The token.
    #[serde(flatten)]
    pub token: TokenView,
    /// The secret, `chy_…`: use it as a Bearer token or as a password.
    pub secret: String,
}
