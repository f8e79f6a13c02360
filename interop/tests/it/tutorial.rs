//! KubeSphere's public tutorial of its app store, from the first account to the audit: through the API and through our
//! commands, on SQLite and on PostgreSQL, with the real helm as the one who pulls.

mod api;
mod commands;
mod face;

use chandlery_store::DatabaseUrl;
use chandlery_store::testing::TestPostgres;
use serde_json::{Value, json};

use self::api::Api;
use self::commands::Commands;
use self::face::{APP, Face, Step};
use crate::environment::HELMS;
use crate::packages::Package;
use crate::program::{Home, Outcome};
use crate::server::{PASSWORD, Server};

#[test]
fn by_the_api_on_sqlite() {
    Stage::<Api>::set(Server::start()).play();
}

#[test]
fn by_commands_on_sqlite() {
    Stage::<Commands>::set(Server::start()).play();
}

#[test]
fn by_the_api_on_postgres() {
    on_postgres(|server| Stage::<Api>::set(server).play());
}

#[test]
fn by_commands_on_postgres() {
    on_postgres(|server| Stage::<Commands>::set(server).play());
}

fn on_postgres(play: impl FnOnce(Server)) {
    let postgres = TestPostgres::shared();
    let DatabaseUrl::Postgres(url) = postgres.create_database() else { panic!("it is PostgreSQL") };
    play(Server::start_with(&["--database-url", &url]));
}

/// A chart like the one of the tutorial: a broker with two ports and a volume.
fn chart(version: &str) -> Vec<u8> {
    let chart_yaml = format!(
        "apiVersion: v2\nname: {APP}\nversion: {version}\nappVersion: v4.0.0\ndescription: A distributed MQTT broker\n\
         home: https://emqx.example.com\nkeywords: [mqtt]\nmaintainers:\n  - name: isv\n"
    );
    Package::bare(APP, &chart_yaml)
        .with("values.yaml", include_str!("tutorial/emqx/values.yaml"))
        .with("README.md", include_str!("tutorial/emqx/README.md"))
        .with("templates/statefulset.yaml", include_str!("tutorial/emqx/templates/statefulset.yaml"))
        .with("templates/service.yaml", include_str!("tutorial/emqx/templates/service.yaml"))
        .bytes()
}

/// The server, and the people of the tutorial.
struct Stage<F> {
    server: Server,
    admin: F,
    isv: F,
    reviewer: F,
    anybody: F,
}

impl<F: Face> Stage<F> {
    /// `admin` makes a role, the accounts and a workspace, and invites two of them.
    fn set(server: Server) -> Self {
        let admin = F::sign_in(&server, "admin");
        admin.does(Step::CreateRole("app-review", &["apps.review", "categories.manage"]));
        let person = |name: &str, role: &str| {
            admin.does(Step::CreateAccount(name, role));
            F::sign_in(&server, name)
        };
        let isv = person("isv", "platform-regular");
        let reviewer = person("reviewer", "app-review");
        let anybody = person("anybody", "platform-regular");
        admin.does(Step::CreateWorkspace);
        for (person, role) in [(&isv, "workspace-admin"), (&reviewer, "workspace-regular")] {
            let secret = admin.does(Step::Invite(role));
            let secret = secret.as_str().expect("an invitation has a secret");
            person.does(Step::Accept(secret));
            person.may_not(Step::Accept(secret), "404");
        }
        Self { server, admin, isv, reviewer, anybody }
    }

    fn play(&self) {
        self.isv_uploads();
        self.reviewer_rejects();
        self.reviewer_passes();
        self.isv_releases();
        self.anybody_finds();
        self.a_second_version();
        self.one_version_is_taken_down();
        self.the_app_is_taken_down();
        self.the_audit_knows();
    }

