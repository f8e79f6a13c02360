//! The signature of a webhook.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chandlery_core::{Error, Secret};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// What marks a secret of Standard Webhooks.
const PREFIX: &str = "whsec_";
/// The sizes that the specification allows, in bytes.
const SIZES: std::ops::RangeInclusive<usize> = 24..=64;
/// The size of those made here.
const NEW_SIZE: usize = 32;

/// A secret that a webhook and its receiver share, written `whsec_` and base64 of 24 to 64 bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret(Vec<u8>);

impl SigningSecret {
    /// A new random secret of 32 bytes.
    #[must_use]
    pub fn generate() -> Self {
        Self(rand::random::<[u8; NEW_SIZE]>().to_vec())
    }

    /// The text that the receiver's library takes.
    #[must_use]
    pub fn to_secret(&self) -> Secret {
        Secret::new(format!("{PREFIX}{}", STANDARD.encode(&self.0)))
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningSecret(…)")
    }
}

impl FromStr for SigningSecret {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let encoded = text.strip_prefix(PREFIX);
        let bytes = encoded.and_then(|encoded| STANDARD.decode(encoded).ok());
        bytes.filter(|bytes| SIZES.contains(&bytes.len())).map(Self).ok_or_else(|| {
            let form = format!("is {PREFIX} and the base64 of {} to {} bytes", SIZES.start(), SIZES.end());
            Error::invalid("signing secret", form)
        })
    }
}

/// The value of `webhook-signature`: for each secret `v1,` and the base64 of the HMAC-SHA256 of `id.timestamp.body`,
/// separated by blanks.
#[must_use]
pub fn sign(secrets: &[SigningSecret], id: &str, timestamp: i64, body: &[u8]) -> String {
    let signatures: Vec<String> = secrets
        .iter()
        .map(|secret| {
            let mut mac = Hmac::<Sha256>::new_from_slice(&secret.0).expect("HMAC takes keys of any size");
            mac.update(format!("{id}.{timestamp}.").as_bytes());
            mac.update(body);
            format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
        })
        .collect();
    signatures.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's libraries.
    #[test]
    fn the_published_example() {
        let secret: SigningSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().unwrap();
        let body = br#"{"test": 2432232314}"#;
        let sign =
            |secrets: &[SigningSecret]| sign(secrets, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(sign(std::slice::from_ref(&secret)), expected);
        let both = sign(&[secret, SigningSecret::generate()]);
        assert!(both.starts_with(&format!("{expected} v1,")), "{both}");
    }

    #[test]
    fn texts_of_secrets() {
        let secret = SigningSecret::generate();
        assert_ne!(secret, SigningSecret::generate());
        assert_eq!(secret.to_secret().expose().parse::<SigningSecret>().unwrap(), secret);
        assert!(!format!("{secret:?}").contains(&secret.to_secret().expose()[6..]));
        let short = format!("whsec_{}", STANDARD.encode([0; 23]));
        let long = format!("whsec_{}", STANDARD.encode([0; 65]));
        for bad in ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_%%", &short, &long] {
            let error = bad.parse::<SigningSecret>().unwrap_err().to_string();
            assert!(error.contains("24 to 64 bytes"), "{error}");
        }
    }
}
