//! A registry of CNCF distribution over https, with passwords, to which both helms push.

use chandlery_source::testing::Certificate;
use serde_json::{Value, json};

use super::Upstream;
use crate::environment::{HELMS, Peer};
use crate::external::face::Given;
use crate::packages::package;
use crate::peer_server::PeerServer;
use crate::program::{Home, Outcome};
use crate::server::PASSWORD;

/// The registry, and where its publishers work.
pub(in crate::external) struct Registry {
    server: PeerServer,
    certificate: Certificate,
    publishers: Vec<(Peer, Home)>,
    /// So many charts were pushed.
    pushed: usize,
}

impl Registry {
    /// Starts it with a password, and has both helms log in.
    pub(in crate::external) fn start() -> Self {
        let registry = Self::open();
        let hash = bcrypt::hash(PASSWORD, 4).unwrap();
        let passwords = registry.server.home().write("htpasswd", format!("publisher:{hash}\n"));
        let auth = json!({ "htpasswd": { "realm": "charts", "path": passwords } });
        let registry = registry.configured(&auth);
        for number in 0..HELMS.len() {
            let address = registry.server.address();
            let login = ["registry", "login", &address, "--username", "publisher", "--password", PASSWORD];
            registry.helm(number, &login).succeeded();
        }
        registry
    }

    /// Starts it for everybody.
    pub(in crate::external) fn open() -> Self {
        let server = PeerServer::new(Peer::Registry);
        let certificate = Certificate::new(server.home().path(), "registry");
        let publishers = HELMS.map(|helm| (helm, Home::new())).into();
        Self { server, certificate, publishers, pushed: 0 }.configured(&json!({}))
    }

    fn configured(mut self, auth: &Value) -> Self {
        let (home, certificate) = (self.server.home(), &self.certificate);
        let config = json!({
            "version": "0.1",
            "log": { "level": "error", "accesslog": { "disabled": true } },
            "storage": { "filesystem": { "rootdirectory": home.path().join("data") } },
            "http": {
                "addr": self.server.address(),
                "secret": "of no use with one registry",
                "tls": { "certificate": certificate.certificate_path(), "key": certificate.key_path() },
            },
            "auth": auth,
        });
        home.write("config.yml", config.to_string());
        self.server.start(&["serve", "config.yml"]);
        self
    }

    /// `HOST:PORT`
    pub(in crate::external) fn address(&self) -> String {
        self.server.address()
    }

    /// The certificate of its authority, PEM.
    pub(in crate::external) fn authority(&self) -> String {
        String::from_utf8(self.certificate.pem()).unwrap()
    }

    /// One of the publishers does something.
    fn helm(&self, publisher: usize, arguments: &[&str]) -> Outcome {
        let (helm, home) = &self.publishers[publisher % self.publishers.len()];
        let authority = self.certificate.authority_path().to_str().unwrap();
        home.peer(*helm, &[arguments, &["--ca-file", authority]].concat())
    }

    /// Where the next publisher works.
    pub(in crate::external) fn publisher(&self) -> &Home {
        &self.publishers[self.pushed % self.publishers.len()].1
    }

    /// The next publisher pushes a file of its home.
    pub(in crate::external) fn push(&mut self, file: &str) {
        let place = format!("oci://{}/team/apps", self.server.address());
        self.helm(self.pushed, &["push", file, &place]).succeeded();
        self.pushed += 1;
    }

    /// A part of the registry, as somebody with the password describes it.
    pub(in crate::external) fn at(&self, path: &str) -> Given {
        let given = Given::new(format!("oci://{}/{path}", self.server.address()));
        given.set("certificate_authority", self.authority()).login("publisher", PASSWORD)
    }
}

impl Upstream for Registry {
    fn given(&self) -> Given {
        self.at("team/apps").set("cache", "mirror")
    }

    fn publish(&mut self, name: &str, version: &str) {
        let file = format!("{name}-{version}.tgz");
        self.publisher().write(&file, package(name, version));
        self.push(&file);
    }

    fn publish_signed(&mut self, file: &str, package: &[u8], provenance: &[u8]) {
        self.publisher().write(file, package);
        self.publisher().write(&format!("{file}.prov"), provenance);
        self.push(file);
    }

    fn stop(&mut self) {
        self.server.stop();
    }

    fn kind(&self) -> &'static str {
        "oci"
    }
}
