//! The tutorial by the REST API.

use serde_json::{Value, json};

use super::face::{APP, Face, Reply, Step, WORKSPACE};
use crate::http::{Part, Request, basic};
use crate::server::{PASSWORD, Server};

/// An account that sends requests.
pub(super) struct Api {
    address: String,
    authorization: String,
}

impl Face for Api {
    fn sign_in(server: &Server, account: &str) -> Self {
        Self { address: server.address().to_owned(), authorization: basic(account, PASSWORD) }
    }

    fn take(&self, step: Step<'_>) -> Reply {
        let answer = request(step).header("Authorization", &self.authorization).send(&self.address);
        if answer.status >= 300 {
            return Err(format!("{} {}", answer.status, answer.text()));
        }
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        Ok(match step {
            Step::Invite(_) => body["secret"].clone(),
            _ => body.get("items").cloned().unwrap_or(body),
        })
    }
}

fn workspace(rest: &str) -> String {
    format!("/api/v1/workspaces/{WORKSPACE}{rest}")
}

fn app(rest: &str) -> String {
    workspace(&format!("/apps/{APP}{rest}"))
}

fn version(version: &str, rest: &str) -> String {
    app(&format!("/versions/{version}{rest}"))
}

fn get(path: &str) -> Request {
    Request::get(path)
}

fn send(method: &str, path: &str, body: &Value) -> Request {
    let request = Request { body: Some(body.to_string().into_bytes()), ..Request::new(method, path) };
    request.header("Content-Type", "application/json")
}

fn post(path: &str, body: &Value) -> Request {
    send("POST", path, body)
}

fn upload(method: &str, path: &str, package: &[u8], update_log: &str) -> Request {
    let mut parts: Vec<Part<'_>> = vec![("package", Some("package.tgz"), package.to_vec())];
    if !update_log.is_empty() {
        parts.push(("update_log", None, update_log.into()));
    }
    Request { method: method.to_owned(), ..Request::form(path, &parts) }
}

fn request(step: Step<'_>) -> Request {
    match step {
        Step::CreateRole(name, permissions) => {
            post("/api/v1/roles", &json!({ "name": name, "permissions": permissions }))
        }
        Step::CreateAccount(name, role) => {
            post("/api/v1/accounts", &json!({ "name": name, "role": role, "password": PASSWORD }))
        }
        Step::CreateWorkspace => post("/api/v1/workspaces", &json!({ "name": WORKSPACE })),
        Step::Invite(role) => post(&workspace("/invitations"), &json!({ "role": role })),
        Step::Accept(secret) => post("/api/v1/invitations/accept", &json!({ "secret": secret })),
        Step::CreateCategory(name, title) => {
            post("/api/v1/categories", &json!({ "name": name, "title": title }))
        }
        Step::Assign(category) => send("PUT", &app("/category"), &json!({ "category": category })),
        Step::Queue => get("/api/v1/reviews?status=unprocessed"),
        Step::Search(text, category) => get(&format!("/api/v1/store/apps?q={text}&category={category}")),
        Step::ReadListing => get(&format!("/api/v1/store/apps/{WORKSPACE}/{APP}")),
        of_the_app => request_for_app(of_the_app),
    }
}

fn request_for_app(step: Step<'_>) -> Request {
    match step {
        Step::CreateApp(package, log) => upload("POST", &workspace("/apps"), package, log),
        Step::CreateVersion(package, log) => upload("POST", &app("/versions"), package, log),
        Step::ReplacePackage(of, package) => upload("PUT", &version(of, "/package"), package, ""),
        Step::Edit(display_name, keyword, description) => {
            let information = json!({ "keywords": [keyword], "description": description });
            let change = json!({ "display_name": display_name, "information": information });
            send("PATCH", &app(""), &change)
        }
        Step::SetIcon(svg) => {
            let request = Request { body: Some(svg.into()), ..Request::new("PUT", &app("/icon")) };
            request.header("Content-Type", "image/svg+xml")
        }
        Step::Read => get(&app("")),
        Step::Submit(of, log) => post(&version(of, "/submit"), &json!({ "update_log": log })),
        Step::Act(action, of, message) => {
            let body = if message.is_empty() { json!({}) } else { json!({ "message": message }) };
            post(&version(of, &format!("/{action}")), &body)
        }
        Step::ActOnApp(action) => post(&app(&format!("/{action}")), &json!({})),
        Step::Report(of) => get(&version(of, "/report")),
        Step::Compare(from, to) => get(&version(to, &format!("/diff?from={from}"))),
        Step::Versions => get(&app("/versions")),
        Step::Audit(of) => get(&version(of, "/audit")),
        Step::Delete(of) => Request::new("DELETE", &version(of, "")),
        other => unreachable!("{other:?} is not about the app"),
    }
}
