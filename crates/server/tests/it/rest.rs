//! The REST API.

mod accounts;
mod audit;
mod bodies;
mod documentation;
mod group_roles;
mod guessing;
mod idempotency;
mod repositories;
mod requests;
mod robots;
mod roles;
mod search;
mod sessions;
mod tokens;
mod workspaces;

use http::Method;
use serde_json::{Value, json};

use crate::support::{Client, TestServer};

const PASSWORD: &str = "a good password";

/// Makes an account and gives it by password.
async fn account(server: &TestServer, admin: &Client, name: &str, role: &str) -> Client {
    let body = json!({ "name": name, "role": role, "password": PASSWORD });
    admin.send_json(Method::POST, "/api/v1/accounts", &body).await.expect(201);
    server.anonymous().with_password(name, PASSWORD)
}

/// All items of a list, page by page, and how many pages there were.
async fn all_items(client: &Client, path: &str, limit: u32) -> (Vec<Value>, usize) {
    let (mut items, mut pages) = (Vec::new(), 0);
    let mut next = Some(format!("{path}?limit={limit}"));
    while let Some(url) = next {
        let answer = client.get(&url).await.expect(200);
        let page = answer.json();
        let of_page = page["items"].as_array().unwrap();
        assert!(of_page.len() <= limit as usize);
        items.extend(of_page.iter().cloned());
        pages += 1;
        let link = answer.header("link");
        assert_eq!(link.is_empty(), page.get("next").is_none());
        next = link.strip_prefix('<').map(|link| {
            let (url, relation) = link.split_once('>').unwrap();
            assert_eq!(relation, "; rel=\"next\"");
            url.to_owned()
        });
    }
    (items, pages)
}
