//! Every route, by everybody, at every kind of repository: the answer is what the one permission table says.

use std::collections::BTreeSet;

use chandlery_core::{
    Account, Actor, Digest, Error, Memberships, Permission, PermissionSet, Place as At, RepositoryScope,
    RoleKind, TokenScope, Visibility, Who, authorise, builtin_role, may, see,
};
use chandlery_server::routes::{Need, listed};
use chandlery_server::{Access, ChartMuseumConfig, Config};
use chandlery_store::{accounts, tokens};
use http::Method;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::store::Release;
use crate::support::{Answer, Client, Form, TestServer, package, provenance};

/// What is sent on a route, and what the answer is for those who may.
struct Probe {
    method: Method,
    /// The pattern, for the default repository if the route is one of several for the same thing.
    pattern: &'static str,
    /// How many patterns the table has for this.
    patterns: usize,
    body: Option<Value>,
    status: u16,
    /// A part of the body.
    text: &'static str,
}

/// The pattern of something of an app.
macro_rules! of_app {
    ($suffix:literal) => {
        concat!("/api/v1/workspaces/{workspace}/apps/{app}", $suffix)
    };
}

/// The pattern of something of the source of a repository.
macro_rules! of_source {
    ($suffix:literal) => {
        concat!("/api/v1/repositories/{workspace}/{repository}/source", $suffix)
    };
}

/// The pattern of something of a virtual repository.
macro_rules! of_virtual {
    ($suffix:literal) => {
        concat!("/api/v1/repositories/{workspace}/{repository}/virtual", $suffix)
    };
}

const SOURCE: &str = of_source!("");

const MEMBER: &str = "/api/v1/workspaces/{workspace}/members/{account}";

const APPS: &str = "/api/v1/workspaces/{workspace}/apps";
const APP: &str = of_app!("");

