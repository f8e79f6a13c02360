//! Adding, searching and pulling.

use super::{Helm, server_with};
use crate::environment::HELMS;
use crate::http::Request;
use crate::packages::package;
use crate::server::{PASSWORD, Server, free_port};

#[test]
fn credentials_are_checked_when_a_repository_is_added() {
    let server = server_with(&[("a", "0.1.0")]);
    for peer in HELMS {
        let helm = Helm::new(peer);
        helm.run(&["repo", "add", "none", server.url()]).failed(1, "401");
        let wrong = ["repo", "add", "wrong", server.url(), "--username", "admin", "--password", "wrong"];
        helm.run(&wrong).failed(1, "401");
        helm.add("right", server.url());
        helm.run(&["repo", "update"]).succeeded().says("right");
        assert_eq!(helm.search(&[]), ["right/a 0.1.0"]);
    }
    server.publish_default();
    for peer in HELMS {
        let helm = Helm::new(peer);
        helm.run(&["repo", "add", "public", server.url()]).succeeded();
        helm.run(&["pull", "public/a"]).succeeded();
        assert!(helm.home.read("a-0.1.0.tgz") == package("a", "0.1.0"));
    }
}

#[test]
fn an_update_brings_what_was_pushed_and_takes_what_was_deleted() {
    let server = server_with(&[("a", "0.1.0")]);
    let helms = HELMS.map(Helm::new);
    for helm in &helms {
        helm.add("charts", server.url());
    }
    server.push("/api/charts", package("a", "0.2.0"));
    server.send_as_admin(Request::new("DELETE", "/api/charts/a/0.1.0")).expect(200);
    for helm in &helms {
        assert_eq!(helm.search(&["-l"]), ["charts/a 0.1.0"], "the cached index");
        helm.run(&["repo", "update", "charts"]).succeeded();
        assert_eq!(helm.search(&["-l"]), ["charts/a 0.2.0"]);
        helm.run(&["pull", "charts/a", "--version", "0.1.0"]).failed(1, "0.1.0");
    }
}

#[test]
fn versions_are_found_and_pulled_as_helm_orders_them() {
    let charts = [
        ("a", "0.1.0"),
        ("a", "0.1.1"),
        ("a", "0.2.0"),
        ("a", "1.0.0-rc.1"),
        ("a", "0.3.0+build.5"),
        ("Upper_case.dots", "v2.0.0"),
        ("only-pre", "1.0.0-alpha"),
    ];
    let server = server_with(&charts);
    for peer in HELMS {
        let helm = Helm::new(peer);
        helm.add("r", server.url());
        assert_eq!(helm.search(&[]), ["r/Upper_case.dots v2.0.0", "r/a 0.3.0+build.5"]);
        let released = ["r/a 0.3.0+build.5", "r/a 0.2.0", "r/a 0.1.1", "r/a 0.1.0"];
        assert_eq!(helm.search(&["-l", "r/a"]), released);
        assert_eq!(helm.search(&["-l", "--devel"]).len(), charts.len());
        let pulls = [
            (vec!["r/a"], "a", "0.3.0+build.5"),
            (vec!["r/a", "--version", "~0.1.0"], "a", "0.1.1"),
            (vec!["r/a", "--version", "0.1.0"], "a", "0.1.0"),
            (vec!["r/a", "--version", "0.3.0+build.5"], "a", "0.3.0+build.5"),
            (vec!["r/a", "--devel"], "a", "1.0.0-rc.1"),
            (vec!["r/Upper_case.dots"], "Upper_case.dots", "v2.0.0"),
            (vec!["r/only-pre", "--version", ">0.0.0-0"], "only-pre", "1.0.0-alpha"),
        ];
        for (arguments, name, version) in pulls {
            helm.run(&[&["pull", "-d", "."], arguments.as_slice()].concat()).succeeded();
            let file = format!("{name}-{version}.tgz");
            assert!(helm.home.read(&file) == package(name, version), "{peer:?} {file}");
        }
        helm.run(&["pull", "r/a", "--version", "9.9.9"]).failed(1, "9.9.9");
    }
}

#[test]
fn a_chart_is_pulled_without_adding_its_repository() {
    let server = server_with(&[("a", "0.1.0")]);
    for peer in HELMS {
        let helm = Helm::new(peer);
        let login = ["--username", "admin", "--password", PASSWORD];
        helm.run(&[&["pull", "a", "--repo", server.url()], &login[..]].concat()).succeeded();
        assert!(helm.home.read("a-0.1.0.tgz") == package("a", "0.1.0"));
        let url = format!("{}/charts/a-0.1.0.tgz", server.url());
        helm.run(&[&["pull", &url, "-d", "."], &login[..]].concat()).succeeded();
        helm.run(&["pull", &url]).failed(1, "401");
    }
}