    fn isv_uploads(&self) {
        let Self { isv, anybody, .. } = self;
        let made = isv.does(Step::CreateApp(&chart("0.9.0"), "First"));
        assert_eq!((&made["name"], &made["state"]), (&json!(APP), &json!("draft")));
        isv.may_not(Step::CreateApp(&chart("1.0.0"), ""), "already exists");
        isv.may_not(Step::CreateVersion(&chart("0.9.0"), ""), "already exists");
        isv.does(Step::CreateVersion(&chart("1.0.0"), "First"));
        isv.does(Step::ReplacePackage("1.0.0", &chart("1.0.0")));
        isv.does(Step::Delete("0.9.0"));
        let edited = isv.does(Step::Edit("EMQ X", "iot", "# A broker\n"));
        assert_eq!((&edited["display_name"], &edited["revision"]), (&json!("EMQ X"), &json!(2)));
        let edited = isv.does(Step::SetIcon(include_str!("tutorial/emqx/icon.svg")));
        assert_eq!(edited["icon"]["width"], 96, "{edited}");
        anybody.may_not(Step::Read, "404");
        let submitted = isv.does(Step::Submit("1.0.0", "The first release"));
        assert_eq!((&submitted["state"], &submitted["actions"]), (&json!("submitted"), &json!(["cancel"])));
    }

    fn reviewer_rejects(&self) {
        let Self { isv, reviewer, .. } = self;
        let queue = reviewer.does(Step::Queue);
        let [waiting] = queue.as_array().unwrap().as_slice() else { panic!("one waits: {queue}") };
        assert_eq!((&waiting["app"], &waiting["version"]), (&json!(APP), &json!("1.0.0")));
        isv.may_not(Step::Queue, "403");
        let report = reviewer.does(Step::Report("1.0.0"));
        for check in ["package", "render"] {
            assert_eq!(outcome(&report, check), "passed", "{report}");
        }
        assert!(report["images"].to_string().contains("docker.io/emqx/emqx:v4.0.0"), "{report}");
        reviewer.does(Step::Act("start-review", "1.0.0", ""));
        reviewer.may_not(Step::Act("reject", "1.0.0", ""), "message");
        let rejected = reviewer.does(Step::Act("reject", "1.0.0", "say which ports it opens"));
        assert_eq!(rejected["state"], "rejected");
        isv.may_not(Step::Act("release", "1.0.0", ""), "409");
    }

    fn reviewer_passes(&self) {
        let Self { isv, reviewer, .. } = self;
        isv.does(Step::Submit("1.0.0", "The first release"));
        isv.may_not(Step::Act("pass", "1.0.0", ""), "403");
        assert_eq!(reviewer.does(Step::Act("pass", "1.0.0", ""))["state"], "passed");
        assert_eq!(reviewer.does(Step::Queue), json!([]));
        reviewer.does(Step::CreateCategory("iot", "IOT"));
        reviewer.does(Step::Assign("iot"));
    }

    fn isv_releases(&self) {
        self.helm_finds_none("1.0.0");
        assert_eq!(self.isv.does(Step::Act("release", "1.0.0", ""))["state"], "active");
        self.helm_pulls("1.0.0");
    }

    fn anybody_finds(&self) {
        let found = self.anybody.does(Step::Search("emq", "iot"));
        let [app] = found.as_array().unwrap().as_slice() else { panic!("one is found: {found}") };
        assert_eq!((&app["display_name"], &app["category"]), (&json!("EMQ X"), &json!("iot")));
        assert_eq!((&app["latest_version"], &app["icon"]["width"]), (&json!("1.0.0"), &json!(96)));
        assert_eq!(self.anybody.does(Step::Search("emq", "uncategorized")), json!([]));
    }

