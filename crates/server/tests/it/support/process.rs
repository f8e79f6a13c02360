//! A server in a process of its own: this test program, started again.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use chandlery_server::Server;
use chandlery_store::BlobsUrl;
use chandlery_store::testing::TestS3;

use super::{Client, TestServer};

const DIRECTORY: &str = "CHANDLERY_TEST_DIRECTORY";
const DATABASE: &str = "CHANDLERY_TEST_DATABASE";
const BLOBS: &str = "CHANDLERY_TEST_BLOBS";
const ALLOW: &str = "CHANDLERY_TEST_ALLOW";

/// A running child; killed when dropped, and ended by the kernel's end of its input when this process dies.
pub(crate) struct ChildServer {
    child: Child,
    input: Option<ChildStdin>,
    url: String,
}

/// A place in a bucket, as a setting. Access to it is in [`TestS3::environment`].
pub(crate) fn bucket_url(s3: &TestS3) -> String {
    let BlobsUrl::S3 { bucket, prefix, .. } = s3.create_place() else { panic!("it is S3") };
    format!("s3://{bucket}/{prefix}?endpoint={}&region=us-east-1", s3.endpoint())
}

/// Where a child keeps what it keeps.
pub(crate) struct ChildSettings {
    directory: PathBuf,
    environment: Vec<(String, String)>,
}

impl ChildServer {
    /// On a directory, with SQLite and files.
    pub(crate) fn settings(directory: &Path) -> ChildSettings {
        ChildSettings { directory: directory.to_owned(), environment: Vec::new() }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Somebody without credentials.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.url)
    }

    /// The administrator with a token.
    pub(crate) async fn admin(&self) -> Client {
        TestServer::administrator(&self.client()).await
    }

    /// Ends it in the middle of whatever it does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        assert!(!self.child.wait().unwrap().success());
    }

    /// Asks it to stop and waits until it has.
    pub(crate) fn stop(mut self) {
        drop(self.input.take());
        assert!(self.child.wait().unwrap().success());
    }
}

impl ChildSettings {
    /// With a database server.
    pub(crate) fn database(self, url: &str) -> Self {
        self.variable(DATABASE, url)
    }

    /// With a bucket.
    pub(crate) fn blobs(self, url: &str) -> Self {
        self.variable(BLOBS, url)
    }

    /// That may send to these private addresses.
    pub(crate) fn allow(self, ranges: &str) -> Self {
        self.variable(ALLOW, ranges)
    }

    /// With one more variable.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts it and waits until it listens.
    pub(crate) fn start(&self) -> ChildServer {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "support::process::serve", "--nocapture"])
            .env(DIRECTORY, &self.directory)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.find_map(|line| line.unwrap().strip_prefix("listening ").map(str::to_owned));
        let url = url.expect("the child says where it listens, or on its standard error why it does not");
        // Whatever else it says must not block it.
        std::thread::spawn(move || lines.for_each(drop));
        let input = child.stdin.take();
        ChildServer { child, input, url }
    }
}

impl Drop for ChildServer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The child: serves until its input ends.
#[test]
#[ignore = "is started by the tests that need a process"]
fn serve() {
    let directory = PathBuf::from(std::env::var_os(DIRECTORY).unwrap());
    let mut config = TestServer::config(&directory);
    config.database_url = std::env::var(DATABASE).ok();
    config.blobs_url = std::env::var(BLOBS).ok();
    if let Ok(ranges) = std::env::var(ALLOW) {
        config.outbound.settings.allowed = ranges.parse().unwrap();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let server = Server::start(config).await.unwrap();
        // Past the capture of tests; one call, so that the line stays whole.
        std::io::stdout().write_all(format!("\nlistening {}\n", server.url()).as_bytes()).unwrap();
        std::io::stdout().flush().unwrap();
        let (ended, end) = tokio::sync::oneshot::channel::<()>();
        std::thread::spawn(move || {
            std::io::stdin().lines().for_each(drop);
            drop(ended);
        });
        let shutdown = async {
            // The sender is only ever dropped.
            let _ = end.await;
        };
        server.run(shutdown).await.unwrap();
    });
}
