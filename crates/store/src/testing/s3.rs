//! An S3-compatible server for tests: versitygw over a temporary directory.

use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};

use rustix::process::Signal;

use super::process::{ServerCommand, TestServer, share};
use crate::{BlobsUrl, S3Credentials};

const BUCKET: &str = "chandlery";
const ACCESS_KEY_ID: &str = "chandlery-test";
const SECRET_ACCESS_KEY: &str = "chandlery-test-secret";

/// An S3-compatible server with one empty bucket.
#[derive(Debug)]
pub struct TestS3 {
    server: TestServer,
    program: PathBuf,
    next_prefix: AtomicU32,
}

impl TestS3 {
    /// Starts a server that no other test uses.
    ///
    /// # Panics
    /// When versitygw is not there or does not start, with the reason.
    #[must_use]
    pub fn start() -> Self {
        let server = TestServer::new("chandlery-s3-");
        for name in [&format!("data/{BUCKET}"), "iam"] {
            let path = server.directory.path().join(name);
            std::fs::create_dir_all(path).expect("the temporary directory can be written");
        }
        let mut s3 = Self { server, program: find_program(), next_prefix: AtomicU32::new(0) };
        s3.resume();
        s3
    }

    /// The server that the tests of this process share; stopped when the last of them is done with it.
    ///
    /// # Panics
    /// As [`Self::start`].
    #[must_use]
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<TestS3>> = Mutex::new(Weak::new());
        share(&SHARED, Self::start)
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
        format!("http://127.0.0.1:{}", self.server.port)
    }

    /// The environment variables that give a child process access, by name and value.
    #[must_use]
    pub fn environment(&self) -> [(&'static str, &'static str); 2] {
        [("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID), ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)]
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
        let address = format!("127.0.0.1:{}", self.server.port);
        let data = self.server.directory.path().join("data").display().to_string();
        let arguments =
            ["--access", ACCESS_KEY_ID, "--secret", SECRET_ACCESS_KEY, "--port", &address, "posix", &data];
        let command = ServerCommand {
            name: "versitygw",
            program: self.program.display().to_string(),
            arguments: arguments.map(str::to_owned).to_vec(),
            signal: Signal::KILL,
            user: None,
        };
        self.server.start(command, || TcpStream::connect(&address).is_ok());
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
