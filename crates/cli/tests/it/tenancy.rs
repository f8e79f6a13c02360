//! `role`, `workspace`, `member`, `project`, `robot`, and `user` for `account`.

use crate::packages::package;
use crate::program::Program;
use crate::server::Server;

/// Somebody with an account, logged in.
pub(crate) fn account(server: &Server, admin: &Program, name: &str, role: &str) -> Program {
    let create = ["user", "create", name, "--role", role, "--password-stdin"];
    admin.run_with_input(create, "a good password").succeeded();
    let program = Program::new();
    let login = ["login", server.url(), "-u", name, "--password-stdin"];
    program.run_with_input(login, "a good password").succeeded();
    program
}

#[test]
fn a_workspace_with_all_that_belongs_to_it() {
    let home = Program::new();
    let server = Server::start(&home);
    let admin = server.admin();
    let roles =
        ["role", "create", "app-review", "--permission", "apps.review", "--permission", "categories.manage"];
    admin.run(roles).succeeded();
    admin.run(["role", "create", "x", "--permission", "apps.everything"]).failed(2, "not a permission");
    let reviewer = account(&server, &admin, "reviewer", "app-review");
    reviewer.run(["role", "update", "app-review", "--permission", "users.manage"]).failed(1, "403");
    admin.run(["role", "delete", "app-review"]).failed(1, "in use");
    admin.run(["role", "update", "app-review"]).failed(2, "nothing to change");
    assert!(admin.run(["role", "list"]).succeeded().contains("apps.review categories.manage"));

    let isv = account(&server, &admin, "isv", "platform-regular");
    isv.run(["workspace", "create", "team"]).failed(1, "403");
    admin.run(["workspace", "create", "team", "--administrator", "isv"]).succeeded();
    isv.run(["workspace", "update", "team", "--display-name", "The team"]).succeeded();
    assert!(isv.run(["workspace", "list"]).succeeded().contains("The team"));
    isv.run(["member", "add", "team", "reviewer", "--role", "workspace-viewer"]).succeeded();
    isv.run(["member", "update", "team", "reviewer", "--role", "workspace-regular"]).succeeded();
    let members = isv.run(["member", "list", "team", "-o", "json"]).json();
    assert_eq!(members[1]["role"], "workspace-regular");
    isv.run(["member", "remove", "team", "isv"]).failed(1, "nobody who administers");
    reviewer.run(["member", "remove", "team", "reviewer"]).succeeded();
    let secret = isv.run(["member", "invite", "team"]).succeeded().trim().to_owned();
    assert!(secret.starts_with("chi_"), "{secret}");
    reviewer.run_with_input(["member", "accept", "--secret-stdin"], &secret).succeeded();
    reviewer.run_with_input(["member", "accept", "--secret-stdin"], &secret).failed(1, "404");

    isv.run(["role", "create", "pusher", "--workspace", "team", "--permission", "apps.create"]).succeeded();
    isv.run(["role", "create", "y", "--workspace", "team", "--permission", "apps.review"])
        .failed(1, "platform");
    isv.run(["role", "group", "add", "team:devs", "pusher", "--workspace", "team"]).succeeded();
    isv.run(["role", "group", "add", "team:devs", "app-review"]).failed(1, "403");
    let listed = isv.run(["role", "group", "list", "--workspace", "team", "-o", "json"]).json();
    assert_eq!(listed, serde_json::json!([{ "group": "team:devs", "role": "pusher" }]));
    isv.run(["role", "delete", "pusher", "--workspace", "team"]).failed(1, "in use");
    isv.run(["role", "group", "remove", "team:devs", "--workspace", "team"]).succeeded();
    isv.run(["role", "group", "remove", "team:devs", "--workspace", "team"]).failed(1, "404");
    isv.run(["role", "delete", "pusher", "--workspace", "team"]).succeeded();
    isv.run(["project", "create", "team", "web", "--description", "The web site"]).succeeded();
    isv.run(["project", "update", "team", "web", "--display-name", "Web"]).succeeded();
    assert!(reviewer.run(["project", "list", "team"]).succeeded().contains("The web site"));
    isv.run(["workspace", "delete", "team"]).failed(1, "delete them first");
    isv.run(["project", "delete", "team", "web"]).succeeded();
    isv.run(["workspace", "delete", "team"]).succeeded();
}

#[test]
fn robots_push() {
    let home = Program::new();
    let server = Server::start(&home);
    let admin = server.admin();
    admin.run(["repo", "create", "team/charts"]).succeeded();
    let create = ["robot", "create", "team", "ci", "--scope", "push", "--expires-in-days", "90"];
    let first = admin.run(create).succeeded().trim().to_owned();
    let mut ci = Program::new();
    ci.set("CHANDLERY_SERVER", server.url()).write("a-0.1.0.tgz", package("a", "0.1.0"));
    ci.set("CHANDLERY_TOKEN", &first).run(["push", "a-0.1.0.tgz", "team/charts"]).succeeded();
    let second = admin.run(["robot", "rotate", "team", "ci"]).succeeded().trim().to_owned();
    ci.run(["whoami"]).failed(1, "401");
    assert!(ci.set("CHANDLERY_TOKEN", &second).run(["whoami"]).succeeded().contains("robot.team.ci"));
    let list = admin.run(["robot", "list", "team"]);
    assert!(list.succeeded().contains("robot.team.ci") && !list.output.contains(&second));
    admin.run(["robot", "delete", "team", "ci"]).succeeded();
    ci.run(["whoami"]).failed(1, "401");
}
