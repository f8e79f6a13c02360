//! The tutorial, as those hear of it whom it concerns: by webhook, and by mail through a real SMTP server (aiosmtpd).

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use chandlery_server::{Config, MailSettings, MailTls};
use chandlery_store::DatabaseUrl;
use chandlery_store::testing::TestPostgres;
use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Receiver, allow_loopback, hook};
use crate::support::{Client, Form, TestServer, eventually, package};

const VERSION: &str = "/api/v1/workspaces/team/apps/mychart/versions/0.1.0";
const CHOICES: &str = "/api/v1/notification-choices";

/// An SMTP server that puts what it gets into a Maildir.
struct Relay {
    child: Child,
    port: u16,
    directory: TempDir,
}

impl Relay {
    async fn start() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/python-tools");
        let tools = Command::new(script).stderr(Stdio::inherit()).output().unwrap();
        assert!(tools.status.success(), "scripts/python-tools installs aiosmtpd");
        let program = format!("{}/aiosmtpd", String::from_utf8(tools.stdout).unwrap().trim());
        let directory = tempfile::tempdir().unwrap();
        // Nobody else gets this port so soon.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let child = Command::new(program)
            .args(["-n", "-l", &format!("127.0.0.1:{port}"), "-c", "aiosmtpd.handlers.Mailbox"])
            .arg(directory.path().join("mail"))
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        eventually("the start of the relay", async || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok())
            .await;
        Self { child, port, directory }
    }

    fn set(&self, config: &mut Config) {
        config.mail = Some(MailSettings {
            host: "127.0.0.1".to_owned(),
            port: Some(self.port),
            tls: MailTls::None,
            from: "Chandlery <chandlery@example.org>".to_owned(),
            ..MailSettings::default()
        });
    }

    /// Receiver and subject of everything that came, in order of both.
    fn mails(&self) -> Vec<(String, String)> {
        let Ok(files) = std::fs::read_dir(self.directory.path().join("mail/new")) else { return Vec::new() };
        let texts = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
        let header = |text: &str, name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_else(|| panic!("no {name} in {text}")).trim().to_owned()
        };
        let mut mails: Vec<_> =
            texts.map(|text| (header(&text, "X-RcptTo:"), header(&text, "Subject:"))).collect();
        mails.sort();
        mails
    }

    /// All texts.
    fn texts(&self) -> String {
        let files = std::fs::read_dir(self.directory.path().join("mail/new")).unwrap();
        files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The people of the tutorial: all have an address but the administrator.
struct People {
    _postgres: Option<Arc<TestPostgres>>,
    _server: TestServer,
    relay: Relay,
    admin: Client,
    isv: Client,
    reviewer: Client,
}

impl People {
    async fn on(postgres: Option<Arc<TestPostgres>>) -> Self {
        let relay = Relay::start().await;
        let url = postgres.as_ref().map(|postgres| match postgres.create_database() {
            DatabaseUrl::Postgres(url) => url,
            DatabaseUrl::Sqlite(_) => panic!("it is PostgreSQL"),
        });
        let server = TestServer::with(|config| {
            allow_loopback(config);
            relay.set(config);
            config.encryption_keys = Some("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=".parse().unwrap());
            config.database_url = url;
            config.public_url = Some("https://charts.example.org".to_owned());
        })
        .await;
        let admin = server.admin().await;
        for (path, body) in [
            ("roles", json!({ "name": "app-review", "permissions": ["apps.review"] })),
            ("workspaces", json!({ "name": "team" })),
            ("workspaces", json!({ "name": "other" })),
        ] {
            admin.send_json(Method::POST, &format!("/api/v1/{path}"), &body).await.expect(201);
        }
        let isv = person(&server, &admin, "isv", "platform-regular", &[("team", "workspace-admin")]).await;
        let reviewer = person(&server, &admin, "reviewer", "app-review", &[]).await;
        person(&server, &admin, "colleague", "platform-regular", &[("team", "workspace-admin")]).await;
        person(&server, &admin, "viewer", "platform-regular", &[("team", "workspace-viewer")]).await;
        person(&server, &admin, "foreigner", "platform-regular", &[("other", "workspace-admin")]).await;
        Self { _postgres: postgres, _server: server, relay, admin, isv, reviewer }
    }

    async fn hears(&self, name: &str, path: &str, events: Value) -> Receiver {
        let receiver = Receiver::start().await;
        let mut body = hook(name, &receiver.url());
        body["events"] = events;
        self.admin.send_json(Method::POST, path, &body).await.expect(201);
        receiver
    }

    /// The mails, once there are this many.
    async fn mails(&self, count: usize) -> Vec<(String, String)> {
        eventually("mail", async || Some(self.relay.mails()).filter(|mails| mails.len() >= count)).await
    }
}

async fn person(
    server: &TestServer,
    admin: &Client,
    name: &str,
    role: &str,
    memberships: &[(&str, &str)],
) -> Client {
    let email = format!("{name}@example.org");
    let body = json!({ "name": name, "role": role, "password": "a good password", "email": email });
    admin.send_json(Method::POST, "/api/v1/accounts", &body).await.expect(201);
    for (workspace, role) in memberships {
        let path = format!("/api/v1/workspaces/{workspace}/members");
        let member = json!({ "account": name, "role": role });
        admin.send_json(Method::POST, &path, &member).await.expect(201);
    }
    let client = server.anonymous().with_password(name, "a good password");
    client.create_token(&json!({ "name": "test", "scope": "all" })).await
}

async fn act(client: &Client, action: &str, message: &str) {
    let body = json!({ "message": message });
    client.send_json(Method::POST, &format!("{VERSION}/{action}"), &body).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tutorial_on_sqlite() {
    the_tutorial(People::on(None).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tutorial_on_postgres() {
    the_tutorial(People::on(Some(TestPostgres::shared())).await).await;
}

async fn the_tutorial(people: People) {
    let People { isv, reviewer, .. } = &people;
    let team = people.hears("all", "/api/v1/workspaces/team/webhooks", json!([])).await;
    let other = people.hears("all", "/api/v1/workspaces/other/webhooks", json!([])).await;
    let platform = people.hears("released", "/api/v1/webhooks", json!(["version.released"])).await;
    let form = Form::new().file("package", "x", &package("mychart", "0.1.0"));
    isv.post_form("/api/v1/workspaces/team/apps", form).await.expect(201);

    act(isv, "submit", "please").await;
    // What is refused is not told.
    let illegal = isv.send_json(Method::POST, &format!("{VERSION}/release"), &json!({})).await;
    illegal.is_problem(409, "illegal_action");
    act(reviewer, "start-review", "").await;
    act(reviewer, "reject", "It asks for too much: größer").await;
    act(isv, "submit", "").await;
    act(isv, "cancel", "").await;
    act(isv, "submit", "").await;
    act(reviewer, "pass", "").await;
    act(isv, "release", "").await;
    act(reviewer, "suspend", "").await;
    act(reviewer, "recover", "").await;

    let told = team.receives(10).await;
    let mut events: Vec<_> = told.iter().map(|one| one.body["event"].as_str().unwrap()).collect();
    events.sort_unstable();
    let expected = [
        "cancelled",
        "passed",
        "recovered",
        "rejected",
        "released",
        "review-started",
        "submitted",
        "submitted",
        "submitted",
        "suspended",
    ];
    assert_eq!(events, expected.map(|event| format!("version.{event}")));
    let rejected = told.iter().find(|one| one.body["event"] == "version.rejected").unwrap();
    let body = &rejected.body;
    let url = "https://charts.example.org/api/v1/workspaces/team/apps/mychart";
    let version = json!({
        "workspace": "team", "app": "mychart", "display_name": "mychart", "version": "0.1.0", "action": "reject",
        "from": "in-review", "to": "rejected", "phase": "review",
        "links": { "version": format!("{url}/versions/0%2E1%2E0"), "app": url },
    });
    assert_eq!(
        (&body["version"], &body["actor"], &body["message"]),
        (&version, &json!("reviewer"), &json!("It asks for too much: größer"))
    );
    let released = platform.receives(1).await;
    assert_eq!(released[0].body["event"], "version.released");
    assert_eq!((platform.received().len(), other.received().len(), team.received().len()), (1, 0, 10));

    // Nobody is told of what they did themselves, nobody who may not see the app, and only whom it concerns.
    let mail =
        |to: &str, happened: &str| (format!("{to}@example.org"), format!("[team/mychart] 0.1.0 {happened}"));
    let mut expected = vec![
        mail("reviewer", "was submitted for review"),
        mail("isv", "is being reviewed"),
        mail("isv", "was rejected"),
        mail("colleague", "was rejected"),
        mail("reviewer", "was submitted for review"),
        mail("reviewer", "is no longer submitted for review"),
        mail("reviewer", "was submitted for review"),
        mail("isv", "passed review"),
        mail("colleague", "passed review"),
        mail("colleague", "was released into the store"),
        mail("isv", "was taken down from the store"),
        mail("colleague", "was taken down from the store"),
        mail("isv", "is back in the store"),
        mail("colleague", "is back in the store"),
    ];
    expected.sort();
    assert_eq!(people.mails(expected.len()).await, expected);
    let texts = people.relay.texts();
    assert!(texts.contains("Auto-Submitted: auto-generated") && !texts.contains("whsec_"));
    choices(&people, expected.len()).await;
}

/// Who wants less is told less.
async fn choices(people: &People, before: usize) {
    let People { isv, reviewer, .. } = people;
    let usual = isv.get(CHOICES).await.expect(200).json();
    assert_eq!((usual["mail_events"].as_array().unwrap().len(), &usual["mail_enabled"]), (9, &json!(true)));
    assert_eq!(usual["email"], "isv@example.org");
    let chosen = json!({ "mail_events": ["version.rejected"] });
    let answer = isv.send_json(Method::PUT, CHOICES, &chosen).await.expect(200).json();
    assert_eq!(answer["mail_events"], chosen["mail_events"]);
    for bad in
        [json!({ "mail_events": ["version.deleted"] }), json!({ "mail_events": [], "account": "reviewer" })]
    {
        isv.send_json(Method::PUT, CHOICES, &bad).await.is_problem(400, "invalid");
    }
    act(reviewer, "suspend", "").await;
    // Both were told of this by mail before.
    let mails = people.mails(before + 1).await;
    let taken_down = mails.iter().filter(|(_, subject)| subject.ends_with("was taken down from the store"));
    assert_eq!(taken_down.filter(|(to, _)| to == "isv@example.org").count(), 1);
}
