//! What is released by our commands is pulled from `/store` by helm, and is gone when it is taken down.

use super::logged_in;
use crate::environment::HELMS;
use crate::packages::Package;
use crate::program::Home;
use crate::server::{PASSWORD, Server};

#[test]
fn helm_pulls_what_was_released() {
    let server = Server::start();
    let home = logged_in(&server);
    Package::new("broker", "1.0.0").write_folder(&home, "broker");
    home.chandlery(&["package", "broker"]).succeeded();
    home.chandlery(&["workspace", "create", "demo"]).succeeded();
    home.chandlery(&["app", "upload", "demo", "broker-1.0.0.tgz"]).succeeded();
    home.chandlery(&["app", "submit", "demo/broker", "1.0.0"]).succeeded();
    home.chandlery(&["app", "pass", "demo/broker", "1.0.0", "--override", "-m", "nobody else is here"])
        .succeeded();
    let store = format!("{}/store", server.url());
    let add = ["repo", "add", "store", &store, "--username", "admin", "--password", PASSWORD];
    for helm in HELMS {
        let other = Home::new();
        other.peer(helm, &add).succeeded();
        other.peer(helm, &["pull", "store/broker"]).failed(1, "not found");
    }
    home.chandlery(&["app", "release", "demo/broker", "1.0.0"]).succeeded();
    for helm in HELMS {
        let other = Home::new();
        other.peer(helm, &add).succeeded();
        other.peer(helm, &["pull", "store/broker"]).succeeded();
        assert!(other.read("broker-1.0.0.tgz") == home.read("broker-1.0.0.tgz"), "{helm:?}");
    }
    home.chandlery(&["app", "suspend", "demo/broker", "1.0.0"]).succeeded();
    for helm in HELMS {
        let other = Home::new();
        other.peer(helm, &add).succeeded();
        other.peer(helm, &["pull", "store/broker"]).failed(1, "not found");
    }
}