#[test]
fn charts_are_rendered_from_the_repository() {
    let server = server_with(&[("a", "0.1.0")]);
    for peer in HELMS {
        let helm = Helm::new(peer);
        helm.add("r", server.url());
        helm.run(&["template", "one", "r/a", "--set", "replicas=3"])
            .succeeded()
            .says("name: one-config")
            .says("\"3\"");
        helm.run(&["show", "values", "r/a"]).succeeded().says("# how many");
    }
    // Helm 3 asks a cluster even here.
    let helm = Helm::new(crate::environment::Peer::Helm4);
    helm.add("r", server.url());
    helm.run(&["install", "one", "r/a", "--dry-run=client"]).succeeded().says("name: one-config");
}

#[test]
fn the_hub_search_finds_charts() {
    let server = server_with(&[("nginx-like", "0.1.0"), ("nginx-like", "0.2.0"), ("other", "1.0.0")]);
    server.publish_default();
    server.create_repository("team/secret", "private");
    server.push("/api/team/secret/charts", package("nginx-secret", "1.0.0"));
    for peer in HELMS {
        let helm = Helm::new(peer);
        let search = ["search", "hub", "nginx", "--endpoint", server.url(), "-o", "json"];
        let found = helm.run(&search).succeeded().json();
        assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
        assert_eq!(found[0]["version"], "0.2.0", "{found}");
        assert_eq!(found[0]["app_version"], "7", "{found}");
        let list = ["search", "hub", "--endpoint", server.url(), "--list-repo-url"];
        helm.run(&list).succeeded().says(server.url()).says("1.0.0").without("secret");
        let nothing = ["search", "hub", "no-such-chart", "--endpoint", server.url()];
        helm.run(&nothing).succeeded().says("No results found");
    }
}

#[test]
fn absolute_urls_lead_back_here() {
    let port = free_port();
    let (listen, url) = (format!("127.0.0.1:{port}"), format!("http://127.0.0.1:{port}"));
    let server = Server::start_with(&["--listen", &listen, "--public-url", &url]);
    server.push("/api/charts", package("a", "1.0.0+b.1"));
    let index = server.send_as_admin(Request::get("/index.yaml")).expect(200).text();
    assert!(index.contains(&format!("{url}/charts/a-1.0.0")), "{index}");
    for peer in HELMS {
        let helm = Helm::new(peer);
        helm.add("r", &url);
        helm.run(&["pull", "r/a"]).succeeded();
        assert!(helm.home.read("a-1.0.0+b.1.tgz") == package("a", "1.0.0+b.1"));
    }
}

#[test]
fn everything_moves_below_a_context_path() {
    let server = Server::start_with(&["--context-path", "/some/where"]);
    server.push("/some/where/api/charts", package("a", "0.1.0"));
    let (root, url) =
        (format!("http://{}", server.address()), format!("http://{}/some/where", server.address()));
    for peer in HELMS {
        let helm = Helm::new(peer);
        let login = ["--username", "admin", "--password", PASSWORD];
        helm.run(&[&["repo", "add", "wrong", &root], &login[..]].concat()).failed(1, "404");
        helm.add("r", &url);
        helm.run(&["pull", "r/a"]).succeeded();
        assert!(helm.home.read("a-0.1.0.tgz") == package("a", "0.1.0"));
    }
}

#[test]
fn a_token_is_a_password_for_a_private_repository() {
    let server = Server::start();
    server.create_repository("team/charts", "private");
    server.push("/api/team/charts/charts", package("a", "0.1.0"));
    let token = server.create_token("helm", "pull");
    let url = format!("{}/team/charts", server.url());
    for peer in HELMS {
        let helm = Helm::new(peer);
        helm.run(&["repo", "add", "team", &url]).failed(1, "401");
        helm.run(&["repo", "add", "team", &url, "--username", "admin", "--password", &token]).succeeded();
        helm.run(&["pull", "team/a"]).succeeded();
        assert!(helm.home.read("a-0.1.0.tgz") == package("a", "0.1.0"));
        // The default repository is another one.
        helm.add("default", server.url());
        assert_eq!(helm.search(&[]), ["team/a 0.1.0"]);
    }
    server.rest("DELETE", "/api/v1/tokens/helm", &serde_json::Value::Null, 204);
    for peer in HELMS {
        let helm = Helm::new(peer);
        helm.run(&["repo", "add", "team", &url, "--username", "admin", "--password", &token])
            .failed(1, "401");
    }
}
