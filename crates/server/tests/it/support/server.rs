//! A server in this process, on a free port and a data directory of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chandlery_core::{Error, Result};
use chandlery_server::{Config, Server};
use chandlery_store::{BlobsUrl, DatabaseUrl, Store, StoreSettings};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::Client;

/// The password of `admin`.
const PASSWORD: &str = "a password for tests";

/// A running server; stopped when dropped.
pub(crate) struct TestServer {
    config: Config,
    directory: Arc<TempDir>,
    address: SocketAddr,
    url: String,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<()>>,
}

impl TestServer {
    /// With nothing set.
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// With something set.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_in(Arc::new(TempDir::with_prefix("chandlery-server-").unwrap()), change).await.unwrap()
    }

    /// On a directory that may have data.
    pub(crate) async fn start_in(
        directory: Arc<TempDir>,
        change: impl FnOnce(&mut Config),
    ) -> Result<Self, Error> {
        let mut config = Self::config(directory.path());
        change(&mut config);
        let server = Server::start(config.clone()).await?;
        let address = server.address();
        let scheme = if config.tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{address}{}", config.context_path);
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(server.run(async {
            // A sender that was dropped asks for the same.
            let _ = stopped.await;
        }));
        Ok(Self { config, directory, address, url, stop: Some(stop), task })
    }

    /// What a server in this directory runs with unless a test says otherwise.
    pub(crate) fn config(directory: &Path) -> Config {
        let password_file = directory.join("password");
        std::fs::write(&password_file, PASSWORD).unwrap();
        let mut config = Config::embedded(directory.join("data"));
        config.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        config.admin_password_file = Some(password_file);
        config
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`, with the context path.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn directory(&self) -> &Arc<TempDir> {
        &self.directory
    }

    pub(crate) fn data(&self) -> &Path {
        &self.config.data_directory
    }

    /// Somebody without credentials.
    pub(crate) fn anonymous(&self) -> Client {
        Client::new(&self.url)
    }

    /// The administrator's password.
    pub(crate) fn password(&self) -> &'static str {
        PASSWORD
    }

    /// The administrator with a password.
    pub(crate) fn admin_by_password(&self) -> Client {
        self.anonymous().with_password("admin", PASSWORD)
    }

    /// The administrator with a token, at any server that a test started.
    pub(crate) async fn administrator(anonymous: &Client) -> Client {
        let name = format!("test-{}", uuid::Uuid::new_v4());
        let request = serde_json::json!({ "name": name, "scope": "all" });
        anonymous.with_password("admin", PASSWORD).create_token(&request).await
    }

    /// The administrator with a token.
    pub(crate) async fn admin(&self) -> Client {
        Self::administrator(&self.anonymous()).await
    }

    /// The store behind the server's back.
    pub(crate) async fn store(&self) -> Store {
        let data = self.data();
        let settings = StoreSettings {
            database: DatabaseUrl::Sqlite(data.join("chandlery.db")),
            blobs: BlobsUrl::FileSystem(data.join("blobs")),
            temporary_directory: data.join("tmp"),
        };
        Store::open(&settings).await.unwrap()
    }

    /// Packages and files on their way to become some, by path.
    pub(crate) fn stored_files(&self) -> Vec<PathBuf> {
        let mut files = files_below(&self.data().join("blobs"));
        files.extend(files_below(&self.data().join("tmp")));
        files
    }

    /// Files on their way.
    pub(crate) fn temporary_files(&self) -> Vec<PathBuf> {
        let mut files = files_below(&self.data().join("blobs/tmp"));
        files.extend(files_below(&self.data().join("tmp")));
        files
    }

    /// Asks the server to stop, without waiting for it.
    pub(crate) fn begin_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Stops the server and waits until it has.
    pub(crate) async fn stop(mut self) -> Arc<TempDir> {
        self.begin_stop();
        (&mut self.task).await.unwrap().unwrap();
        self.directory.clone()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// All files below a directory, locks aside, in order.
pub(crate) fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(directory) else { return found };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(files_below(&path));
        } else if path.file_name().is_none_or(|name| name != "lock") {
            found.push(path);
        }
    }
    found.sort();
    found
}
