//! Signing packages.

use chandlery_core::Digest;
use pgp::composed::{CleartextSignedMessage, PublicOrSecret, SignedSecretKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Signature, SignatureConfig, SignatureType, Subpacket, SubpacketData};
use pgp::types::{KeyVersion, Password, SecretParams, SigningKey, Timestamp};

use super::{ProvenanceError, keyring, message};
use crate::metadata::Metadata;

/// A secret key, chosen from a keyring.
#[derive(Debug)]
pub struct SigningIdentity {
    key: SignedSecretKey,
    user_id: String,
}

impl SigningIdentity {
    /// Finds the key in a keyring (binary or armored) whose identity contains `selector`; one that is equal to it wins.
    /// An empty selector takes the only secret key there is.
    ///
    /// # Errors
    /// [`ProvenanceError::Keyring`], [`ProvenanceError::KeyNotFound`], [`ProvenanceError::KeyAmbiguous`] and
    /// [`ProvenanceError::KeyNotSecret`].
    pub fn find(keyring: &[u8], selector: &str) -> Result<Self, ProvenanceError> {
        let mut candidates: Vec<(PublicOrSecret, Vec<String>)> = keyring::read(keyring)?
            .into_iter()
            .map(|key| {
                let user_ids = keyring::user_ids(&key);
                (key, user_ids)
            })
            .collect();
        if selector.is_empty() {
            candidates.retain(|(key, _)| key.is_secret());
        } else if let Some(exact) =
            candidates.iter().position(|(_, user_ids)| user_ids.iter().any(|user_id| user_id == selector))
        {
            candidates = vec![candidates.swap_remove(exact)];
        } else {
            candidates.retain(|(_, user_ids)| user_ids.iter().any(|user_id| user_id.contains(selector)));
        }
        if candidates.len() > 1 {
            return Err(ProvenanceError::KeyAmbiguous(selector.to_owned()));
        }
        match candidates.pop() {
            None => Err(ProvenanceError::KeyNotFound(selector.to_owned())),
            Some((PublicOrSecret::Public(_), _)) => Err(ProvenanceError::KeyNotSecret),
            Some((PublicOrSecret::Secret(key), user_ids)) => {
                let user_id = user_ids.into_iter().next().unwrap_or_else(|| "Unknown".to_owned());
                Ok(Self { key, user_id })
            }
        }
    }

    /// The first identity of the key, as `Name <address>`.
    #[must_use]
    pub fn user_id(&self) -> &str {
        &self.user_id
    }

    /// Whether the key is locked with a passphrase.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        matches!(self.key.primary_key.secret_params(), SecretParams::Encrypted(_))
    }

    /// Makes the provenance file of a package; the passphrase is ignored for a key that is not locked.
    ///
    /// # Errors
    /// [`ProvenanceError::WrongPassphrase`], [`ProvenanceError::Signing`] and [`ProvenanceError::Message`].
    pub fn sign(
        &self,
        metadata: &Metadata,
        file_name: &str,
        digest: &Digest,
        passphrase: &str,
    ) -> Result<String, ProvenanceError> {
        let text = message::build(metadata, file_name, digest)?;
        let password = if self.is_locked() { Password::from(passphrase) } else { Password::empty() };
        self.unlock(&password)?;
        let subkey = self
            .key
            .secret_subkeys
            .iter()
            .find(|subkey| subkey.signatures.iter().any(|signature| signature.key_flags().sign()));
        match subkey {
            Some(subkey) if !self.primary_signs() => clear_sign(&text, &subkey.key, &password),
            _ => clear_sign(&text, &self.key.primary_key, &password),
        }
    }

    /// Whether the primary key may sign. Helm always takes it; a key for certificates only must not be used so.
    fn primary_signs(&self) -> bool {
        let signatures = self.key.details.users.iter().flat_map(|user| &user.signatures);
        let mut flags = signatures.chain(&self.key.details.direct_signatures).map(Signature::key_flags);
        flags.any(|flags| flags.sign())
    }

    fn unlock(&self, password: &Password) -> Result<(), ProvenanceError> {
        match self.key.primary_key.unlock(password, |_, _| Ok(())) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) | Err(error) if !self.is_locked() => {
                Err(ProvenanceError::Signing(error.to_string()))
            }
            Ok(Err(_)) | Err(_) => Err(ProvenanceError::WrongPassphrase(self.user_id.clone())),
        }
    }
}

/// Signs with SHA-512, as Helm does.
fn clear_sign(text: &str, key: &impl SigningKey, password: &Password) -> Result<String, ProvenanceError> {
    let failed = |error: pgp::errors::Error| ProvenanceError::Signing(error.to_string());
    if key.version() != KeyVersion::V4 {
        return Err(ProvenanceError::Signing(format!(
            "keys of version {:?} are not supported",
            key.version()
        )));
    }
    let mut config = SignatureConfig::v4(SignatureType::Text, key.algorithm(), HashAlgorithm::Sha512);
    let subpacket = |data| Subpacket::regular(data).map_err(failed);
    config.hashed_subpackets = vec![
        subpacket(SubpacketData::SignatureCreationTime(Timestamp::now()))?,
        subpacket(SubpacketData::IssuerFingerprint(key.fingerprint()))?,
    ];
    config.unhashed_subpackets = vec![subpacket(SubpacketData::IssuerKeyId(key.legacy_key_id()))?];
    let message = CleartextSignedMessage::new(text, config, key, password).map_err(failed)?;
    message.to_armored_string(pgp::composed::ArmorOptions::default()).map_err(failed)
}
