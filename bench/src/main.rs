//! Measures Chandlery against nginx, ChartMuseum and helm: one run, one machine, the same bytes, in alternation.
//!
//! `docs/BENCHMARKS.md` says what the rows mean.

mod bench;
mod catalogue;
mod client;
mod load;
mod machine;
mod packages;
mod process;
mod render;
mod report;
mod rows;
mod seed;
mod servers;
mod statistics;
mod worker;
mod workspace;

use std::fs;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use serde_json::json;

use crate::bench::{Bench, Group};
use crate::load::Wrk;
use crate::report::{Row, table};
use crate::rows::GROUPS;
use crate::seed::Seeds;
use crate::workspace::Workspace;

/// Above this the figures of a full run say more about the machine's other work.
const BUSY: f64 = 1.5;

/// Measure Chandlery against nginx, ChartMuseum and helm.
#[derive(Debug, Parser)]
struct Options {
    /// Only these groups of rows, separated by commas: index, 304, upload, memory, start, helm-index, blobs, put,
    /// render, hostile, store, sources.
    #[arg(long, value_name = "ROWS", value_delimiter = ',')]
    only: Vec<String>,
    /// How often everything is repeated [default: 5, quick 1].
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,
    /// Smaller and shorter: to see whether everything works, not to compare.
    #[arg(long)]
    quick: bool,
    /// Do one task and print what it cost: how a run calls itself.
    #[arg(long, value_name = "TASK", hide = true)]
    worker: Option<String>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let done = match &options.worker {
        Some(task) => worker::work(task).map(|()| true),
        None => run(&options),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether the figures of all peers were steady.
fn run(options: &Options) -> Result<bool> {
    let groups = selected(&options.only)?;
    let workspace = Workspace::open()?;
    let bench = Bench {
        seeds: Seeds::open(&workspace)?,
        wrk: Wrk::new(&workspace.scratch)?,
        rounds: options.rounds.unwrap_or(if options.quick { 1 } else { 5 }).max(1),
        quick: options.quick,
        workspace,
    };
    let began = Instant::now();
    let load_before = machine::load_average();
    if load_before > BUSY {
        eprintln!("bench: this machine is busy (load {load_before:.1}): the figures will be noisy");
    }
    let mut rows = Vec::new();
    for group in groups {
        eprintln!("bench: {} …", group.name);
        rows.extend((group.run)(&bench).with_context(|| format!("rows {}", group.name))?);
    }
    let head = head(&bench, load_before, began)?;
    println!("{head}\n{}", table(&rows));
    let results = json!({ "about": head, "quick": bench.quick, "rounds": bench.rounds, "rows": rows });
    fs::write(bench.workspace.results(), serde_json::to_string_pretty(&results)?)?;
    // Hundreds of megabytes that no later run uses.
    fs::remove_dir_all(&bench.workspace.scratch)?;
    Ok(report_noise(&rows))
}

fn selected(only: &[String]) -> Result<Vec<&'static Group>> {
    let names: Vec<&str> = GROUPS.iter().map(|group| group.name).collect();
    for name in only {
        ensure!(
            names.contains(&name.as_str()),
            "there are no rows {name:?}: choose from {}",
            names.join(", ")
        );
    }
    let wanted = |group: &&Group| only.is_empty() || only.iter().any(|name| name == group.name);
    Ok(GROUPS.iter().filter(wanted).collect())
}

fn head(bench: &Bench, load_before: f64, began: Instant) -> Result<String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let command = match arguments.is_empty() {
        true => "make bench".to_owned(),
        false => format!("make bench BENCH_ARGS=\"{}\"", arguments.join(" ")),
    };
    Ok(format!(
        "Measured {} in {:.0} minutes by `{command}`: {} rounds{}.\nOn a {}; load {load_before:.1} before, {:.1} after.\nPeers: {}.\n",
        jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC"),
        began.elapsed().as_secs_f64() / 60.0,
        bench.rounds,
        if bench.quick { ", quick" } else { "" },
        machine::describe(&bench.workspace),
        machine::load_average(),
        machine::peers(&bench.workspace)?,
    ))
}

fn report_noise(rows: &[Row]) -> bool {
    let noisy: Vec<&str> = rows.iter().filter(|row| row.is_noisy()).map(|row| row.name.as_str()).collect();
    for name in &noisy {
        eprintln!("bench: NOISY: the peer's own figure moved by more than 15 % between rounds: {name}");
    }
    noisy.is_empty()
}
