//! Uploads, into small and large repositories, and when they can be seen.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use serde_json::json;

use crate::bench::{Bench, turns};
use crate::client::Client;
use crate::packages::{CHARTS, Package};
use crate::process::Process;
use crate::report::{Row, format_seconds, format_times};
use crate::servers::{Chandlery, ChartMuseum};
use crate::statistics::{Series, percentile};
use crate::worker::{Task, run_worker};
use crate::workspace::link_tree;

const SMALL: usize = 1_000;
const PARALLEL: usize = 8;

/// What one round found about one server.
#[derive(Clone, Debug, Default)]
struct Round {
    /// Seconds of the server's CPU per upload, one at a time.
    cpu: f64,
    /// Seconds until each 201, one at a time.
    latencies: Vec<f64>,
    /// The same with eight at a time.
    parallel_cpu: f64,
    parallel_latencies: Vec<f64>,
    /// Seconds of CPU for the first index after an upload, beyond what sending it costs.
    refresh_cpu: f64,
}

pub(super) fn run(bench: &Bench) -> Result<Vec<Row>> {
    let sizes = [SMALL, bench.most_versions()];
    let mut ours: [Vec<Round>; 2] = Default::default();
    let (mut peers, mut disk) = (Vec::new(), Vec::new());
    for round in 0..bench.rounds {
        for index in turns(3, round) {
            match sizes.get(index) {
                Some(versions) => ours[index].push(measure_ours(bench, *versions)?),
                None => peers.push(measure_chartmuseum(bench)?),
            }
        }
        disk.push(run_worker(&bench.workspace, &Task::Sync { count: 200 })?);
    }
    let mut rows = cpu_rows(bench, &ours, &peers);
    rows.extend(latency_rows(bench, &ours, &peers));
    let p50: Series = disk.iter().map(|outcome| outcome.p50).collect();
    let p99: Series = disk.iter().map(|outcome| outcome.p99).collect();
    rows.push(
        Row::new("floor: 4 KiB written and synced on this disk")
            .ours(format!("p50 {}, p99 {}", format_times(&p50), format_times(&p99)))
            .note(
                "An upload waits for the disk three times: the package, its directory, the database's log.",
            ),
    );
    Ok(rows)
}

fn packages(bench: &Bench, major: usize, count: usize) -> Result<Vec<Package>> {
    let charts = bench.seeds.charts();
    (0..count)
        .map(|number| charts[number % CHARTS].package(&format!("{major}.{}.0", number / CHARTS)))
        .collect()
}

fn measure_ours(bench: &Bench, versions: usize) -> Result<Round> {
    // Above all versions of the seed.
    const MAJOR: usize = 1_000_000;
    let count = bench.size(200, 40);
    let data = bench.data_directory(versions)?;
    let server = Chandlery::start(&bench.workspace, &data)?;
    let mut client = server.client();
    // The token is looked up, the index is there, and the connection to the database is warm.
    client.get_ok("/index.yaml", &[])?;
    upload_all(&mut client, &packages(bench, MAJOR, 5)?)?;

    let before = server.process.cpu()?;
    let latencies = upload_all(&mut client, &packages(bench, MAJOR + 1, count)?)?;
    // Making the packages costs this process, not the server.
    let cpu = (server.process.cpu()? - before) / count as f64;

    let together = packages(bench, MAJOR + 2, count)?;
    let before = server.process.cpu()?;
    let parallel_latencies = upload_parallel(&server, &together)?;
    let parallel_cpu = (server.process.cpu()? - before) / count as f64;

    let checked = packages(bench, MAJOR + 3, bench.size(20, 5))?;
    // What the uploads before have changed is not what is measured next: the index after one upload.
    client.get_ok("/index.yaml", &[])?;
    let refresh_cpu = check_visible(&server.process, &mut client, &checked)?;
    server.process.stop()?;
    Ok(Round { cpu, latencies, parallel_cpu, parallel_latencies, refresh_cpu })
}

fn upload_all(client: &mut Client, packages: &[Package]) -> Result<Vec<f64>> {
    let timed = |package: &Package| {
        let began = Instant::now();
        client.upload(&package.bytes)?;
        Ok(began.elapsed().as_secs_f64())
    };
    packages.iter().map(timed).collect()
}

