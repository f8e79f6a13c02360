//! Certificates for TLS servers of tests, made by openssl.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio_rustls::TlsAcceptor;

/// A certificate and its key, signed by an authority of its own.
pub(crate) struct Certificate {
    authority: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

impl Certificate {
    /// Makes one for 127.0.0.1 and `charts.test`.
    pub(crate) fn new(directory: &Path, name: &str) -> Self {
        let file = |kind: &str| directory.join(format!("{name}.{kind}"));
        let (authority, authority_key) = (file("ca.crt"), file("ca.key"));
        request(&authority, &authority_key, &["-subj", &format!("/CN={name} CA")], &[]);
        let (certificate, key) = (file("crt"), file("key"));
        let extensions = [
            "-subj",
            &format!("/CN={name}"),
            "-addext",
            "subjectAltName=IP:127.0.0.1,DNS:charts.test",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ];
        request(&certificate, &key, &extensions, &[("-CA", &authority), ("-CAkey", &authority_key)]);
        Self { authority, certificate, key }
    }

    /// The certificate of the authority, PEM.
    pub(crate) fn pem(&self) -> Vec<u8> {
        std::fs::read(&self.authority).unwrap()
    }

    /// The certificate and the key, PEM.
    pub(crate) fn identity(&self) -> String {
        let read = |path| std::fs::read_to_string(path).unwrap();
        read(&self.certificate) + &read(&self.key)
    }

    /// What a server needs to show it, and to ask clients for one that `clients` signed.
    pub(crate) fn acceptor(&self, clients: Option<&Self>) -> TlsAcceptor {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = rustls::ServerConfig::builder();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(clients) => {
                let mut roots = RootCertStore::empty();
                roots.add(CertificateDer::from_pem_file(&clients.authority).unwrap()).unwrap();
                builder
                    .with_client_cert_verifier(WebPkiClientVerifier::builder(roots.into()).build().unwrap())
            }
        };
        let certificate = CertificateDer::from_pem_file(&self.certificate).unwrap();
        let key = PrivateKeyDer::from_pem_file(&self.key).unwrap();
        TlsAcceptor::from(Arc::new(builder.with_single_cert(vec![certificate], key).unwrap()))
    }
}

fn request(certificate: &Path, key: &Path, subject: &[&str], files: &[(&str, &Path)]) {
    let output = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args(subject)
        .args(files.iter().flat_map(|(option, file)| [option.as_ref(), file.as_os_str()]))
        .args([Path::new("-out"), certificate, Path::new("-keyout"), key])
        .output()
        .expect("openssl is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
