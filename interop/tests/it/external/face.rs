//! What people do with external repositories, whichever way they do it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::server::Server;

/// The repository of the tutorial.
pub(super) const REPOSITORY: &str = "mirrors/upstream";

/// A source as somebody describes it.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) url: String,
    /// The other settings, by their names in the API.
    pub(super) settings: Value,
    /// The credentials, by their names in the API.
    pub(super) credentials: Value,
}

impl Given {
    /// A source that everybody may read.
    pub(super) fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), settings: json!({}), credentials: json!({}) }
    }

    pub(super) fn set(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.settings[name] = value.into();
        self
    }

    pub(super) fn secret(mut self, name: &str, value: impl Into<String>) -> Self {
        self.credentials[name] = value.into().into();
        self
    }

    /// With a user name and a password.
    pub(super) fn login(self, user: &str, password: &str) -> Self {
        self.secret("username", user).secret("password", password)
    }

    /// With the key of an object store.
    pub(super) fn key(self, id: &str, secret: &str) -> Self {
        self.secret("access_key_id", id).secret("secret_access_key", secret)
    }

    /// The same for a stranger.
    pub(super) fn anonymous(&self) -> Self {
        Self { credentials: json!({}), ..self.clone() }
    }
}

/// A way to do things, as `admin`.
pub(super) trait Face: Sized {
    fn sign_in(server: &Server) -> Self;

    /// Makes the workspace of the repository.
    fn create_workspace(&self);

    /// Tries a source that no repository has yet.
    fn validate(&self, given: &Given) -> Value;

    /// Adds the repository, which everybody may read, and waits for the first look at its source.
    fn add(&self, given: &Given) -> Result<(), String>;

    /// Replaces the source.
    fn replace(&self, given: &Given);

    /// The source and how the last look went.
    fn source(&self) -> Value;

    /// Tries the source of the repository.
    fn check(&self) -> Value;

    /// `NAME VERSION` of everything in the repository.
    fn versions(&self) -> BTreeSet<String>;

    /// Has the source looked at and waits for that.
    fn sync(&self) -> Result<(), String>;

    /// The last looks, newest first.
    fn events(&self) -> Vec<Value>;

    /// What deleting the repository would take away: charts and versions.
    fn removal(&self) -> (u64, u64);

    fn delete(&self);
}