/// One for every kind of route. None of them changes what the others see.
fn probes() -> Vec<Probe> {
    const REPOSITORY: &str = "/api/v1/repositories/{workspace}/{repository}";
    const WORKSPACE: &str = "/api/v1/workspaces/{workspace}";
    const ROTATE: &str = "/api/v1/workspaces/{workspace}/robots/{robot}/rotate";
    const INVITATION: &str = "/api/v1/workspaces/{workspace}/invitations/{invitation}";
    const VERSION: &str = "/api/charts/{name}/{version}";
    let probe = |method, pattern, patterns, body, status, text| Probe {
        method,
        pattern,
        patterns,
        body,
        status,
        text,
    };
    let get = |pattern, patterns, text| probe(Method::GET, pattern, patterns, None, 200, text);
    let empty = || Some(json!({}));
    // Refused by whoever reads it, so that the state of things does not change.
    let unknown = || Some(json!({ "unknown": 1 }));
    vec![
        get("/index.yaml", 2, "apiVersion: v1"),
        get("/charts/{file}", 2, ""),
        get("/artifacthub-repo.yml", 2, "repositoryID: 7"),
        get("/store/index.yaml", 1, "apiVersion: v1"),
        get("/store/charts/{file}", 1, ""),
        get("/store/artifacthub-repo.yml", 1, "repositoryID: 7"),
        get("/api/charts", 3, "\"mychart\""),
        get("/api/charts/{name}", 3, "\"mychart\""),
        get(VERSION, 3, "\"mychart\""),
        get("/api/charts/{name}/{version}/templates", 3, "templates/a.yaml"),
        get("/api/charts/{name}/{version}/values", 3, "replicas: 1"),
        probe(Method::POST, "/api/charts", 3, None, 400, "error"),
        probe(Method::POST, "/api/prov", 3, None, 500, "invalid provenance file"),
        probe(Method::DELETE, VERSION, 3, None, 404, "version 9.9.9 of chart mychart not found"),
        get("/", 1, "<html"),
        get("/health", 1, "{\"healthy\":true}"),
        get("/info", 1, "version"),
        get("/livez", 1, "ok"),
        get("/readyz", 1, "ok"),
        get("/metrics", 1, "chandlery_http_requests_total"),
        get("/api/chartsvc/v1/charts/search", 1, "data"),
        get("/api/v1/whoami", 1, "account"),
        probe(Method::PUT, "/api/v1/password", 1, empty(), 400, "missing field"),
        get("/api/v1/accounts", 1, "items"),
        probe(Method::POST, "/api/v1/accounts", 1, empty(), 400, "missing field"),
        get("/api/v1/accounts/{account}", 1, "somebody"),
        probe(Method::PATCH, "/api/v1/accounts/{account}", 1, empty(), 200, "somebody"),
        probe(Method::DELETE, "/api/v1/accounts/{account}", 1, None, 404, "account nobody not found"),
        get("/api/v1/permissions", 1, "users.manage"),
        get("/api/v1/roles", 1, "platform-admin"),
        probe(Method::POST, "/api/v1/roles", 1, empty(), 400, "missing field"),
        get("/api/v1/roles/{role}", 1, "custom"),
        probe(Method::PATCH, "/api/v1/roles/{role}", 1, empty(), 200, "custom"),
        probe(Method::DELETE, "/api/v1/roles/{role}", 1, None, 404, "role nothing not found"),
        get("/api/v1/group-roles", 1, "items"),
        probe(Method::POST, "/api/v1/group-roles", 1, empty(), 400, "missing field"),
        probe(Method::DELETE, "/api/v1/group-roles", 1, None, 400, "missing field"),
        get("/api/v1/workspaces/{workspace}/group-roles", 1, "items"),
        probe(Method::POST, "/api/v1/workspaces/{workspace}/group-roles", 1, empty(), 400, "missing field"),
        probe(Method::DELETE, "/api/v1/workspaces/{workspace}/group-roles", 1, None, 400, "missing field"),
        get("/api/v1/workspaces", 1, "items"),
        probe(Method::POST, "/api/v1/workspaces", 1, empty(), 400, "missing field"),
        get(WORKSPACE, 1, "\"team\""),
        probe(Method::PATCH, WORKSPACE, 1, empty(), 200, "\"team\""),
        probe(Method::DELETE, WORKSPACE, 1, None, 409, "delete them first"),
        get("/api/v1/workspaces/{workspace}/roles", 1, "workspace-admin"),
        probe(Method::POST, "/api/v1/workspaces/{workspace}/roles", 1, empty(), 400, "missing field"),
        get("/api/v1/workspaces/{workspace}/roles/{role}", 1, "custom"),
        probe(Method::PATCH, "/api/v1/workspaces/{workspace}/roles/{role}", 1, empty(), 200, "custom"),
        probe(
            Method::DELETE,
            "/api/v1/workspaces/{workspace}/roles/{role}",
            1,
            None,
            404,
            "role nothing not",
        ),
        get("/api/v1/workspaces/{workspace}/members", 1, "somebody"),
        probe(Method::POST, "/api/v1/workspaces/{workspace}/members", 1, empty(), 400, "missing field"),
        get(MEMBER, 1, "somebody"),
        probe(Method::PATCH, MEMBER, 1, empty(), 400, "missing field"),
        probe(Method::DELETE, MEMBER, 1, None, 404, "member nobody not found"),
        get("/api/v1/workspaces/{workspace}/invitations", 1, "items"),
        probe(Method::POST, "/api/v1/workspaces/{workspace}/invitations", 1, empty(), 400, "missing field"),
        probe(Method::DELETE, INVITATION, 1, None, 404, "invitation 0 not found"),
        probe(Method::POST, "/api/v1/invitations/accept", 1, empty(), 400, "missing field"),
        get("/api/v1/workspaces/{workspace}/projects", 1, "\"web\""),
        probe(Method::POST, "/api/v1/workspaces/{workspace}/projects", 1, empty(), 400, "missing field"),
        get("/api/v1/workspaces/{workspace}/projects/{project}", 1, "\"web\""),
        probe(Method::PATCH, "/api/v1/workspaces/{workspace}/projects/{project}", 1, empty(), 200, "web"),
        probe(
            Method::DELETE,
            "/api/v1/workspaces/{workspace}/projects/{project}",
            1,
            None,
            404,
            "nothing not",
        ),
        get("/api/v1/workspaces/{workspace}/robots", 1, "\"ci\""),
        probe(Method::POST, "/api/v1/workspaces/{workspace}/robots", 1, empty(), 400, "missing field"),
        get("/api/v1/workspaces/{workspace}/robots/{robot}", 1, "\"ci\""),
        probe(
            Method::DELETE,
            "/api/v1/workspaces/{workspace}/robots/{robot}",
            1,
            None,
            404,
            "robot nothing not",
        ),
        probe(Method::POST, ROTATE, 1, Some(json!({ "expires_at": "never" })), 400, "expires_at"),
        get("/api/v1/login-methods", 1, "\"password\":true"),
        probe(Method::GET, "/login/oidc", 1, None, 404, "an identity provider not found"),
        probe(Method::GET, "/login/oidc/callback", 1, None, 404, "an identity provider not found"),
        probe(Method::POST, "/api/v1/session", 1, empty(), 400, "missing field"),
        probe(Method::GET, "/api/v1/session", 1, None, 404, "a session not found"),
        probe(Method::DELETE, "/api/v1/session", 1, None, 204, ""),
        get("/api/v1/tokens", 1, "items"),
        probe(Method::POST, "/api/v1/tokens", 1, empty(), 400, "missing field"),
        probe(Method::DELETE, "/api/v1/tokens/{token}", 1, None, 404, "token nothing not found"),
        get("/api/v1/repositories", 1, "items"),
        probe(Method::POST, "/api/v1/repositories", 1, empty(), 400, "missing field"),
        get(REPOSITORY, 1, "generation"),
        probe(Method::PATCH, REPOSITORY, 1, empty(), 200, "generation"),
        probe(Method::DELETE, REPOSITORY, 1, None, 204, ""),
        get("/api/v1/repositories/{workspace}/{repository}/removal", 1, "cached_packages"),
        probe(Method::GET, of_virtual!(""), 1, None, 404, "members of"),
        probe(Method::PUT, of_virtual!(""), 1, empty(), 400, "missing field"),
        probe(Method::GET, of_virtual!("/resolve"), 1, None, 400, "missing field"),
        probe(Method::GET, SOURCE, 1, None, 404, "source of"),
        probe(Method::PUT, SOURCE, 1, empty(), 400, "missing field"),
        probe(Method::POST, of_source!("/sync"), 1, None, 404, "source of"),
        probe(Method::GET, of_source!("/runs"), 1, None, 404, "source of"),
        probe(Method::POST, of_source!("/validate"), 1, empty(), 404, "source of"),
        probe(Method::POST, of_source!("/digests"), 1, empty(), 400, "missing field"),
        probe(Method::POST, of_source!("/hook"), 1, None, 404, "source of"),
        probe(Method::DELETE, of_source!("/hook"), 1, None, 404, "source of"),
        probe(
            Method::POST,
            "/api/v1/workspaces/{workspace}/sources/validate",
            1,
            empty(),
            400,
            "missing field",
        ),
        probe(Method::POST, "/api/v1/hooks/{secret}", 1, None, 404, "hook not found"),
        get("/api/v1/search", 1, "items"),
        get("/api/v1/categories", 1, "uncategorized"),
        probe(Method::POST, "/api/v1/categories", 1, empty(), 400, "missing field"),
        get("/api/v1/categories/{category}", 1, "uncategorized"),
        probe(Method::PATCH, "/api/v1/categories/{category}", 1, empty(), 200, "uncategorized"),
        probe(Method::DELETE, "/api/v1/categories/{category}", 1, None, 404, "category nothing not found"),
        probe(
            Method::PUT,
            "/api/v1/workspaces/{workspace}/apps/{app}/category",
            1,
            empty(),
            400,
            "missing field",
        ),
        get("/api/v1/store/apps", 1, "\"mychart\""),
        get("/api/v1/store/apps/{workspace}/{app}", 1, "\"mychart\""),
        get("/api/v1/store/apps/{workspace}/{app}/versions", 1, "\"0.1.0\""),
        get("/api/v1/store/apps/{workspace}/{app}/versions/{version}", 1, "replicas: 1"),
        get("/api/v1/store/apps/{workspace}/{app}/versions/{version}/file", 1, "replicas: 1"),
        probe(
            Method::GET,
            "/api/v1/store/apps/{workspace}/{app}/pictures/{picture}",
            1,
            None,
            404,
            "picture not found",
        ),
        get("/api/v1/store/apps/{workspace}/{app}/feed.json", 1, "jsonfeed.org"),
        get("/api/v1/store/apps/{workspace}/{app}/feed.rss", 1, "<rss version"),
        get("/api/v1/apps", 1, "items"),
        get(APPS, 1, "\"mychart\""),
        probe(Method::POST, APPS, 1, empty(), 400, "missing field"),
        get(APP, 1, "\"mychart\""),
        probe(Method::PATCH, APP, 1, unknown(), 400, "unknown field"),
        probe(Method::DELETE, APP, 1, None, 409, "delete them first"),
        probe(Method::POST, of_app!("/suspend"), 1, unknown(), 400, "unknown field"),
        probe(Method::POST, of_app!("/recover"), 1, unknown(), 400, "unknown field"),
        probe(Method::PUT, of_app!("/icon"), 1, None, 400, "not a picture"),
        probe(Method::DELETE, of_app!("/icon"), 1, None, 404, "icon not found"),
        probe(Method::POST, of_app!("/screenshots"), 1, None, 400, "not a picture"),
        probe(Method::PUT, of_app!("/screenshots"), 1, unknown(), 400, "unknown field"),
        probe(Method::DELETE, of_app!("/screenshots/{picture}"), 1, None, 404, "screenshot not found"),
        probe(Method::GET, of_app!("/pictures/{picture}"), 1, None, 404, "picture not found"),
        get(of_app!("/audit"), 1, "items"),
        get(of_app!("/versions"), 1, "0.1.0"),
        probe(Method::POST, of_app!("/versions"), 1, empty(), 400, "missing field"),
        get(of_app!("/versions/{version}"), 1, "0.1.0"),
        probe(Method::PATCH, of_app!("/versions/{version}"), 1, unknown(), 400, "unknown field"),
        probe(Method::DELETE, of_app!("/versions/{version}"), 1, None, 404, "version not found"),
        get(of_app!("/versions/{version}/package"), 1, ""),
        probe(Method::PUT, of_app!("/versions/{version}/package"), 1, empty(), 400, "missing field"),
        get(of_app!("/versions/{version}/files"), 1, "Chart.yaml"),
        get(of_app!("/versions/{version}/file"), 1, "replicas: 1"),
        probe(Method::GET, of_app!("/versions/{version}/diff"), 1, None, 400, "missing field"),
        probe(Method::GET, of_app!("/versions/{version}/report"), 1, None, 404, "never submitted"),
        get(of_app!("/versions/{version}/audit"), 1, "items"),
        probe(Method::POST, of_app!("/versions/{version}/submit"), 1, unknown(), 400, "unknown field"),
        probe(Method::POST, of_app!("/versions/{version}/cancel"), 1, unknown(), 400, "unknown field"),
        probe(Method::POST, of_app!("/versions/{version}/start-review"), 1, unknown(), 400, "unknown field"),
        probe(Method::POST, of_app!("/versions/{version}/pass"), 1, unknown(), 400, "unknown field"),
        probe(Method::POST, of_app!("/versions/{version}/reject"), 1, unknown(), 400, "unknown field"),
        probe(Method::POST, of_app!("/versions/{version}/override-pass"), 1, unknown(), 400, "unknown field"),
        probe(
            Method::POST,
            of_app!("/versions/{version}/override-reject"),
            1,
            unknown(),
            400,
            "unknown field",
        ),
        probe(Method::POST, of_app!("/versions/{version}/release"), 1, unknown(), 400, "unknown field"),
        probe(Method::POST, of_app!("/versions/{version}/suspend"), 1, unknown(), 400, "unknown field"),
        probe(Method::POST, of_app!("/versions/{version}/recover"), 1, unknown(), 400, "unknown field"),
        get("/api/v1/reviews", 1, "items"),
        get("/api/v1/settings/review", 1, "phases"),
        probe(Method::PUT, "/api/v1/settings/review", 1, unknown(), 400, "unknown field"),
        get("/api/v1/audit", 1, "items"),
        get("/api/v1/audit.jsonl", 1, "\"action\""),
        get("/api/v1/audit.csv", 1, "id,at,actor"),
        get("/api/v1/workspaces/{workspace}/audit.jsonl", 1, "\"action\""),
        get("/api/v1/workspaces/{workspace}/audit.csv", 1, "id,at,actor"),
        get("/api/v1/workspaces/{workspace}/audit", 1, "items"),
        get("/api/v1/webhooks", 1, "items"),
        probe(Method::POST, "/api/v1/webhooks", 1, empty(), 400, "missing field"),
        probe(Method::GET, "/api/v1/webhooks/{webhook}", 1, None, 404, "webhook nothing not found"),
        probe(Method::PATCH, "/api/v1/webhooks/{webhook}", 1, empty(), 404, "webhook nothing not found"),
        probe(Method::DELETE, "/api/v1/webhooks/{webhook}", 1, None, 404, "webhook nothing not found"),
        probe(Method::POST, "/api/v1/webhooks/{webhook}/test", 1, None, 404, "webhook nothing not found"),
        probe(
            Method::GET,
            "/api/v1/webhooks/{webhook}/deliveries",
            1,
            None,
            404,
            "webhook nothing not found",
        ),
        probe(
            Method::POST,
            "/api/v1/webhooks/{webhook}/deliveries/{delivery}/redeliver",
            1,
            None,
            404,
            "webhook nothing not found",
        ),
        get("/api/v1/workspaces/{workspace}/webhooks", 1, "items"),
        probe(Method::POST, "/api/v1/workspaces/{workspace}/webhooks", 1, empty(), 400, "missing field"),
        probe(
            Method::GET,
            "/api/v1/workspaces/{workspace}/webhooks/{webhook}",
            1,
            None,
            404,
            "webhook nothing not found",
        ),
        probe(
            Method::PATCH,
            "/api/v1/workspaces/{workspace}/webhooks/{webhook}",
            1,
            empty(),
            404,
            "webhook nothing not found",
        ),
        probe(
            Method::DELETE,
            "/api/v1/workspaces/{workspace}/webhooks/{webhook}",
            1,
            None,
            404,
            "webhook nothing not found",
        ),
        probe(
            Method::POST,
            "/api/v1/workspaces/{workspace}/webhooks/{webhook}/test",
            1,
            None,
            404,
            "webhook nothing not found",
        ),
        probe(
            Method::GET,
            "/api/v1/workspaces/{workspace}/webhooks/{webhook}/deliveries",
            1,
            None,
            404,
            "webhook nothing not found",
        ),
        probe(
            Method::POST,
            "/api/v1/workspaces/{workspace}/webhooks/{webhook}/deliveries/{delivery}/redeliver",
            1,
            None,
            404,
            "webhook nothing not found",
        ),
        get("/api/v1/notification-choices", 1, "mail_events"),
        probe(Method::PUT, "/api/v1/notification-choices", 1, empty(), 400, "missing field"),
        get("/api/v1/openapi.json", 1, "\"openapi\": \"3.1.0\""),
        get("/api/docs", 1, "<html"),
    ]
}

