//! `dependency`, `package -u` and `create`.

use crate::program::Program;

fn charts() -> Program {
    let program = Program::new();
    let dependencies = "dependencies:\n- name: sub\n  version: \">=0.1.0 <2\"\n  repository: file://../sub\n  alias: \
                        other\n  tags: [a, \"<b>\"]\n  condition: other.enabled\n  import-values:\n  - data\n  - child: \
                        x\n    parent: y\n- name: local\n  version: \"*\"\n";
    program
        .write("sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 0.1.0+x\n")
        .write("sub/values.yaml", "a: 1\n")
        .write("a/Chart.yaml", format!("apiVersion: v2\nname: a\nversion: 1.0.0\n{dependencies}"))
        .write("a/charts/local/Chart.yaml", "apiVersion: v2\nname: local\nversion: 0.3.0\n")
        .write("a/charts/extra/Chart.yaml", "apiVersion: v2\nname: extra\nversion: 0.3.0\n");
    program
}

/// What `helm dependency` 4.3.1 prints and writes.
#[test]
fn dependencies_are_listed_fetched_and_locked() {
    let program = charts();
    let listed = |status: &str| {
        format!(
            "NAME \tVERSION   \tREPOSITORY   \tSTATUS  \nsub  \t>=0.1.0 <2\tfile://../sub\t{status:<8}\nlocal\t*         \t             \
             \tunpacked\n\nWARNING: \"a/charts/extra\" is not in Chart.yaml.\n"
        )
    };
    assert_eq!(program.run(["dependency", "list", "a"]).succeeded(), listed("missing"));
    assert_eq!(
        program.run(["dep", "update", "a"]).succeeded(),
        "Saving 2 charts\nDependency local did not declare a repository. Assuming it exists in the charts \
         directory\nDeleting outdated charts\n"
    );
    assert_eq!(program.run(["dependency", "list", "a"]).succeeded(), listed("ok"));
    let lock = || std::fs::read_to_string(program.home().join("a/Chart.lock")).unwrap();
    let locked = "dependencies:\n- name: sub\n  repository: file://../sub\n  version: 0.1.0+x\n- name: local\n  repository: \
                  \"\"\n  version: '*'\ndigest: \
                  sha256:fa988f4cb35630b975e46e7b2a1c0fc9c8d93123eb317fa4aeb1ffec7c44275b\ngenerated: \"";
    assert!(lock().starts_with(locked), "{}", lock());
    let first = lock();
    program.run(["dependency", "update", "a"]).succeeded();
    assert_eq!(lock(), first, "a lock that is right is not written again");
    assert!(program.home().join("a/charts/sub-0.1.0+x.tgz").exists());
    let data = program.run(["dependency", "list", "a", "-o", "json"]).json();
    assert_eq!(data[0]["status"], "ok");
}

#[test]
fn build_follows_the_lock() {
    let program = charts();
    program.run(["dependency", "build", "a"]).succeeded();
    std::fs::remove_file(program.home().join("a/charts/sub-0.1.0+x.tgz")).unwrap();
    program.run(["dependency", "build", "a"]).succeeded();
    assert!(program.home().join("a/charts/sub-0.1.0+x.tgz").exists());
    let path = program.home().join("a/Chart.yaml");
    let text = std::fs::read_to_string(&path).unwrap().replace("<2", "<3");
    std::fs::write(&path, &text).unwrap();
    program.run(["dependency", "build", "a"]).failed(1, "the lock file (Chart.lock) is out of sync");
    std::fs::write(&path, text.replace(">=0.1.0 <3", "foo bar")).unwrap();
    program.run(["dependency", "update", "a"]).failed(
        1,
        "dependency \"sub\" has an invalid version/constraint format: improper constraint: \"foo bar\"",
    );
    std::fs::write(&path, text.replace(">=0.1.0 <3", ">3")).unwrap();
    program.run(["dependency", "update", "a"]).failed(
        1,
        "can't get a valid version for 1 subchart(s): \"sub\" (repository \"file://../sub\", version \">3\")",
    );
}

