//! Charts that depend on charts of our repositories.

use super::{Helm, server_with};
use crate::environment::HELMS;
use crate::packages::package;

fn parent(repository: &str, version: &str) -> String {
    format!(
        "apiVersion: v2\nname: parent\nversion: 1.0.0\ndependencies:\n- name: a\n  version: {version:?}\n  \
         repository: {repository:?}\n"
    )
}

#[test]
fn dependencies_are_resolved_locked_and_fetched() {
    let server = server_with(&[("a", "0.1.0"), ("a", "0.1.9"), ("a", "0.2.0")]);
    for peer in HELMS {
        let helm = Helm::new(peer);
        helm.add("charts", server.url());
        for repository in [server.url(), "@charts", "alias:charts"] {
            let folder = format!("parent-{}", repository.trim_start_matches(['@', ':']).len());
            helm.home.write(&format!("{folder}/Chart.yaml"), parent(repository, "^0.1.0"));
            helm.run(&["dependency", "update", &folder]).succeeded();
            let lock = helm.home.text(&format!("{folder}/Chart.lock"));
            assert!(lock.contains("version: 0.1.9"), "{peer:?} {repository} {lock}");
            let fetched = helm.home.read(&format!("{folder}/charts/a-0.1.9.tgz"));
            assert!(fetched == package("a", "0.1.9"), "{peer:?} {repository}");
            std::fs::remove_dir_all(helm.home.path().join(&folder).join("charts")).unwrap();
            helm.run(&["dependency", "build", &folder]).succeeded();
            assert!(helm.home.read(&format!("{folder}/charts/a-0.1.9.tgz")) == fetched);
            helm.run(&["dependency", "list", &folder]).succeeded().says("ok");
        }
        helm.home.write("bad/Chart.yaml", parent(server.url(), "^7.0.0"));
        helm.run(&["dependency", "update", "bad"]).failed(1, "7.0.0");
    }
}

#[test]
fn a_public_repository_needs_no_adding() {
    let server = server_with(&[("a", "0.1.0")]);
    server.publish_default();
    for peer in HELMS {
        let helm = Helm::new(peer);
        helm.home.write("parent/Chart.yaml", parent(server.url(), "0.1.0"));
        helm.run(&["dependency", "update", "parent"]).succeeded();
        assert!(helm.home.read("parent/charts/a-0.1.0.tgz") == package("a", "0.1.0"));
        helm.run(&["package", "parent"]).succeeded();
        server
            .send_as_admin(crate::http::Request::post(
                "/api/charts?force",
                helm.home.read("parent-1.0.0.tgz"),
            ))
            .expect(201);
    }
}