/// The pattern of the same thing in the default repository, as in [`Probe::pattern`].
fn kind_of(pattern: &str) -> String {
    if pattern.starts_with("/api/v1/") {
        return pattern.to_owned();
    }
    pattern.replace("/{workspace}/{repository}/api", "/api").replace("/{workspace}/{repository}", "")
}

#[test]
fn every_route_has_its_probe() {
    let config = config_of_everything(Config::embedded("unused".into()));
    let routes = listed(&config);
    for probe in probes() {
        let same = |(method, pattern, _): &&(Method, &str, Need)| {
            *method == probe.method && kind_of(pattern) == probe.pattern
        };
        let found = routes.iter().filter(same).count();
        assert_eq!(found, probe.patterns, "{} {}", probe.method, probe.pattern);
    }
    let all: usize = probes().iter().map(|probe| probe.patterns).sum();
    let distinct: BTreeSet<_> = routes.iter().map(|(method, path, _)| (method.as_str(), path)).collect();
    assert_eq!(distinct.len(), routes.len(), "a route is listed twice");
    assert_eq!(all, routes.len(), "a route has no probe: {distinct:?}");
}

fn config_of_everything(mut config: Config) -> Config {
    config.metrics = Access::Account;
    config.chartmuseum = ChartMuseumConfig::default();
    config
}

