//! Signed packages: pushed with their provenance, verified when pulled.

use super::Helm;
use crate::environment::HELMS;
use crate::http::Request;
use crate::keys::{SIGNER, make_keyrings};
use crate::packages::{Package, package};
use crate::server::Server;

/// A signed package and its provenance file, in the helm's home.
fn sign(helm: &Helm) -> (Vec<u8>, Vec<u8>) {
    make_keyrings(&helm.home);
    Package::new("signed", "0.1.0").write_folder(&helm.home, "source/signed");
    let flags = ["--sign", "--key", SIGNER, "--keyring", "secring.gpg", "-d", "out"];
    helm.home.write("passphrase", "\n");
    let package = [&["package", "source/signed"], &flags[..], &["--passphrase-file", "passphrase"]].concat();
    helm.run(&package).succeeded();
    (helm.home.read("out/signed-0.1.0.tgz"), helm.home.read("out/signed-0.1.0.tgz.prov"))
}

#[test]
fn a_pulled_package_is_verified() {
    for peer in HELMS {
        let server = Server::start();
        let helm = Helm::new(peer);
        let (bytes, provenance) = sign(&helm);
        server.push("/api/charts", bytes.clone());
        server.push("/api/charts", package("unsigned", "0.1.0"));
        helm.add("r", server.url());
        let verify = ["--verify", "--keyring", "pubring.gpg"];
        // No provenance yet.
        helm.run(&[&["pull", "r/signed", "-d", "early"], &verify[..]].concat()).failed(1, "");
        server.push("/api/prov", provenance.clone());
        helm.run(&[&["pull", "r/signed"], &verify[..]].concat()).succeeded().says("Verified");
        assert!(helm.home.read("signed-0.1.0.tgz") == bytes);
        assert!(helm.home.read("signed-0.1.0.tgz.prov") == provenance);
        std::fs::create_dir(helm.home.path().join("prov")).unwrap();
        helm.run(&["pull", "r/signed", "--prov", "-d", "prov", "--keyring", "pubring.gpg"]).succeeded();
        assert!(helm.home.read("prov/signed-0.1.0.tgz.prov") == provenance);
        helm.run(&[&["pull", "r/unsigned"], &verify[..]].concat()).failed(1, "");
        helm.run(&["verify", "signed-0.1.0.tgz", "--keyring", "pubring.gpg"]).succeeded();
    }
}

#[test]
fn a_package_that_was_replaced_is_not_verified() {
    for peer in HELMS {
        let server = Server::start();
        let helm = Helm::new(peer);
        let (bytes, provenance) = sign(&helm);
        let rest = serde_json::json!({ "allow_overwrite": true });
        server.rest("PATCH", "/api/v1/repositories/default/charts", &rest, 200);
        server.push("/api/charts", bytes);
        server.push("/api/charts?force", package("signed", "0.1.0"));
        server.push("/api/prov", provenance);
        helm.add("r", server.url());
        let pull = ["pull", "r/signed", "--verify", "--keyring", "pubring.gpg"];
        helm.run(&pull).failed(1, "sha256 sum does not match");
        server.send_as_admin(Request::get("/charts/signed-0.1.0.tgz.prov")).expect(200);
    }
}
