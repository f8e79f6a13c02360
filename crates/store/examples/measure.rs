//! Measures what the store costs, in CPU and in time: publishing into repositories of 1,000 and 100,000 versions, and
//! blobs in and out.
//!
//! ```text
//! cargo run -p chandlery-store --profile ci-release --features testing --example measure [sqlite|postgres|blobs [GiB]]
//! ```

use std::path::Path;
use std::time::{Duration, Instant};

use chandlery_core::{Digest, RepositorySettings, Result, Sha256Hasher};
use chandlery_store::packages::{self, NewPackage, PublishLimits, PublishRequest};
use chandlery_store::repositories;
use chandlery_store::testing::TestPostgres;
use chandlery_store::{BlobsUrl, DatabaseUrl, Store, StoreSettings, charts, workspaces};
use jiff::Timestamp;

/// Uploads measured at each size.
const UPLOADS: usize = 2_000;

/// Versions per chart, as in large public repositories.
const VERSIONS_PER_CHART: usize = 20;

#[tokio::main]
async fn main() -> Result<()> {
    let what = std::env::args().nth(1).unwrap_or_default();
    let directory = tempfile::tempdir_in(".").expect("the current directory can be written");
    if matches!(what.as_str(), "" | "sqlite") {
        let database = DatabaseUrl::Sqlite(directory.path().join("chandlery.db"));
        measure_publishing("sqlite", database, directory.path()).await?;
    }
    if matches!(what.as_str(), "" | "postgres") {
        let server = TestPostgres::start();
        let database = server.create_database();
        measure_publishing("postgres (client only)", database, &directory.path().join("postgres")).await?;
    }
    if matches!(what.as_str(), "" | "blobs") {
        let gibibytes = std::env::args().nth(2).and_then(|text| text.parse().ok()).unwrap_or(2);
        measure_blobs(&directory.path().join("blobs"), gibibytes << 30).await?;
    }
    Ok(())
}

async fn measure_publishing(name: &str, database: DatabaseUrl, directory: &Path) -> Result<()> {
    let settings = StoreSettings {
        database,
        blobs: BlobsUrl::FileSystem(directory.join("data")),
        temporary_directory: directory.join("uploads"),
    };
    let store = Store::open(&settings).await?;
    let writer = store.database().writer();
    let workspace = workspaces::create(writer, &"team".parse()?, Timestamp::now()).await?;
    let settings_of_one = RepositorySettings::default();
    let id =
        repositories::create(writer, workspace.id, &"charts".parse()?, &settings_of_one, Timestamp::now())
            .await?;
    let mut stored = 0;
    for size in [1_000, 100_000] {
        let began = Instant::now();
        seed(&store, id, stored..size).await?;
        println!("{name}: seeded up to {size} in {:.1?}", began.elapsed());
        stored = size + measure_uploads(name, &store, id, size).await?;
        measure_reading(name, &store, id).await?;
    }
    store.database().close().await;
    let (opening, cpu) = (Instant::now(), cpu_time());
    drop(Store::open(&settings).await?);
    println!(
        "{name}: opened at {stored} versions in {:.1?}, CPU {:.1?}",
        opening.elapsed(),
        cpu_time() - cpu
    );
    println!("{name}: resident {} MiB", resident_mebibytes());
    Ok(())
}

/// Many uploads in one transaction, without bytes.
async fn seed(store: &Store, id: i64, numbers: std::ops::Range<usize>) -> Result<()> {
    for start in numbers.clone().step_by(1_000) {
        let transaction = store.database().begin().await?;
        for number in start..numbers.end.min(start + 1_000) {
            packages::record(&transaction, &request(id, number, &number.to_le_bytes())).await?;
        }
        transaction.commit().await?;
    }
    Ok(())
}

fn request(id: i64, number: usize, content: &[u8]) -> PublishRequest {
    let (chart, version) = (number / VERSIONS_PER_CHART, number % VERSIONS_PER_CHART);
    let (chart, version) = (format!("chart-{chart}"), format!("1.{version}.0"));
    let package = NewPackage {
        file_name: format!("{chart}-{version}.tgz"),
        digest: Digest::of(content),
        size: content.len() as u64,
        // About what Chart.yaml says in public repositories.
        metadata: format!("{{\"name\":\"{chart}\",\"description\":\"{}\"}}", "words ".repeat(150)),
        chart,
        version,
    };
    PublishRequest {
        repository_id: id,
        package: Some(package),
        provenance: None,
        created_at: Timestamp::now(),
        overwrite: false,
        limits: PublishLimits::default(),
    }
}

async fn measure_uploads(name: &str, store: &Store, id: i64, stored: usize) -> Result<usize> {
    for (rows_only, kind) in [(true, "rows only"), (false, "with 30 KB")] {
        let mut latencies = Vec::with_capacity(UPLOADS);
        let (began, cpu) = (Instant::now(), cpu_time());
        for upload in 0..UPLOADS {
            let number = stored + upload + if rows_only { 0 } else { UPLOADS };
            let one = Instant::now();
            publish(store, id, number, rows_only).await?;
            latencies.push(one.elapsed());
        }
        let (wall, cpu) = (began.elapsed() / UPLOADS as u32, (cpu_time() - cpu) / UPLOADS as u32);
        latencies.sort_unstable();
        let p99 = latencies[UPLOADS * 99 / 100];
        println!(
            "{name}: at {stored} versions, an upload {kind}: CPU {cpu:.1?}, wall {wall:.1?}, p99 {p99:.1?}"
        );
    }
    Ok(2 * UPLOADS)
}

