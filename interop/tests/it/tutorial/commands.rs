//! The tutorial by our commands.

use super::face::{APP, Face, Reply, Step, WORKSPACE};
use crate::environment;
use crate::program::Home;
use crate::server::{PASSWORD, Server};

/// An account that is logged in, in a home of its own.
pub(super) struct Commands(Home);

impl Face for Commands {
    fn sign_in(server: &Server, account: &str) -> Self {
        let home = Home::new();
        let login = ["login", server.url(), "--username", account, "--password-stdin"];
        home.run_with_input(&environment::chandlery(), &login, PASSWORD).succeeded();
        Self(home)
    }

    fn take(&self, step: Step<'_>) -> Reply {
        let command = self.command(step);
        let outcome = self.0.run_with_input(&environment::chandlery(), &command.words, command.input);
        match (outcome.code, command.output) {
            (0, Output::Json) => Ok(outcome.json()),
            (0, Output::Text) => Ok(outcome.output.trim().into()),
            _ => Err(outcome.messages),
        }
    }
}

/// What a command prints.
enum Output {
    Json,
    Text,
}

/// A command line and its standard input.
struct Command<'a> {
    words: Vec<String>,
    input: &'a str,
    output: Output,
}

/// A command that prints JSON.
fn json<'a>(words: &[&str]) -> Command<'a> {
    let words = words.iter().chain(&["-o", "json"]).map(|word| (*word).to_owned()).collect();
    Command { words, input: "", output: Output::Json }
}

/// A command that prints something else, or nothing.
fn text<'a>(words: &[&str]) -> Command<'a> {
    let words = words.iter().map(|word| (*word).to_owned()).collect();
    Command { words, input: "", output: Output::Text }
}

/// The words of an option that is left out if it is empty.
fn option<'a>(name: &'a str, value: &'a str) -> Vec<&'a str> {
    if value.is_empty() { Vec::new() } else { vec![name, value] }
}

impl Commands {
    fn command<'a>(&self, step: Step<'a>) -> Command<'a> {
        match step {
            Step::CreateRole(name, permissions) => {
                let permissions = permissions.iter().flat_map(|permission| ["--permission", permission]);
                json(&["role", "create", name].into_iter().chain(permissions).collect::<Vec<_>>())
            }
            Step::CreateAccount(name, role) => Command {
                input: PASSWORD,
                ..json(&["user", "create", name, "--role", role, "--password-stdin"])
            },
            Step::CreateWorkspace => json(&["workspace", "create", WORKSPACE]),
            Step::Invite(role) => text(&["member", "invite", WORKSPACE, "--role", role]),
            Step::Accept(secret) => {
                Command { input: secret, ..json(&["member", "accept", "--secret-stdin"]) }
            }
            Step::CreateCategory(name, title) => json(&["category", "create", name, "--title", title]),
            Step::Assign(category) => text(&["category", "assign", category, &app()]),
            Step::Queue => json(&["app", "queue"]),
            Step::Search(words, category) => json(&["store", "search", words, "--category", category]),
            Step::ReadListing => json(&["store", "show", &app()]),
            of_the_app => self.command_for_app(of_the_app),
        }
    }

    fn command_for_app<'a>(&self, step: Step<'a>) -> Command<'a> {
        match step {
            Step::CreateApp(package, log) => self.upload(WORKSPACE, package, &option("--update-log", log)),
            Step::CreateVersion(package, log) => self.upload(&app(), package, &option("--update-log", log)),
            Step::ReplacePackage(version, package) => self.upload(&app(), package, &["--replace", version]),
            Step::Edit(display_name, keyword, description) => {
                self.0.write("about.md", description);
                let edit = ["app", "edit", &app(), "--display-name", display_name, "--keyword", keyword];
                json(&[&edit[..], &["--description-file", "about.md"]].concat())
            }
            Step::SetIcon(svg) => {
                self.0.write("icon.svg", svg);
                json(&["app", "edit", &app(), "--icon", "icon.svg"])
            }
            Step::Read => json(&["app", "info", &app()]),
            Step::Submit(version, log) => {
                json(&[&["app", "submit", &app(), version][..], &option("--update-log", log)].concat())
            }
            Step::Act(action, version, message) => {
                let action = if action == "start-review" { "review" } else { action };
                json(&[&["app", action, &app(), version][..], &option("--message", message)].concat())
            }
            Step::ActOnApp(action) => json(&["app", action, &app()]),
            Step::Report(version) => json(&["app", "report", &app(), version]),
            Step::Compare(from, to) => text(&["app", "diff", &app(), from, to]),
            Step::Versions => json(&["app", "versions", &app()]),
            Step::Audit(version) => json(&["app", "audit", &app(), version]),
            Step::Delete(version) => text(&["app", "delete", &app(), version]),
            other => unreachable!("{other:?} is not about the app"),
        }
    }

    fn upload<'a>(&self, place: &str, package: &[u8], options: &[&str]) -> Command<'a> {
        self.0.write("package.tgz", package);
        json(&[&["app", "upload", place, "package.tgz"][..], options].concat())
    }
}

fn app() -> String {
    format!("{WORKSPACE}/{APP}")
}
