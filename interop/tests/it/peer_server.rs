//! Servers of other projects as child processes.

use std::net::TcpStream;
use std::process::Child;
use std::time::Duration;

use crate::environment::Peer;
use crate::program::Home;
use crate::server::free_port;

/// A server with a home and a port of its own, which it keeps when it is stopped and started again; killed when dropped.
pub(crate) struct PeerServer {
    peer: Peer,
    process: Option<Child>,
    home: Home,
    port: u16,
}

impl PeerServer {
    /// A server that is not started yet.
    pub(crate) fn new(peer: Peer) -> Self {
        Self { peer, process: None, home: Home::new(), port: free_port() }
    }

    /// Sets a variable for it.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.home.set(name, value);
    }

    /// Starts it and waits until it listens: it can only be asked again and again, none of them says when it is ready.
    pub(crate) fn start(&mut self, arguments: &[&str]) {
        self.stop();
        let log = std::fs::File::create(self.home.path().join("log")).unwrap();
        let mut command = self.home.command(&self.peer.path(), arguments);
        let mut process = command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        while TcpStream::connect(self.address()).is_err() {
            let ended = process.try_wait().unwrap().is_some();
            assert!(!ended, "{:?} ended, is a flag unknown? {}", self.peer, self.home.text("log"));
            std::thread::sleep(Duration::from_millis(20));
        }
        self.process = Some(process);
    }

    /// Kills it and keeps its data.
    pub(crate) fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // It may have stopped already.
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Which it is.
    pub(crate) fn peer(&self) -> Peer {
        self.peer
    }

    /// `HOST:PORT`
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Where it runs.
    pub(crate) fn home(&self) -> &Home {
        &self.home
    }
}

impl Drop for PeerServer {
    fn drop(&mut self) {
        self.stop();
    }
}