async fn publish(store: &Store, id: i64, number: usize, rows_only: bool) -> Result<()> {
    if rows_only {
        let request = request(id, number, &number.to_le_bytes());
        let transaction = store.database().begin().await?;
        packages::record(&transaction, &request).await?;
        return transaction.commit().await;
    }
    let mut content = vec![b'x'; 30_000];
    content[..8].copy_from_slice(&number.to_le_bytes());
    let request = request(id, number, &content);
    let blob = store.blobs().begin_with(content.into()).await?;
    store.publish(&request, &[blob]).await.map(drop)
}

async fn measure_reading(name: &str, store: &Store, id: i64) -> Result<()> {
    const LOOK_UPS: u32 = 5_000;
    let reader = store.database().reader();
    let (began, cpu) = (Instant::now(), cpu_time());
    for _ in 0..LOOK_UPS {
        repositories::generation(reader, id).await?;
    }
    println!(
        "{name}: generation: CPU {:.1?}, wall {:.1?}",
        (cpu_time() - cpu) / LOOK_UPS,
        began.elapsed() / LOOK_UPS
    );
    let (began, cpu) = (Instant::now(), cpu_time());
    let (mut pager, mut versions) = (charts::ChartPager::new(id), 0);
    while let Some(chart) = pager.next(reader).await? {
        versions += chart.versions.len();
    }
    println!(
        "{name}: reading all {versions} versions: CPU {:.1?}, wall {:.1?}",
        cpu_time() - cpu,
        began.elapsed()
    );
    Ok(())
}

async fn measure_blobs(directory: &Path, size: u64) -> Result<()> {
    let store = chandlery_store::Blobs::open(&BlobsUrl::FileSystem(directory.into()), directory).await?;
    let piece: Vec<u8> = (0..1_u32 << 18).flat_map(u32::to_le_bytes).collect();
    let rate = |bytes: u64, time: Duration| bytes as f64 / 1e6 / time.as_secs_f64();

    let began = Instant::now();
    let mut hasher = Sha256Hasher::new();
    for _ in 0..512 {
        hasher.update(&piece);
    }
    println!("({})", hasher.finish());
    println!("sha256 alone: {:.0} MB/s", rate(512 << 20, began.elapsed()));

    let began = Instant::now();
    write_plainly(&directory.join("plain"), &piece, size).map_err(chandlery_core::Error::internal)?;
    println!("disk alone, with sync: {:.0} MB/s", rate(size, began.elapsed()));

    let (began, cpu) = (Instant::now(), cpu_time());
    let mut upload = store.begin(u64::MAX);
    let mut resident = 0;
    while upload.size() < size {
        // As a body comes from the network: 64 KiB at a time.
        for part in piece.chunks(1 << 16) {
            upload.write(part).await?;
        }
        resident = resident.max(resident_mebibytes());
    }
    let blob = upload.finish().await?;
    store.put(&blob).await?;
    let (wall, cpu) = (began.elapsed(), cpu_time() - cpu);
    println!(
        "put {} MB: {:.0} MB/s, CPU {cpu:.1?}, resident {resident} MiB",
        size / 1_000_000,
        rate(size, wall)
    );

    for (size, count) in [(100_000_usize, 200_u32), (1 << 20, 100), (100 << 20, 5)] {
        let mut content = bytes::BytesMut::from(piece.repeat(size.div_ceil(piece.len())).as_slice());
        let (began, cpu) = (Instant::now(), cpu_time());
        for number in 0..count {
            content[..4].copy_from_slice(&number.to_le_bytes());
            let blob = store.begin_with(content.clone().freeze().slice(..size)).await?;
            store.put(&blob).await?;
        }
        let (wall, cpu) = (began.elapsed() / count, (cpu_time() - cpu) / count);
        println!("put {size} bytes: wall {wall:.1?}, CPU {cpu:.1?}");
    }
    let (began, cpu) = (Instant::now(), cpu_time());
    for _ in 0..5_000 {
        store.open_blob(blob.digest(), blob.size(), Some(0..100)).await?;
    }
    println!(
        "open for reading: wall {:.1?}, CPU {:.1?}",
        began.elapsed() / 5_000,
        (cpu_time() - cpu) / 5_000
    );
    Ok(())
}

fn write_plainly(path: &Path, piece: &[u8], size: u64) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut file = std::fs::File::create(path)?;
    for _ in 0..size.div_ceil(piece.len() as u64) {
        file.write_all(piece)?;
    }
    file.sync_all()?;
    std::fs::remove_file(path)
}

/// User and system time of this process; the kernel counts it in ticks of 10 ms.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("this runs on Linux");
    let after_name = stat.rsplit(") ").next().expect("the name ends");
    let ticks: u64 =
        after_name.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

fn resident_mebibytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("this runs on Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it is there");
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().expect("a number") >> 10
}
