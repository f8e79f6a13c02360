//! `import` from a folder, a repository and a bucket.

use serde_json::Value;

use crate::packages::{package, package_of, provenance};
use crate::program::{Outcome, Program};
use crate::server::Server;

/// The lines of a report: file, status.
fn lines(outcome: &Outcome) -> Vec<(String, String)> {
    let report: Value = serde_json::from_str(&outcome.output).unwrap_or_else(|_| panic!("{outcome:?}"));
    let text = |item: &Value, key: &str| item[key].as_str().unwrap().to_owned();
    report["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (text(item, "file"), text(item, "status")))
        .collect()
}

fn expect(outcome: &Outcome, code: i32, expected: &[(&str, &str)]) {
    let expected: Vec<_> =
        expected.iter().map(|(file, status)| ((*file).to_owned(), (*status).to_owned())).collect();
    assert_eq!(lines(outcome), expected, "{outcome:?}");
    assert_eq!(outcome.code, code, "{outcome:?}");
}

#[test]
fn a_chartmuseum_folder_is_taken_in() {
    let home = Program::new();
    let server = Server::start(&home);
    let admin = server.admin();
    admin
        .write("tree/a-0.1.0.tgz", package("a", "0.1.0"))
        .write("tree/a-0.1.0.tgz.prov", provenance("a", "0.1.0"))
        .write("tree/org/repo/b-1.0.0.tgz", package("b", "1.0.0"))
        .write("tree/lone-1.0.0.tgz.prov", provenance("lone", "1.0.0"))
        .write("tree/index-cache.yaml", "apiVersion: v1\n")
        .write("tree/.chandlery/x.tgz", "");
    let run = |dry: bool| {
        let arguments = ["import", "tree", "--to", "default", "-o", "json"];
        if dry {
            admin.run(["import", "tree", "--to", "default", "-o", "json", "--dry-run"])
        } else {
            admin.run(arguments)
        }
    };
    let with_status = |status| {
        [
            ("a-0.1.0.tgz", status),
            ("index-cache.yaml", "skipped"),
            ("lone-1.0.0.tgz", status),
            ("org/repo/b-1.0.0.tgz", status),
        ]
    };
    expect(&run(true), 0, &with_status("would-import"));
    expect(&run(false), 0, &with_status("imported"));
    expect(&run(false), 0, &with_status("present"));
    admin.run(["pull", "a", "--prov"]).succeeded();
    assert!(std::fs::read(admin.home().join("a-0.1.0.tgz")).unwrap() == package("a", "0.1.0"));
}

#[test]
fn what_is_refused_is_told_and_the_rest_goes_on() {
    let home = Program::new();
    let server = Server::start(&home);
    let admin = server.admin();
    admin
        .write("first/a-0.1.0.tgz", package("a", "0.1.0"))
        .write("first/a-0.1.0.tgz.prov", provenance("a", "0.1.0"))
        .write("tree/a-0.1.0.tgz", package_of("a", "0.1.0", "# Other\n"))
        .write("tree/bad-1.0.0.tgz", "no gzip")
        .write("tree/bad-1.0.0.tgz.prov", "no provenance")
        .write("tree/lone.tgz.prov", "no provenance")
        .write("tree/z-1.0.0.tgz", package("z", "1.0.0"));
    admin.run(["import", "first", "--to", "default"]).succeeded();
    let outcome = admin.run(["import", "tree", "--to", "default", "-o", "json"]);
    let expected = [
        ("a-0.1.0.tgz", "refused"),
        ("bad-1.0.0.tgz", "refused"),
        ("lone.tgz", "refused"),
        ("z-1.0.0.tgz", "imported"),
    ];
    expect(&outcome, 1, &expected);
    for part in ["other content", "not a valid package", "invalid provenance file"] {
        assert!(outcome.output.contains(part), "{part}: {outcome:?}");
    }
    let table = admin.run(["import", "tree", "--to", "default"]);
    assert!(
        table.output.contains("refused  bad-1.0.0.tgz") && !table.output.contains("z-1.0.0"),
        "{table:?}"
    );
    assert!(table.messages.contains("0 imported, 1 present, 0 skipped, 3 refused"), "{table:?}");
    admin.run(["repo", "update", "default/charts", "--allow-overwrite"]).succeeded();
    let forced = admin.run(["import", "tree", "--to", "default", "--force", "-o", "json"]);
    assert_eq!(lines(&forced)[0].1, "imported", "{forced:?}");
}

#[test]
fn provenance_that_comes_later_is_added() {
    let home = Program::new();
    let server = Server::start(&home);
    let admin = server.admin();
    admin
        .write("tree/a-0.1.0.tgz", package("a", "0.1.0"))
        .run(["import", "tree", "--to", "default"])
        .succeeded();
    admin.write("tree/a-0.1.0.tgz.prov", provenance("a", "0.1.0"));
    expect(
        &admin.run(["import", "tree", "--to", "default", "-o", "json"]),
        0,
        &[("a-0.1.0.tgz", "imported")],
    );
    admin.write("tree/a-0.1.0.tgz.prov", provenance("a", "0.1.0") + "\n");
    let outcome = admin.run(["import", "tree", "--to", "default", "-o", "json"]);
    expect(&outcome, 1, &[("a-0.1.0.tgz", "refused")]);
    // The other way round: the provenance file was there before its package.
    admin
        .write("early/b-1.0.0.tgz.prov", provenance("b", "1.0.0"))
        .run(["import", "early", "--to", "default"])
        .succeeded();
    admin.write("early/b-1.0.0.tgz", package("b", "1.0.0"));
    admin.run(["import", "early", "--to", "default"]).succeeded();
    admin.run(["pull", "b", "--prov"]).succeeded();
}

#[test]
fn a_helm_repository_is_taken_in() {
    let home = Program::new();
    let server = Server::start(&home);
    let admin = server.admin();
    admin.run(["repo", "create", "team/charts"]).succeeded();
    for (name, version) in [("a", "0.1.0"), ("a", "0.2.0+x"), ("b c", "1.0.0")] {
        admin.write("x.tgz", package(name, version)).run(["push", "x.tgz", "team/charts"]).succeeded();
    }
    let source = format!("{}/team/charts", server.url());
    let expected =
        [("a-0.1.0.tgz", "imported"), ("a-0.2.0+x.tgz", "imported"), ("b c-1.0.0.tgz", "imported")];
    expect(&admin.run(["import", &source, "--to", "default", "-o", "json"]), 0, &expected);
    admin.run(["import", &format!("{}/no/such", server.url()), "--to", "default"]).failed(1, "404");
}

#[test]
fn a_bucket_is_taken_in() {
    let home = Program::new();
    let server = Server::start(&home);
    let mut admin = server.admin();
    let s3 = chandlery_store::testing::TestS3::shared();
    let source = format!("s3://chandlery/old?endpoint={}&region=us-east-1", s3.endpoint());
    for (name, value) in s3.environment() {
        admin.set(name, value);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let [(_, key), (_, secret)] = s3.environment();
        let service = opendal::services::S3::default()
            .bucket("chandlery")
            .root("/old")
            .region("us-east-1")
            .endpoint(&s3.endpoint())
            .access_key_id(key)
            .secret_access_key(secret);
        let _ = rustls::crypto::ring::default_provider().install_default();
        let bucket = opendal::Operator::new(service).unwrap();
        let transport = opendal_http_transport_reqwest::ReqwestTransport::default();
        let context = bucket.context().with_http_transport(opendal::HttpTransporter::new(transport));
        let bucket = bucket.with_context(context);
        bucket.write("a-0.1.0.tgz", package("a", "0.1.0")).await.unwrap();
        bucket.write("a-0.1.0.tgz.prov", provenance("a", "0.1.0")).await.unwrap();
        bucket.write("org/repo/b+c-1.0.0.tgz", package("b+c", "1.0.0")).await.unwrap();
        bucket.write("index-cache.yaml", "x").await.unwrap();
        bucket.write(".chandlery/x.tgz", "x").await.unwrap();
    });
    let expected = [
        ("a-0.1.0.tgz", "imported"),
        ("index-cache.yaml", "skipped"),
        ("org/repo/b+c-1.0.0.tgz", "imported"),
    ];
    expect(&admin.run(["import", &source, "--to", "default", "-o", "json"]), 0, &expected);
    admin.run(["import", "s3://chandlery?colour=red", "--to", "default"]).failed(2, "colour");
}

#[test]
fn the_source_and_the_target_must_exist() {
    let home = Program::new();
    let server = Server::start(&home);
    let admin = server.admin();
    admin.write("tree/a-0.1.0.tgz", package("a", "0.1.0"));
    admin.run(["import", "absent", "--to", "default"]).failed(2, "absent");
    admin.run(["import", "tree", "--to", "no/such"]).failed(1, "repo create");
    let mut stranger = Program::new();
    stranger.set("CHANDLERY_SERVER", server.url()).write("tree/a-0.1.0.tgz", package("a", "0.1.0"));
    stranger.run(["import", "tree", "--to", "default"]).failed(1, "401");
    // Who may read but not write is told once, not for every package.
    admin.run(["repo", "update", "default/charts", "--visibility", "public"]).succeeded();
    stranger.run(["import", "tree", "--to", "default"]).failed(1, "given up");
}
