//! Charts loaded and rendered, against Helm's own packages in one process.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::json;

use crate::bench::{Bench, turns};
use crate::render::charts::{MadeChart, includes, lists, subcharts, texts};
use crate::render::makes_keys;
use crate::report::{Row, format_times, with_spread};
use crate::statistics::Series;
use crate::worker::{Outcome, Task, run_worker};

/// What Helm's side prints.
#[derive(Deserialize)]
struct PeerReport {
    charts: Vec<PeerChart>,
    cpu_ns: u64,
    max_rss_bytes: u64,
}

#[derive(Deserialize)]
struct PeerChart {
    chart: PathBuf,
    output_bytes: u64,
    #[serde(default)]
    error: Option<String>,
}

/// What a contender spent in every round.
#[derive(Default)]
struct Spent {
    cpu: Series,
    peak: Series,
    bytes: f64,
}

impl Spent {
    fn add(&mut self, outcome: &Outcome) {
        self.cpu.0.push(outcome.cpu);
        self.peak.0.push(outcome.peak);
        self.bytes = outcome.bytes;
    }
}

/// Ours and Helm's.
type Pair = [Spent; 2];

pub(super) fn run(bench: &Bench) -> Result<Vec<Row>> {
    let charts = renderable(bench)?;
    let (keys, plain): (Vec<_>, Vec<_>) = charts.iter().cloned().partition(|chart| makes_keys(chart));
    let mut rows = Vec::new();
    let whole = measure(bench, &charts, 1)?;
    rows.push(cpu_row(format!("render the corpus, {} charts: CPU", charts.len()), &whole, 0.25));
    rows.push(memory_row("render the corpus: most resident", &whole));
    let name = format!("the same without the {} charts that make keys and certificates: CPU", keys.len());
    rows.push(cpu_row(name, &measure(bench, &plain, 1)?, 0.25));
    for name in ["kube-prometheus-stack", "argo-cd", "victoria-metrics-k8s-stack"] {
        let Some(chart) = charts.iter().find(|path| is_named(path, name)) else {
            eprintln!("bench: the corpus has no {name}, its rows are left out");
            continue;
        };
        let times = bench.size(20, 2);
        let pair = measure(bench, std::slice::from_ref(chart), times)?;
        rows.push(cpu_row(format!("render {name} {times} times: CPU"), &pair, 0.2));
        rows.push(memory_row(&format!("render {name} {times} times: most resident"), &pair));
    }
    rows.extend(made_rows(bench)?);
    Ok(rows)
}

/// The charts of the corpus that Helm renders with their own values.
fn renderable(bench: &Bench) -> Result<Vec<PathBuf>> {
    let mut charts: Vec<PathBuf> =
        fs::read_dir(&bench.workspace.charts)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    charts.sort();
    if bench.quick {
        charts.retain(|path| is_named(path, "argo-cd") || is_named(path, "kube-prometheus-stack"));
    }
    let report = run_peer(bench, &charts, 1)?;
    Ok(report.charts.into_iter().filter(|one| one.error.is_none()).map(|one| one.chart).collect())
}

/// Is this `NAME-VERSION.tgz`?
fn is_named(path: &Path, name: &str) -> bool {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    file.strip_prefix(name)
        .and_then(|rest| rest.strip_prefix('-'))
        .is_some_and(|version| version.starts_with(|digit: char| digit.is_ascii_digit()))
}

fn run_peer(bench: &Bench, charts: &[PathBuf], times: usize) -> Result<PeerReport> {
    let mut command = Command::new(bench.workspace.peer("helm-engine")?);
    command.arg("bench").arg("--rounds").arg(times.to_string()).args(charts);
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "helm-engine failed: {}", output.status);
    serde_json::from_slice(&output.stdout).context("helm-engine printed no report")
}

/// Both sides in turn, each a new process that renders all charts so many times.
fn measure(bench: &Bench, charts: &[PathBuf], times: usize) -> Result<Pair> {
    let mut pair = Pair::default();
    for round in 0..bench.rounds {
        for side in turns(2, round) {
            pair[side].add(&if side == 0 {
                ours(bench, charts, times)?
            } else {
                peer(bench, charts, times)?
            });
        }
    }
    Ok(pair)
}

