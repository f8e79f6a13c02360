//! `package --sign`, `verify` and `pull --verify`, with keys of the real GnuPG.

use std::process::Command;

use tempfile::TempDir;

use crate::program::Program;
use crate::server::Server;

/// A home of GnuPG, whose agent ends with it.
struct Gpg(TempDir);

impl Gpg {
    fn new(user_id: &str, passphrase: &str) -> Self {
        let gpg = Self(tempfile::tempdir().unwrap());
        gpg.run(&["--passphrase", passphrase, "--quick-generate-key", user_id, "ed25519", "sign", "never"]);
        gpg
    }

    fn run(&self, arguments: &[&str]) -> Vec<u8> {
        let output = Command::new("gpg")
            .arg("--homedir")
            .arg(self.0.path())
            .args(["--batch", "--yes", "--quiet", "--pinentry-mode", "loopback", "--no-permission-warning"])
            .args(arguments)
            .output()
            .expect("gpg is installed (Debian package gnupg)");
        assert!(output.status.success(), "gpg {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }
}

impl Drop for Gpg {
    fn drop(&mut self) {
        let ended =
            Command::new("gpgconf").arg("--homedir").arg(self.0.path()).args(["--kill", "all"]).output();
        assert!(ended.is_ok(), "gpgconf is installed");
    }
}

/// A program with a chart and a locked secret key.
fn signer(gpg: &Gpg) -> Program {
    let program = Program::new();
    program
        .write("a/Chart.yaml", "apiVersion: v2\nname: a\nversion: 0.1.0\n")
        .write("secret.gpg", gpg.run(&["--passphrase", "hush", "--export-secret-keys"]))
        .write("public.gpg", gpg.run(&["--export"]))
        .write("passphrase", "hush\n")
        .write("wrong", "loud\n");
    program
}

#[test]
fn what_is_signed_is_verified() {
    let gpg = Gpg::new("Signer <signer@example.org>", "hush");
    let mut program = signer(&gpg);
    let sign = ["package", "a", "--sign", "--keyring", "secret.gpg", "--passphrase-file"];
    let sign_with =
        |passphrase: &str| program.run([sign[0], sign[1], sign[2], sign[3], sign[4], sign[5], passphrase]);
    sign_with("wrong").failed(1, "passphrase");
    assert!(!program.home().join("a-0.1.0.tgz").exists());
    sign_with("passphrase").succeeded();
    let verified = program.run(["verify", "a-0.1.0.tgz", "--keyring", "public.gpg"]);
    assert!(verified.succeeded().starts_with("Signed by: Signer <signer@example.org>\n"), "{verified:?}");
    assert!(verified.output.contains("Chart Hash Verified: sha256:"), "{verified:?}");
    gpg.run(&["--verify", program.home().join("a-0.1.0.tgz.prov").to_str().unwrap()]);
    program.set("GNUPGHOME", gpg.0.path().to_str().unwrap());
    program.run(["verify", "a-0.1.0.tgz"]).succeeded();

    program.run(["package", "a", "--sign", "--keyring", "secret.gpg"]).failed(2, "--passphrase-file");
    program
        .run(["package", "a", "--sign", "--keyring", "secret.gpg", "--key", "other"])
        .failed(1, "\"other\"");
    program
        .run(["package", "a", "--sign", "--keyring", "public.gpg", "--key", "Signer"])
        .failed(1, "private key");
    program.run(["verify", "a-0.1.0.tgz", "--keyring", "absent"]).failed(1, "absent");
    let mut bytes = std::fs::read(program.home().join("a-0.1.0.tgz")).unwrap();
    bytes.push(0);
    program.write("a-0.1.0.tgz", bytes);
    program.run(["verify", "a-0.1.0.tgz", "--keyring", "public.gpg"]).failed(1, "sha256 sum does not match");
    std::fs::remove_file(program.home().join("a-0.1.0.tgz.prov")).unwrap();
    program.run(["verify", "a-0.1.0.tgz", "--keyring", "public.gpg"]).failed(1, "no provenance file");
}

#[test]
fn only_what_is_signed_is_kept() {
    let (gpg, stranger) = (Gpg::new("Signer <signer@example.org>", "hush"), Gpg::new("Stranger", ""));
    let program = signer(&gpg);
    let sign = ["package", "a", "--sign", "--keyring", "secret.gpg", "--passphrase-file", "passphrase"];
    program.run(sign).succeeded();
    let home = Program::new();
    let server = Server::start(&home);
    let admin = server.admin();
    for name in ["a-0.1.0.tgz", "a-0.1.0.tgz.prov", "public.gpg"] {
        admin.write(&format!("in/{name}"), std::fs::read(program.home().join(name)).unwrap());
    }
    admin.write("in/stranger.gpg", stranger.run(&["--export"])).write("out/.keep", "");
    admin.run(["push", "in/a-0.1.0.tgz", "default", "--prov"]).succeeded();
    let pull = |keyring| admin.run(["pull", "a", "-d", "out", "--verify", "--keyring", keyring]);
    pull("in/stranger.gpg").failed(1, "unknown entity");
    assert!(!admin.home().join("out/a-0.1.0.tgz").exists());
    assert!(pull("in/public.gpg").succeeded().contains("Signed by: Signer"));
    assert!(
        admin.home().join("out/a-0.1.0.tgz").exists() && admin.home().join("out/a-0.1.0.tgz.prov").exists()
    );
}
