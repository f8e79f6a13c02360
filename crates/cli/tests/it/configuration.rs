//! `chandlery config`.

use crate::program::Program;

#[test]
fn a_good_configuration_is_valid() {
    let mut program = Program::new();
    program
        .set("CHANDLERY_METRICS", "off")
        .write("chandlery.yaml", "listen: 127.0.0.1:9\nmetrics: account\n");
    program.run(["config", "check", "--config", "chandlery.yaml"]).succeeded();
    let printed =
        program.run(["config", "print", "-c", "chandlery.yaml", "--data-dir", "/d", "-o", "json"]).json();
    let setting = |name: &str| {
        let found = printed.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
        (found["value"].as_str().unwrap().to_owned(), found["source"].as_str().unwrap().to_owned())
    };
    assert_eq!(setting("listen"), ("127.0.0.1:9".to_owned(), "listen in the file".to_owned()));
    assert_eq!(setting("metrics"), ("off".to_owned(), "CHANDLERY_METRICS".to_owned()));
    assert_eq!(setting("data-dir"), ("/d".to_owned(), "--data-dir".to_owned()));
    assert_eq!(setting("tls-cert").1, "default");
}

#[test]
fn a_bad_configuration_is_not() {
    let program = Program::new();
    program.write("chandlery.yaml", "lisen: 127.0.0.1:9\n");
    let check = program.run(["config", "check", "-c", "chandlery.yaml"]);
    check.failed(1, "unknown key \"lisen\"");
    assert!(check.messages.contains("chandlery.yaml"), "{check:?}");
    program.run(["config", "check", "-c", "absent.yaml"]).failed(1, "absent.yaml");
    program.run(["config", "check", "--tls-cert=absent.pem", "--tls-key=key.pem"]).failed(1, "absent.pem");
    program.run(["config", "check", "--metrics", "all"]).failed(1, "--metrics");
}

#[test]
fn secrets_are_never_printed() {
    let mut program = Program::new();
    program
        .set("BASIC_AUTH_USER", "ci")
        .set("BASIC_AUTH_PASS", "hush-1")
        .set("CHANDLERY_DATABASE_URL", "postgres://db:hush-2@host/name");
    for form in ["table", "json", "yaml"] {
        let printed = program.run(["config", "print", "-o", form]);
        printed.succeeded();
        assert!(printed.output.contains("postgres://db:********@host/name"), "{printed:?}");
        assert!(!format!("{printed:?}").contains("hush"), "{printed:?}");
    }
}

#[test]
fn a_chartmuseum_deployment_is_understood() {
    let mut program = Program::new();
    program.set("STORAGE", "local").set("STORAGE_LOCAL_ROOTDIR", "/charts").set("PORT", "8080");
    let check = program.run(["config", "check"]);
    check.succeeded();
    assert!(check.messages.contains("chandlery import /charts --to default/charts"), "{check:?}");
    program.run(["config", "check", "--storage", "google"]).failed(1, "docs/CHARTMUSEUM.md");
}

#[test]
fn the_tables_name_every_variable() {
    let program = Program::new();
    let own = program.run(["config", "env"]);
    assert!(own.succeeded().contains("CHANDLERY_INITIAL_PASSWORD_FILE"));
    let theirs = program.run(["config", "env", "--chartmuseum", "-o", "json"]).json();
    let variables = theirs.as_array().unwrap();
    assert!(variables.iter().any(|one| one["variable"] == "CORS_ALLOW_ORIGIN"));
    assert!(variables.len() > 80);
}
