//! What ChartMuseum left behind, and folders of packages.

use super::logged_in;
use crate::chartmuseum::ChartMuseum;
use crate::environment::{HELMS, corpus};
use crate::http::Request;
use crate::packages::{package, provenance};
use crate::program::Home;
use crate::server::Server;

#[test]
fn the_storage_of_a_chartmuseum_is_taken_in() {
    let museum = ChartMuseum::start(&[]);
    let charts = [("a", "0.1.0"), ("a", "0.2.0+build.1"), ("Upper.x", "1.0.0"), ("hyphens-1", "1.0.0-rc-1")];
    for (name, version) in charts {
        museum.send_as_admin(Request::post("/api/charts", package(name, version))).expect(201);
    }
    museum.send_as_admin(Request::post("/api/prov", provenance("a", "0.1.0"))).expect(201);
    // It writes this file some time after the last upload.
    while !museum.storage().join("index-cache.yaml").exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let server = Server::start();
    let home = logged_in(&server);
    let storage = museum.storage();
    let import = ["import", storage.to_str().unwrap(), "--to", "default"];
    home.chandlery(&import).succeeded().says("4 imported");
    home.chandlery(&import).succeeded().says("4 present");
    for (name, version) in charts {
        let pulled = server.send_as_admin(Request::get(&format!("/charts/{name}-{version}.tgz"))).expect(200);
        assert!(pulled.body == package(name, version), "{name} {version}");
    }
    let prov = server.send_as_admin(Request::get("/charts/a-0.1.0.tgz.prov")).expect(200);
    assert!(prov.body == provenance("a", "0.1.0"));
    // Each repository takes them in for itself.
    home.chandlery(&["repo", "create", "team/charts"]).succeeded();
    home.chandlery(&["import", storage.to_str().unwrap(), "--to", "team/charts"])
        .succeeded()
        .says("4 imported");
}

#[test]
fn a_folder_is_served_as_a_repository() {
    let home = Home::new();
    let mut files: Vec<_> =
        std::fs::read_dir(corpus().join("charts")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files.iter().step_by(30) {
        home.write(
            &format!("charts/{}", file.file_name().unwrap().to_str().unwrap()),
            std::fs::read(file).unwrap(),
        );
    }
    home.write("charts/a-1.0.0+b.tgz", package("a", "1.0.0+b"));
    let count = std::fs::read_dir(home.path().join("charts")).unwrap().count();
    let server = Server::start_folder(home, "charts");
    for helm in HELMS {
        let client = Home::new();
        client.peer(helm, &["repo", "add", "folder", server.url()]).succeeded();
        let listed = client.peer(helm, &["search", "repo", "-l", "--devel", "-o", "json"]).succeeded().json();
        assert_eq!(listed.as_array().unwrap().len(), count);
        client.peer(helm, &["pull", "folder/a"]).succeeded();
        assert!(client.read("a-1.0.0+b.tgz") == package("a", "1.0.0+b"));
    }
    let push = server.send_as_admin(Request::post("/api/charts", package("b", "1.0.0")));
    assert!((400..500).contains(&push.status), "{}", push.status);
}
