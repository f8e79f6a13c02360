//! Helm 3 and Helm 4 as clients.

mod dependencies;
mod provenance;
mod repositories;

use crate::environment::Peer;
use crate::program::{Home, Outcome};
use crate::server::{PASSWORD, Server};

/// A helm with a home of its own.
pub(super) struct Helm {
    pub(super) peer: Peer,
    pub(super) home: Home,
}

impl Helm {
    pub(super) fn new(peer: Peer) -> Self {
        Self { peer, home: Home::new() }
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Outcome {
        self.home.peer(self.peer, arguments)
    }

    /// Adds a repository as `admin`.
    #[track_caller]
    pub(super) fn add(&self, name: &str, url: &str) {
        self.run(&["repo", "add", name, url, "--username", "admin", "--password", PASSWORD]).succeeded();
    }

    /// The name and version of everything that `search repo` finds.
    #[track_caller]
    pub(super) fn search(&self, flags: &[&str]) -> Vec<String> {
        let found = self.run(&[&["search", "repo", "-o", "json"], flags].concat()).succeeded().json();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let rows = found.as_array().unwrap();
        rows.iter().map(|row| format!("{} {}", text(&row["name"]), text(&row["version"]))).collect()
    }
}

/// A server with these charts in the default repository.
pub(super) fn server_with(charts: &[(&str, &str)]) -> Server {
    let server = Server::start();
    for (name, version) in charts {
        server.push("/api/charts", crate::packages::package(name, version));
    }
    server
}
