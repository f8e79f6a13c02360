//! Who signed a package.

use chandlery_chart::review::{Outcome, examine};
use chandlery_chart::{Chart, Limits, SigningIdentity};
use chandlery_core::Digest;

use super::{assert_sound, options, outcome, package};
use crate::provenance::Gpg;

/// Package, provenance, keyring; the outcome, whether the digest matches, and a part of the reason.
type Case<'c> = (&'c [u8], &'c [u8], Option<&'c [u8]>, Outcome, Option<bool>, &'c str);

#[test]
fn signatures() {
    let gpg = Gpg::new();
    gpg.generate("Ada Example <ada@example.test>", "ed25519", "");
    let (secret, public) = (gpg.export(&["--export-secret-keys"]), gpg.export(&["--export"]));
    let stranger = Gpg::new();
    stranger.generate("Eve <eve@example.test>", "ed25519", "");
    let strange = stranger.export(&["--export"]);
    let signed = package(&[("values.yaml", "a: 1")]);
    let other = package(&[("values.yaml", "a: 2")]);
    let metadata = Chart::read(&signed[..], &Limits::default()).unwrap().metadata;
    let identity = SigningIdentity::find(&secret, "").unwrap();
    let provenance = identity.sign(&metadata, "t-0.1.0.tgz", &Digest::of(&signed), "").unwrap();
    let provenance = provenance.as_bytes();
    let changed = String::from_utf8_lossy(provenance).replace("version: 0.1.0", "version: 0.1.1");
    let (signed, other) = (&signed[..], &other[..]);
    let cases: [Case<'_>; 7] = [
        (signed, provenance, Some(&public), Outcome::Passed, Some(true), ""),
        (signed, provenance, None, Outcome::NotRun, Some(true), "no keyring"),
        (signed, provenance, Some(b"no keys"), Outcome::NotRun, Some(true), ""),
        (signed, provenance, Some(&strange), Outcome::Failed, Some(true), "unknown entity"),
        (other, provenance, Some(&public), Outcome::Failed, Some(false), "does not match"),
        (other, provenance, None, Outcome::Failed, Some(false), "does not list"),
        (signed, changed.as_bytes(), Some(&public), Outcome::Failed, Some(true), "openpgp"),
    ];
    for (package, provenance, keyring, expected, digest_matches, reason) in cases {
        let mut options = options();
        (options.provenance, options.keyring) = (Some(provenance), keyring);
        let report = examine(package, &options);
        assert_sound(&report);
        let check = report.check("provenance").unwrap();
        assert_eq!(outcome(&report, "provenance"), expected, "{check:?}");
        let signature = report.signature.as_ref().unwrap();
        assert_eq!(signature.digest_matches, digest_matches, "{signature:?}");
        assert!(signature.reason.contains(reason), "{signature:?}");
        assert_eq!(signature.verified, expected == Outcome::Passed);
        if signature.verified {
            assert_eq!(signature.signed_by, ["Ada Example <ada@example.test>"]);
            assert!(check.summary.contains(&signature.fingerprint) && signature.fingerprint.len() == 40);
        }
    }
    let mut options = options();
    options.provenance = Some(b"text");
    options.keyring = Some(&public);
    let report = examine(signed, &options);
    assert_eq!(outcome(&report, "provenance"), Outcome::Failed);
    assert_eq!(report.signature.unwrap().digest_matches, None);
    options.provenance = None;
    let report = examine(signed, &options);
    assert_eq!((outcome(&report, "provenance"), report.signature), (Outcome::NotRun, None));
}
