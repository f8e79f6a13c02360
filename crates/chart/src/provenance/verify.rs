//! Verifying packages.

use std::collections::BTreeMap;

use chandlery_core::Digest;
use pgp::composed::{CleartextSignedMessage, PublicOrSecret, SignedPublicKey, SignedPublicSubKey};
use pgp::packet::{Signature, SignatureType};
use pgp::types::{Duration, KeyDetails, Tag, Timestamp};

use super::{ProvenanceError, keyring, message};

/// A package that is what somebody signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// The identities of the key, as `Name <address>`.
    pub signed_by: Vec<String>,
    /// The fingerprint of the primary key in upper-case hex.
    pub fingerprint: String,
    /// The name of the package's file.
    pub file_name: String,
    /// Its sha256.
    pub digest: Digest,
}

/// Checks that the provenance file was signed by a key of the keyring (binary, armored or keybox; public or secret), and
/// that it lists the file with this digest.
///
/// A key counts when one of its identities is certified by itself, it is not revoked, and it had not expired when it
/// signed; a subkey also when it is bound to the key for signing.
///
/// # Errors
/// A [`ProvenanceError`] that says which of these failed.
pub fn verify_provenance(
    provenance: &[u8],
    file_name: &str,
    digest: &Digest,
    keyring: &[u8],
) -> Result<Verification, ProvenanceError> {
    let signed = read_message(provenance)?;
    let key = find_signer(&signed, keyring::read(keyring)?)?;
    check_listed(&signed, file_name, digest)?;
    Ok(Verification {
        fingerprint: format!("{:X}", key.primary_key.fingerprint()),
        signed_by: keyring::user_ids(&PublicOrSecret::Public(key)),
        file_name: file_name.to_owned(),
        digest: *digest,
    })
}

/// Checks that the provenance file is a clear-signed message that lists the file with this digest, whoever signed it.
///
/// # Errors
/// [`ProvenanceError::NoSignature`], [`ProvenanceError::Message`], [`ProvenanceError::FileNotListed`] and
/// [`ProvenanceError::WrongDigest`].
pub fn check_provenance(provenance: &[u8], file_name: &str, digest: &Digest) -> Result<(), ProvenanceError> {
    check_listed(&read_message(provenance)?, file_name, digest)
}

fn check_listed(
    signed: &CleartextSignedMessage,
    file_name: &str,
    digest: &Digest,
) -> Result<(), ProvenanceError> {
    let sums = message::parse_sums(&signed.signed_text())?;
    let listed = sums.get(file_name).ok_or_else(|| ProvenanceError::FileNotListed(file_name.to_owned()))?;
    let actual = format!("sha256:{digest}");
    match *listed == actual {
        true => Ok(()),
        false => {
            Err(ProvenanceError::WrongDigest { file: file_name.to_owned(), signed: listed.clone(), actual })
        }
    }
}

/// The files that a provenance file lists with their sums (`sha256:…`), whoever signed it.
///
/// # Errors
/// [`ProvenanceError::NoSignature`] and [`ProvenanceError::Message`].
pub fn listed_files(provenance: &[u8]) -> Result<BTreeMap<String, String>, ProvenanceError> {
    message::parse_sums(&read_message(provenance)?.signed_text())
}

fn read_message(provenance: &[u8]) -> Result<CleartextSignedMessage, ProvenanceError> {
    let no_signature = |reason: String| ProvenanceError::NoSignature(reason);
    let text =
        std::str::from_utf8(provenance).map_err(|_| no_signature("the file is not text".to_owned()))?;
    let (signed, _) =
        CleartextSignedMessage::from_string(text).map_err(|error| no_signature(error.to_string()))?;
    Ok(signed)
}

/// The key that made one of the signatures.
fn find_signer(
    signed: &CleartextSignedMessage,
    keys: Vec<PublicOrSecret>,
) -> Result<SignedPublicKey, ProvenanceError> {
    let text = signed.signed_text();
    let mut reason = "signature made by unknown entity".to_owned();
    for key in keys.into_iter().map(keyring::public) {
        for signature in signed.signatures() {
            match check_signature(signature, &key, text.as_bytes()) {
                None => {}
                Some(Ok(())) => return Ok(key),
                Some(Err(problem)) => reason = problem,
            }
        }
    }
    Err(ProvenanceError::BadSignature(reason))
}