/// A repository that requests may name.
#[derive(Clone, Copy)]
struct Place {
    path: &'static str,
    /// What the test's actors call it.
    id: i64,
    /// And its workspace.
    workspace: i64,
    visibility: Visibility,
}

const PLACES: [Place; 3] = [
    Place { path: "team/public", id: 1, workspace: 1, visibility: Visibility::Public },
    Place { path: "team/internal", id: 2, workspace: 1, visibility: Visibility::Internal },
    Place { path: "team/private", id: 3, workspace: 1, visibility: Visibility::Private },
];

/// The default repository, which is made private.
const DEFAULT: Place = Place { path: "default/charts", id: 4, workspace: 3, visibility: Visibility::Private };

/// The store's.
const STORE: Place = Place { path: "system/store", id: 6, workspace: 4, visibility: Visibility::Internal };

/// Another tenant's.
const ELSEWHERE: Place = Place { path: "other/charts", id: 5, workspace: 2, visibility: Visibility::Private };

/// Somebody, and what the permission table knows of them.
struct Somebody {
    name: String,
    client: Client,
    /// Nothing for credentials that are no good.
    actor: Option<Actor>,
}

fn account(role: &str, scope: TokenScope, repository: Option<i64>) -> Option<Actor> {
    Some(Actor::Account(plain_account(role, scope, repository)))
}

