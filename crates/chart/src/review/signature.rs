//! Who signed a package.

use chandlery_core::Digest;

use super::bounded::{LONGEST_MESSAGE, cut, few};
use super::report::{Check, Finding, Signature};
use crate::provenance::{ProvenanceError, Verification, listed_files, verify_provenance};

const ID: &str = "provenance";

/// What is known of the signature, and the check.
pub(super) fn check(
    package: &[u8],
    file_name: &str,
    provenance: Option<&[u8]>,
    keyring: Option<&[u8]>,
) -> (Option<Signature>, Check) {
    let Some(provenance) = provenance else {
        return (None, Check::not_run(ID, "the package is not signed"));
    };
    let digest = Digest::of(package);
    let listed = listed_files(provenance);
    let sum = listed.as_ref().ok().and_then(|files| files.get(file_name));
    let digest_matches = sum.map(|sum| *sum == format!("sha256:{digest}"));
    let verified = keyring.map(|keyring| verify_provenance(provenance, file_name, &digest, keyring));
    let check = match (&verified, listed) {
        (Some(Ok(verification)), _) => good(verification),
        (Some(Err(ProvenanceError::Keyring(reason))), _) => Check::not_run(ID, reason),
        (Some(Err(error)), _) => bad(&error.to_string()),
        (None, Err(error)) => bad(&error.to_string()),
        (None, Ok(_)) if digest_matches != Some(true) => {
            bad(&format!("the signed text does not list {file_name} with the sha256 of this package"))
        }
        (None, Ok(_)) => {
            Check::not_run(ID, "the package is signed, but there is no keyring to verify it with")
        }
    };
    let reason = if matches!(verified, Some(Ok(_))) { "" } else { &check.summary };
    let verification = verified.as_ref().and_then(|result| result.as_ref().ok());
    let signature = Signature {
        verified: verification.is_some(),
        digest_matches,
        signed_by: verification.map(|verification| few(&verification.signed_by)).unwrap_or_default(),
        fingerprint: verification.map(|verification| verification.fingerprint.clone()).unwrap_or_default(),
        reason: reason.to_owned(),
    };
    (Some(signature), check)
}

fn good(verification: &Verification) -> Check {
    let names = cut(&few(&verification.signed_by).join(", "), LONGEST_MESSAGE / 2);
    let message = format!("signed by {names} with the key {}", verification.fingerprint);
    Check::of(ID, "", Finding::info("signed", &message)).saying(message)
}

fn bad(reason: &str) -> Check {
    Check::of(ID, "", Finding::error("not_verified", reason)).saying(reason)
}
