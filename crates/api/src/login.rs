//! Ways to log in to the console.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The ways to log in that this server offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoginMethods {
    /// Whether accounts log in with a password: `POST /api/v1/session`.
    pub password: bool,
    /// The identity provider, if there is one.
    pub oidc: Option<OidcLogin>,
}

/// Login by an identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OidcLogin {
    /// What the button says.
    pub display_name: String,
    /// Where the browser goes: a path on this server. The parameter `return_to` names the path to come back to.
    pub url: String,
}