#[test]
fn what_is_outdated_goes_and_links_are_not_written_through() {
    let program = charts();
    program.run(["package", "sub", "--version", "0.0.9", "-d", "a/charts"]).succeeded();
    program.write("victim", "precious");
    std::os::unix::fs::symlink(program.home().join("victim"), program.home().join("a/Chart.lock")).unwrap();
    // The link leads out of the chart, so the chart itself is refused.
    program.run(["dependency", "update", "a"]).failed(1, "symbolic link");
    assert_eq!(std::fs::read_to_string(program.home().join("victim")).unwrap(), "precious");
    std::fs::remove_file(program.home().join("a/Chart.lock")).unwrap();
    program.run(["dependency", "update", "a"]).succeeded();
    assert!(!program.home().join("a/charts/sub-0.0.9.tgz").exists());
}

#[test]
fn repositories_that_cannot_be_used_are_named() {
    let program = charts();
    let chart = |repository: &str| {
        let text =
            "apiVersion: v2\nname: b\nversion: 1.0.0\ndependencies:\n- name: x\n  version: 1\n  repository: ";
        program.write("b/Chart.yaml", format!("{text}{repository:?}\n"));
    };
    for (repository, part) in [
        ("oci://h/x", "oci://h/x is in a registry"),
        ("@nobody", "no repository definition for @nobody"),
        ("stable", "no repository definition for stable"),
        ("file://../none", "directory b/../none not found"),
        ("http://127.0.0.1:1/x", "does the server run?"),
    ] {
        chart(repository);
        let part = part.replace("b/../none", "none");
        program.run(["dependency", "update", "b"]).failed(1, &part);
    }
    program.run(["dependency", "list", "sub"]).succeeded();
    program.run(["dependency", "update", "absent"]).failed(1, "could not find absent");
}

#[test]
fn package_fetches_first_if_asked() {
    let program = charts();
    program.run(["package", "a"]).failed(1, "sub");
    let made = program.run(["package", "-u", "a"]);
    assert!(made.succeeded().ends_with("./a-1.0.0.tgz\n"), "{made:?}");
    let shown = program.run(["template", "a-1.0.0.tgz", "--raw", "-o", "json"]);
    assert_eq!(shown.json(), serde_json::json!({}));
}

#[test]
fn a_new_chart_is_good() {
    let program = Program::new();
    program.run(["create", "charts/shop"]).succeeded();
    program.run(["create", "charts/shop"]).failed(2, "is not empty");
    program.run(["create", "Shop"]).failed(2, "no good name");
    let linted = program.run(["lint", "charts/shop", "--strict"]);
    assert_eq!(
        linted.succeeded(),
        "==> Linting charts/shop\n[INFO] Chart.yaml: icon is recommended\n\n1 chart(s) linted, 0 chart(s) failed\n"
    );
    let all = "ingress.enabled=true,ingress.tlsSecret=t,autoscaling.enabled=true,disruptionBudget.enabled=true,\
               networkPolicy.enabled=true,env[0].name=a,image.digest=sha256:\
               0000000000000000000000000000000000000000000000000000000000000000";
    program.run(["lint", "charts/shop", "--strict", "--set", all]).succeeded();
    let documents = program.run(["template", "demo", "charts/shop", "--set", all, "-o", "json"]).json();
    let mut kinds: Vec<&str> =
        documents.as_array().unwrap().iter().map(|document| document["kind"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(
        kinds,
        [
            "Deployment",
            "HorizontalPodAutoscaler",
            "Ingress",
            "NetworkPolicy",
            "Pod",
            "PodDisruptionBudget",
            "Service",
            "ServiceAccount"
        ]
    );
    program.run(["template", "charts/shop", "--set", "replcas=2"]).failed(1, "replcas");
    program.run(["package", "charts/shop"]).succeeded();
}
