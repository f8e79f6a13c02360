//! Keys made by GnuPG, and the keyrings Helm reads.

use std::path::Path;

use crate::program::{Home, Outcome};

/// Whose key it is.
pub(crate) const SIGNER: &str = "Chandlery Test";

/// A key pair: `secring.gpg` and `pubring.gpg` in this home, binary, as both helms read them.
pub(crate) fn make_keyrings(home: &Home) {
    let folder = home.path().join("gnupg");
    std::fs::create_dir_all(&folder).unwrap();
    let owner_only = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&folder, owner_only).unwrap();
    let identity = format!("{SIGNER} <test@example.org>");
    gpg(home, &["--quick-generate-key", &identity, "rsa2048", "sign", "never"]);
    gpg(home, &["--output", "pubring.gpg", "--export"]);
    gpg(home, &["--output", "secring.gpg", "--export-secret-keys"]);
    // The agent would outlive the test.
    home.run(Path::new("gpgconf"), &["--kill", "all"]).succeeded();
}

fn gpg(home: &Home, arguments: &[&str]) -> Outcome {
    let quiet = ["--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""];
    home.run(Path::new("gpg"), &[&quiet, arguments].concat()).succeeded()
}
