//! Provenance together with the real GnuPG: what one signs the other verifies.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use chandlery_chart::{Metadata, ProvenanceError, SigningIdentity, parse_identity, verify_provenance};
use chandlery_core::Digest;
use tempfile::TempDir;

const FILE: &str = "t-0.1.0.tgz";

/// A home of GnuPG with keys, whose agent ends with it.
pub(crate) struct Gpg {
    home: TempDir,
}

impl Gpg {
    pub(crate) fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let output = Command::new("gpg")
            .arg("--homedir")
            .arg(self.home.path())
            .args(["--batch", "--yes", "--quiet", "--pinentry-mode", "loopback", "--no-permission-warning"])
            .args(arguments)
            .output()
            .expect("gpg is installed (Debian package gnupg)");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "gpg {arguments:?}: {errors}");
        output
    }

    pub(crate) fn generate(&self, user_id: &str, algorithm: &str, passphrase: &str) {
        self.run(&["--passphrase", passphrase, "--quick-generate-key", user_id, algorithm, "sign", "never"]);
    }

    pub(crate) fn export(&self, arguments: &[&str]) -> Vec<u8> {
        self.run(arguments).stdout
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.home.path().join(name)
    }
}

impl Drop for Gpg {
    fn drop(&mut self) {
        let ended =
            Command::new("gpgconf").arg("--homedir").arg(self.home.path()).args(["--kill", "all"]).output();
        assert!(ended.is_ok(), "gpgconf is installed");
    }
}

fn metadata() -> Metadata {
    let text = "apiVersion: v2\nname: t\nversion: 0.1.0\ndescription: \"- dashes, ends in space \"\nkeywords: [a]\n\
                annotations: {text: \"one  \\n- two\\t\\n\"}\n";
    Metadata::from_yaml(text).unwrap()
}

fn verify_with_gpg(gpg: &Gpg, provenance: &str) {
    let path = gpg.path("signed.prov");
    fs::write(&path, provenance).unwrap();
    gpg.run(&["--verify", path.to_str().unwrap()]);
}

#[test]
fn every_kind_of_key() {
    let digest = Digest::of(b"package");
    for algorithm in ["rsa2048", "ed25519", "nistp256"] {
        let gpg = Gpg::new();
        gpg.generate("Ada Example <ada@example.test>", algorithm, "");
        let secret = gpg.export(&["--export-secret-keys"]);
        let public = gpg.export(&["--armor", "--export"]);
        let identity = SigningIdentity::find(&secret, "ada@example").unwrap();
        assert!(!identity.is_locked());
        let provenance = identity.sign(&metadata(), FILE, &digest, "").unwrap();
        assert!(provenance.starts_with("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n"));
        verify_with_gpg(&gpg, &provenance);
        let named = parse_identity(provenance.as_bytes()).unwrap();
        assert_eq!((named.name.as_str(), named.version.as_str()), ("t", "0.1.0"));
        for keyring in [&secret, &public, &fs::read(gpg.path("pubring.kbx")).unwrap()] {
            let found = verify_provenance(provenance.as_bytes(), FILE, &digest, keyring)
                .unwrap_or_else(|error| panic!("{algorithm}, keyring of {} bytes: {error}", keyring.len()));
            assert_eq!(found.signed_by, ["Ada Example <ada@example.test>"]);
            assert_eq!(found.fingerprint.len(), 40);
        }
        let crlf = provenance.replace('\n', "\r\n");
        verify_provenance(crlf.as_bytes(), FILE, &digest, &public).unwrap();
        refusals(&provenance, &digest, &public);
    }
}

