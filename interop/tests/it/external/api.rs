//! External repositories by the REST API.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::face::{Face, Given, REPOSITORY};
use crate::http::{Request, basic};
use crate::server::{PASSWORD, Server};

/// `admin`, sending requests.
pub(super) struct Api {
    address: String,
}

impl Api {
    fn take(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let request = Request { body: Some(body.to_string().into_bytes()), ..Request::new(method, path) };
        let request = request.header("Content-Type", "application/json");
        let answer = request.header("Authorization", &basic("admin", PASSWORD)).send(&self.address);
        match answer.status {
            200..300 => Ok(serde_json::from_slice(&answer.body).unwrap_or_default()),
            status => Err(format!("{status} {}", answer.text())),
        }
    }

    #[track_caller]
    fn does(&self, method: &str, path: &str, body: &Value) -> Value {
        self.take(method, path, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    fn get(&self, path: &str) -> Value {
        self.does("GET", path, &Value::Null)
    }

    /// Waits for a look after the one of this number.
    fn wait(&self, last: i64) -> Result<(), String> {
        loop {
            if let Some(run) = self.events().first().filter(|run| run["id"].as_i64() > Some(last)) {
                return run["message"].as_str().map_or(Ok(()), |message| Err(message.to_owned()));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn repository(rest: &str) -> String {
    format!("/api/v1/repositories/{REPOSITORY}{rest}")
}

/// The body that describes a source.
fn source(given: &Given) -> Value {
    let mut settings = given.settings.clone();
    settings["url"] = given.url.clone().into();
    settings["period"] = 0.into();
    let is_anonymous = given.credentials.as_object().is_none_or(serde_json::Map::is_empty);
    match is_anonymous {
        true => json!({ "settings": settings }),
        false => json!({ "settings": settings, "credentials": given.credentials }),
    }
}

impl Face for Api {
    fn sign_in(server: &Server) -> Self {
        Self { address: server.address().to_owned() }
    }

    fn create_workspace(&self) {
        self.does("POST", "/api/v1/workspaces", &json!({ "name": "mirrors" }));
    }

    fn validate(&self, given: &Given) -> Value {
        self.does("POST", "/api/v1/workspaces/mirrors/sources/validate", &source(given))
    }

    fn add(&self, given: &Given) -> Result<(), String> {
        let settings = json!({ "visibility": "public" });
        let body = json!({ "path": REPOSITORY, "settings": settings, "source": source(given) });
        self.take("POST", "/api/v1/repositories", &body)?;
        self.wait(0)
    }

    fn replace(&self, given: &Given) {
        self.does("PUT", &repository("/source"), &source(given));
    }

    fn source(&self) -> Value {
        self.get(&repository("/source"))
    }

    fn check(&self) -> Value {
        self.does("POST", &repository("/source/validate"), &json!({}))
    }

    fn versions(&self) -> BTreeSet<String> {
        let charts = self.get(&format!("/api/{REPOSITORY}/charts"));
        let charts = charts.as_object().expect("charts are listed by their names");
        let versions = charts.values().flat_map(|versions| versions.as_array().into_iter().flatten());
        versions.map(super::name_and_version).collect()
    }

    fn sync(&self) -> Result<(), String> {
        let last = self.events().first().and_then(|run| run["id"].as_i64()).unwrap_or_default();
        self.does("POST", &repository("/source/sync"), &json!({}));
        self.wait(last)
    }

    fn events(&self) -> Vec<Value> {
        let page = self.get(&repository("/source/runs"));
        page["items"].as_array().expect("a page has items").clone()
    }

    fn removal(&self) -> (u64, u64) {
        let impact = self.get(&repository("/removal"));
        (impact["charts"].as_u64().unwrap(), impact["versions"].as_u64().unwrap())
    }

    fn delete(&self) {
        self.does("DELETE", &repository(""), &Value::Null);
        let error = self.take("GET", &repository(""), &Value::Null).unwrap_err();
        assert!(error.starts_with("404"), "{error}");
    }
}
