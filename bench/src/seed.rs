//! Data directories and package directories of a size, made once and kept.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use chandlery_chart::file_name;
use chandlery_core::Digest;
use chandlery_store::packages::{self, NewPackage, PublishLimits, PublishRequest};
use chandlery_store::{BlobsUrl, DatabaseUrl, Store, StoreSettings, repositories};
use jiff::Timestamp;

use crate::client::Client;
use crate::packages::{CHARTS, SourceChart, noise, numbered_version, source_charts};
use crate::servers::{Chandlery, PASSWORD};
use crate::workspace::Workspace;

/// What decides over the content of a seed, beside the corpus: when any of it changes, seeds are made again.
const MAKERS: [&str; 4] = [
    include_str!("seed.rs"),
    include_str!("packages.rs"),
    include_str!("../../crates/store/src/migration.rs"),
    include_str!("../../crates/store/src/db/packages/publish.rs"),
];

/// Rows written in one transaction.
const BATCH: usize = 1_000;

/// When the first version was published, in seconds since 1970.
const FIRST_UPLOAD: i64 = 1_700_000_000;

/// The blobs of the data directory for downloads: file name and size.
pub(crate) const BLOBS: [(&str, usize); 2] = [("blob-1.0.0.tgz", 1 << 20), ("blob-100.0.0.tgz", 100 << 20)];

/// Makes seeds, or finds those made before.
#[derive(Debug)]
pub(crate) struct Seeds {
    workspace: Workspace,
    charts: Vec<SourceChart>,
    hash: String,
}

impl Seeds {
    /// Reads the corpus.
    pub(crate) fn open(workspace: &Workspace) -> Result<Self> {
        let charts = source_charts(&workspace.charts)?;
        let mut makers = MAKERS.concat();
        for chart in &charts {
            makers.push_str(&chart.metadata_with("1.0.0")?);
        }
        let hash = Digest::of(makers.as_bytes()).to_hex()[..16].to_owned();
        Ok(Self { workspace: workspace.clone(), charts, hash })
    }

    /// The charts that everything is made of.
    pub(crate) fn charts(&self) -> &[SourceChart] {
        &self.charts
    }

    /// A data directory whose default repository has so many versions. Not to be written to.
    pub(crate) fn data_directory(&self, versions: usize) -> Result<PathBuf> {
        self.kept(&format!("data-{versions}"), &self.hash, |path| {
            bootstrap(&self.workspace, path)?;
            run_async(write_rows(path, &self.charts, versions))
        })
    }

    /// A data directory with [`BLOBS`].
    pub(crate) fn blob_directory(&self) -> Result<PathBuf> {
        self.kept("blobs", &self.hash, |path| {
            bootstrap(&self.workspace, path)?;
            run_async(write_blobs(path))
        })
    }

    /// A directory with so many real packages.
    pub(crate) fn package_directory(&self, count: usize) -> Result<PathBuf> {
        self.kept(&format!("packages-{count}"), &self.hash, |path| {
            for number in 0..count {
                let package = self.charts[number % CHARTS].package(&numbered_version(number / CHARTS))?;
                fs::write(path.join(package.file_name()), &package.bytes)?;
            }
            Ok(())
        })
    }

    /// What was made under a name when the hash of what makes it was this; else `make` makes it.
    pub(crate) fn kept(
        &self,
        name: &str,
        hash: &str,
        make: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<PathBuf> {
        let path = self.workspace.cache.join(format!("{name}-{hash}"));
        if path.exists() {
            return Ok(path);
        }
        self.remove_outdated(name)?;
        let began = Instant::now();
        let unfinished = self.workspace.fresh("seed")?;
        make(&unfinished).with_context(|| format!("seeding {name}"))?;
        fs::rename(&unfinished, &path)?;
        eprintln!("seeded {name} in {:.1?}", began.elapsed());
        Ok(path)
    }

    fn remove_outdated(&self, name: &str) -> Result<()> {
        for entry in fs::read_dir(&self.workspace.cache)? {
            let entry = entry?;
            let outdated =
                entry.file_name().to_string_lossy().rsplit_once('-').is_some_and(|(kind, _)| kind == name);
            if outdated {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
    }
}

/// Lets the server itself make its first account and its default repository, and takes a token.
fn bootstrap(workspace: &Workspace, data: &Path) -> Result<()> {
    let server = Chandlery::start(workspace, data)?;
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("admin:{PASSWORD}"));
    let mut client = Client::new(server.address, Some(&format!("Basic {basic}")));
    let body = br#"{"name":"bench","scope":"all"}"#;
    let answer = client.request("POST", "/api/v1/tokens", &[("Content-Type", "application/json")], body)?;
    let created: serde_json::Value = serde_json::from_slice(&answer.body)?;
    let secret = created["secret"].as_str();
    let secret = secret.with_context(|| format!("no token: {} {created}", answer.status))?;
    fs::write(data.join(super::servers::TOKEN_FILE), secret)?;
    server.process.stop()
}

/// Runs something that waits.
pub(crate) fn run_async(work: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

async fn open_store(data: &Path) -> Result<(Store, i64)> {
    let settings = StoreSettings {
        database: DatabaseUrl::Sqlite(data.join("chandlery.db")),
        blobs: BlobsUrl::FileSystem(data.join("blobs")),
        temporary_directory: data.join("tmp"),
    };
    let store = Store::open(&settings).await?;
    let repositories = repositories::list(store.database().reader(), None, 1).await?;
    let id = repositories.first().context("the server made no default repository")?.id;
    Ok((store, id))
}

/// Versions without packages: enough for everything that reads the index.
async fn write_rows(data: &Path, charts: &[SourceChart], versions: usize) -> Result<()> {
    let (store, repository_id) = open_store(data).await?;
    for start in (0..versions).step_by(BATCH) {
        let transaction = store.database().begin().await?;
        for number in start..versions.min(start + BATCH) {
            let (chart, version) = (&charts[number % CHARTS], numbered_version(number / CHARTS));
            let name = file_name(chart.name(), &version);
            let package = NewPackage {
                chart: chart.name().to_owned(),
                digest: Digest::of(name.as_bytes()),
                size: 16 << 10,
                metadata: chart.metadata_with(&version)?,
                file_name: name,
                version,
            };
            packages::record(&transaction, &request(repository_id, package, number)?).await?;
        }
        transaction.commit().await?;
    }
    store.database().close().await;
    Ok(())
}

fn request(repository_id: i64, package: NewPackage, number: usize) -> Result<PublishRequest> {
    Ok(PublishRequest {
        repository_id,
        package: Some(package),
        provenance: None,
        created_at: Timestamp::from_second(FIRST_UPLOAD + i64::try_from(number)?)?,
        overwrite: false,
        limits: PublishLimits::default(),
    })
}

async fn write_blobs(data: &Path) -> Result<()> {
    let (store, repository_id) = open_store(data).await?;
    for (number, (name, size)) in BLOBS.into_iter().enumerate() {
        let blob = store.blobs().begin_with(noise(size, number as u64 + 1).into()).await?;
        let version = name.trim_start_matches("blob-").trim_end_matches(".tgz").to_owned();
        let package = NewPackage {
            chart: "blob".to_owned(),
            metadata: format!(r#"{{"apiVersion":"v2","name":"blob","version":"{version}"}}"#),
            version,
            file_name: name.to_owned(),
            digest: *blob.digest(),
            size: blob.size(),
        };
        store.publish(&request(repository_id, package, number)?, &[blob]).await?;
    }
    store.database().close().await;
    Ok(())
}