    fn a_second_version(&self) {
        let Self { isv, reviewer, .. } = self;
        isv.does(Step::CreateVersion(&chart("2.0.0"), "More brokers"));
        isv.does(Step::Submit("2.0.0", ""));
        assert_eq!(reviewer.does(Step::Queue)[0]["version"], "2.0.0");
        reviewer.does(Step::Act("pass", "2.0.0", ""));
        isv.does(Step::Act("release", "2.0.0", ""));
        assert_eq!(self.anybody.does(Step::ReadListing)["latest_version"], "2.0.0");
        let difference = isv.does(Step::Compare("1.0.0", "2.0.0")).to_string();
        assert!(difference.contains("2.0.0"), "{difference}");
        self.helm_pulls("1.0.0");
        self.helm_pulls("2.0.0");
    }

    fn one_version_is_taken_down(&self) {
        let Self { isv, reviewer, .. } = self;
        isv.may_not(Step::Act("suspend", "1.0.0", ""), "403");
        isv.may_not(Step::Delete("1.0.0"), "409");
        reviewer.does(Step::Act("suspend", "1.0.0", "a flaw"));
        assert_eq!(isv.does(Step::Read)["state"], "active");
        self.helm_finds_none("1.0.0");
        self.helm_pulls("2.0.0");
        reviewer.does(Step::Act("recover", "1.0.0", ""));
        self.helm_pulls("1.0.0");
    }

    fn the_app_is_taken_down(&self) {
        let Self { isv, reviewer, anybody, .. } = self;
        reviewer.does(Step::ActOnApp("suspend"));
        anybody.may_not(Step::ReadListing, "404");
        self.helm_finds_none("2.0.0");
        reviewer.does(Step::ActOnApp("recover"));
        anybody.does(Step::ReadListing);
        let versions = isv.does(Step::Versions);
        let states: Vec<_> = versions.as_array().unwrap().iter().map(|one| &one["state"]).collect();
        assert_eq!(states, ["active", "active"]);
    }

    fn the_audit_knows(&self) {
        let audit = self.isv.does(Step::Audit("1.0.0"));
        let entries: Vec<&Value> = audit.as_array().unwrap().iter().rev().collect();
        let steps: Vec<_> = entries
            .iter()
            .map(|entry| format!("{} {}", text(&entry["actor"]), text(&entry["action"])))
            .collect();
        assert_eq!(
            steps,
            [
                "isv upload",
                "isv edit",
                "isv submit",
                "reviewer start-review",
                "reviewer reject",
                "isv submit",
                "reviewer pass",
                "isv release",
                "reviewer suspend",
                "reviewer recover",
                "reviewer suspend",
                "reviewer recover",
            ]
        );
        assert_eq!(entries[4]["message"], "say which ports it opens");
        assert!(entries.windows(2).all(|pair| pair[0]["to"] == pair[1]["from"]), "{entries:?}");
        self.anybody.may_not(Step::Audit("1.0.0"), "404");
        self.admin.does(Step::Audit("2.0.0"));
    }

    fn helm_pulls(&self, version: &str) {
        for (home, outcome) in self.pulls(version) {
            outcome.succeeded();
            assert!(home.read(&format!("{APP}-{version}.tgz")) == chart(version), "{version}");
        }
    }

    fn helm_finds_none(&self, version: &str) {
        for (_, outcome) in self.pulls(version) {
            outcome.failed(1, "not found");
        }
    }

    /// Both helms try to pull a version from the store, as an account that belongs to no workspace.
    fn pulls(&self, version: &str) -> Vec<(Home, Outcome)> {
        let store = format!("{}/store", self.server.url());
        let account = ["--username", "anybody", "--password", PASSWORD];
        let pull = ["pull", APP, "--repo", &store, "--version", version];
        let pulled = HELMS.into_iter().map(|helm| {
            let home = Home::new();
            let outcome = home.peer(helm, &[&pull[..], &account].concat());
            (home, outcome)
        });
        pulled.collect()
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// What a check of a report found.
fn outcome<'a>(report: &'a Value, check: &str) -> &'a str {
    let checks = report["checks"].as_array().expect("a report has checks");
    checks.iter().find(|found| found["id"] == check).map_or("missing", |found| text(&found["outcome"]))
}
