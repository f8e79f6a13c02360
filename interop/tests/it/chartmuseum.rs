//! The real ChartMuseum.

use std::path::{Path, PathBuf};

use chandlery_source::testing::Certificate;

use crate::environment::Peer;
use crate::http::{Answer, Request, basic};
use crate::peer_server::PeerServer;
use crate::server::PASSWORD;

/// ChartMuseum on a directory of its own, with `admin` and [`PASSWORD`]; killed when dropped.
pub(crate) struct ChartMuseum {
    server: PeerServer,
    address: String,
}

impl ChartMuseum {
    /// Starts it and waits until it listens.
    pub(crate) fn start(flags: &[&str]) -> Self {
        let server = PeerServer::new(Peer::ChartMuseum);
        std::fs::create_dir_all(server.home().path().join("above/storage")).unwrap();
        let mut started = Self { address: server.address(), server };
        started.start_again(flags);
        started
    }

    /// Starts it where it was, with the packages that it has and with other flags.
    pub(crate) fn start_again(&mut self, flags: &[&str]) {
        let port = self.server.port().to_string();
        let mut arguments = vec!["--storage", "local", "--storage-local-rootdir", "above/storage"];
        arguments.extend(["--listen-host", "127.0.0.1", "--port", &port, "--disable-metrics"]);
        arguments.extend(["--basic-auth-user", "admin", "--basic-auth-pass", PASSWORD]);
        arguments.extend_from_slice(flags);
        self.server.start(&arguments);
    }

    /// The same over TLS, with this certificate and for clients of this authority only.
    pub(crate) fn start_again_over_tls(&mut self, certificate: &Certificate, clients: Option<&Certificate>) {
        let path = |path: &Path| path.to_str().unwrap().to_owned();
        let (chain, key) = (path(certificate.certificate_path()), path(certificate.key_path()));
        let authority = clients.map(|clients| path(clients.authority_path()));
        let mut flags = vec!["--tls-cert", &chain, "--tls-key", &key];
        flags.extend(authority.iter().flat_map(|authority| ["--tls-ca-cert", authority]));
        self.start_again(&flags);
    }

    /// Kills it and keeps its packages.
    pub(crate) fn stop(&mut self) {
        self.server.stop();
    }

    /// `HOST:PORT`
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Its storage.
    pub(crate) fn storage(&self) -> PathBuf {
        self.server.home().path().join("above/storage")
    }

    /// Sends a request as `admin`.
    pub(crate) fn send_as_admin(&self, request: Request) -> Answer {
        request.header("Authorization", &basic("admin", PASSWORD)).send(&self.address)
    }
}
