//! `chandlery index` against `helm repo index`.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use serde_json::json;

use crate::bench::{Bench, turns};
use crate::process::{Cost, run_measured};
use crate::report::{Row, format_seconds, format_times, with_spread};
use crate::statistics::Series;
use crate::worker::{Task, run_worker};
use crate::workspace::link_tree;

const NAMES: [&str; 3] = ["chandlery", "helm3", "helm4"];

pub(super) fn run(bench: &Bench) -> Result<Vec<Row>> {
    let count = bench.size(10_000, 1_000);
    let directory = bench.workspace.scratch.join("packages");
    bench.workspace.fresh("packages")?;
    link_tree(&bench.seeds.package_directory(count)?, &directory)?;
    let mut costs: [Vec<Cost>; 3] = Default::default();
    let mut floors = Vec::new();
    let mut outputs: [String; 3] = Default::default();
    for round in 0..bench.rounds {
        // Also warms the page cache.
        floors.push(run_worker(&bench.workspace, &Task::ReadPackages { directory: directory.clone() })?);
        for index in turns(NAMES.len(), round) {
            costs[index].push(run_measured(&mut command(bench, index, &directory)?)?);
            outputs[index] = normalised(&fs::read_to_string(directory.join("index.yaml"))?);
            fs::remove_file(directory.join("index.yaml"))?;
        }
    }
    ensure!(outputs[0].matches("\n  - ").count() > 0, "the index is empty");
    let equal = [outputs[0] == outputs[1], outputs[0] == outputs[2]];
    let floor: Series = floors.iter().map(|outcome| outcome.cpu).collect();
    Ok(rows(count, &costs, &floor, equal))
}

fn command(bench: &Bench, index: usize, directory: &Path) -> Result<Command> {
    if index == 0 {
        let mut command = Command::new(&bench.workspace.chandlery);
        command.arg("index").arg(directory);
        return Ok(command);
    }
    let home = bench.workspace.scratch.join("helm");
    let mut command = Command::new(bench.workspace.peer(NAMES[index])?);
    command.args(["repo", "index"]).arg(directory);
    for variable in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
        command.env(variable, &home);
    }
    Ok(command)
}

/// Without the times at which the index was made.
fn normalised(index: &str) -> String {
    let is_time = |line: &&str| !line.trim_start().starts_with("created:") && !line.starts_with("generated:");
    index.lines().filter(is_time).flat_map(|line| [line, "\n"]).collect()
}

fn rows(count: usize, costs: &[Vec<Cost>; 3], floor: &Series, equal: [bool; 2]) -> Vec<Row> {
    let series =
        |index: usize, figure: fn(&Cost) -> f64| -> Series { costs[index].iter().map(figure).collect() };
    let wall = |index| series(index, |cost: &Cost| cost.wall);
    let cpu = |index| series(index, |cost: &Cost| cost.cpu);
    let peak = |index| series(index, |cost: &Cost| cost.peak);
    let mut rows = Vec::new();
    for (index, name) in NAMES.iter().enumerate().skip(1) {
        let faster = wall(index).over(&wall(0)).median();
        let thrift = cpu(index).over(&cpu(0)).median();
        let same = if equal[index - 1] { "equal" } else { "NOT equal" };
        rows.push(
            Row::new(format!("index of {count} packages: time, and CPU"))
                .ours(format!("{}, CPU {}", format_times(&wall(0)), format_times(&cpu(0))))
                .peer(
                    format!("{name} {}, CPU {}", format_times(&wall(index)), format_times(&cpu(index))),
                    cpu(index).spread(),
                )
                .ratio(faster)
                .at_least(if equal[index - 1] { faster } else { 0.0 }, 8.0, "≥ 8 × faster, equal")
                .note(format!("By CPU {thrift:.1} × cheaper. The two files are {same} once lines with dates are left out."))
                .rounds(json!({ "ours": wall(0).0, name.to_owned(): wall(index).0 })),
        );
    }
    let memory = |index| format!("{:.0} MiB", peak(index).median());
    rows.push(
        Row::new(format!("index of {count} packages: most resident"))
            .ours(with_spread(memory(0), &peak(0)))
            .peer(format!("helm3 {}, helm4 {}", memory(1), memory(2)), 0.0)
            .at_most(peak(0).median(), 100.0, "≤ 100 MiB"),
    );
    let over_floor = cpu(0).over(floor).median();
    rows.push(
        Row::new(format!("index of {count} packages: CPU against the floor"))
            .ours(format_times(&cpu(0)))
            .peer(format!("floor {}", format_seconds(floor.median())), floor.spread())
            .ratio(over_floor)
            .at_most(over_floor, 1.6, "≤ 1.6 × the floor")
            .note("The floor reads each package, takes its sha256 and inflates up to its Chart.yaml, on one core."),
    );
    rows
}