/// A member of a workspace with these rights there.
fn member(workspace: i64, permissions: PermissionSet) -> Option<Actor> {
    let memberships = [(workspace, permissions)].into_iter().collect();
    Some(Actor::Account(Account { memberships, ..plain_account("platform-regular", TokenScope::All, None) }))
}

fn plain_account(role: &str, scope: TokenScope, repository: Option<i64>) -> Account {
    let permissions = builtin_role(RoleKind::Platform, role).unwrap().permissions;
    Account {
        id: 1,
        name: "somebody".parse().unwrap(),
        robot: false,
        role: role.parse().unwrap(),
        permissions,
        memberships: Memberships::default(),
        scope,
        repository,
    }
}

/// A server with everything that the probes ask for.
async fn server_of_everything() -> (TestServer, Client) {
    let server = TestServer::with(|config| *config = config_of_everything(config.clone())).await;
    let admin = server.admin().await;
    for place in PLACES.iter().chain([&ELSEWHERE]) {
        admin.create_repository(place.path, &json!({ "visibility": place.visibility.as_str() })).await;
    }
    Release::of("team", "mychart", "0.1.0").put(&server.store().await).await;
    admin.set(STORE.path, &json!({ "artifacthub_repository_id": "7" })).await;
    admin.set(DEFAULT.path, &json!({ "visibility": DEFAULT.visibility.as_str() })).await;
    for place in PLACES.iter().chain([&DEFAULT]) {
        admin.set(place.path, &json!({ "artifacthub_repository_id": "7" })).await;
        let url = format!("/api/{}", place.path);
        admin.post(&format!("{url}/charts"), package("mychart", "0.1.0")).await.expect(201);
        admin.post(&format!("{url}/prov"), provenance("mychart", "0.1.0")).await.expect(201);
    }
    for workspace in ["default", "other", "system"] {
        let form = Form::new().file("package", "x", &package("mychart", "0.1.0"));
        admin.post_form(&format!("/api/v1/workspaces/{workspace}/apps"), form).await.expect(201);
    }
    for (path, body) in [
        ("roles", json!({ "name": "custom", "permissions": [] })),
        ("workspaces/team/roles", json!({ "name": "custom", "permissions": [] })),
        ("workspaces/team/roles", json!({ "name": "keeper", "permissions": ["workspaces.manage"] })),
        ("workspaces/team/projects", json!({ "name": "web" })),
        ("workspaces/team/robots", json!({ "name": "ci", "role": "workspace-viewer", "scope": "pull" })),
    ] {
        admin.send_json(Method::POST, &format!("/api/v1/{path}"), &body).await.expect(201);
    }
    (server, admin)
}

/// A member of a workspace, by token.
async fn member_client(server: &TestServer, admin: &Client, workspace: &str, role: &str) -> Client {
    let name = format!("{workspace}-{role}");
    let client = account_client(server, admin, &name, "platform-regular").await;
    add_member(admin, workspace, &name, role).await;
    client
}

async fn add_member(admin: &Client, workspace: &str, account: &str, role: &str) {
    let body = json!({ "account": account, "role": role });
    let path = format!("/api/v1/workspaces/{workspace}/members");
    admin.send_json(Method::POST, &path, &body).await.expect(201);
}

/// An account with this role, by token.
async fn account_client(server: &TestServer, admin: &Client, name: &str, role: &str) -> Client {
    let body = json!({ "name": name, "role": role, "password": "a good password" });
    admin.send_json(Method::POST, "/api/v1/accounts", &body).await.expect(201);
    let client = server.anonymous().with_password(name, "a good password");
    client.create_token(&json!({ "name": "test", "scope": "all" })).await
}

async fn everybody(server: &TestServer, admin: &Client) -> Vec<Somebody> {
    use TokenScope::{All, Pull, Push};
    let mut everybody = Vec::new();
    let mut add = |name: &str, client: Client, actor: Option<Actor>| {
        everybody.push(Somebody { name: name.to_owned(), client, actor });
    };
    add("nobody", server.anonymous(), Some(Actor::Anonymous));
    add("wrong token", server.anonymous().with_token("chy_wrong"), None);
    add("administrator", admin.clone(), account("platform-admin", All, None));
    let regular = account_client(server, admin, "regular", "platform-regular").await;
    let manager = account_client(server, admin, "manager", "repositories-manager").await;
    let disabled = account_client(server, admin, "disabled", "platform-admin").await;
    account_client(server, admin, "somebody", "platform-regular").await;
    let body = json!({ "disabled": true });
    admin.send_json(Method::PATCH, "/api/v1/accounts/disabled", &body).await.expect(200);
    add_member(admin, "team", "somebody", "workspace-viewer").await;
    for (workspace, id) in [("team", 1), ("other", 2)] {
        for role in ["workspace-admin", "workspace-regular", "workspace-viewer"] {
            let granted = builtin_role(RoleKind::Workspace, role).unwrap().permissions;
            let client = member_client(server, admin, workspace, role).await;
            add(&format!("{workspace}'s {role}"), client, member(id, granted));
        }
    }
    let keeper = member_client(server, admin, "team", "keeper").await;
    add("keeper", keeper, member(1, PermissionSet::of(&[Permission::WorkspacesManage])));
    let workspaces_manager = account_client(server, admin, "ws-manager", "workspaces-manager").await;
    add("workspaces manager", workspaces_manager, account("workspaces-manager", All, None));
    let regular_puller = regular.create_token(&json!({ "name": "pull", "scope": "pull" })).await;
    add("regular", regular, account("platform-regular", All, None));
    add("regular's pull token", regular_puller, account("platform-regular", Pull, None));
    add("manager", manager.clone(), account("repositories-manager", All, None));
    add("disabled", disabled, None);
    add("expired", expired_token(server).await, None);
    let pull = admin.create_token(&json!({ "name": "pull", "scope": "pull" })).await;
    add("pull token", pull, account("platform-admin", Pull, None));
    let push = admin.create_token(&json!({ "name": "push", "scope": "push" })).await;
    add("push token", push, account("platform-admin", Push, None));
    let mut limited = Vec::new();
    for place in PLACES.iter().chain([&DEFAULT, &ELSEWHERE]) {
        for scope in [Pull, Push, All] {
            let name = format!("{}-{}", scope.as_str(), place.path.replace('/', "-"));
            let request = json!({ "name": name, "scope": scope.as_str(), "repository": place.path });
            limited.push((name, manager.create_token(&request).await, scope, place.id));
        }
    }
    for (name, client, scope, id) in limited {
        add(&name, client, account("repositories-manager", scope, Some(id)));
    }
    everybody
}

