//! Signed by one program, verified by the other.

use super::logged_in;
use crate::environment::HELMS;
use crate::keys::{SIGNER, make_keyrings};
use crate::packages::Package;
use crate::program::Home;
use crate::server::{PASSWORD, Server};

const VERIFY: [&str; 3] = ["--verify", "--keyring", "pubring.gpg"];

#[test]
fn helm_verifies_what_we_sign() {
    let server = Server::start();
    let home = logged_in(&server);
    make_keyrings(&home);
    home.write("passphrase", "\n");
    Package::new("signed", "0.1.0").write_folder(&home, "signed");
    let sign = ["--sign", "--key", SIGNER, "--keyring", "secring.gpg", "--passphrase-file", "passphrase"];
    home.chandlery(&[&["package", "signed"], &sign[..]].concat()).succeeded();
    home.chandlery(&["verify", "signed-0.1.0.tgz", "--keyring", "pubring.gpg"]).succeeded();
    home.chandlery(&["push", "signed-0.1.0.tgz", "default", "--prov"]).succeeded();
    for helm in HELMS {
        home.peer(helm, &["verify", "signed-0.1.0.tgz", "--keyring", "pubring.gpg"]).succeeded();
        let other = Home::new();
        other.write("pubring.gpg", home.read("pubring.gpg"));
        other
            .peer(helm, &["repo", "add", "r", server.url(), "--username", "admin", "--password", PASSWORD])
            .succeeded();
        other.peer(helm, &[&["pull", "r/signed"], &VERIFY[..]].concat()).succeeded();
    }
}

#[test]
fn we_verify_what_helm_signs() {
    for helm in HELMS {
        let server = Server::start();
        let home = logged_in(&server);
        make_keyrings(&home);
        home.write("passphrase", "\n");
        Package::new("signed", "0.1.0").write_folder(&home, "signed");
        let sign = ["--sign", "--key", SIGNER, "--keyring", "secring.gpg", "--passphrase-file", "passphrase"];
        home.peer(helm, &[&["package", "signed"], &sign[..]].concat()).succeeded();
        home.chandlery(&["verify", "signed-0.1.0.tgz", "--keyring", "pubring.gpg"]).succeeded();
        home.chandlery(&["push", "signed-0.1.0.tgz", "default", "--prov"]).succeeded();
        std::fs::create_dir(home.path().join("got")).unwrap();
        home.chandlery(&[&["pull", "signed", "-d", "got"], &VERIFY[..]].concat()).succeeded();
        assert!(home.read("got/signed-0.1.0.tgz") == home.read("signed-0.1.0.tgz"));
        // A package that is not the one that was signed.
        home.write("got/signed-0.1.0.tgz", Package::new("signed", "0.1.0").with("x", "y").bytes());
        home.chandlery(&["verify", "got/signed-0.1.0.tgz", "--keyring", "pubring.gpg"]).failed(1, "");
    }
}
