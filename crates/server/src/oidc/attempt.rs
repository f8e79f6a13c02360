//! A login on its way: what the browser brings back, in a cookie that only this server can write.
//!
//! Nothing is stored: whoever begins logins and never ends them costs nothing, and any replica ends what another began.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use openidconnect::{CsrfToken, Nonce, PkceCodeVerifier};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// How long a login may take.
pub(crate) const LIFETIME: SignedDuration = SignedDuration::from_mins(10);

/// A login that was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attempt {
    /// What the provider sends back with the browser: proof that this browser began the login.
    pub(crate) state: String,
    /// What the ID token has to hold: proof that it was made for this login.
    pub(crate) nonce: String,
    /// PKCE's secret: proof to the provider that who trades the code began the login.
    pub(super) verifier: String,
    /// Where the browser goes in the end, a path of this server.
    pub(crate) return_to: String,
    /// Until when.
    expires_at: Timestamp,
}

impl Attempt {
    pub(super) fn new(
        state: &CsrfToken,
        nonce: &Nonce,
        verifier: &PkceCodeVerifier,
        return_to: String,
    ) -> Self {
        Self {
            state: state.secret().clone(),
            nonce: nonce.secret().clone(),
            verifier: verifier.secret().clone(),
            return_to,
            expires_at: Timestamp::now() + LIFETIME,
        }
    }
}

/// Writes and reads attempts for cookies.
pub(crate) struct Attempts {
    key: Hmac<Sha256>,
}

impl Attempts {
    /// With a key that all replicas share.
    pub(crate) fn new(key: &str) -> Self {
        let key = Hmac::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
        Self { key }
    }

    /// The attempt as a cookie's value.
    pub(crate) fn write(&self, attempt: &Attempt) -> String {
        let text = serde_json::to_vec(attempt).expect("an attempt is plain data");
        let signature = self.key.clone().chain_update(&text).finalize().into_bytes();
        format!("{}.{}", URL_SAFE_NO_PAD.encode(text), URL_SAFE_NO_PAD.encode(signature))
    }

    /// The attempt of a cookie's value, if it is ours and not over at the time `now`.
    pub(crate) fn read(&self, value: &str, now: Timestamp) -> Option<Attempt> {
        let (text, signature) = value.split_once('.')?;
        let text = URL_SAFE_NO_PAD.decode(text).ok()?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        self.key.clone().chain_update(&text).verify_slice(&signature).ok()?;
        let attempt: Attempt = serde_json::from_slice(&text).ok()?;
        (attempt.expires_at > now).then_some(attempt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_this_server_wrote_is_read() {
        let attempts = Attempts::new("key");
        let verifier = PkceCodeVerifier::new("verifier".to_owned());
        let (state, nonce) = (CsrfToken::new("state".to_owned()), Nonce::new("nonce".to_owned()));
        let attempt = Attempt::new(&state, &nonce, &verifier, "/apps".to_owned());
        let value = attempts.write(&attempt);
        let now = Timestamp::now();
        assert_eq!(attempts.read(&value, now), Some(attempt));
        assert_eq!(attempts.read(&value, now + LIFETIME + SignedDuration::from_secs(1)), None);
        assert_eq!(Attempts::new("other").read(&value, now), None);
        let (text, signature) = value.split_once('.').unwrap();
        let other = URL_SAFE_NO_PAD.encode(b"{}");
        let forged = [
            String::new(),
            ".".to_owned(),
            text.to_owned(),
            format!("{text}."),
            format!("{text}.{other}"),
            format!("{other}.{signature}"),
            format!("{value}AA"),
            format!("A{value}"),
        ];
        for value in forged {
            assert_eq!(attempts.read(&value, now), None, "{value}");
        }
    }
}
