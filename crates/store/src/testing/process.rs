//! A child process that does not outlive its owner.

use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

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
    /// Starts a command, which ends by `signal` at the latest when this process does.
    ///
    /// `setpriv` asks the kernel for that signal. The kernel sends it when the *thread* that started the child ends,
    /// hence a thread for every server, which waits for it.
    pub(super) fn start(program: &str, signal: Signal, arguments: Vec<String>, log: std::fs::File) -> Self {
        let name = match signal {
            Signal::QUIT => "QUIT",
            _ => "KILL",
        };
        let mut command = Command::new("setpriv");
        command.arg("--pdeathsig").arg(name);
        command.arg("--").arg(program).args(arguments);
        Self::keep(command, signal, log)
    }

    /// As [`Self::start`], as another user, when this process is root's.
    pub(super) fn start_as(
        user: &str,
        program: &str,
        signal: Signal,
        arguments: Vec<String>,
        log: std::fs::File,
    ) -> Self {
        if !rustix::process::geteuid().is_root() {
            return Self::start(program, signal, arguments, log);
        }
        let mut command = Command::new("setpriv");
        command.args(["--reuid", user, "--regid", user, "--clear-groups", "--pdeathsig", "QUIT"]);
        command.arg("--").arg(program).args(arguments);
        Self::keep(command, signal, log)
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
    pub(super) fn wait_until(&self, what: &str, log: &std::path::Path, ready: impl Fn() -> bool) {
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

/// A port on the loopback address that was free a moment ago.
pub(super) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port can be had");
    listener.local_addr().expect("a bound socket has an address").port()
}
