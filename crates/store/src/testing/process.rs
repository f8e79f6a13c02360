//! A child process that does not outlive its owner.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError, Weak, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long a server may take to start on a busy machine.
const START_TIME_LIMIT: Duration = Duration::from_secs(60);

/// A running server.
#[derive(Debug)]
pub(super) struct ServerProcess {
    pid: Pid,
    /// What ends it.
    signal: Signal,
    keeper: Option<JoinHandle<()>>,
}

impl ServerProcess {
    /// Starts a command, which ends by its signal at the latest when this process does; what it prints goes to `log`.
    ///
    /// `setpriv` asks the kernel for that signal. The kernel sends it when the *thread* that started the child ends,
    /// hence a thread for every server, which waits for it.
    pub(super) fn start(server: ServerCommand, log: &Path) -> Self {
        let log = std::fs::File::create(log).expect("the temporary directory can be written");
        let name = match server.signal {
            Signal::QUIT => "QUIT",
            _ => "KILL",
        };
        let mut command = Command::new("setpriv");
        if let Some(user) = server.user.filter(|_| rustix::process::geteuid().is_root()) {
            command.args(["--reuid", user, "--regid", user, "--clear-groups"]);
        }
        command.args(["--pdeathsig", name, "--"]).arg(server.program).args(server.arguments);
        Self::keep(command, server.signal, log)
    }

    fn keep(mut command: Command, signal: Signal, log: std::fs::File) -> Self {
        let (sender, receiver) = mpsc::channel();
        let keeper = std::thread::spawn(move || {
            let errors = log.try_clone().expect("a log file can be duplicated");
            let child = command.stdout(log).stderr(errors).stdin(std::process::Stdio::null()).spawn();
            let mut child = child.unwrap_or_else(|cause| panic!("cannot start {command:?}: {cause}"));
            let pid = Pid::from_child(&child);
            sender.send(pid).expect("the starter waits for the number");
            child.wait().expect("a child of this thread can be waited for");
        });
        let pid = receiver.recv().expect("the server's thread reported why it failed");
        Self { pid, signal, keeper: Some(keeper) }
    }

    /// Waits until the process ends by itself.
    pub(super) fn wait_for_end(mut self) {
        if let Some(keeper) = self.keeper.take() {
            keeper.join().expect("the thread of a process only waits for it");
        }
    }

    /// Waits until `ready` says so, or the process ended.
    pub(super) fn wait_until(&self, what: &str, log: &Path, ready: impl Fn() -> bool) {
        let began = Instant::now();
        while !ready() {
            let ended = self.keeper.as_ref().is_none_or(JoinHandle::is_finished);
            if ended || began.elapsed() > START_TIME_LIMIT {
                let log = std::fs::read_to_string(log).unwrap_or_default();
                panic!("{what} did not start:\n{log}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let Some(keeper) = self.keeper.take() else { return };
        if !keeper.is_finished() {
            // It may end by itself just now.
            let _ = kill_process(self.pid, self.signal);
        }
        let _ = keeper.join();
    }
}

/// What a server is started with: the program, its arguments, what ends it, and the user it runs as when the tests
/// are root's.
pub(super) struct ServerCommand {
    pub(super) name: &'static str,
    pub(super) program: String,
    pub(super) arguments: Vec<String>,
    pub(super) signal: Signal,
    pub(super) user: Option<&'static str>,
}

/// A server with a directory and a port of its own, which it keeps when it is stopped and started again.
#[derive(Debug)]
pub(super) struct TestServer {
    // Dropped before the directory goes.
    process: Option<ServerProcess>,
    pub(super) directory: TempDir,
    pub(super) port: u16,
}

impl TestServer {
    /// A place for a server whose directory's name begins with `prefix`.
    pub(super) fn new(prefix: &str) -> Self {
        let directory = TempDir::with_prefix(prefix).expect("a temporary directory can be made");
        Self { process: None, directory, port: free_port() }
    }

    /// Starts the server and waits until it is ready.
    pub(super) fn start(&mut self, command: ServerCommand, ready: impl Fn() -> bool) {
        let log_path = self.directory.path().join("log");
        let name = command.name;
        let process = ServerProcess::start(command, &log_path);
        process.wait_until(name, &log_path, ready);
        self.process = Some(process);
    }

    /// Stops the server as a crash would, keeping its data.
    pub(super) fn stop(&mut self) {
        self.process = None;
    }
}

/// The value that the tests of this process share, made by `start` for the first of them; dropped when the last of
/// them is done with it.
pub(super) fn share<T>(shared: &Mutex<Weak<T>>, start: impl FnOnce() -> T) -> Arc<T> {
    let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(server) = shared.upgrade() {
        return server;
    }
    let server = Arc::new(start());
    *shared = Arc::downgrade(&server);
    server
}

/// A port on the loopback address that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port can be had");
    listener.local_addr().expect("a bound socket has an address").port()
}