/// A token of the administrator that expired an hour ago.
async fn expired_token(server: &TestServer) -> Client {
    let store = server.store().await;
    let reader = store.database().reader();
    let admin = accounts::find(reader, &"admin".parse().unwrap()).await.unwrap().unwrap();
    let now = Timestamp::now();
    let token = tokens::NewToken {
        account_id: admin.id,
        name: "expired".parse().unwrap(),
        secret_hash: Digest::of(b"chy_expired"),
        scope: TokenScope::All,
        repository_id: None,
        expires_at: Some(now - 1.hour()),
        created_at: now - 2.hours(),
    };
    let transaction = store.database().begin().await.unwrap();
    tokens::create(&transaction, &token).await.unwrap();
    transaction.commit().await.unwrap();
    server.anonymous().with_token("chy_expired")
}

/// The pattern with its parameters filled in for a probe at `repository`.
fn url_of(probe: &Probe, pattern: &str, repository: &str) -> String {
    let (workspace, repository) = repository.split_once('/').unwrap();
    let deletes = probe.method == Method::DELETE;
    // The one path of the store that needs a query.
    let query = if pattern.ends_with("/file") { "?path=values.yaml" } else { "" };
    let path = pattern
        .replace("{workspace}", workspace)
        .replace("{repository}", repository)
        .replace("{file}", "mychart-0.1.0.tgz")
        .replace("{name}", "mychart")
        .replace("{version}", if deletes { "9.9.9" } else { "0.1.0" })
        .replace("{account}", if deletes { "nobody" } else { "somebody" })
        .replace("{token}", "nothing")
        .replace("{category}", if deletes { "nothing" } else { "uncategorized" })
        .replace("{app}", "mychart")
        .replace("{role}", if deletes { "nothing" } else { "custom" })
        .replace("{project}", if deletes { "nothing" } else { "web" })
        .replace("{picture}", &"0".repeat(64))
        .replace("{invitation}", "0")
        .replace("{delivery}", "0")
        .replace("{webhook}", "nothing")
        .replace("{robot}", if deletes { "nothing" } else { "ci" });
    path + query
}

async fn send(client: &Client, probe: &Probe, url: &str) -> Answer {
    match &probe.body {
        Some(body) => client.send_json(probe.method.clone(), url, body).await,
        None => Answer::to(client.request(probe.method.clone(), url)).await,
    }
}

/// The status for somebody at a place; `None` if they may.
fn refusal(need: Need, actor: Option<&Actor>, place: Place) -> Option<u16> {
    if need == Need::Nothing {
        return None;
    }
    let Some(actor) = actor else { return Some(401) };
    let scope = At::Repository(RepositoryScope {
        id: place.id,
        workspace_id: place.workspace,
        visibility: place.visibility,
    });
    let decision = match need {
        Need::Nothing | Need::Anyone => return None,
        Need::Account => return (*actor == Actor::Anonymous).then_some(401),
        Need::FullAccount => actor.in_full().map(drop),
        Need::Platform(permission) => authorise(actor, permission, At::Platform),
        Need::Member => see(actor, At::Workspace(place.workspace)),
        Need::Workspace(permission) => authorise(actor, permission, At::Workspace(place.workspace)),
        Need::App(permission) => {
            at_app(actor, place).and_then(|()| authorise(actor, permission, At::Workspace(place.workspace)))
        }
        Need::Lifecycle(action) => at_app(actor, place).and_then(|()| match action.who() {
            Who::Workspace(permission) => authorise(actor, permission, At::Workspace(place.workspace)),
            Who::Platform(permission) | Who::Reviewer(permission) => {
                authorise(actor, permission, At::Platform)
            }
            Who::SubmitterOr(permission) => [permission, Permission::AppsManage]
                .into_iter()
                .map(|permission| authorise(actor, permission, At::Workspace(place.workspace)))
                .find(Result::is_ok)
                .unwrap_or_else(|| Err(Error::Forbidden(String::new()))),
            Who::Administrator => {
                // Of those who walk here only the administrator has every permission.
                authorise(actor, Permission::RolesManage, At::Platform)
            }
        }),
        Need::Repository(permission) => authorise(actor, permission, scope),
        Need::Store => return refusal(Need::Repository(Permission::AppsView), Some(actor), STORE),
    };
    decision.err().map(|error| match error.code() {
        "unauthenticated" => 401,
        "forbidden" => 403,
        "not_found" => 404,
        other => panic!("{other}"),
    })
}

