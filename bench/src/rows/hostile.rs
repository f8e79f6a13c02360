//! Charts that want to use up the machine, rendered by `chandlery template`: each must end soon, in little memory.

mod charts;

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::bench::Bench;
use crate::process::{Cost, measure};
use crate::report::{Row, format_times};
use crate::statistics::Series;
use charts::Hostile;

/// Seconds on the clock.
const LONGEST: f64 = 1.0;

/// MiB resident.
const LARGEST: f64 = 256.0;

/// What is shown of an error, in characters.
const SHOWN: usize = 240;

pub(super) fn run(bench: &Bench) -> Result<Vec<Row>> {
    charts::all().iter().map(|chart| row(bench, chart).with_context(|| chart.name)).collect()
}

fn row(bench: &Bench, chart: &Hostile) -> Result<Row> {
    let folder = bench.workspace.fresh("hostile")?;
    chart.write(&folder.join("t"))?;
    let mut costs = Vec::new();
    let mut said = String::new();
    for _ in 0..bench.rounds {
        let (cost, text) = render(bench, chart, &folder)?;
        costs.push(cost);
        said = text;
    }
    let wall: Series = costs.iter().map(|cost| cost.wall).collect();
    let cpu: Series = costs.iter().map(|cost| cost.cpu).collect();
    let peak: Series = costs.iter().map(|cost| cost.peak).collect();
    let worst = (wall.median() / LONGEST).max(peak.median() / LARGEST);
    Ok(Row::new(format!("hostile: {}", chart.name))
        .ours(format!("{}, CPU {}, {:.0} MiB", format_times(&wall), format_times(&cpu), peak.median()))
        .at_most(worst, 1.0, "< 1 s, < 256 MiB")
        .note(said)
        .rounds(json!({ "wall": wall.0, "cpu": cpu.0, "peak": peak.0 })))
}

/// What rendering cost, and the first line of the error.
fn render(bench: &Bench, chart: &Hostile, folder: &Path) -> Result<(Cost, String)> {
    let log = folder.join("stderr");
    let mut command = Command::new(&bench.workspace.chandlery);
    command.args(["template", "demo"]).arg(folder.join("t")).args(&chart.arguments);
    let (cost, status) = measure(command.stderr(File::create(&log)?))?;
    let text = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    let line: String = text.lines().next().unwrap_or_default().chars().take(SHOWN).collect();
    // A signal means that it crashed.
    status.code().with_context(|| format!("ended by {status}"))?;
    Ok((cost, if status.success() { "rendered".to_owned() } else { format!("`{}`", line.replace('`', "'")) }))
}
