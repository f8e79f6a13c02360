//! A running server, and programs logged in to it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Stdio};

use crate::program::Program;

/// A server on a free port with a data directory in the home of a program; killed when dropped.
pub(crate) struct Server {
    process: Child,
    output: BufReader<ChildStdout>,
    url: String,
    password: String,
}

impl Server {
    /// Starts it for the first time.
    pub(crate) fn start(home: &Program) -> Self {
        let mut server = Self::start_again(home);
        server.password =
            server.next_line().rsplit_once(' ').expect("the second line has the password").1.to_owned();
        server
    }

    /// Starts it where one ran before.
    pub(crate) fn start_again(home: &Program) -> Self {
        Self::start_with(home, &["--data-dir", "data"])
    }

    /// Starts it with other arguments and reads its first line.
    pub(crate) fn start_with(home: &Program, arguments: &[&str]) -> Self {
        let mut process = home
            .command(["serve", "--listen", "127.0.0.1:0"].iter().chain(arguments))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut server = Self { process, output, url: String::new(), password: String::new() };
        server.url =
            server.next_line().rsplit_once(' ').expect("the first line says where it listens").1.to_owned();
        server
    }

    fn next_line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The password of `admin`.
    pub(crate) fn password(&self) -> &str {
        &self.password
    }

    /// A program in a home of its own that is logged in as `admin`.
    pub(crate) fn admin(&self) -> Program {
        let program = Program::new();
        let login = ["login", &self.url, "-u", "admin", "--password-stdin"];
        program.run_with_input(login, &self.password).succeeded();
        program
    }

    /// Asks it to stop and gives its exit code and the rest of its output.
    pub(crate) fn stop(mut self) -> (Option<i32>, String) {
        let process = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
        let code = self.process.wait().unwrap().code();
        let rest = std::io::read_to_string(&mut self.output).unwrap();
        (code, rest)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have stopped already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
