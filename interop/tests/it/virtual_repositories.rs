//! Virtual repositories: both helms read a hosted and an external member as one, and ours shadows theirs.

use crate::chartmuseum::ChartMuseum;
use crate::cli::logged_in;
use crate::environment::HELMS;
use crate::helm::Helm;
use crate::http::Request;
use crate::packages::package;
use crate::server::{PASSWORD, Server};

#[test]
fn both_helms_read_several_repositories_as_one() {
    // With an address of its own the index names packages of members by it.
    for flags in [&[][..], &["--public-url", "http://127.0.0.1"]] {
        let upstream = ChartMuseum::start(&[]);
        for (name, version) in [
            ("redis", "1.0.0"),
            ("redis", "2.0.0"),
            ("web", "9.0.0"),
            ("acme-db", "9.0.0"),
            ("late", "1.0.0"),
        ] {
            upstream.send_as_admin(Request::post("/api/charts", package(name, version))).expect(201);
        }
        let server = start(flags);
        let home = logged_in(&server);
        home.write("password", PASSWORD);
        let credentials = ["--source-username", "admin", "--source-password-file", "password"];
        let url = format!("http://{}", upstream.address());
        let mirror =
            ["repo", "add", "mirrors/upstream", &url, "--visibility", "public", "--period", "0", "--wait"];
        home.chandlery(&[&mirror[..], &credentials].concat()).succeeded();
        home.chandlery(&["repo", "create", "acme/own"]).succeeded();
        server.push("/api/acme/own/charts", package("web", "1.0.0"));
        let members = ["--member", "acme/own", "--member", "mirrors/upstream", "--reserve", "acme-*"];
        home.chandlery(&[&["repo", "add", "acme/all"][..], &members].concat()).succeeded();
        home.chandlery(&["pull", "web", "--repo", "acme/all"]).succeeded();
        assert_eq!(home.read("web-1.0.0.tgz"), package("web", "1.0.0"));

        let all = format!("{}/acme/all", server.url());
        for peer in HELMS {
            let helm = Helm::new(peer);
            helm.add("all", &all);
            let found = helm.search(&["all/", "--versions"]);
            assert_eq!(
                found,
                ["all/late 1.0.0", "all/redis 2.0.0", "all/redis 1.0.0", "all/web 1.0.0"],
                "{peer:?}"
            );
            for (name, version) in [("redis", "1.0.0"), ("redis", "2.0.0"), ("web", "1.0.0")] {
                helm.run(&["pull", &format!("all/{name}"), "--version", version]).succeeded();
                assert_eq!(
                    helm.home.read(&format!("{name}-{version}.tgz")),
                    package(name, version),
                    "{peer:?}"
                );
            }
            helm.run(&["pull", "all/web", "--version", "9.0.0"]).failed(1, "not found");
            helm.run(&["pull", "all/acme-db"]).failed(1, "not found");
            helm.run(&["show", "values", "all/web"]).succeeded();
        }

        // Ours from now on, for those who look again; what was pulled outlives where it came from.
        server.push("/api/acme/own/charts", package("late", "0.1.0"));
        drop(upstream);
        for peer in HELMS {
            let helm = Helm::new(peer);
            helm.add("all", &all);
            assert_eq!(helm.search(&["all/late", "--versions"]), ["all/late 0.1.0"], "{peer:?}");
            helm.run(&["pull", "all/redis", "--version", "2.0.0"]).succeeded();
        }
    }
}

/// A server that says where it is by `--public-url`, at a port that is free.
fn start(flags: &[&str]) -> Server {
    let [name, origin] = flags else { return Server::start_with(&["--outbound-allow", "127.0.0.0/8"]) };
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (listen, public) = (address.to_string(), format!("{origin}:{}", address.port()));
    Server::start_with(&["--outbound-allow", "127.0.0.0/8", "--listen", &listen, name, &public])
}
