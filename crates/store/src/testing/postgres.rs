//! PostgreSQL for tests.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};

use rustix::process::Signal;
use tempfile::TempDir;

use super::process::{ServerProcess, free_port};
use crate::DatabaseUrl;

/// The system user PostgreSQL runs as when the tests are root's; it refuses to run as root.
const USER: &str = "postgres";

/// A PostgreSQL server with an empty data directory of its own. Its databases sort text by the rules of English, as
/// many installations do, so that code which relies on byte order shows.
#[derive(Debug)]
pub struct TestPostgres {
    directory: TempDir,
    programs: PathBuf,
    port: u16,
    process: Option<ServerProcess>,
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
        let directory =
            TempDir::with_prefix("chandlery-postgres-").expect("a temporary directory can be made");
        if rustix::process::geteuid().is_root() {
            let (user, group) = ids_of(USER);
            std::os::unix::fs::chown(directory.path(), Some(user), Some(group)).expect("root may give away");
        }
        initialise(&programs, directory.path());
        let mut server =
            Self { directory, programs, port: free_port(), process: None, next_database: AtomicU32::new(0) };
        server.resume();
        server
    }

    /// The server that the tests of this process share; stopped when the last of them is done with it.
    ///
    /// # Panics
    /// As [`Self::start`].
    #[must_use]
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<TestPostgres>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(server) = shared.upgrade() {
            return server;
        }
        let server = Arc::new(Self::start());
        *shared = Arc::downgrade(&server);
        server
    }

    /// Makes an empty database.
    ///
    /// # Panics
    /// When the server refuses.
    #[must_use]
    pub fn create_database(&self) -> DatabaseUrl {
        let name = format!("test_{}", self.next_database.fetch_add(1, Ordering::Relaxed));
        self.execute("postgres", &format!("CREATE DATABASE {name}"));
        DatabaseUrl::Postgres(format!("postgres://postgres@127.0.0.1:{}/{name}", self.port))
    }

    /// Runs SQL as the superuser.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn execute(&self, database: &str, sql: &str) {
        let output = Command::new(self.programs.join("psql"))
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", USER, "-d", database])
            .args(["-v", "ON_ERROR_STOP=1", "-qXc", sql])
            .output()
            .expect("psql is installed with the server");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Stops the server as a crash would, keeping its data.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Starts the server again, on the same port with the same data.
    ///
    /// # Panics
    /// When it does not start.
    pub fn resume(&mut self) {
        let log_path = self.directory.path().join("log");
        let log = std::fs::File::create(&log_path).expect("the temporary directory can be written");
        let mut arguments = vec!["-D".to_owned(), self.data().display().to_string()];
        let settings = [
            format!("port={}", self.port),
            "listen_addresses=127.0.0.1".to_owned(),
            format!("unix_socket_directories={}", self.directory.path().display()),
            "max_connections=200".to_owned(),
            "shared_buffers=32MB".to_owned(),
            // These tests kill clients, not the machine.
            "fsync=off".to_owned(),
        ];
        arguments.extend(settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting]));
        let program = self.programs.join("postgres").display().to_string();
        let process = ServerProcess::start_as(USER, &program, Signal::QUIT, arguments, log);
        let answers = || {
            let mut command = Command::new(self.programs.join("pg_isready"));
            command.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
            command.status().is_ok_and(|status| status.success())
        };
        process.wait_until("PostgreSQL", &log_path, answers);
        self.process = Some(process);
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }
}

impl Drop for TestPostgres {
    fn drop(&mut self) {
        // Before its directory goes.
        self.stop();
    }
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
    let log = std::fs::File::create(&log_path).expect("the temporary directory can be written");
    let data = directory.join("data");
    let mut arguments = vec!["-D".to_owned(), data.display().to_string()];
    arguments.extend(["-A", "trust", "-U", USER, "-E", "UTF8", "--no-sync"].map(str::to_owned));
    arguments.extend(["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"].map(str::to_owned));
    let program = programs.join("initdb").display().to_string();
    let process = ServerProcess::start_as(USER, &program, Signal::KILL, arguments, log);
    process.wait_for_end();
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
