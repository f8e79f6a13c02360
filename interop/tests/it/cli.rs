//! Our own program as a client, where other programs read what it wrote or write what it reads.

mod imports;
mod signatures;

use serde_json::Value;

use crate::environment::{self, HELMS, corpus};
use crate::packages::{Package, package};
use crate::program::{Home, Outcome};
use crate::server::{PASSWORD, Server};

/// A home that is logged in as `admin`.
pub(crate) fn logged_in(server: &Server) -> Home {
    let home = Home::new();
    let login = ["login", server.url(), "--username", "admin", "--password-stdin"];
    home.run_with_input(&environment::chandlery(), &login, PASSWORD).succeeded();
    home
}

#[test]
fn a_chart_goes_from_its_folder_to_helm() {
    let server = Server::start();
    let home = logged_in(&server);
    assert_eq!(home.chandlery(&["whoami", "-o", "json"]).succeeded().json()["account"], "admin");
    home.chandlery(&["repo", "create", "team/charts", "--visibility", "public"]).succeeded();
    home.chandlery(&["repo", "list"]).succeeded().says("team/charts");
    home.chandlery(&["repo", "get", "team/charts", "-o", "json"]).succeeded().says("public");
    Package::new("mine", "0.1.0").write_folder(&home, "mine");
    home.chandlery(&["package", "mine", "--version", "0.2.0", "--app-version", "9"]).succeeded();
    home.chandlery(&["push", "mine-0.2.0.tgz", "team/charts"]).succeeded();
    home.chandlery(&["push", "mine-0.2.0.tgz", "team/charts"]).failed(1, "exists");
    home.chandlery(&["search", "mine", "-o", "json"]).succeeded().says("0.2.0");
    home.chandlery(&["show", "values", "mine", "--repo", "team/charts"]).succeeded().says("# how many");
    home.chandlery(&["pull", "mine", "--repo", "team/charts", "-d", "."]).succeeded();
    for helm in HELMS {
        let other = Home::new();
        other.peer(helm, &["repo", "add", "team", &format!("{}/team/charts", server.url())]).succeeded();
        other.peer(helm, &["show", "chart", "team/mine"]).succeeded().says("appVersion: \"9\"");
        other.peer(helm, &["pull", "team/mine"]).succeeded();
        assert!(other.read("mine-0.2.0.tgz") == home.read("mine-0.2.0.tgz"));
        other.peer(helm, &["template", "mine-0.2.0.tgz"]).succeeded().says("replicas: \"1\"");
    }
    home.chandlery(&["repo", "update", "team/charts", "--visibility", "private"]).succeeded();
    let token =
        home.chandlery(&["token", "create", "ci", "--repository", "team/charts", "-o", "json"]).succeeded();
    let secret = token.json()["secret"].as_str().unwrap().to_owned();
    for helm in HELMS {
        let other = Home::new();
        let url = format!("{}/team/charts", server.url());
        other.peer(helm, &["repo", "add", "no", &url]).failed(1, "401");
        other
            .peer(helm, &["repo", "add", "yes", &url, "--username", "admin", "--password", &secret])
            .succeeded();
        let default = ["repo", "add", "default", server.url(), "--username", "admin", "--password", &secret];
        assert_eq!(other.peer(helm, &default).code, 1, "the token is for one repository");
    }
}

#[test]
fn helm_reads_what_we_package_as_its_own() {
    for helm in HELMS {
        let mut home = Home::new();
        home.set("SOURCE_DATE_EPOCH", "1700000000");
        Package::new("both", "0.1.0").write_folder(&home, "both");
        home.write("both/.helmignore", "*.secret\n");
        home.write("both/x.secret", "x");
        home.chandlery(&["package", "both", "-d", "ours"]).succeeded();
        home.chandlery(&["package", "both", "-d", "again"]).succeeded();
        assert!(home.read("ours/both-0.1.0.tgz") == home.read("again/both-0.1.0.tgz"), "not reproducible");
        std::fs::create_dir(home.path().join("theirs")).unwrap();
        home.peer(helm, &["package", "both", "-d", "theirs"]).succeeded();
        let unpacked = |folder: &str| {
            let archive = files_of(&home.read(&format!("{folder}/both-0.1.0.tgz")));
            archive.into_iter().filter(|(name, _)| name != "both/Chart.yaml").collect::<Vec<_>>()
        };
        assert_eq!(unpacked("ours"), unpacked("theirs"), "{helm:?}");
        let shown =
            |folder: &str| home.peer(helm, &["show", "all", &format!("{folder}/both-0.1.0.tgz")]).succeeded();
        assert_eq!(shown("ours").output, shown("theirs").output);
    }
}

