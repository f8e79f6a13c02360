//! HTTPS whose certificate files may change while the server runs.

use std::io;
use std::path::Path;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant, SystemTime};

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio_rustls::server::TlsStream;

use super::file_stream::FileStream;
use crate::config::TlsConfig;

/// How often the files are looked at, at most.
const RELOAD_INTERVAL: Duration = Duration::from_secs(5);

/// Makes TLS streams with the newest readable certificate.
#[derive(Clone)]
pub(super) struct TlsAcceptor(Arc<RwLock<Loaded>>, Arc<TlsConfig>);

struct Loaded {
    config: Arc<rustls::ServerConfig>,
    stamp: Vec<Option<SystemTime>>,
    looked_at: Instant,
}

impl TlsAcceptor {
    /// Reads the files once; an error names the file.
    pub(super) fn new(tls: &TlsConfig) -> io::Result<Self> {
        let loaded =
            Loaded { config: Arc::new(server_config(tls)?), stamp: stamp(tls), looked_at: Instant::now() };
        Ok(Self(Arc::new(RwLock::new(loaded)), Arc::new(tls.clone())))
    }

    /// Shakes hands.
    pub(super) async fn accept(&self, stream: FileStream) -> io::Result<TlsStream<FileStream>> {
        tokio_rustls::TlsAcceptor::from(self.current()).accept(stream).await
    }

    /// The configuration in use, read anew if a file changed. A set of files that does not fit together (half of them
    /// replaced, say) leaves the old one in use.
    fn current(&self) -> Arc<rustls::ServerConfig> {
        let config = {
            let loaded = self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner);
            if loaded.looked_at.elapsed() < RELOAD_INTERVAL {
                return loaded.config.clone();
            }
            loaded.config.clone()
        };
        let mut loaded = self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        loaded.looked_at = Instant::now();
        let stamp = stamp(&self.1);
        if stamp == loaded.stamp {
            return config;
        }
        match server_config(&self.1) {
            Ok(config) => {
                tracing::info!("TLS files changed and were read again");
                loaded.config = Arc::new(config);
                loaded.stamp = stamp;
            }
            Err(error) => {
                tracing::warn!(%error, "TLS files changed, but could not be used; the old ones stay");
            }
        }
        loaded.config.clone()
    }
}

fn stamp(tls: &TlsConfig) -> Vec<Option<SystemTime>> {
    [Some(&tls.certificate), Some(&tls.key), tls.client_authority.as_ref()]
        .into_iter()
        .flatten()
        .map(|path| std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok())
        .collect()
}

fn server_config(tls: &TlsConfig) -> io::Result<rustls::ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    let builder = match &tls.client_authority {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(path)? {
                roots.add(certificate).map_err(|error| in_file(path, error))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(|error| in_file(path, error))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let key = PrivateKeyDer::from_pem_file(&tls.key).map_err(|error| in_file(&tls.key, error))?;
    let mut config = builder
        .with_single_cert(certificates(&tls.certificate)?, key)
        .map_err(|error| in_file(&tls.certificate, error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn certificates(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let certificates: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| in_file(path, error))?;
    if certificates.is_empty() {
        return Err(in_file(path, "it holds no certificate"));
    }
    Ok(certificates)
}

fn in_file(path: &Path, error: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("{}: {error}", path.display()))
}
