//! Bytes in: into the blob store, and a large package over HTTP.

use std::time::Instant;

use anyhow::Result;
use serde_json::json;

use crate::bench::Bench;
use crate::packages::large_package;
use crate::report::{Row, format_ratio, format_seconds, with_spread};
use crate::servers::Chandlery;
use crate::statistics::Series;
use crate::worker::{Outcome, Task, run_worker};

const MEBIBYTE: u64 = 1 << 20;

/// What one size came to, in every round.
#[derive(Default)]
struct Rounds {
    put: Vec<Outcome>,
    sha256: Vec<Outcome>,
    write: Vec<Outcome>,
}

pub(super) fn run(bench: &Bench) -> Result<Vec<Row>> {
    let large = bench.size(5 << 30, 1 << 30);
    let sizes =
        [(MEBIBYTE, 100, "1 MiB"), (100 * MEBIBYTE, 5, "100 MiB"), (large, 1, bench.size("5 GiB", "1 GiB"))];
    let mut rows = Vec::new();
    let mut peaks = Vec::new();
    for (size, count, name) in sizes {
        let rounds = measure(bench, size, count)?;
        let peak: Series = rounds.put.iter().map(|outcome| outcome.peak).collect();
        rows.push(throughput_row(name, &rounds));
        peaks.push((name, peak.median()));
    }
    let growth = peaks[2].1 - peaks[1].1;
    rows.push(
        Row::new(format!("package PUT, {} as a stream: most resident, beyond that of 100 MiB", peaks[2].0))
            .ours(format!("{growth:+.1} MiB ({:.1} MiB in all)", peaks[2].1))
            .at_most(growth, 8.0, "flat (≤ 8 MiB more)"),
    );
    rows.push(upload_row(bench)?);
    Ok(rows)
}

fn measure(bench: &Bench, size: u64, count: u64) -> Result<Rounds> {
    let mut rounds = Rounds::default();
    for _ in 0..bench.rounds {
        let directory = bench.workspace.fresh("put")?;
        rounds.sha256.push(run_worker(&bench.workspace, &Task::Sha256 { size, count })?);
        let write = Task::Write { size, count, directory: directory.clone() };
        rounds.write.push(run_worker(&bench.workspace, &write)?);
        rounds.put.push(run_worker(&bench.workspace, &Task::Put { size, count, directory })?);
    }
    bench.workspace.fresh("put")?;
    Ok(rounds)
}

fn throughput_row(name: &str, rounds: &Rounds) -> Row {
    let rate = |outcomes: &[Outcome]| -> Series {
        outcomes.iter().map(|outcome| outcome.bytes / outcome.wall).collect()
    };
    let (put, sha256, write) = (rate(&rounds.put), rate(&rounds.sha256), rate(&rounds.write));
    let floor: Series = sha256.0.iter().zip(&write.0).map(|(one, other)| one.min(*other)).collect();
    let ratio = put.over(&floor).median();
    let text = |series: &Series| with_spread(format!("{:.0} MB/s", series.median() / 1e6), series);
    let cpu: Series = rounds.put.iter().map(|outcome| outcome.cpu / outcome.bytes * 1e9).collect();
    Row::new(format!("package PUT into the store, {name}, hashed and synced: throughput"))
        .ours(format!("{}, CPU {} per GB", text(&put), format_seconds(cpu.median())))
        .peer(format!("sha256 {}, write and fsync {}", text(&sha256), text(&write)), floor.spread())
        .ratio(ratio)
        .at_least(ratio, 0.7, "≥ 0.70 × the slower of the two")
        .rounds(json!({ "put": put.0, "sha256": sha256.0, "write": write.0 }))
}

/// Near Helm's and our limits of 100 MiB.
fn upload_row(bench: &Bench) -> Result<Row> {
    const SIZE: usize = 90 << 20;
    let server = Chandlery::start(&bench.workspace, &bench.workspace.fresh("data")?)?;
    let (mut wall, mut cpu) = (Vec::new(), Vec::new());
    let credentials = super::upload::admin_credentials();
    for round in 0..bench.rounds {
        // Other bytes each time: the store keeps the same bytes only once.
        let package = large_package("large", SIZE, round)?;
        let mut client = crate::client::Client::new(server.address, Some(&credentials));
        client.get_ok("/index.yaml", &[])?;
        let (before, began) = (server.process.cpu()?, Instant::now());
        client.upload(&package.bytes)?;
        wall.push(began.elapsed().as_secs_f64());
        cpu.push(server.process.cpu()? - before);
    }
    let peak = server.process.memory("VmHWM")?;
    server.process.stop()?;
    let (wall, cpu) = (Series(wall), Series(cpu));
    let megabytes = SIZE as f64 / 1e6;
    Ok(Row::new(format!("upload of one package of {megabytes:.0} MB: time to the 201"))
        .ours(format!(
            "{}, CPU {}, {} MB/s, most resident {peak:.0} MiB",
            with_spread(format_seconds(wall.median()), &wall),
            format_seconds(cpu.median()),
            format_ratio(megabytes / wall.median()),
        ))
        .rounds(json!({ "wall": wall.0, "cpu": cpu.0 })))
}
