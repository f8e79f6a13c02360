//! An S3-compatible server for tests: versitygw over a temporary directory.

use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};

use rustix::process::Signal;
use tempfile::TempDir;

use super::process::{ServerProcess, free_port};
use crate::{BlobsUrl, S3Credentials};

const BUCKET: &str = "chandlery";
const ACCESS_KEY_ID: &str = "chandlery-test";
const SECRET_ACCESS_KEY: &str = "chandlery-test-secret";

/// An S3-compatible server with one empty bucket.
#[derive(Debug)]
pub struct TestS3 {
    directory: TempDir,
    program: PathBuf,
    port: u16,
    process: Option<ServerProcess>,
    next_prefix: AtomicU32,
}

impl TestS3 {
    /// Starts a server that no other test uses.
    ///
    /// # Panics
    /// When versitygw is not there or does not start, with the reason.
    #[must_use]
    pub fn start() -> Self {
        let directory = TempDir::with_prefix("chandlery-s3-").expect("a temporary directory can be made");
        for name in ["data", "iam"] {
            std::fs::create_dir(directory.path().join(name)).expect("the temporary directory can be written");
        }
        std::fs::create_dir(directory.path().join("data").join(BUCKET)).expect("as above");
        let program = find_program();
        let mut server =
            Self { directory, program, port: free_port(), process: None, next_prefix: AtomicU32::new(0) };
        server.resume();
        server
    }

    /// The server that the tests of this process share; stopped when the last of them is done with it.
    ///
    /// # Panics
    /// As [`Self::start`].
    #[must_use]
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<TestS3>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(server) = shared.upgrade() {
            return server;
        }
        let server = Arc::new(Self::start());
        *shared = Arc::downgrade(&server);
        server
    }

    /// A place in the bucket that nobody uses yet.
    #[must_use]
    pub fn create_place(&self) -> BlobsUrl {
        let number = self.next_prefix.fetch_add(1, Ordering::Relaxed);
        let url = format!("s3://{BUCKET}/place-{number}?endpoint={}&region=us-east-1", self.endpoint());
        let url: BlobsUrl = url.parse().expect("the URL is well formed");
        url.with_credentials(S3Credentials {
            access_key_id: ACCESS_KEY_ID.to_owned(),
            secret_access_key: SECRET_ACCESS_KEY.to_owned(),
            session_token: None,
        })
    }

    /// The server's URL.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The environment variables that give a child process access, by name and value.
    #[must_use]
    pub fn environment(&self) -> [(&'static str, &'static str); 2] {
        [("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID), ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)]
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
        let address = format!("127.0.0.1:{}", self.port);
        let data = self.directory.path().join("data").display().to_string();
        let arguments =
            ["--access", ACCESS_KEY_ID, "--secret", SECRET_ACCESS_KEY, "--port", &address, "posix", &data];
        let arguments = arguments.map(str::to_owned).to_vec();
        let program = self.program.display().to_string();
        let process = ServerProcess::start(&program, Signal::KILL, arguments, log);
        process.wait_until("versitygw", &log_path, || TcpStream::connect(&address).is_ok());
        self.process = Some(process);
    }
}

impl Drop for TestS3 {
    fn drop(&mut self) {
        // Before its directory goes.
        self.stop();
    }
}

/// The server's program: `CHANDLERY_S3_SERVER`, or where `interop/` builds its peers.
fn find_program() -> PathBuf {
    if let Some(path) = std::env::var_os("CHANDLERY_S3_SERVER") {
        return path.into();
    }
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    let program = cache.expect("HOME is set").join("chandlery/peers/bin/versitygw");
    assert!(
        program.is_file(),
        "these tests need versitygw at {} or in CHANDLERY_S3_SERVER: build the peers of interop/ first",
        program.display()
    );
    program
}
