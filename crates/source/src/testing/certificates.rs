//! Certificates for TLS servers of tests, made by openssl.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio_rustls::TlsAcceptor;

/// A certificate and its key in files, signed by an authority of its own.
#[derive(Debug)]
pub struct Certificate {
    authority: PathBuf,
    authority_key: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

impl Certificate {
    /// Makes one for 127.0.0.1 and `charts.test`, in files of the directory.
    ///
    /// # Panics
    /// Without openssl.
    #[must_use]
    pub fn new(directory: &Path, name: &str) -> Self {
        let file = |kind: &str| directory.join(format!("{name}.{kind}"));
        let (authority, authority_key) = (file("ca.crt"), file("ca.key"));
        request(&authority, &authority_key, &["-subj", &format!("/CN={name} CA")], &[]);
        let made = Self { authority, authority_key, certificate: file("crt"), key: file("key") };
        made.sign(name);
        made
    }

    /// Another certificate of the same authority, as a server gets one when the last expires.
    ///
    /// # Panics
    /// Without openssl.
    #[must_use]
    pub fn renewed(&self, name: &str) -> Self {
        let file = |kind: &str| self.authority.with_file_name(format!("{name}.{kind}"));
        let (authority, authority_key) = (self.authority.clone(), self.authority_key.clone());
        let made = Self { authority, authority_key, certificate: file("crt"), key: file("key") };
        made.sign(name);
        made
    }

    fn sign(&self, name: &str) {
        let extensions = [
            "-subj",
            &format!("/CN={name}"),
            "-addext",
            "subjectAltName=IP:127.0.0.1,DNS:charts.test",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ];
        let authority = [("-CA", self.authority.as_path()), ("-CAkey", &self.authority_key)];
        request(&self.certificate, &self.key, &extensions, &authority);
    }

    /// The file with the certificate of the authority.
    #[must_use]
    pub fn authority_path(&self) -> &Path {
        &self.authority
    }

    /// The file with the certificate.
    #[must_use]
    pub fn certificate_path(&self) -> &Path {
        &self.certificate
    }

    /// The file with the key.
    #[must_use]
    pub fn key_path(&self) -> &Path {
        &self.key
    }

    /// The certificate of the authority, PEM.
    ///
    /// # Panics
    /// When its file is gone.
    #[must_use]
    pub fn pem(&self) -> Vec<u8> {
        std::fs::read(&self.authority).expect("the certificate was made")
    }

    /// The certificate and the key, PEM.
    ///
    /// # Panics
    /// When their files are gone.
    #[must_use]
    pub fn identity(&self) -> String {
        let read = |path| std::fs::read_to_string(path).expect("the certificate was made");
        read(&self.certificate) + &read(&self.key)
    }

    /// What a server needs to show it, and to ask clients for one that `clients` signed.
    ///
    /// # Panics
    /// When their files are gone.
    #[must_use]
    pub fn acceptor(&self, clients: Option<&Self>) -> TlsAcceptor {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = rustls::ServerConfig::builder();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(clients) => {
                let mut roots = RootCertStore::empty();
                roots
                    .add(
                        CertificateDer::from_pem_file(&clients.authority)
                            .expect("what openssl made can be read"),
                    )
                    .expect("what openssl made can be read");
                builder.with_client_cert_verifier(
                    WebPkiClientVerifier::builder(roots.into())
                        .build()
                        .expect("what openssl made can be read"),
                )
            }
        };
        let certificate =
            CertificateDer::from_pem_file(&self.certificate).expect("what openssl made can be read");
        let key = PrivateKeyDer::from_pem_file(&self.key).expect("what openssl made can be read");
        TlsAcceptor::from(Arc::new(
            builder.with_single_cert(vec![certificate], key).expect("what openssl made can be read"),
        ))
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
