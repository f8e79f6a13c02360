//! Where the programs and the corpus are.

use std::path::{Path, PathBuf};

/// A program of another project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    Helm3,
    Helm4,
    ChartMuseum,
    CmPush,
    Dex,
    Registry,
    VersityGw,
    FakeGcs,
    Azurite,
}

/// Both clients that every repository must serve.
pub(crate) const HELMS: [Peer; 2] = [Peer::Helm3, Peer::Helm4];

impl Peer {
    const fn file_name(self) -> &'static str {
        match self {
            Self::Helm3 => "helm3",
            Self::Helm4 => "helm4",
            Self::ChartMuseum => "chartmuseum",
            Self::CmPush => "cm-push",
            Self::Dex => "dex",
            Self::Registry => "registry",
            Self::VersityGw => "versitygw",
            Self::FakeGcs => "fake-gcs-server",
            Self::Azurite => "azurite",
        }
    }

    /// The program's file.
    pub(crate) fn path(self) -> PathBuf {
        existing(&peers().join(self.file_name()), "make peers", "CHANDLERY_PEERS")
    }
}

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Where the Makefile keeps what is built outside the checkout.
fn cache() -> PathBuf {
    let home = || variable("HOME").expect("HOME is set").join(".cache");
    variable("CHANDLERY_CACHE")
        .unwrap_or_else(|| variable("XDG_CACHE_HOME").unwrap_or_else(home).join("chandlery"))
}

fn peers() -> PathBuf {
    variable("CHANDLERY_PEERS").unwrap_or_else(|| cache().join("peers/bin"))
}

fn existing(path: &Path, target: &str, variable: &str) -> PathBuf {
    assert!(path.exists(), "{} is missing: run `{target}`, or set {variable}", path.display());
    path.canonicalize().expect("an existing path has a canonical form")
}

/// The plugins of both helms, laid out beside the programs.
pub(crate) fn helm_plugins() -> PathBuf {
    existing(&peers().join("../plugins"), "make peers", "CHANDLERY_PEERS")
}

/// The program under test.
pub(crate) fn chandlery() -> PathBuf {
    let target = || variable("CARGO_TARGET_DIR").unwrap_or_else(|| cache().join("target"));
    let path = variable("CHANDLERY_BIN").unwrap_or_else(|| target().join("ci-release/chandlery"));
    existing(&path, "make binary", "CHANDLERY_BIN")
}

/// The public charts.
pub(crate) fn corpus() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let path = variable("CHANDLERY_CORPUS").unwrap_or(beside);
    existing(&path, "make test CHANDLERY_CORPUS=DIR", "CHANDLERY_CORPUS")
}
