//! The real dex: an identity provider.

use serde_json::json;

use crate::environment::Peer;
use crate::peer_server::PeerServer;

/// What this server is called there, and its secret.
pub(super) const CLIENT: &str = "chandlery";
pub(super) const SECRET: &str = "a secret of the client";

/// Somebody with a password there, who is in no group.
pub(super) const EMAIL: &str = "jane@example.org";
pub(super) const PASSWORD: &str = "correct horse";
/// [`PASSWORD`] by bcrypt.
const PASSWORD_HASH: &str = "$2b$10$CE51OhaFHaeXkxcNzJBSA.PX3xbmU9nNmkHgBGQzm6XFV8u5quaeK";

/// dex with two ways to log in: `local`, a form, and `proxy`, which believes what headers say. Killed when dropped.
pub(super) struct Dex(PeerServer);

impl Dex {
    /// Starts it for a server at this address, with ID tokens that live this long.
    pub(super) fn start(server: &str, token_lifetime: &str) -> Self {
        let mut started = Self(PeerServer::new(Peer::Dex));
        started.0.home().write("config.json", started.config(server, token_lifetime).to_string());
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
        self.0.start(&["serve", "config.json"]);
    }

    pub(super) fn stop(&mut self) {
        self.0.stop();
    }

    /// `HOST:PORT`
    pub(super) fn address(&self) -> String {
        self.0.address()
    }

    pub(super) fn issuer(&self) -> String {
        format!("http://{}/dex", self.address())
    }
}
