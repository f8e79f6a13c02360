//! ChartMuseum on a local directory. Without accounts and metrics, which only makes it quicker.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::wait_ready;
use crate::client::Client;
use crate::load::Target;
use crate::process::{Process, free_address, output_of};
use crate::workspace::Workspace;

/// A running ChartMuseum that has its index.
#[derive(Debug)]
pub(crate) struct ChartMuseum {
    /// The process.
    pub(crate) process: Process,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// From the start of the process to the first whole index, in seconds.
    pub(crate) ready_after: f64,
}

impl ChartMuseum {
    /// Starts it on a directory of packages.
    pub(crate) fn start(workspace: &Workspace, storage: &Path) -> Result<Self> {
        let address = free_address()?;
        let mut command = Command::new(workspace.peer("chartmuseum")?);
        command.args(["--storage", "local", "--disable-metrics", "--listen-host", "127.0.0.1"]);
        command.arg("--storage-local-rootdir").arg(storage).arg("--port").arg(address.port().to_string());
        // Both are needed to let it read a cold directory of thousands of packages.
        command.args(["--read-timeout", "300", "--write-timeout", "300"]);
        let began = Instant::now();
        let mut process =
            Process::start("chartmuseum", &mut command, &workspace.scratch.join("chartmuseum.log"))?;
        let mut client = Client::new(address, None);
        wait_ready(&mut process, &mut client, "/health", Duration::from_secs(60))?;
        let index = client.get_ok("/index.yaml", &[])?;
        ensure!(index.body.len() > 1000, "ChartMuseum serves an empty index");
        Ok(Self { process, address, ready_after: began.elapsed().as_secs_f64() })
    }

    /// A client.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.address, None)
    }

    /// A path for wrk.
    pub(crate) fn target(&self, path: &str) -> Target {
        Target::new(self.address, path)
    }

    /// The version, such as `0.13.1`.
    pub(crate) fn version(workspace: &Workspace) -> Result<String> {
        let text = output_of(Command::new(workspace.peer("chartmuseum")?).arg("--version"))?;
        let words = text.trim().split(' ');
        Ok(words.skip_while(|word| *word != "version").nth(1).unwrap_or("unknown").to_owned())
    }
}