fn ours(bench: &Bench, charts: &[PathBuf], times: usize) -> Result<Outcome> {
    run_worker(&bench.workspace, &Task::Render { charts: charts.to_vec(), times })
}

fn peer(bench: &Bench, charts: &[PathBuf], times: usize) -> Result<Outcome> {
    let report = run_peer(bench, charts, times)?;
    for chart in &report.charts {
        ensure!(chart.error.is_none(), "helm does not render {}: {:?}", chart.chart.display(), chart.error);
    }
    Ok(Outcome {
        cpu: report.cpu_ns as f64 / 1e9,
        peak: report.max_rss_bytes as f64 / f64::from(1 << 20),
        bytes: report.charts.iter().map(|chart| chart.output_bytes as f64).sum(),
        ..Outcome::default()
    })
}

fn cpu_row(name: String, [ours, peer]: &Pair, bound: f64) -> Row {
    let ratio = ours.cpu.over(&peer.cpu).median();
    Row::new(name)
        .ours(format_times(&ours.cpu))
        .peer(format!("Helm {}", format_times(&peer.cpu)), peer.cpu.spread())
        .ratio(ratio)
        .at_most(ratio, bound, format!("≤ {bound} × Helm"))
        .note(format!("{:.2} MB of text, Helm {:.2} MB.", ours.bytes / 1e6, peer.bytes / 1e6))
        .rounds(json!({ "ours": ours.cpu.0, "helm": peer.cpu.0 }))
}

fn memory_row(name: &str, [ours, peer]: &Pair) -> Row {
    let text = |spent: &Spent| with_spread(format!("{:.1} MiB", spent.peak.median()), &spent.peak);
    let ratio = ours.peak.over(&peer.peak).median();
    Row::new(name)
        .ours(text(ours))
        .peer(format!("Helm {}", text(peer)), peer.peak.spread())
        .ratio(ratio)
        .at_most(ratio, 0.5, "≤ 0.5 × Helm")
        .rounds(json!({ "ours": ours.peak.0, "helm": peer.peak.0 }))
}

/// What is measured, how many of it, and the chart with so many.
type MadeCase = (&'static str, [usize; 2], fn(usize) -> MadeChart);

/// Charts made for one thing each, small and ten (or five) times larger: is the cost linear?
fn made_rows(bench: &Bench) -> Result<Vec<Row>> {
    let cases: [MadeCase; 6] = [
        ("calls of include", [1_000, 10_000], includes),
        ("calls of tpl with one text, 1 template", [1_000, 10_000], |calls| texts(calls, 1, true)),
        ("calls of tpl with a text each, 1 template", [1_000, 10_000], |calls| texts(calls, 1, false)),
        ("calls of tpl with a text each, 200 templates", [100, 1_000], |calls| texts(calls, 200, false)),
        ("subcharts", [100, 500], subcharts),
        ("times toYaml of 1,000 maps of 5 keys", [10, 100], lists),
    ];
    let directory = bench.workspace.fresh("made-charts")?;
    let mut rows = Vec::new();
    for (name, [few, many], make) in cases {
        let small = measure(bench, &[make(few).write(&directory)?], bench.size(10, 1))?;
        let large = measure(bench, &[make(many).write(&directory)?], bench.size(10, 1))?;
        let growth = large[0].cpu.over(&small[0].cpu).median() * few as f64 / many as f64;
        let ratio = large[0].cpu.over(&large[1].cpu).median();
        let per =
            |spent: &Spent| -> Series { spent.cpu.0.iter().map(|cpu| cpu / bench.size(10.0, 1.0)).collect() };
        rows.push(
            Row::new(format!("{many} {name}: CPU"))
                .ours(format_times(&per(&large[0])))
                .peer(format!("Helm {}", format_times(&per(&large[1]))), large[1].cpu.spread())
                .ratio(ratio)
                .at_most(ratio.max(growth / 1.2 * 0.25), 0.25, "≤ 0.25 × Helm, linear")
                .note(format!(
                    "One of {many} costs {growth:.2} times what one of {few} costs; linear is up to 1.2."
                )),
        );
    }
    Ok(rows)
}
