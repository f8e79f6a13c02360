//! PostgreSQL for tests.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};

use rustix::process::Signal;

use super::process::{ServerCommand, ServerProcess, TestServer, share};
use crate::DatabaseUrl;

/// The system user PostgreSQL runs as when the tests are root's; it refuses to run as root.
const USER: &str = "postgres";

/// A PostgreSQL server with an empty data directory of its own. Its databases sort text by the rules of English, as
/// many installations do, so that code which relies on byte order shows.
#[derive(Debug)]
pub struct TestPostgres {
    server: TestServer,
    programs: PathBuf,
    next_database: AtomicU32,
}

impl TestPostgres {
    /// Starts a server that no other test uses.
    ///
    /// # Panics
    /// When PostgreSQL is not installed or does not start, with the reason.
    #[must_use]
    pub fn start() -> Self {
        let programs = find_programs();
        let server = TestServer::new("chandlery-postgres-");
        let directory = server.directory.path();
        if rustix::process::geteuid().is_root() {
            let (user, group) = ids_of(USER);
            std::os::unix::fs::chown(directory, Some(user), Some(group)).expect("root may give away");
        }
        initialise(&programs, directory);
        let mut postgres = Self { server, programs, next_database: AtomicU32::new(0) };
        postgres.resume();
        postgres
    }

    /// The server that the tests of this process share; stopped when the last of them is done with it.
    ///
    /// # Panics
    /// As [`Self::start`].
    #[must_use]
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<TestPostgres>> = Mutex::new(Weak::new());
        share(&SHARED, Self::start)
    }

    /// Makes an empty database.
    ///
    /// # Panics
    /// When the server refuses.
    #[must_use]
    pub fn create_database(&self) -> DatabaseUrl {
        let name = format!("test_{}", self.next_database.fetch_add(1, Ordering::Relaxed));
        self.execute("postgres", &format!("CREATE DATABASE {name}"));
        DatabaseUrl::Postgres(format!("postgres://postgres@127.0.0.1:{}/{name}", self.server.port))
    }

    /// Runs SQL as the superuser.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn execute(&self, database: &str, sql: &str) {
        let output = Command::new(self.programs.join("psql"))
            .args(["-h", "127.0.0.1", "-p", &self.server.port.to_string(), "-U", USER, "-d", database])
            .args(["-v", "ON_ERROR_STOP=1", "-qXc", sql])
            .output()
            .expect("psql is installed with the server");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Stops the server as a crash would, keeping its data.
    pub fn stop(&mut self) {
        self.server.stop();
    }

    /// Starts the server again, on the same port with the same data.
    ///
    /// # Panics
    /// When it does not start.
    pub fn resume(&mut self) {
        let port = self.server.port;
        let directory = self.server.directory.path();
        let mut arguments = vec!["-D".to_owned(), directory.join("data").display().to_string()];
        let settings = [
            format!("port={port}"),
            "listen_addresses=127.0.0.1".to_owned(),
            format!("unix_socket_directories={}", directory.display()),
            "max_connections=200".to_owned(),
            "shared_buffers=32MB".to_owned(),
            // These tests kill clients, not the machine.
            "fsync=off".to_owned(),
        ];
        arguments.extend(settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting]));
        let answers = || {
            let mut command = Command::new(self.programs.join("pg_isready"));
            command.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]);
            command.status().is_ok_and(|status| status.success())
        };
        self.server.start(command(&self.programs, "postgres", Signal::QUIT, arguments), answers);
    }
}

/// One of PostgreSQL's programs, as the user it runs as.
fn command(programs: &Path, name: &'static str, signal: Signal, arguments: Vec<String>) -> ServerCommand {
    let program = programs.join(name).display().to_string();
    ServerCommand { name, program, arguments, signal, user: Some(USER) }
}

/// The directory of the newest PostgreSQL's programs, as Debian installs them.
fn find_programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .map(|entry| entry.path())
        .filter(|path| path.join("bin/initdb").is_file())
        .max_by_key(|path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok()));
    match newest {
        Some(path) => path.join("bin"),
        None => {
            panic!("these tests need PostgreSQL's server in /usr/lib/postgresql: apt-get install postgresql")
        }
    }
}

fn initialise(programs: &Path, directory: &Path) {
    let log_path = directory.join("initdb.log");
    let data = directory.join("data");
    let mut arguments = vec!["-D".to_owned(), data.display().to_string()];
    arguments.extend(["-A", "trust", "-U", USER, "-E", "UTF8", "--no-sync"].map(str::to_owned));
    arguments.extend(["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"].map(str::to_owned));
    ServerProcess::start(command(programs, "initdb", Signal::KILL, arguments), &log_path).wait_for_end();
    let text = std::fs::read_to_string(&log_path).unwrap_or_default();
    assert!(data.join("PG_VERSION").is_file() && text.contains("Success"), "initdb failed:\n{text}");
}

/// The numbers of a user and its group, from /etc/passwd.
fn ids_of(user: &str) -> (u32, u32) {
    let users = std::fs::read_to_string("/etc/passwd").expect("/etc/passwd can be read");
    let line = users.lines().find(|line| line.split(':').next() == Some(user));
    let line = line.unwrap_or_else(|| panic!("there is no user {user}: apt-get install postgresql"));
    let number = |field| line.split(':').nth(field).and_then(|text| text.parse().ok());
    number(2).zip(number(3)).expect("users have numbers")
}
