//! Git repositories, and the real `git http-backend` that serves them.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::Answer;

/// A git repository in a temporary folder, with its files.
#[derive(Debug)]
pub struct GitRepository(TempDir);

impl Default for GitRepository {
    fn default() -> Self {
        Self::new()
    }
}

impl GitRepository {
    /// An empty one, whose branch is `main`.
    ///
    /// # Panics
    /// Without git, as all of these.
    #[must_use]
    pub fn new() -> Self {
        let repository = Self(tempfile::tempdir().expect("a temporary directory can be made"));
        repository.git(&["init", "--quiet", "--initial-branch", "main"]);
        repository
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs git there and gives what it prints.
    ///
    /// # Panics
    /// When git fails.
    pub fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .current_dir(self.path())
            .args(["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"])
            .args(arguments)
            .output()
            .expect("git is installed");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("git prints UTF-8").trim().to_owned()
    }

    /// Writes a file; its path is relative.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn put(&self, path: &str, bytes: impl AsRef<[u8]>) {
        assert!(Path::new(path).is_relative(), "{path}");
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder can be made");
        std::fs::write(path, bytes).expect("a file can be written");
    }

    /// Commits everything and gives the commit.
    pub fn commit(&self) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", "change"]);
        self.git(&["rev-parse", "HEAD"])
    }
}

/// What `git http-backend` answers to a request for repositories below `root`.
///
/// # Panics
/// Without git.
pub fn git_backend(root: &Path, request: &str) -> Answer {
    let (head, body) = request.split_once("\r\n\r\n").expect("a request has a head");
    let mut words = head.split([' ', '\r']);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    let mut child = Command::new("git")
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REQUEST_METHOD", method)
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("CONTENT_TYPE", header("content-type: "))
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("GIT_PROTOCOL", header("git-protocol: "))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("git is installed");
    let mut input = child.stdin.take().expect("its input is a pipe");
    input.write_all(body.as_bytes()).expect("git reads the body");
    drop(input);
    let output = child.wait_with_output().expect("git answers").stdout;
    let end = output.windows(4).position(|window| window == b"\r\n\r\n").expect("an answer has a head");
    let headers = String::from_utf8_lossy(&output[..end]).into_owned();
    let status =
        headers.lines().find_map(|line| line.strip_prefix("Status: ")).unwrap_or("200 OK").to_owned();
    let headers: String = headers
        .lines()
        .filter(|line| !line.starts_with("Status"))
        .map(|line| format!("{line}\r\n"))
        .collect();
    let body = output[end + 4..].to_vec();
    let head =
        format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n", body.len());
    Answer::Bytes(head, body)
}
