//! Work that is measured in a process of its own: what the store does, and what the machine can do.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use chandlery_core::Sha256Hasher;
use chandlery_store::{Blobs, BlobsUrl};
use flate2::read::GzDecoder;
use serde::{Deserialize, Serialize};

use crate::packages::noise;
use crate::process::{own_cpu, own_peak};
use crate::render::render_charts;
use crate::statistics::percentile;
use crate::workspace::Workspace;

/// How much is written at once.
const PIECE: usize = 1 << 20;

/// As bodies come from the network.
const CHUNK: usize = 64 << 10;

/// What a worker does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Task {
    /// Blobs into a store, one after the other, each durable before the next.
    Put { size: u64, count: u64, directory: PathBuf },
    /// The hash alone.
    Sha256 { size: u64, count: u64 },
    /// Files written plainly, each synced before the next.
    Write { size: u64, count: u64, directory: PathBuf },
    /// 4 KiB appended and synced, over and over.
    Sync { count: u64 },
    /// Packages read, hashed and inflated up to `Chart.yaml`.
    ReadPackages { directory: PathBuf },
    /// Charts loaded and rendered, all of them so many times; the bytes are those of their texts, once.
    Render { charts: Vec<PathBuf>, times: usize },
}

/// What it cost.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// Seconds on the clock.
    pub(crate) wall: f64,
    /// Seconds of CPU.
    pub(crate) cpu: f64,
    /// The most memory resident, in MiB.
    pub(crate) peak: f64,
    /// Bytes put through.
    pub(crate) bytes: f64,
    /// Of tasks that time each step, in seconds.
    pub(crate) p50: f64,
    /// Of tasks that time each step, in seconds.
    pub(crate) p99: f64,
}

/// Runs a task in a process of its own.
pub(crate) fn run_worker(workspace: &Workspace, task: &Task) -> Result<Outcome> {
    let program = std::env::current_exe()?;
    let mut command = Command::new(program);
    command.arg("--worker").arg(serde_json::to_string(task)?).current_dir(&workspace.scratch);
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "{task:?} failed: {}", output.status);
    serde_json::from_slice(&output.stdout).with_context(|| format!("{task:?} printed no outcome"))
}

/// The worker's side: does it and prints the outcome.
pub(crate) fn work(task: &str) -> Result<()> {
    let task: Task = serde_json::from_str(task)?;
    let cpu = own_cpu()?;
    let mut outcome = perform(&task)?;
    outcome.cpu = own_cpu()? - cpu;
    outcome.peak = own_peak()?;
    println!("{}", serde_json::to_string(&outcome)?);
    Ok(())
}

fn perform(task: &Task) -> Result<Outcome> {
    match task {
        Task::Put { size, count, directory } => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(runtime.spawn(put(*size, *count, directory.clone())))?
        }
        Task::Sha256 { size, count } => Ok(hash(*size, *count)),
        Task::Write { size, count, directory } => write(*size, *count, directory),
        Task::Sync { count } => sync(*count),
        Task::ReadPackages { directory } => read_packages(directory),
        Task::Render { charts, times } => render_charts(charts, *times),
    }
}

/// Blobs of which none is like another, piece by piece.
struct Pieces(Vec<u8>);

impl Pieces {
    fn new() -> Self {
        Self(noise(PIECE, 1))
    }

    /// The piece of one blob.
    fn of(&mut self, blob: u64, index: u64) -> &[u8] {
        self.0[..8].copy_from_slice(&index.to_le_bytes());
        self.0[8..16].copy_from_slice(&blob.to_le_bytes());
        &self.0
    }
}

fn outcome_of(size: u64, count: u64, began: Instant) -> Outcome {
    Outcome { bytes: (size * count) as f64, wall: began.elapsed().as_secs_f64(), ..Outcome::default() }
}

async fn put(size: u64, count: u64, directory: PathBuf) -> Result<Outcome> {
    let blobs = Blobs::open(&BlobsUrl::FileSystem(directory.join("store")), &directory).await?;
    let mut pieces = Pieces::new();
    let began = Instant::now();
    for number in 0..count {
        let mut upload = blobs.begin(u64::MAX);
        for index in 0..size.div_ceil(PIECE as u64) {
            for chunk in pieces.of(number, index).chunks(CHUNK) {
                upload.write(chunk).await?;
            }
        }
        let blob = upload.finish().await?;
        ensure!(blob.size() == size, "the store took {} bytes of {size}", blob.size());
        blobs.put(&blob).await?;
    }
    Ok(outcome_of(size, count, began))
}

fn hash(size: u64, count: u64) -> Outcome {
    let mut pieces = Pieces::new();
    let began = Instant::now();
    for number in 0..count {
        let mut hasher = Sha256Hasher::new();
        for index in 0..size.div_ceil(PIECE as u64) {
            hasher.update(pieces.of(number, index));
        }
        std::hint::black_box(hasher.finish());
    }
    outcome_of(size, count, began)
}

fn write(size: u64, count: u64, directory: &Path) -> Result<Outcome> {
    let path = |number: u64| directory.join(format!("plain-{number}"));
    let mut pieces = Pieces::new();
    let began = Instant::now();
    for number in 0..count {
        let mut file = File::create(path(number))?;
        for index in 0..size.div_ceil(PIECE as u64) {
            file.write_all(pieces.of(number, index))?;
        }
        file.sync_all()?;
    }
    let outcome = outcome_of(size, count, began);
    for number in 0..count {
        fs::remove_file(path(number))?;
    }
    Ok(outcome)
}

fn sync(count: u64) -> Result<Outcome> {
    let mut file = File::create("synced")?;
    let mut times = Vec::new();
    let start = Instant::now();
    for _ in 0..count {
        let began = Instant::now();
        file.write_all(&[0; 4096])?;
        file.sync_data()?;
        times.push(began.elapsed().as_secs_f64());
    }
    Ok(Outcome { p50: percentile(&times, 50), p99: percentile(&times, 99), ..outcome_of(4096, count, start) })
}

fn read_packages(directory: &Path) -> Result<Outcome> {
    let (mut bytes, began) = (0, Instant::now());
    for entry in fs::read_dir(directory)? {
        let package = fs::read(entry?.path())?;
        bytes += package.len();
        let mut hasher = Sha256Hasher::new();
        hasher.update(&package);
        std::hint::black_box(hasher.finish());
        std::hint::black_box(chart_file(&package)?);
    }
    Ok(outcome_of(bytes as u64, 1, began))
}

fn chart_file(package: &[u8]) -> Result<Vec<u8>> {
    for entry in tar::Archive::new(GzDecoder::new(package)).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        if path.components().count() == 2 && path.ends_with("Chart.yaml") {
            let mut text = Vec::new();
            entry.read_to_end(&mut text)?;
            return Ok(text);
        }
    }
    anyhow::bail!("a package without Chart.yaml")
}
