//! Starting, stopping, logging in and out.

use crate::packages::package;
use crate::program::Program;
use crate::server::Server;

#[test]
fn a_login_lasts_until_the_logout() {
    let home = Program::new();
    let server = Server::start(&home);
    let admin = server.admin();
    assert_eq!(admin.run(["whoami", "-o", "json"]).json()["account"], "admin");
    let file = admin.home().join(".config/chandlery/logins.json");
    let token = std::fs::read_to_string(&file).unwrap();
    let token: serde_json::Value = serde_json::from_str(&token).unwrap();
    let token = token["servers"][server.url()]["token"].as_str().unwrap().to_owned();

    let mut other = Program::new();
    other.set("CHANDLERY_SERVER", server.url()).set("CHANDLERY_TOKEN", &token);
    assert_eq!(other.run(["whoami", "-o", "json"]).json()["account"], "admin");

    admin.run(["login", server.url(), "-u", "admin", "--password-stdin"]).failed(1, "no password");
    admin.run(["logout"]).succeeded();
    admin.run(["whoami"]).failed(2, "chandlery login URL");
    assert!(!std::fs::read_to_string(&file).unwrap().contains(&token));
    other.run(["whoami"]).failed(1, "401");
}

#[test]
fn a_new_login_replaces_the_old_token() {
    let home = Program::new();
    let server = Server::start(&home);
    let admin = server.admin();
    let login = ["login", server.url(), "-u", "admin", "--password-stdin"];
    admin.run_with_input(login, server.password()).succeeded();
    assert_eq!(admin.run(["token", "list", "-o", "json"]).json().as_array().unwrap().len(), 1);
}

#[test]
fn a_wrong_password_is_refused_and_nothing_stored() {
    let home = Program::new();
    let server = Server::start(&home);
    let program = Program::new();
    let login = ["login", server.url(), "-u", "admin", "--password-stdin"];
    program.run_with_input(login, "wrong").failed(1, "401");
    assert!(!program.home().join(".config/chandlery").exists());
    program.run(["login", server.url()]).failed(2, "--username");
}

#[test]
fn credentials_of_the_environment_need_no_login() {
    let home = Program::new();
    let server = Server::start(&home);
    let mut program = Program::new();
    program.set("CHANDLERY_SERVER", server.url()).set("CHANDLERY_USERNAME", "admin");
    program.set("CHANDLERY_PASSWORD_FILE", "password").write("password", server.password());
    assert_eq!(program.run(["whoami", "-o", "json"]).json()["role"], "platform-admin");
    program.set("CHANDLERY_PASSWORD", "x");
    program.run(["whoami"]).failed(1, "both set");
}

#[test]
fn a_server_keeps_its_data_and_shows_the_password_once() {
    let home = Program::new();
    let server = Server::start(&home);
    let password = server.password().to_owned();
    server.admin().run(["repo", "create", "team/charts"]).succeeded();
    home.run(["serve", "--data-dir", "data", "--listen", "127.0.0.1:0"]).failed(1, "another server");
    assert_eq!(server.stop(), (Some(0), String::new()));

    let server = Server::start_again(&home);
    let admin = Program::new();
    let login = ["login", server.url(), "-u", "admin", "--password-stdin"];
    admin.run_with_input(login, &password).succeeded();
    admin.run(["repo", "get", "team/charts"]).succeeded();
    assert_eq!(server.stop(), (Some(0), String::new()));
}

#[test]
fn a_folder_is_served_read_only() {
    let home = Program::new();
    home.write("packages/a-0.1.0.tgz", package("a", "0.1.0"));
    let server = Server::start_with(&home, &["--from", "packages"]);
    let program = Program::new();
    program.run(["pull", "a", "--repo", server.url()]).succeeded();
    assert!(std::fs::read(program.home().join("a-0.1.0.tgz")).unwrap() == package("a", "0.1.0"));
    program.run(["push", "a-0.1.0.tgz", server.url()]).failed(1, "only be read");
    assert_eq!(server.stop(), (Some(0), String::new()));
    assert!(!home.home().join(".local").exists());
    home.run(["serve", "--from", "absent", "--listen", "127.0.0.1:0"]).failed(1, "absent");
    home.run(["serve", "--from", "packages", "--data-dir", "x"]).failed(2, "--data-dir");
}

#[test]
fn a_server_that_cannot_start_says_why() {
    let mut home = Program::new();
    home.write("file", "");
    home.run(["serve", "--data-dir", "file/data"]).failed(1, "file/data");
    home.run(["serve", "--listen", "nowhere"]).failed(1, "--listen");
    home.set("DEPTH", "1").run(["serve"]).failed(1, "docs/CHARTMUSEUM.md");
}
