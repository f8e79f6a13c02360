//! The real ChartMuseum.

use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::environment::Peer;
use crate::http::{Answer, Request, basic};
use crate::program::Home;
use crate::server::{PASSWORD, free_port};

/// ChartMuseum on a directory of its own, with `admin` and [`PASSWORD`]; killed when dropped.
pub(crate) struct ChartMuseum {
    process: Child,
    home: Home,
    address: String,
}

impl ChartMuseum {
    /// Starts it and waits until it listens.
    pub(crate) fn start(flags: &[&str]) -> Self {
        let home = Home::new();
        std::fs::create_dir_all(home.path().join("above/storage")).unwrap();
        let port = free_port().to_string();
        let mut arguments = vec!["--storage", "local", "--storage-local-rootdir", "above/storage"];
        arguments.extend(["--listen-host", "127.0.0.1", "--port", &port, "--disable-metrics"]);
        arguments.extend(["--basic-auth-user", "admin", "--basic-auth-pass", PASSWORD]);
        arguments.extend_from_slice(flags);
        let mut command = home.command(&Peer::ChartMuseum.path(), &arguments);
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut started = Self { process, home, address: format!("127.0.0.1:{port}") };
        started.wait_until_listening();
        started
    }

    /// It can only be asked again and again: it says nothing when it is ready.
    fn wait_until_listening(&mut self) {
        while TcpStream::connect(&self.address).is_err() {
            assert!(self.process.try_wait().unwrap().is_none(), "ChartMuseum ended: is a flag unknown?");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// `HOST:PORT`
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Its storage.
    pub(crate) fn storage(&self) -> PathBuf {
        self.home.path().join("above/storage")
    }

    /// Sends a request as `admin`.
    pub(crate) fn send_as_admin(&self, request: Request) -> Answer {
        request.header("Authorization", &basic("admin", PASSWORD)).send(&self.address)
    }
}

impl Drop for ChartMuseum {
    fn drop(&mut self) {
        // It may have stopped already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
