//! A git repository behind the real `git http-backend`, over https and for those with a token.

use std::path::Path;

use base64::Engine as _;
use chandlery_source::testing::{Answer, Certificate, GitRepository, Server, git_backend};
use tokio::runtime::Runtime;

use super::{Expected, Upstream};
use crate::cli::files_of;
use crate::external::face::Given;
use crate::packages::package;

const TOKEN: &str = "glpat-of-the-owner";

/// The chart that lies in the repository as a folder; the others are packaged.
const FOLDER: &str = "db";

/// The repository, and the server before it.
pub(in crate::external) struct Git {
    repository: GitRepository,
    certificate: Certificate,
    url: String,
    /// Where the server runs.
    runtime: Option<Runtime>,
    _keys: tempfile::TempDir,
}

impl Git {
    pub(in crate::external) fn start() -> Self {
        let repository = GitRepository::new();
        repository.put("README.md", "charts\n");
        repository.commit();
        let keys = tempfile::tempdir().unwrap();
        let certificate = Certificate::new(keys.path(), "git");
        let runtime = Runtime::new().unwrap();
        let root = repository.path().to_owned();
        let acceptor = certificate.acceptor(None);
        let server = runtime.block_on(Server::tls(acceptor, move |request| answer(&root, request)));
        let url = server.url("/.git");
        Self { repository, certificate, url, runtime: Some(runtime), _keys: keys }
    }
}

/// Lets those in who have the token, as git hosts take it: as the password of anybody.
fn answer(root: &Path, request: &str) -> Answer {
    let login = base64::prelude::BASE64_STANDARD.encode(format!("oauth2:{TOKEN}"));
    match request.contains(&format!("authorization: Basic {login}\r\n")) {
        true => git_backend(root, request),
        false => Answer::status("401 Unauthorized", ""),
    }
}

impl Upstream for Git {
    fn given(&self) -> Given {
        let authority = String::from_utf8(self.certificate.pem()).unwrap();
        let given = Given::new(&self.url).set("certificate_authority", authority).set("kind", "git");
        given.set("sub_path", "charts").set("reference", "main").secret("token", TOKEN)
    }

    fn publish(&mut self, name: &str, version: &str) {
        let bytes = package(name, version);
        if name == FOLDER {
            for (path, content) in files_of(&bytes) {
                self.repository.put(&format!("charts/{path}"), content);
            }
        } else {
            self.repository.put(&format!("charts/packed/{name}-{version}.tgz"), bytes);
        }
        self.repository.commit();
    }

    fn publish_signed(&mut self, file: &str, package: &[u8], provenance: &[u8]) {
        self.repository.put(&format!("charts/packed/{file}"), package);
        self.repository.put(&format!("charts/packed/{file}.prov"), provenance);
        self.repository.commit();
    }

    fn expected(&self, name: &str, version: &str) -> Expected {
        let bytes = package(name, version);
        if name == FOLDER { Expected::Files(files_of(&bytes)) } else { Expected::Bytes(bytes) }
    }

    fn stop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    fn kind(&self) -> &'static str {
        "git"
    }
}
