//! `dependency` writes the locks that `helm dependency` writes.

use crate::environment::HELMS;
use crate::program::Home;
use crate::server::{PASSWORD, Server};

/// A lock without the time.
fn lock(home: &Home, chart: &str) -> String {
    let text = home.text(&format!("{chart}/Chart.lock"));
    text.lines().filter(|line| !line.starts_with("generated:")).map(|line| format!("{line}\n")).collect()
}

fn packages(home: &Home, chart: &str) -> Vec<String> {
    let entries = std::fs::read_dir(home.path().join(chart).join("charts")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn locks_and_packages_are_helms() {
    let server = Server::start();
    let home = Home::new();
    let login = ["login", server.url(), "--username", "admin", "--password-stdin"];
    home.run_with_input(&crate::environment::chandlery(), &login, PASSWORD).succeeded();
    home.chandlery(&["repo", "create", "team/charts", "--visibility", "public"]).succeeded();
    for version in ["1.0.0", "1.2.0", "1.3.0-rc.1", "2.0.0"] {
        crate::packages::Package::new("web", version).write_folder(&home, "web");
        home.chandlery(&["push", "web", "team/charts"]).succeeded();
    }
    crate::packages::Package::new("near", "0.1.0+b").write_folder(&home, "near");
    let url = format!("{}/team/charts", server.url());
    let chart = format!(
        "apiVersion: v2\nname: a\nversion: 1.0.0\ndependencies:\n- name: web\n  version: '>=1.0.0 <2.0.0'\n  repository: \
         {url}\n  condition: web.enabled\n- name: web\n  alias: second\n  version: 2.x\n  repository: {url}/\n- name: \
         near\n  version: ~0.1\n  repository: file://../near\n  tags: [x, '<y>']\n  import-values: [data, {{child: a, \
         parent: b}}]\n- name: here\n  version: '*'\n"
    );
    for folder in ["ours", "theirs"] {
        home.write(&format!("{folder}/Chart.yaml"), &chart);
        home.write(
            &format!("{folder}/charts/here/Chart.yaml"),
            "apiVersion: v2\nname: here\nversion: 0.3.0\n",
        );
    }
    home.chandlery(&["dependency", "update", "ours"]).succeeded();
    for helm in HELMS {
        home.peer(helm, &["dependency", "update", "theirs"]).succeeded();
        assert_eq!(lock(&home, "ours"), lock(&home, "theirs"), "{helm:?}");
        assert_eq!(packages(&home, "ours"), packages(&home, "theirs"), "{helm:?}");
        // Each accepts the other's lock.
        std::fs::copy(home.path().join("ours/Chart.lock"), home.path().join("theirs/Chart.lock")).unwrap();
        let listed = |folder: &str, text: String| text.replace(folder, "X");
        let ours = home.chandlery(&["dependency", "list", "ours"]).succeeded().output;
        let theirs = home.peer(helm, &["dependency", "list", "theirs"]).succeeded().output;
        assert_eq!(listed("ours", ours), listed("theirs", theirs));
    }
    home.chandlery(&["dependency", "build", "theirs"]).succeeded();
    home.write(
        "config/repositories.yaml",
        format!("apiVersion: v1\nrepositories:\n- name: team\n  url: {url}\n"),
    );
    let aliased = chart.replace(&format!("repository: {url}/\n"), "repository: '@team'\n");
    for folder in ["ours", "theirs"] {
        home.write(&format!("{folder}/Chart.yaml"), &aliased);
    }
    for helm in HELMS {
        let mut home_with_list = Home::new();
        home_with_list.set("HELM_REPOSITORY_CONFIG", home.path().join("config/repositories.yaml"));
        let place = |folder: &str| home.path().join(folder).display().to_string();
        home_with_list.peer(helm, &["repo", "update"]).succeeded();
        home_with_list.peer(helm, &["dependency", "update", &place("theirs")]).succeeded();
        home_with_list.chandlery(&["dependency", "update", &place("ours")]).succeeded();
        assert_eq!(lock(&home, "ours"), lock(&home, "theirs"), "{helm:?}");
    }
}