/// Whether somebody may know of the app of a place, which was never submitted.
fn at_app(actor: &Actor, place: Place) -> chandlery_core::Result<()> {
    match actor {
        Actor::Anonymous => Err(Error::Unauthenticated),
        _ if may(actor, Permission::AppsView, At::Workspace(place.workspace)) => Ok(()),
        _ => Err(Error::not_found("app")),
    }
}

/// What a probe needs: a row says what suffices for some requests of its kind.
fn asked_in_all(need: Need, probe: &Probe) -> Need {
    match (probe.pattern, &probe.method) {
        // The row lets everybody remove themselves.
        (MEMBER, &Method::DELETE) => Need::Workspace(Permission::WorkspacesManage),
        _ => need,
    }
}

/// Checks an answer against what it has to be, and says which it is.
fn check(what: &str, answer: &Answer, refusal: Option<u16>, probe: &Probe) {
    let text = answer.text();
    let Some(status) = refusal else {
        assert_eq!(answer.status, probe.status, "{what}: {text}");
        assert!(text.contains(probe.text), "{what}: {text}");
        return;
    };
    assert_eq!(answer.status, status, "{what}: {text}");
    assert_eq!(answer.header("www-authenticate").is_empty(), status != 401, "{what}");
    let found =
        ["repository", "workspace", "app"].iter().any(|what| text.contains(&format!("{what} not found")));
    assert!(found || status != 404, "{what}: {text}");
    let problem = probe.pattern.starts_with("/api/v1/");
    let content_type = if problem { "application/problem+json" } else { "application/json; charset=utf-8" };
    assert_eq!(answer.header("content-type"), content_type, "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_at_every_route() {
    let (server, admin) = server_of_everything().await;
    let everybody = everybody(&server, &admin).await;
    let mut checked = 0;
    for (method, pattern, need) in
        listed(&config_of_everything(TestServer::config(server.directory().path())))
    {
        let probes = probes();
        let probe = probes.iter().find(|probe| probe.method == method && probe.pattern == kind_of(pattern));
        let probe = probe.unwrap_or_else(|| panic!("{method} {pattern} has no probe"));
        let places: &[Place] = match need {
            _ if !pattern.contains("{workspace}") => &[DEFAULT],
            Need::Member | Need::Workspace(_) => &[PLACES[0]],
            _ => &PLACES,
        };
        let need = asked_in_all(need, probe);
        for place in places {
            for somebody in &everybody {
                let what = format!("{} {method} {pattern} at {}", somebody.name, place.path);
                let refusal = refusal(need, somebody.actor.as_ref(), *place);
                // What was deleted has to be there for the next one.
                let removes = pattern.contains("{repository}") && probe.status == 204 && refusal.is_none();
                let path = if removes { "team/spare" } else { place.path };
                if removes {
                    admin.create_repository(path, &json!({})).await;
                }
                let client = match (removes, &somebody.actor) {
                    (true, Some(Actor::Account(account))) if account.repository.is_some() => {
                        let name = format!("spare-{checked}");
                        let request = json!({ "name": name, "scope": "all", "repository": path });
                        &admin.create_token(&request).await
                    }
                    _ => &somebody.client,
                };
                let answer = send(client, probe, &url_of(probe, pattern, path)).await;
                check(&what, &answer, refusal, probe);
                checked += 1;
            }
        }
    }
    assert!(checked > 2000, "{checked}");
}

/// Cells that must not change by a change of the table alone.
#[tokio::test(flavor = "multi_thread")]
async fn cells_that_matter() {
    let (server, admin) = server_of_everything().await;
    let everybody = everybody(&server, &admin).await;
    const INDEX: &str = "GET /{}/index.yaml";
    const PACKAGE: &str = "GET /{}/charts/mychart-0.1.0.tgz";
    const UPLOAD: &str = "POST /api/{}/charts";
    const DELETE: &str = "DELETE /api/{}/charts/mychart/9.9.9";
    const REMOVE: &str = "DELETE /api/v1/repositories/{}";
    let cells = [
        ("nobody", INDEX, [200, 401, 401]),
        ("nobody", PACKAGE, [200, 401, 401]),
        ("nobody", UPLOAD, [401, 401, 401]),
        ("nobody", DELETE, [401, 401, 401]),
        ("nobody", REMOVE, [401, 401, 401]),
        ("nobody", "GET /api/v1/accounts", [401, 401, 401]),
        ("wrong token", INDEX, [401, 401, 401]),
        ("disabled", INDEX, [401, 401, 401]),
        ("expired", INDEX, [401, 401, 401]),
        ("disabled", UPLOAD, [401, 401, 401]),
        ("expired", UPLOAD, [401, 401, 401]),
        ("regular", INDEX, [200, 200, 404]),
        ("regular", PACKAGE, [200, 200, 404]),
        ("regular", UPLOAD, [403, 403, 404]),
        ("regular", DELETE, [403, 403, 404]),
        ("regular", REMOVE, [403, 403, 404]),
        ("regular", "GET /api/v1/accounts", [403, 403, 403]),
        ("pull token", PACKAGE, [200, 200, 200]),
        ("pull token", UPLOAD, [403, 403, 403]),
        ("pull token", DELETE, [403, 403, 403]),
        ("push token", UPLOAD, [400, 400, 400]),
        ("push token", DELETE, [404, 404, 404]),
        ("push token", REMOVE, [403, 403, 403]),
        ("push token", "GET /api/v1/accounts", [403, 403, 403]),
        ("push-other-charts", INDEX, [200, 404, 404]),
        ("push-other-charts", UPLOAD, [403, 404, 404]),
        ("all-other-charts", REMOVE, [403, 404, 404]),
        ("push-team-private", INDEX, [200, 404, 200]),
        ("push-team-private", UPLOAD, [403, 404, 400]),
        ("pull-team-private", UPLOAD, [403, 404, 403]),
        ("manager", UPLOAD, [400, 400, 400]),
        ("manager", "GET /api/v1/accounts", [403, 403, 403]),
        ("team's workspace-viewer", PACKAGE, [200, 200, 200]),
        ("team's workspace-viewer", UPLOAD, [403, 403, 403]),
        ("team's workspace-regular", UPLOAD, [400, 400, 400]),
        ("team's workspace-regular", DELETE, [403, 403, 403]),
        ("other's workspace-admin", UPLOAD, [403, 403, 404]),
        ("other's workspace-admin", "GET /api/v1/workspaces/team", [404, 404, 404]),
        ("team's workspace-viewer", "GET /api/v1/workspaces/team", [200, 200, 200]),
        ("team's workspace-viewer", "GET /api/v1/workspaces/team/invitations", [403, 403, 403]),
        ("keeper", "GET /api/v1/workspaces/team/invitations", [200, 200, 200]),
        ("keeper", INDEX, [200, 200, 404]),
    ];
    for (name, request, expected) in cells {
        let somebody = everybody.iter().find(|somebody| somebody.name == name).unwrap();
        let (method, url) = request.split_once(' ').unwrap();
        for (place, status) in PLACES.iter().zip(expected) {
            let url = url.replace("{}", place.path);
            let request = somebody.client.request(method.parse().unwrap(), &url);
            let answer = Answer::to(request).await;
            assert_eq!(answer.status, status, "{name} {method} {url}: {}", answer.text());
        }
    }
}

/// Nobody can tell a repository they may not see from one that does not exist.
#[tokio::test(flavor = "multi_thread")]
async fn unknown_and_invisible_are_the_same() {
    let (server, admin) = server_of_everything().await;
    let probes = probes();
    for somebody in everybody(&server, &admin).await {
        for (method, pattern, need) in
            listed(&config_of_everything(TestServer::config(server.directory().path())))
        {
            let sight = match need {
                _ if !pattern.contains("{workspace}") => continue,
                Need::Repository(_) => Need::Repository(Permission::AppsView),
                _ => Need::Member,
            };
            let refused = refusal(need, somebody.actor.as_ref(), PLACES[2]);
            let may_see = refusal(sight, somebody.actor.as_ref(), PLACES[2]).is_none();
            if refused.is_none() || may_see {
                continue;
            }
            let probe = probes
                .iter()
                .find(|probe| probe.method == method && probe.pattern == kind_of(pattern))
                .unwrap();
            let mut answers = Vec::new();
            for path in ["team/private", "team/nothing", "nowhere/nothing", "Not_A/name--"] {
                let url = url_of(probe, pattern, path);
                let mut answer = send(&somebody.client, probe, &url).await;
                let body = answer.text().replace(answer.header("x-request-id"), "ID");
                for own in ["x-request-id", "date"] {
                    answer.headers.remove(own);
                }
                answers.push((answer.status, body, answer.headers));
            }
            for answer in &answers[1..] {
                assert_eq!(*answer, answers[0], "{} {method} {pattern}", somebody.name);
            }
        }
    }
}

/// A token for a repository that cannot be seen is refused as one for a repository that does not exist.
#[tokio::test(flavor = "multi_thread")]
async fn tokens_do_not_tell_either() {
    let (server, admin) = server_of_everything().await;
    let regular = account_client(&server, &admin, "regular", "platform-regular").await;
    let mut problems = Vec::new();
    for path in ["team/private", "team/nothing"] {
        let body = json!({ "name": "curious", "scope": "pull", "repository": path });
        let answer = regular.send_json(Method::POST, "/api/v1/tokens", &body).await;
        problems.push(answer.is_problem(404, "not_found")["detail"].clone());
    }
    assert_eq!(problems[0], problems[1]);
    let listed = regular.get("/api/v1/repositories").await.expect(200).json();
    let paths: Vec<_> = listed["items"].as_array().unwrap().iter().map(|item| item["path"].clone()).collect();
    assert_eq!(paths, ["system/store", "team/internal", "team/public"]);
    for path in ["/api/v1/search", "/api/chartsvc/v1/charts/search"] {
        let found = regular.get(path).await.expect(200).text();
        assert!(found.contains("team/internal") && !found.contains("team/private"), "{found}");
    }
}

/// Wrong passwords of accounts that exist and do not look the same, and never reach a handler.
#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords() {
    let (server, _) = server_of_everything().await;
    let texts = futures_util::future::join_all(["admin", "nobody-at-all", "Not A Name"].map(|name| async {
        let client = server.anonymous().with_password(name, "wrong");
        let answer = client.get("/team/public/index.yaml").await.expect(401);
        assert_eq!(answer.header("www-authenticate"), "Basic realm=\"ChartMuseum\"");
        answer.text()
    }))
    .await;
    assert_eq!(texts, [r#"{"error":"unauthorized"}"#; 3]);
    for header in ["Basic", "Basic !!!", "Basic YQ==", "Digest a", "Bearer", "Bearer ", "chy_x", "\t"] {
        let answer = server.anonymous().get_with("/team/public/index.yaml", "authorization", header).await;
        assert_eq!(answer.status, 401, "{header:?}");
    }
}