fn upload_parallel(server: &Chandlery, packages: &[Package]) -> Result<Vec<f64>> {
    thread::scope(|scope| {
        let workers: Vec<_> = packages
            .chunks(packages.len().div_ceil(PARALLEL))
            .map(|share| scope.spawn(|| upload_all(&mut server.client(), share)))
            .collect();
        let mut latencies = Vec::new();
        for worker in workers {
            latencies.extend(worker.join().map_err(|_| anyhow!("an uploading thread panicked"))??);
        }
        Ok(latencies)
    })
}

/// Uploads, and after each 201 asks for the version and for the index, which both have to know it.
fn check_visible(server: &Process, client: &mut Client, packages: &[Package]) -> Result<f64> {
    let mut extra = 0.0;
    for package in packages {
        client.upload(&package.bytes)?;
        let Package { chart, version, .. } = package;
        client.get_ok(&format!("/api/charts/{chart}/{version}"), &[])?;
        let start = server.cpu()?;
        let index = client.get_ok("/index.yaml", &[])?.body;
        let first = server.cpu()?;
        client.get_ok("/index.yaml", &[])?;
        let second = server.cpu()?;
        extra += (first - start) - (second - first);
        let name = package.file_name();
        ensure!(contains(&index, name.as_bytes()), "{name} is not in the first index after its upload");
    }
    Ok((extra / packages.len() as f64).max(0.0))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.split(|byte| *byte == b'\n').any(|line| line.windows(part.len()).any(|window| window == part))
}

/// What one round found about ChartMuseum, which answers first and makes its index later.
#[derive(Clone, Debug, Default)]
struct PeerRound {
    cpu: f64,
    latencies: Vec<f64>,
    visible_after: f64,
}

fn measure_chartmuseum(bench: &Bench) -> Result<PeerRound> {
    let count = bench.size(20, 5);
    let storage = bench.workspace.fresh("chartmuseum")?;
    link_tree(&bench.seeds.package_directory(SMALL)?, &storage)?;
    let server = ChartMuseum::start(&bench.workspace, &storage)?;
    let mut client = server.client();
    let before = settled_cpu(&server.process)?;
    let (mut latencies, mut visible_after) = (Vec::new(), Vec::new());
    for package in packages(bench, 1_000_000, count)? {
        let began = Instant::now();
        client.upload(&package.bytes)?;
        latencies.push(began.elapsed().as_secs_f64());
        wait_visible(&mut client, &package)?;
        visible_after.push(began.elapsed().as_secs_f64());
    }
    let cpu = (settled_cpu(&server.process)? - before) / count as f64;
    server.process.stop()?;
    Ok(PeerRound { cpu, latencies, visible_after: percentile(&visible_after, 50) })
}

