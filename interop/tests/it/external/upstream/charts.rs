//! A Helm repository: the real ChartMuseum, over http with a password, or over https with a certificate of a private
//! authority and for clients with a certificate only.

use chandlery_source::testing::Certificate;

use super::{Upstream, curl};
use crate::chartmuseum::ChartMuseum;
use crate::external::face::Given;
use crate::packages::package;
use crate::program::Home;
use crate::server::PASSWORD;

/// What https needs.
struct Tls {
    server: Certificate,
    client: Certificate,
}

/// The repository, and where its publisher works.
pub(in crate::external) struct Charts {
    server: ChartMuseum,
    home: Home,
    tls: Option<Tls>,
}

impl Charts {
    /// Over http.
    pub(in crate::external) fn http() -> Self {
        Self { server: ChartMuseum::start(&[]), home: Home::new(), tls: None }
    }

    /// Over https.
    pub(in crate::external) fn https() -> Self {
        let mut charts = Self::http();
        let directory = charts.home.path();
        let server = Certificate::new(directory, "charts");
        let client = Certificate::new(directory, "client");
        charts.server.start_again_over_tls(&server, Some(&client));
        charts.tls = Some(Tls { server, client });
        charts
    }

    /// Starts again with another certificate, of the same authority or of another one.
    pub(in crate::external) fn change_certificate(&mut self, is_same_authority: bool) {
        let tls = self.tls.as_mut().expect("it speaks TLS");
        tls.server = match is_same_authority {
            true => tls.server.renewed("renewed"),
            false => Certificate::new(self.home.path(), "other"),
        };
        self.server.start_again_over_tls(&tls.server, Some(&tls.client));
    }

    /// `HOST:PORT`
    pub(in crate::external) fn address(&self) -> &str {
        self.server.address()
    }

    fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}/", self.server.address())
    }

    /// Sends a file to a path, as the publisher.
    fn send(&self, path: &str, bytes: &[u8]) {
        self.home.write("file", bytes);
        let (login, url) = (format!("admin:{PASSWORD}"), format!("{}{path}", self.url()));
        let mut arguments = vec!["--user", &login, "--data-binary", "@file"];
        if let Some(Tls { server, client }) = &self.tls {
            let paths = [
                ("--cacert", server.authority_path()),
                ("--cert", client.certificate_path()),
                ("--key", client.key_path()),
            ];
            arguments.extend(paths.iter().flat_map(|(flag, path)| [*flag, path.to_str().unwrap()]));
        }
        arguments.push(&url);
        curl(&self.home, &arguments);
    }
}

impl Upstream for Charts {
    fn given(&self) -> Given {
        let given = Given::new(self.url()).login("admin", PASSWORD);
        match &self.tls {
            None => given,
            Some(Tls { server, client }) => {
                let authority = String::from_utf8(server.pem()).unwrap();
                let given = given.set("certificate_authority", authority).set("cache", "mirror");
                given.secret("client_certificate", client.identity())
            }
        }
    }

    fn publish(&mut self, name: &str, version: &str) {
        self.send("api/charts", &package(name, version));
    }

    fn publish_signed(&mut self, _: &str, package: &[u8], provenance: &[u8]) {
        self.send("api/charts", package);
        self.send("api/prov", provenance);
    }

    fn stop(&mut self) {
        self.server.stop();
    }

    fn kind(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    fn refusal(&self) -> (&'static str, u16) {
        if self.tls.is_some() { ("tls", 109) } else { ("auth", 109) }
    }
}
