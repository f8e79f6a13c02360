//! `webhook`, and `user notifications`.

use crate::program::Program;
use crate::server::Server;

#[test]
fn a_webhook_from_its_making_to_its_end() {
    let home = Program::new();
    let server = Server::start(&home);
    let admin = server.admin();
    admin.run(["workspace", "create", "team"]).succeeded();
    let add = ["webhook", "add", "chat", "https://chat.invalid/hook", "--workspace", "team"];
    let added = admin.run(add);
    assert!(added.succeeded().contains("chat.invalid"));
    assert!(added.messages.contains("whsec_"), "{}", added.messages);
    let metadata = ["webhook", "add", "bad", "http://169.254.169.254/", "-w", "team"];
    admin.run(metadata).failed(1, "metadata service");
    admin
        .run(["webhook", "add", "bad", "https://a.invalid", "--event", "version.deleted"])
        .failed(2, "version.released");
    let secret =
        ["webhook", "add", "all", "https://all.invalid", "--event", "version.released", "--secret-stdin"];
    admin.run_with_input(secret, "hunter2").failed(1, "openssl rand -base64 32");
    let given = "whsec_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    let made = admin.run_with_input(secret, given);
    made.succeeded();
    assert!(!made.output.contains("whsec_") && !made.messages.contains("whsec_"));

    assert!(admin.run(["webhook", "list"]).succeeded().contains("version.released"));
    assert_eq!(admin.run(["webhook", "list", "-w", "team", "-o", "json"]).json()[0]["name"], "chat");
    admin.run(["webhook", "edit", "chat", "-w", "team"]).failed(2, "nothing to change");
    admin
        .run(["webhook", "edit", "chat", "-w", "team", "--event", "version.passed", "--active=false"])
        .succeeded();
    let webhook = admin.run(["webhook", "get", "chat", "-w", "team", "-o", "json"]).json();
    assert_eq!(
        (webhook["events"][0].as_str(), webhook["active"].as_bool()),
        (Some("version.passed"), Some(false))
    );
    let sent = admin.run(["webhook", "test", "chat", "-w", "team", "-o", "json"]).json();
    let id = sent["id"].to_string();
    assert!(admin.run(["webhook", "deliveries", "chat", "-w", "team"]).succeeded().contains("ping"));
    admin.run(["webhook", "redeliver", "chat", &id, "-w", "team"]).succeeded();
    admin.run(["webhook", "redeliver", "all", &id]).failed(1, "404");
    admin.run(["webhook", "remove", "chat", "-w", "team"]).succeeded();
    admin.run(["webhook", "get", "chat", "-w", "team"]).failed(1, "webhook chat not found");
}

/// The events that a command says are told by mail.
fn choices<const N: usize>(program: &Program, arguments: [&str; N]) -> Vec<String> {
    let answer = program.run(arguments).json();
    let events = answer["mail_events"].as_array().unwrap();
    events.iter().map(|event| event.as_str().unwrap().to_owned()).collect()
}

#[test]
fn people_choose_what_they_are_told() {
    let home = Program::new();
    let server = Server::start(&home);
    let admin = server.admin();
    assert_eq!(choices(&admin, ["user", "notifications", "-o", "json"]).len(), 9);
    assert_eq!(
        choices(&admin, ["user", "notifications", "-o", "json", "--mail", "version.rejected"]),
        ["version.rejected"]
    );
    assert_eq!(choices(&admin, ["user", "notifications", "-o", "json", "--none"]), Vec::<String>::new());
    assert_eq!(choices(&admin, ["user", "notifications", "-o", "json"]), Vec::<String>::new());
    assert_eq!(choices(&admin, ["user", "notifications", "-o", "json", "--all"]).len(), 9);
    assert!(admin.run(["user", "notifications"]).succeeded().contains("this server sends no mail"));
    admin.run(["user", "notifications", "--all", "--none"]).failed(2, "cannot be used with");
}