fn refusals(provenance: &str, digest: &Digest, public: &[u8]) {
    let verify =
        |text: &str, file: &str, digest: &Digest| verify_provenance(text.as_bytes(), file, digest, public);
    assert!(matches!(verify(provenance, "other.tgz", digest), Err(ProvenanceError::FileNotListed(_))));
    assert!(matches!(
        verify(provenance, FILE, &Digest::of(b"other")),
        Err(ProvenanceError::WrongDigest { .. })
    ));
    let changed = provenance.replace("version: 0.1.0", "version: 0.1.1");
    assert!(matches!(verify(&changed, FILE, digest), Err(ProvenanceError::BadSignature(_))));
    for text in ["", "text", &provenance[..200], &provenance[..provenance.len() - 60]] {
        assert!(matches!(verify(text, FILE, digest), Err(ProvenanceError::NoSignature(_))), "{text}");
    }
    for keyring in
        [&b""[..], b"text", b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n", &public[..public.len() / 2]]
    {
        let result = verify_provenance(provenance.as_bytes(), FILE, digest, keyring);
        assert!(matches!(result, Err(ProvenanceError::Keyring(_))), "{result:?}");
    }
}

#[test]
fn what_gpg_signs() {
    let gpg = Gpg::new();
    gpg.generate("Bob <bob@example.test>", "rsa2048", "");
    let digest = Digest::of(b"package");
    let text = format!("name: t\nversion: 0.1.0\n\n...\nfiles:\n  {FILE}: sha256:{digest}\n");
    let path = gpg.path("text");
    fs::write(&path, text).unwrap();
    let signed = gpg.run(&["--clear-sign", "--output", "-", path.to_str().unwrap()]).stdout;
    let public = gpg.export(&["--export"]);
    assert_eq!(
        verify_provenance(&signed, FILE, &digest, &public).unwrap().signed_by,
        ["Bob <bob@example.test>"]
    );

    let stranger = Gpg::new();
    stranger.generate("Eve <eve@example.test>", "ed25519", "");
    let result = verify_provenance(&signed, FILE, &digest, &stranger.export(&["--export"]));
    let unknown = ProvenanceError::BadSignature("signature made by unknown entity".to_owned());
    assert_eq!(result, Err(unknown));
}

#[test]
fn choosing_and_unlocking_a_key() {
    let gpg = Gpg::new();
    gpg.generate("Carol <carol@example.test>", "ed25519", "secret words");
    gpg.generate("Carol Two <carol2@example.test>", "ed25519", "");
    let secret = gpg.export(&["--passphrase", "secret words", "--export-secret-keys"]);
    let digest = Digest::of(b"package");
    assert!(matches!(SigningIdentity::find(&secret, "Carol"), Err(ProvenanceError::KeyAmbiguous(_))));
    assert!(matches!(SigningIdentity::find(&secret, ""), Err(ProvenanceError::KeyAmbiguous(_))));
    assert!(matches!(SigningIdentity::find(&secret, "dave"), Err(ProvenanceError::KeyNotFound(_))));
    let public = gpg.export(&["--export", "carol2"]);
    assert!(matches!(SigningIdentity::find(&public, "carol2"), Err(ProvenanceError::KeyNotSecret)));
    let locked = SigningIdentity::find(&secret, "Carol <carol@example.test>").unwrap();
    assert!(locked.is_locked());
    let error = locked.sign(&metadata(), FILE, &digest, "guess").unwrap_err();
    assert_eq!(error, ProvenanceError::WrongPassphrase("Carol <carol@example.test>".to_owned()));
    verify_with_gpg(&gpg, &locked.sign(&metadata(), FILE, &digest, "secret words").unwrap());
}

#[test]
fn signing_subkeys_and_revoked_keys() {
    let gpg = Gpg::new();
    gpg.run(&[
        "--passphrase",
        "",
        "--quick-generate-key",
        "Frank <frank@example.test>",
        "ed25519",
        "cert",
        "never",
    ]);
    let listing = String::from_utf8(gpg.run(&["--list-keys", "--with-colons"]).stdout).unwrap();
    let fingerprint =
        listing.lines().find(|line| line.starts_with("fpr:")).unwrap().split(':').nth(9).unwrap();
    gpg.run(&["--passphrase", "", "--quick-add-key", fingerprint, "rsa2048", "sign", "never"]);
    let secret = gpg.export(&["--armor", "--export-secret-keys"]);
    let digest = Digest::of(b"package");
    let provenance =
        SigningIdentity::find(&secret, "").unwrap().sign(&metadata(), FILE, &digest, "").unwrap();
    verify_with_gpg(&gpg, &provenance);
    let verified =
        verify_provenance(provenance.as_bytes(), FILE, &digest, &gpg.export(&["--export"])).unwrap();
    assert_eq!(verified.fingerprint, fingerprint);

    revoke(&gpg, fingerprint);
    let error =
        verify_provenance(provenance.as_bytes(), FILE, &digest, &gpg.export(&["--export"])).unwrap_err();
    assert_eq!(error.to_string(), "openpgp: signature made by revoked key");
}

/// Imports the revocation that GnuPG made with the key; a colon protects it from being used by mistake.
fn revoke(gpg: &Gpg, fingerprint: &str) {
    let path = gpg.path(&format!("openpgp-revocs.d/{fingerprint}.rev"));
    let revocation = fs::read_to_string(&path).unwrap().replace(":-----BEGIN", "-----BEGIN");
    fs::write(&path, revocation).unwrap();
    import(gpg, &path);
}

fn import(gpg: &Gpg, path: &Path) {
    gpg.run(&["--import", path.to_str().unwrap()]);
}