/// The files of a package, sorted by name.
pub(crate) fn files_of(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    use std::io::Read as _;
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes));
    let mut files: Vec<(String, Vec<u8>)> = archive
        .entries()
        .unwrap()
        .map(|entry| {
            let mut entry = entry.unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            (entry.path().unwrap().display().to_string(), content)
        })
        .collect();
    files.sort();
    files
}

/// An index without its times.
fn index(home: &Home, name: &str) -> Value {
    let value: Value =
        chandlery_yaml::from_str_as(&home.text(name), &chandlery_yaml::Options::default()).unwrap();
    without_times(value)
}

fn without_times(mut value: Value) -> Value {
    value["generated"] = Value::Null;
    let charts = value["entries"].as_object_mut().unwrap().values_mut();
    for entry in charts.flat_map(|versions| versions.as_array_mut().unwrap()) {
        entry["created"] = Value::Null;
    }
    value
}

#[test]
fn an_index_is_what_helm_writes() {
    let home = Home::new();
    let mut files: Vec<_> =
        std::fs::read_dir(corpus().join("charts")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for (number, file) in files.iter().step_by(12).enumerate() {
        let folder = if number % 5 == 0 { "set/sub" } else { "set" };
        home.write(
            &format!("{folder}/{}", file.file_name().unwrap().to_str().unwrap()),
            std::fs::read(file).unwrap(),
        );
    }
    home.write("old/gone-1.0.0.tgz", package("gone", "1.0.0"));
    for helm in HELMS {
        let compare = |flags: &[&str]| {
            for (program, to) in [(helm.path(), "theirs.yaml"), (environment::chandlery(), "ours.yaml")] {
                let verb: &[&str] = if to == "theirs.yaml" { &["repo", "index"] } else { &["index"] };
                home.run(&program, &[verb, &["set"], flags].concat()).succeeded();
                std::fs::rename(home.path().join("set/index.yaml"), home.path().join(to)).unwrap();
            }
            assert_eq!(index(&home, "ours.yaml"), index(&home, "theirs.yaml"), "{helm:?} {flags:?}");
        };
        compare(&[]);
        compare(&["--url", "https://charts.example.org/x"]);
        home.peer(helm, &["repo", "index", "old", "--url", "https://old.example.org"]).succeeded();
        compare(&["--merge", "old/index.yaml"]);
        compare(&["--json"]);
    }
}

#[test]
fn exit_codes_tell_failure_from_wrong_calls() {
    let server = Server::start();
    let home = logged_in(&server);
    let cases: [(&[&str], i32); 7] = [
        (&["--version"], 0),
        (&["completion", "bash"], 0),
        (&["no-such-command"], 2),
        (&["push"], 2),
        (&["pull", "absent"], 1),
        (&["repo", "get", "no/such"], 1),
        (&["push", "absent.tgz", "default"], 2),
    ];
    for (arguments, code) in cases {
        let outcome: Outcome = home.chandlery(arguments);
        assert_eq!(outcome.code, code, "{outcome:#?}");
    }
    for shell in ["bash", "zsh", "fish"] {
        home.chandlery(&["completion", shell]).succeeded().says("chandlery");
    }
    let script = home.chandlery(&["completion", "bash"]).succeeded().output;
    home.write("completion.bash", script);
    home.run(std::path::Path::new("bash"), &["-n", "completion.bash"]).succeeded();
}
