//! Memory: idle, and while a large index is read.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use crate::bench::Bench;
use crate::report::{Row, with_spread};
use crate::servers::Chandlery;
use crate::statistics::Series;

/// When an empty server is taken to be idle.
const IDLE_AFTER: Duration = Duration::from_secs(5);

pub(super) fn run(bench: &Bench) -> Result<Vec<Row>> {
    let rounds = bench.size(bench.rounds.min(3), 1);
    let (mut idle, mut plain, mut both) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        idle.push(idle_memory(bench)?);
        let (first, second) = reader_memory(bench)?;
        plain.push(first);
        both.push(second);
    }
    let (idle, plain, both) = (Series(idle), Series(plain), Series(both));
    let text = |series: &Series| with_spread(format!("{:.1} MiB", series.median()), series);
    let most = bench.most_versions();
    Ok(vec![
        Row::new("memory of an empty server, 5 s after it is ready: resident")
            .ours(text(&idle))
            .at_most(idle.median(), 30.0, "≤ 30 MiB")
            .rounds(json!(idle.0)),
        Row::new(format!(
            "memory at {most} versions, from the start through 10 s of 8 index readers: most resident"
        ))
        .ours(text(&plain))
        .at_most(plain.median(), 150.0, "≤ 150 MiB")
        .note("The index is made in that time.")
        .rounds(json!(plain.0)),
        Row::new("the same, after 5 more seconds of 8 readers who take gzip: most resident")
            .ours(text(&both))
            .at_most(both.median(), 150.0, "≤ 150 MiB")
            .rounds(json!(both.0)),
    ])
}

fn idle_memory(bench: &Bench) -> Result<f64> {
    let server = Chandlery::start(&bench.workspace, &bench.workspace.fresh("empty")?)?;
    thread::sleep(IDLE_AFTER);
    let resident = server.process.memory("VmRSS")?;
    server.process.stop()?;
    Ok(resident)
}

fn reader_memory(bench: &Bench) -> Result<(f64, f64)> {
    let data = bench.data_directory(bench.most_versions())?;
    let server = Chandlery::start(&bench.workspace, &data)?;
    let target = |header: &str| server.target("/index.yaml").with(header);
    let time = Duration::from_secs(bench.size(10, 2));
    bench.wrk.run(&server.process, &target("Accept-Encoding: identity"), time)?;
    let plain = server.process.memory("VmHWM")?;
    bench.wrk.run(&server.process, &target("Accept-Encoding: gzip"), time / 2)?;
    let both = server.process.memory("VmHWM")?;
    server.process.stop()?;
    Ok((plain, both))
}