fn wait_visible(client: &mut Client, package: &Package) -> Result<()> {
    const LIMIT: Duration = Duration::from_secs(60);
    let began = Instant::now();
    let path = format!("/api/charts/{}/{}", package.chart, package.version);
    while client.get(&path)?.status != 200 {
        ensure!(began.elapsed() < LIMIT, "{path} is still not there after {LIMIT:?}");
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// The CPU so far, once no more is used.
fn settled_cpu(process: &Process) -> Result<f64> {
    const QUIET: Duration = Duration::from_millis(400);
    let mut last = process.cpu()?;
    loop {
        thread::sleep(QUIET);
        let now = process.cpu()?;
        if now - last < 0.015 {
            return Ok(now);
        }
        last = now;
    }
}

fn series(rounds: &[Round], figure: impl Fn(&Round) -> f64) -> Series {
    rounds.iter().map(figure).collect()
}

fn cpu_rows(bench: &Bench, ours: &[Vec<Round>; 2], peers: &[PeerRound]) -> Vec<Row> {
    let [small, large] = ours;
    let most = bench.most_versions();
    let count = bench.size(200, 40);
    let peer: Series = peers.iter().map(|round| round.cpu).collect();
    let (small_cpu, large_cpu) = (series(small, |round| round.cpu), series(large, |round| round.cpu));
    let growth = large_cpu.over(&small_cpu);
    let refresh = |rounds: &[Round]| format_times(&series(rounds, |round| round.refresh_cpu));
    let parallel = |rounds: &[Round]| format_times(&series(rounds, |round| round.parallel_cpu));
    vec![
        Row::new(format!("upload at {SMALL} versions, one at a time: CPU per upload"))
            .ours(format_times(&small_cpu))
            .peer(format!("ChartMuseum {}", format_times(&peer)), peer.spread())
            .ratio(small_cpu.over(&peer).median())
            .at_most(small_cpu.median(), 0.003, "≤ 3 ms")
            .note(format!(
                "{count} uploads in each round, of ChartMuseum {}. ChartMuseum's index is made after the 201; its CPU is counted until that is done.",
                bench.size(20, 5)
            ))
            .rounds(json!({ "ours": small_cpu.0, "chartmuseum": peer.0 })),
        Row::new(format!("upload at {most} versions, one at a time: CPU per upload"))
            .ours(format_times(&large_cpu))
            .at_most(large_cpu.median(), 0.003, "≤ 3 ms")
            .rounds(json!({ "ours": large_cpu.0 })),
        Row::new(format!("upload at {most} versions against {SMALL}: CPU per upload"))
            .ours(format_times(&large_cpu))
            .peer(format!("ours at {SMALL}: {}", format_times(&small_cpu)), small_cpu.spread())
            .ratio(growth.median())
            .at_most(growth.median(), 1.3, "≤ 1.3"),
        Row::new("upload, 8 at a time: CPU per upload")
            .ours(format!("{} at {SMALL}, {} at {most}", parallel(small), parallel(large))),
        Row::new("first index GET after an upload: CPU beyond that of sending it")
            .ours(format!("{} at {SMALL}, {} at {most}", refresh(small), refresh(large)))
            .note("After each of these uploads the version and the index were asked for at once and had it."),
    ]
}

fn latency_rows(bench: &Bench, ours: &[Vec<Round>; 2], peers: &[PeerRound]) -> Vec<Row> {
    let of_peer =
        |percent| -> Series { peers.iter().map(|round| percentile(&round.latencies, percent)).collect() };
    let visible: Series = peers.iter().map(|round| round.visible_after).collect();
    let peer = format!(
        "ChartMuseum p50 {}, p99 {}, visible after {}",
        format_seconds(of_peer(50).median()),
        format_seconds(of_peer(99).median()),
        format_seconds(visible.median())
    );
    let row = |versions: usize, rounds: &[Round], how: &str, latencies: fn(&Round) -> &Vec<f64>| {
        let of = |percent| series(rounds, |round| percentile(latencies(round), percent));
        let (p50, p99) = (of(50), of(99));
        Row::new(format!("upload at {versions} versions, {how}: time to the 201, synced and visible"))
            .ours(format!("p50 {}, p99 {}", format_times(&p50), format_times(&p99)))
            .at_most(p99.median(), 0.025, "p99 ≤ 25 ms")
            .rounds(json!({ "p50": p50.0, "p99": p99.0 }))
    };
    let [small, large] = ours;
    let most = bench.most_versions();
    vec![
        Row { peer, ..row(SMALL, small, "one at a time", |round| &round.latencies) },
        row(SMALL, small, "8 at a time", |round| &round.parallel_latencies),
        row(most, large, "one at a time", |round| &round.latencies),
        row(most, large, "8 at a time", |round| &round.parallel_latencies),
    ]
}

/// Uploads from eight clients until the server is gone or all is sent; what was answered with 201.
pub(super) fn upload_until_killed(
    server: &mut Chandlery,
    packages: &[Package],
    after: Duration,
) -> Result<Vec<Package>> {
    let clients: Vec<Client> = (0..PARALLEL).map(|_| server.client()).collect();
    thread::scope(|scope| {
        let shares = packages.chunks(packages.len().div_ceil(PARALLEL));
        let workers: Vec<_> = shares
            .zip(clients)
            .map(|(share, mut client)| {
                scope.spawn(move || -> Vec<Package> {
                    share
                        .iter()
                        .take_while(|package| client.upload(&package.bytes).is_ok())
                        .cloned()
                        .collect()
                })
            })
            .collect();
        thread::sleep(after);
        server.process.kill()?;
        let mut stored = Vec::new();
        for worker in workers {
            stored.extend(worker.join().map_err(|_| anyhow!("an uploading thread panicked"))?);
        }
        anyhow::Ok(stored)
    })
    .context("killing the server during uploads")
}

/// The header of the administrator of directories made here.
pub(super) fn admin_credentials() -> String {
    use base64::Engine as _;
    let pair = format!("admin:{}", crate::servers::PASSWORD);
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
}