/// Whether the signature is good; `None` if another key made it.
fn check_signature(signature: &Signature, key: &SignedPublicKey, text: &[u8]) -> Option<Result<(), String>> {
    let made_by = |candidate: &dyn KeyDetails| {
        signature.issuer_key_id().contains(&&candidate.legacy_key_id())
            || signature.issuer_fingerprint().contains(&&candidate.fingerprint())
    };
    let subkey = key.public_subkeys.iter().find(|subkey| made_by(&subkey.key));
    let verified = match subkey {
        Some(subkey) => signature.verify(&subkey.key, text),
        None if made_by(&key.primary_key) => signature.verify(&key.primary_key, text),
        None => return None,
    };
    Some(verified.map_err(|error| format!("invalid signature: {error}")).and_then(|()| {
        let signed_at = signature.created().ok_or("the signature has no time")?;
        check_signature_kind(signature)?;
        check_primary(key, signed_at)?;
        subkey.map_or(Ok(()), |subkey| check_subkey(subkey, key, signed_at))
    }))
}

/// Only signatures over documents count, and only while they are valid.
fn check_signature_kind(signature: &Signature) -> Result<(), String> {
    if !matches!(signature.typ(), Some(SignatureType::Text | SignatureType::Binary)) {
        return Err("the signature is not one over a text".to_owned());
    }
    let expires = signature.signature_expiration_time().map_or(0, Duration::as_secs);
    let created = signature.created().map_or(0, Timestamp::as_secs);
    if expires != 0 && Timestamp::now().as_secs() > created.saturating_add(expires) {
        return Err("signature expired".to_owned());
    }
    Ok(())
}

fn check_primary(key: &SignedPublicKey, signed_at: Timestamp) -> Result<(), String> {
    let primary = &key.primary_key;
    if key.details.revocation_signatures.iter().any(|revocation| revocation.verify_key(primary).is_ok()) {
        return Err("signature made by revoked key".to_owned());
    }
    let mut certifications = key.details.users.iter().flat_map(|user| {
        user.signatures.iter().filter(|certification| {
            certification.typ() != Some(SignatureType::CertRevocation)
                && certification.verify_certification(primary, Tag::UserId, &user.id).is_ok()
        })
    });
    let newest = certifications
        .by_ref()
        .max_by_key(|certification| certification.created().map_or(0, Timestamp::as_secs))
        .ok_or("the key has no identity that it certifies itself")?;
    check_expiry(newest, primary.created_at(), signed_at)
}

fn check_subkey(
    subkey: &SignedPublicSubKey,
    key: &SignedPublicKey,
    signed_at: Timestamp,
) -> Result<(), String> {
    subkey
        .verify_bindings(&key.primary_key)
        .map_err(|error| format!("the subkey is not bound to its key: {error}"))?;
    let is = |kind: SignatureType| move |signature: &&Signature| signature.typ() == Some(kind);
    if subkey.signatures.iter().any(|signature| is(SignatureType::SubkeyRevocation)(&signature)) {
        return Err("signature made by revoked key".to_owned());
    }
    let binding = subkey
        .signatures
        .iter()
        .filter(is(SignatureType::SubkeyBinding))
        .max_by_key(|binding| binding.created().map_or(0, Timestamp::as_secs))
        .filter(|binding| binding.key_flags().sign())
        .ok_or("the subkey may not sign")?;
    check_expiry(binding, subkey.key.created_at(), signed_at)
}

/// Whether the key was made, and had not expired, when it signed.
fn check_expiry(binding: &Signature, created: Timestamp, signed_at: Timestamp) -> Result<(), String> {
    let lifetime = binding.key_expiration_time().map_or(0, Duration::as_secs);
    let expired = lifetime != 0 && signed_at.as_secs() > created.as_secs().saturating_add(lifetime);
    if expired || signed_at < created {
        return Err("signature made by expired key".to_owned());
    }
    Ok(())
}
