//! Our server.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::wait_ready;
use crate::client::Client;
use crate::load::Target;
use crate::process::{Process, free_address};
use crate::workspace::Workspace;

/// The password of `admin` in data directories made here.
pub(crate) const PASSWORD: &str = "only-for-measurements";

/// The file of a data directory made here that holds a token of `admin`.
pub(crate) const TOKEN_FILE: &str = "bench-token";

/// A running server. Accounts and metrics are on, as always.
#[derive(Debug)]
pub(crate) struct Chandlery {
    /// The process.
    pub(crate) process: Process,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// From the start of the process to the first 200 of `/readyz`, in seconds.
    pub(crate) ready_after: f64,
    /// The value of `Authorization`, if the directory has a token.
    authorization: Option<String>,
}

impl Chandlery {
    /// Starts it on a data directory, which it makes if there is none.
    pub(crate) fn start(workspace: &Workspace, data: &Path) -> Result<Self> {
        Self::start_on(workspace, data, None)
    }

    /// The same with its rows in another database than the one in the directory.
    pub(crate) fn start_on(workspace: &Workspace, data: &Path, database: Option<&str>) -> Result<Self> {
        let address = free_address()?;
        fs::create_dir_all(data)?;
        let password_file = workspace.scratch.join("password");
        fs::write(&password_file, PASSWORD)?;
        let mut command = Command::new(&workspace.chandlery);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CHANDLERY_")) {
            command.env_remove(name);
        }
        command.arg("serve").arg("--data-dir").arg(data).arg("--listen").arg(address.to_string());
        command.arg("--admin-password-file").arg(&password_file);
        // The sources of external repositories are on this machine.
        command.args(["--outbound-allow", "127.0.0.0/8"]);
        command.args(database.map(|url| ["--database-url", url]).into_iter().flatten());
        let mut process =
            Process::start("chandlery", &mut command, &workspace.scratch.join("chandlery.log"))?;
        let mut client = Client::new(address, None);
        let ready_after = wait_ready(&mut process, &mut client, "/readyz", Duration::from_secs(60))?;
        let token = fs::read_to_string(data.join(TOKEN_FILE)).ok();
        let authorization = token.map(|token| format!("Bearer {token}"));
        Ok(Self { process, address, ready_after, authorization })
    }

    /// A client with the rights of `admin`.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.address, self.authorization.as_deref())
    }

    /// A client with the rights of a token.
    pub(crate) fn client_of(&self, token: &str) -> Client {
        Client::new(self.address, Some(&format!("Bearer {token}")))
    }

    /// A path for wrk, with the rights of `admin`.
    pub(crate) fn target(&self, path: &str) -> Target {
        let target = Target::new(self.address, path);
        match &self.authorization {
            Some(value) => target.with(&format!("Authorization: {value}")),
            None => target,
        }
    }
}
