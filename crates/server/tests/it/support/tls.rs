//! Certificates.

use std::path::Path;
use std::process::Command;

use chandlery_server::TlsConfig;

/// Makes a certificate for loopback addresses with its key, and gives their files.
pub(crate) fn certificate(directory: &Path, name: &str) -> TlsConfig {
    signed_certificate(directory, name, None)
}

/// As [`certificate`], signed by another one if there is one.
pub(crate) fn signed_certificate(directory: &Path, name: &str, authority: Option<&TlsConfig>) -> TlsConfig {
    let (certificate, key) = (directory.join(format!("{name}.crt")), directory.join(format!("{name}.key")));
    let mut command = Command::new("openssl");
    command.arg("req");
    if let Some(authority) = authority {
        command.args(["-addext", "basicConstraints=critical,CA:FALSE", "-CA"]).arg(&authority.certificate);
        command.arg("-CAkey").arg(&authority.key);
    }
    let output = command
        .args(["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .args(["-subj", &format!("/CN={name}"), "-addext", "subjectAltName=IP:127.0.0.1"])
        .arg("-out")
        .arg(&certificate)
        .arg("-keyout")
        .arg(&key)
        .output()
        .expect("openssl is installed with PostgreSQL");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    TlsConfig { certificate, key, client_authority: None }
}
