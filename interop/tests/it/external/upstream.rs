//! Sources of each kind: real servers of other projects that are published to by the means of their users.

mod bucket;
mod charts;
mod cloud;
mod git;
mod registry;

use std::path::Path;

pub(super) use bucket::{Bucket, STRANGER};
pub(super) use charts::Charts;
pub(super) use cloud::Cloud;
pub(super) use git::Git;
pub(super) use registry::Registry;

use super::face::Given;
use crate::cli::files_of;
use crate::environment::Peer;
use crate::packages::package;
use crate::program::Home;

/// What pulling a package must give.
pub(super) enum Expected {
    /// These bytes.
    Bytes(Vec<u8>),
    /// A package of these files, which nobody had packaged: `Chart.yaml` is written anew, as helm does it.
    Files(Vec<(String, Vec<u8>)>),
}

impl Expected {
    #[track_caller]
    pub(super) fn check(&self, bytes: &[u8]) {
        match self {
            Self::Bytes(expected) => assert!(expected == bytes, "other bytes than upstream's"),
            Self::Files(expected) => assert_eq!(others(&files_of(bytes)), others(expected)),
        }
    }
}

/// The files of a package but the one that packaging writes anew.
fn others(files: &[(String, Vec<u8>)]) -> Vec<&(String, Vec<u8>)> {
    files.iter().filter(|(path, _)| !path.ends_with("/Chart.yaml")).collect()
}

/// A running source.
pub(super) trait Upstream {
    /// How its owner describes it.
    fn given(&self) -> Given;

    /// Publishes a version of a chart.
    fn publish(&mut self, name: &str, version: &str);

    /// Publishes a package of this file name with its provenance file.
    fn publish_signed(&mut self, file: &str, package: &[u8], provenance: &[u8]);

    /// What pulling that version must give.
    fn expected(&self, name: &str, version: &str) -> Expected {
        Expected::Bytes(package(name, version))
    }

    /// Pulls the plug.
    fn stop(&mut self);

    /// The kind as it is shown.
    fn kind(&self) -> &'static str;

    /// The stage and the number with which a stranger is refused.
    fn refusal(&self) -> (&'static str, u16) {
        match self.kind() {
            "s3" => ("auth", 106),
            _ => ("auth", 109),
        }
    }

    /// Whether it asks nobody who they are.
    fn lets_everybody_in(&self) -> bool {
        false
    }
}

/// Puts a small package into the folder `charts/stable` of an object store, and into the index.
fn publish_into_bucket(home: &Home, has_index: bool, chart: (&str, &str), put: impl Fn(&str, &[u8])) {
    let (name, version) = chart;
    put_into_bucket(home, has_index, &format!("{name}-{version}.tgz"), &package(name, version), put);
}

/// Puts a package into the folder `charts/stable` of an object store, and an index that helm makes.
fn put_into_bucket(home: &Home, has_index: bool, file: &str, bytes: &[u8], put: impl Fn(&str, &[u8])) {
    put(&format!("charts/stable/{file}"), bytes);
    if has_index {
        home.write(&format!("stable/{file}"), bytes);
        home.peer(Peer::Helm4, &["repo", "index", "stable"]).succeeded();
        put("charts/stable/index.yaml", &home.read("stable/index.yaml"));
    }
}

/// Sends a request by curl, and fails the test unless the answer is success.
fn curl(home: &Home, arguments: &[&str]) {
    home.run(Path::new("curl"), &[&["--silent", "--show-error", "--fail"][..], arguments].concat())
        .succeeded();
}
