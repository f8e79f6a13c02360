//! Exit codes, help, completions, and what needs no server.

use crate::program::Program;

#[test]
fn exit_codes() {
    let program = Program::new();
    let usage: [(&[&str], &str); 9] = [
        (&[], "Usage"),
        (&["no-such-command"], "unrecognized"),
        (&["whoami"], "chandlery login URL"),
        (&["whoami", "--server", "ftp://x"], "not an http"),
        (&["whoami", "--server", "https://u:p@h"], "CHANDLERY_PASSWORD_FILE"),
        (&["push", "absent.tgz", "default"], "absent.tgz"),
        (&["push", "one-argument"], "2 values required"),
        (&["repo", "update", "a/b"], "nothing to change"),
        (&["repo", "delete", "a/b"], "--yes"),
    ];
    for (arguments, part) in usage {
        let output = program.command(arguments).output().unwrap();
        let messages = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {messages}");
        assert!(messages.contains(part), "{arguments:?}: {messages}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
    // Nobody listens on port 1.
    program.run(["whoami", "--server", "http://127.0.0.1:1"]).failed(1, "does the server run?");
}

#[test]
fn help_goes_to_standard_output_without_colour() {
    let program = Program::new();
    let help = program.run(["--help"]);
    assert!(help.succeeded().contains("Examples:"));
    assert!(!help.output.contains('\u{1b}'));
    let help = program.run(["repo", "create", "--help"]);
    assert!(help.succeeded().contains("chandlery repo create team/charts"));
}

#[test]
fn versions_in_all_forms() {
    let program = Program::new();
    assert!(program.run(["version"]).succeeded().starts_with("VERSION"));
    assert_eq!(program.run(["version", "-o", "json"]).json()["version"], env!("CARGO_PKG_VERSION"));
    assert!(program.run(["version", "-o", "yaml"]).succeeded().contains(env!("CARGO_PKG_VERSION")));
    assert!(program.run(["--version"]).succeeded().starts_with("chandlery "));
}

#[test]
fn completions_and_manual_pages() {
    let program = Program::new();
    for (shell, part) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef"),
        ("fish", "complete -c"),
        ("powershell", "Register-Argument"),
    ] {
        assert!(program.run(["completion", shell]).succeeded().contains(part), "{shell}");
    }
    program.write("man/.keep", "").run(["man", "man"]).succeeded();
    assert!(program.home().join("man/chandlery-repo-create.1").exists());
}

#[test]
fn a_closed_pipe_is_no_error() {
    let program = Program::new();
    let mut child =
        program.command(["completion", "bash"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_silent_server_is_given_up() {
    let program = Program::new();
    program.write("a.tgz", "x");
    // It accepts connections, as the system does for every listener, and never says anything.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    program.run(["whoami", "--server", &url, "--timeout", "1"]).failed(1, "did not answer in time");
    program.run(["push", "a.tgz", &url, "--timeout", "1"]).failed(1, "answered nothing");
}
