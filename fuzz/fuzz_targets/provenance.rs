//! Bytes as a provenance file and as a keyring.

#![no_main]

use chandlery_chart::{SigningIdentity, parse_identity, verify_provenance};
use chandlery_core::Digest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(identity) = parse_identity(bytes) {
        assert!(!identity.name.is_empty() && !identity.version.is_empty());
        assert!(!identity.file_name().contains('\n'));
    }
    let digest = Digest::of(b"");
    let middle = bytes.len() / 2;
    assert!(verify_provenance(bytes, "a-1.tgz", &digest, bytes).is_err());
    assert!(verify_provenance(&bytes[..middle], "a-1.tgz", &digest, &bytes[middle..]).is_err());
    let _ = SigningIdentity::find(bytes, "a");
});
