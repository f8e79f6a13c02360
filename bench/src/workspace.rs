//! Where everything is: programs, the corpus, and directories below the target directory.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

/// The places that a run uses.
#[derive(Clone, Debug)]
pub(crate) struct Workspace {
    /// What is kept from run to run: seeds.
    pub(crate) cache: PathBuf,
    /// What this run writes, empty at its beginning.
    pub(crate) scratch: PathBuf,
    /// The program under test.
    pub(crate) chandlery: PathBuf,
    /// Real public packages.
    pub(crate) charts: PathBuf,
    peers: PathBuf,
}

impl Workspace {
    /// Finds everything by the variables that the Makefile sets, or their defaults.
    pub(crate) fn open() -> Result<Self> {
        let home = PathBuf::from(env::var_os("HOME").context("HOME is not set")?);
        let cache = variable("CHANDLERY_CACHE").unwrap_or_else(|| {
            variable("XDG_CACHE_HOME").unwrap_or_else(|| home.join(".cache")).join("chandlery")
        });
        let target = variable("CARGO_TARGET_DIR").unwrap_or_else(|| cache.join("target"));
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let corpus = variable("CHANDLERY_CORPUS").unwrap_or_else(|| root.join("../shared/corpus"));
        let workspace = Self {
            chandlery: variable("CHANDLERY_BIN").unwrap_or_else(|| target.join("ci-release/chandlery")),
            peers: variable("CHANDLERY_PEERS").unwrap_or_else(|| cache.join("peers/bin")),
            charts: corpus.join("charts"),
            cache: target.join("bench/seeds"),
            // Its own for every run: two at once must not empty each other's.
            scratch: target.join(format!("bench/scratch-{}", std::process::id())),
        };
        let chandlery = &workspace.chandlery;
        ensure!(chandlery.is_file(), "{} is missing: run `make binary`", chandlery.display());
        fs::create_dir_all(&workspace.scratch)?;
        remove_ended(&target.join("bench"))?;
        fs::create_dir_all(&workspace.cache)?;
        Ok(workspace)
    }

    /// Where the results go.
    pub(crate) fn results(&self) -> PathBuf {
        self.scratch.with_file_name("results.json")
    }

    /// The program of another project.
    pub(crate) fn peer(&self, name: &str) -> Result<PathBuf> {
        let path = self.peers.join(name);
        ensure!(path.is_file(), "{} is missing: run `make peers`", path.display());
        Ok(path)
    }

    /// A new empty directory of this run.
    pub(crate) fn fresh(&self, name: &str) -> Result<PathBuf> {
        let path = self.scratch.join(name);
        if path.exists() {
            fs::remove_dir_all(&path)?;
        }
        fs::create_dir_all(&path)?;
        Ok(path)
    }
}

/// Removes the scratch directories of runs that ended; those that failed leave theirs for their logs.
fn remove_ended(directory: &Path) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let run = name.to_str().and_then(|name| name.strip_prefix("scratch-"));
        if run.is_some_and(|run| !Path::new("/proc").join(run).exists()) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

fn variable(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Copies a tree and waits until the disk has it, so that writing it back disturbs no measurement.
pub(crate) fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
            File::open(&target)?.sync_all()?;
        }
    }
    Ok(())
}

/// A tree of hard links: as good as a copy for files that nobody changes in place.
pub(crate) fn link_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::hard_link(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}
