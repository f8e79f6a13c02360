//! Our server as a child process.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use crate::environment;
use crate::http::{Answer, Request, basic};
use crate::program::Home;

/// The password of `admin` in every test but those about the generated one.
pub(crate) const PASSWORD: &str = "correct-horse-battery";

/// A running server with a data directory of its own; killed when dropped.
pub(crate) struct Server {
    process: Child,
    home: Home,
    /// Everything it printed before it was ready.
    banner: Vec<String>,
    url: String,
}

impl Server {
    /// A fresh server whose account `admin` has [`PASSWORD`].
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with more flags.
    pub(crate) fn start_with(flags: &[&str]) -> Self {
        let home = Home::new();
        home.write("admin-password", PASSWORD);
        let mut all = vec!["--data-dir", "data", "--admin-password-file", "admin-password"];
        all.extend_from_slice(flags);
        Self::start_in(home, &all)
    }

    /// A server of a folder of packages, which stores nothing and has no accounts.
    pub(crate) fn start_folder(home: Home, folder: &str) -> Self {
        Self::start_in(home, &["--from", folder])
    }

    /// A server in this home with exactly these flags; its log goes to the file `log` there.
    pub(crate) fn start_in(home: Home, flags: &[&str]) -> Self {
        let has = |flag| flags.contains(&flag);
        // A server with a public address prints that one, not where it listens: it gets a port we know.
        let known = has("--public-url").then(|| format!("127.0.0.1:{}", free_port()));
        let listen = known.as_deref().unwrap_or("127.0.0.1:0");
        let mut arguments = vec!["serve", "--log-format", "json"];
        if !has("--listen") {
            arguments.extend(["--listen", listen]);
        }
        arguments.extend_from_slice(flags);
        let mut process = spawn(&home, &arguments);
        let generates_password = !has("--admin-password-file") && !has("--from");
        let banner = read_banner(process.stdout.take().unwrap(), if generates_password { 2 } else { 1 });
        let mut server = Self { process, home, banner, url: String::new() };
        server.url = match known.filter(|_| !has("--listen")) {
            Some(address) => format!("http://{address}"),
            None => server.printed_url(),
        };
        server
    }

    fn printed_url(&mut self) -> String {
        let url =
            self.banner.iter().find_map(|line| line.split_whitespace().find(|word| word.contains("://")));
        if let Some(url) = url {
            return url.to_owned();
        }
        let _ = self.process.kill();
        panic!("the server did not start: {:?} {}", self.banner, self.log());
    }

    /// Where it listens, with no slash at the end.
    pub(crate) fn url(&self) -> &str {
        self.url.trim_end_matches('/')
    }

    /// `HOST:PORT`
    pub(crate) fn address(&self) -> &str {
        let rest = self.url.split_once("://").expect("a URL has a scheme").1;
        rest.split('/').next().unwrap_or_default()
    }

    /// The path of its URL: the context path, empty without one.
    pub(crate) fn path(&self) -> &str {
        let rest = self.url().split_once("://").expect("a URL has a scheme").1;
        rest.find('/').map_or("", |start| &rest[start..])
    }

    /// The lines it printed when it started.
    pub(crate) fn banner(&self) -> &[String] {
        &self.banner
    }

    /// What it logged.
    pub(crate) fn log(&self) -> String {
        self.home.text("log")
    }

    /// Where it runs.
    pub(crate) fn home(&self) -> &Home {
        &self.home
    }

    /// Sends a request with no credentials.
    pub(crate) fn send(&self, request: &Request) -> Answer {
        request.send(self.address())
    }

    /// Sends a request as `admin`.
    pub(crate) fn send_as_admin(&self, request: Request) -> Answer {
        request.header("Authorization", &basic("admin", PASSWORD)).send(self.address())
    }

    /// Pushes a package to a repository's API, such as `/api/charts`.
    #[track_caller]
    pub(crate) fn push(&self, path: &str, package: Vec<u8>) {
        self.send_as_admin(Request::post(path, package)).expect(201);
    }

    /// Calls the REST API with a JSON body.
    #[track_caller]
    pub(crate) fn rest(
        &self,
        method: &str,
        path: &str,
        body: &serde_json::Value,
        status: u16,
    ) -> serde_json::Value {
        let request = Request { body: Some(body.to_string().into_bytes()), ..Request::new(method, path) };
        let answer = self.send_as_admin(request.header("Content-Type", "application/json")).expect(status);
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    /// Creates a repository.
    #[track_caller]
    pub(crate) fn create_repository(&self, path: &str, visibility: &str) {
        let body = serde_json::json!({ "path": path, "settings": { "visibility": visibility } });
        self.rest("POST", "/api/v1/repositories", &body, 201);
    }

    /// Makes the default repository readable by everybody.
    #[track_caller]
    pub(crate) fn publish_default(&self) {
        let body = serde_json::json!({ "visibility": "public" });
        self.rest("PATCH", "/api/v1/repositories/default/charts", &body, 200);
    }

    /// A new token of `admin`.
    #[track_caller]
    pub(crate) fn create_token(&self, name: &str, scope: &str) -> String {
        let body = serde_json::json!({ "name": name, "scope": scope });
        let made = self.rest("POST", "/api/v1/tokens", &body, 201);
        made["secret"].as_str().unwrap_or_else(|| panic!("no secret in {made}")).to_owned()
    }

    /// Asks it to stop.
    pub(crate) fn terminate(&self) {
        let process = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
    }

    /// Kills it at once, as a crash would, and keeps its home.
    pub(crate) fn kill(mut self) -> Home {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        std::mem::replace(&mut self.home, Home::new())
    }

    /// Waits for its end and gives its exit code.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        self.process.wait().unwrap().code()
    }
}

fn spawn(home: &Home, arguments: &[&str]) -> Child {
    let log = std::fs::File::options().create(true).append(true).open(home.path().join("log")).unwrap();
    let mut command = home.command(&environment::chandlery(), arguments);
    command.stdout(Stdio::piped()).stderr(log).spawn().unwrap()
}

/// Reads so many lines of what the server prints when it is ready; fewer only if it ends.
fn read_banner(output: std::process::ChildStdout, count: usize) -> Vec<String> {
    let mut reader = BufReader::new(output);
    let mut lines = Vec::new();
    let mut line = String::new();
    while lines.len() < count && reader.read_line(&mut line).unwrap() > 0 {
        lines.push(line.trim().to_owned());
        line.clear();
    }
    std::thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
    lines
}

/// A port that was free a moment ago, for servers that have to know theirs beforehand.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have stopped already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
