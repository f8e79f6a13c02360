//! The real dex: an identity provider.

use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::environment::Peer;
use crate::program::Home;
use crate::server::free_port;

/// What this server is called there, and its secret.
pub(super) const CLIENT: &str = "chandlery";
pub(super) const SECRET: &str = "a secret of the client";

/// Somebody with a password there, who is in no group.
pub(super) const EMAIL: &str = "jane@example.org";
pub(super) const PASSWORD: &str = "correct horse";
/// [`PASSWORD`] by bcrypt.
const PASSWORD_HASH: &str = "$2b$10$CE51OhaFHaeXkxcNzJBSA.PX3xbmU9nNmkHgBGQzm6XFV8u5quaeK";

/// dex with two ways to log in: `local`, a form, and `proxy`, which believes what headers say. Killed when dropped.
pub(super) struct Dex {
    process: Option<Child>,
    home: Home,
    port: u16,
}

impl Dex {
    /// Starts it for a server at this address, with ID tokens that live this long.
    pub(super) fn start(server: &str, token_lifetime: &str) -> Self {
        let port = free_port();
        let mut started = Self { process: None, home: Home::new(), port };
        started.home.write("config.json", started.config(server, token_lifetime).to_string());
        started.start_again();
        started
    }

    fn config(&self, server: &str, token_lifetime: &str) -> serde_json::Value {
        json!({
            "issuer": self.issuer(),
            "storage": { "type": "memory" },
            "web": { "http": self.address() },
            "oauth2": { "skipApprovalScreen": true },
            "expiry": { "idTokens": token_lifetime },
            "enablePasswordDB": true,
            "staticPasswords": [
                { "email": EMAIL, "hash": PASSWORD_HASH, "username": "Jane", "userID": "jane-1" },
            ],
            "connectors": [{ "type": "authproxy", "id": "proxy", "name": "proxy", "config": {} }],
            "staticClients": [{
                "id": CLIENT,
                "name": CLIENT,
                "secret": SECRET,
                "redirectURIs": [format!("{server}/login/oidc/callback")],
            }],
        })
    }

    /// Starts it where it was, with new keys and no memory.
    pub(super) fn start_again(&mut self) {
        let mut command = self.home.command(&Peer::Dex.path(), &["serve", "config.json"]);
        let log = std::fs::File::create(self.home.path().join("log")).unwrap();
        let mut process = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        // It can only be asked again and again: it says nothing when it is ready.
        while TcpStream::connect(self.address()).is_err() {
            assert!(process.try_wait().unwrap().is_none(), "dex ended: {}", self.home.text("log"));
            std::thread::sleep(Duration::from_millis(20));
        }
        self.process = Some(process);
    }

    pub(super) fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // It may have stopped already.
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// `HOST:PORT`
    pub(super) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(super) fn issuer(&self) -> String {
        format!("http://{}/dex", self.address())
    }
}

impl Drop for Dex {
    fn drop(&mut self) {
        self.stop();
    }
}
