//! Programs in an environment of their own.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::environment::{self, Peer};

/// A home directory, which is also where programs run, with nothing of the caller's environment but `PATH`.
pub(crate) struct Home {
    directory: TempDir,
    variables: Vec<(OsString, OsString)>,
}

/// What came of one run.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The command line, for messages.
    pub(crate) command: String,
    /// The exit code.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) output: String,
    /// Standard error.
    pub(crate) messages: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Sets a variable for the runs to come.
    pub(crate) fn set(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> &mut Self {
        let name = name.into();
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value.into()));
        self
    }

    /// Writes a file below the home and says where it is.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The bytes of a file below the home.
    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        let path = self.path().join(name);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// A text file below the home.
    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    /// A program that can be started here.
    pub(crate) fn command<A: AsRef<OsStr>>(&self, program: &Path, arguments: &[A]) -> Command {
        let home = self.path();
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(home)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home)
            .env("TMPDIR", std::env::temp_dir())
            .env("KUBECONFIG", home.join("no-kubeconfig"))
            .env("GNUPGHOME", home.join("gnupg"))
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        for (name, folder) in [("CACHE", "cache"), ("CONFIG", "config"), ("DATA", "data")] {
            command.env(format!("HELM_{name}_HOME"), home.join("helm").join(folder));
        }
        command
    }

    /// Runs a program to its end.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, program: &Path, arguments: &[A]) -> Outcome {
        self.run_with_input(program, arguments, "")
    }

    /// The same, with this on standard input.
    pub(crate) fn run_with_input<A: AsRef<OsStr>>(
        &self,
        program: &Path,
        arguments: &[A],
        input: &str,
    ) -> Outcome {
        let mut command = self.command(program, arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        // A program that reads no input may be gone already.
        let _ = process.stdin.take().unwrap().write_all(input.as_bytes());
        let outcome = process.wait_with_output().unwrap();
        let words = arguments.iter().map(|word| word.as_ref().to_string_lossy().into_owned());
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Outcome {
            command: std::iter::once(name).chain(words).collect::<Vec<_>>().join(" "),
            code: outcome.status.code().unwrap_or(-1),
            output: String::from_utf8_lossy(&outcome.stdout).into_owned(),
            messages: String::from_utf8_lossy(&outcome.stderr).into_owned(),
        }
    }

    /// Runs a helm or another peer.
    pub(crate) fn peer<A: AsRef<OsStr>>(&self, peer: Peer, arguments: &[A]) -> Outcome {
        self.run(&peer.path(), arguments)
    }

    /// Runs our own program.
    pub(crate) fn chandlery<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Outcome {
        self.run(&environment::chandlery(), arguments)
    }
}

impl Outcome {
    /// Fails the test unless the program succeeded.
    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.code, 0, "{}: {self:#?}", self.command);
        self
    }

    /// Fails the test unless the program ended with this code and said this.
    #[track_caller]
    pub(crate) fn failed(self, code: i32, text: &str) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self.says(text)
    }

    /// Fails the test unless this is in one of the outputs.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.output.contains(text) || self.messages.contains(text), "{text:?} is not in {self:#?}");
        self
    }

    /// Fails the test if this is in one of the outputs.
    #[track_caller]
    pub(crate) fn without(self, text: &str) -> Self {
        assert!(!self.output.contains(text) && !self.messages.contains(text), "{text:?} is in {self:#?}");
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.output).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}
