//! Searching: how fast, how many, how soon after a start, and what the index costs.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::bench::Bench;
use crate::catalogue::corpus::{Corpus, KINDS};
use crate::catalogue::{ADMIN, Catalogue, TENANT, VERSIONS, apps};
use crate::load::{Sample, Target};
use crate::report::{Row, format_seconds, format_times};
use crate::servers::Chandlery;
use crate::statistics::Series;

/// Searches that are asked for in turn.
const SEARCHES: usize = 520;

/// Searches at a time: one, which the other core's load generator does not slow down; one for each core; and as many as make
/// the server busy.
const CONNECTIONS: [usize; 3] = [1, 2, 8];

/// What the index costs when there is none: to make, and afterwards.
pub(super) fn first_build(bench: &Bench, catalogue: &Catalogue) -> Result<Row> {
    if catalogue.search_directory().exists() {
        fs::remove_dir_all(catalogue.search_directory())?;
    }
    let began = Instant::now();
    let server = catalogue.start(bench)?;
    wait_for_index(&server)?;
    let (seconds, cpu) = (began.elapsed().as_secs_f64(), server.process.cpu()?);
    let peak = server.process.memory("VmHWM")?;
    // What is given back takes a moment.
    thread::sleep(Duration::from_secs(5));
    let after = server.process.memory("RssAnon")?;
    server.process.stop()?;
    Ok(Row::new(format!(
        "search index of {} apps made at a start without one, from all their packages, {}",
        apps(bench),
        catalogue.database
    ))
    .ours(format!(
        "{} in the background, CPU {}; at most {peak:.0} MiB resident, {after:.0} MiB of its own 5 s later",
        format_seconds(seconds),
        format_seconds(cpu)
    ))
    .rounds(json!({ "seconds": seconds, "cpu": cpu, "peak": peak, "after": after })))
}

/// The index answers with the number of all matches, what stands in for it does not.
fn wait_for_index(server: &Chandlery) -> Result<()> {
    const LIMIT: Duration = Duration::from_secs(1_200);
    let mut client = server.client_of(ADMIN);
    let began = Instant::now();
    loop {
        let body = client.get_ok("/api/v1/store/apps?q=kubernetes&limit=1", &[])?.body;
        if serde_json::from_slice::<Value>(&body)?["total"].is_number() {
            return Ok(());
        }
        ensure!(began.elapsed() < LIMIT, "the search index is not made within {LIMIT:?}");
        thread::sleep(Duration::from_millis(100));
    }
}

pub(super) fn rows(bench: &Bench, catalogue: &Catalogue) -> Result<Vec<Row>> {
    let mut rows = cold_starts(bench, catalogue)?;
    let server = catalogue.start(bench)?;
    wait_for_index(&server)?;
    let of_tenant = paths("/api/v1/apps");
    rows.extend(searches(bench, catalogue, &server, "apps of forty of 1,000 workspaces", &of_tenant)?);
    let of_store = paths("/api/v1/store/apps");
    rows.extend(searches(bench, catalogue, &server, "the store", &of_store)?);
    server.process.stop()?;
    Ok(rows)
}

/// Apps on a page, as many as a screen shows.
const PAGE: usize = 20;

/// Words of every kind, in an order that mixes them.
fn paths(route: &str) -> Vec<String> {
    let mut corpus = Corpus::new();
    let mut texts = Vec::with_capacity(SEARCHES);
    for number in 0..SEARCHES {
        let (_, text) = KINDS[number % KINDS.len()];
        texts.push(text(&mut corpus));
    }
    texts
        .iter()
        .map(|text| format!("{route}?limit={PAGE}&q={}", utf8_percent_encode(text, NON_ALPHANUMERIC)))
        .collect()
}

fn searches(
    bench: &Bench,
    catalogue: &Catalogue,
    server: &Chandlery,
    what: &str,
    paths: &[String],
) -> Result<Vec<Row>> {
    let target = Target::new(server.address, "/").with(&format!("Authorization: Bearer {TENANT}"));
    let time = Duration::from_secs(bench.size(10, 2));
    let mut rows = Vec::new();
    for connections in CONNECTIONS {
        let samples: Vec<Sample> = (0..bench.rounds)
            .map(|_| bench.wrk.run_paths(&server.process, &target, paths, connections, time))
            .collect::<Result<_>>()?;
        let series = |figure: fn(&Sample) -> f64| samples.iter().map(figure).collect::<Series>();
        let (rate, p99) = (series(|sample| sample.rate), series(|sample| sample.p99));
        let row = Row::new(format!(
            "search in {what}, pages of {PAGE}, {} apps, {} versions, {}, {connections} at a time",
            apps(bench),
            apps(bench) * VERSIONS,
            catalogue.database
        ))
        .ours(format!(
            "{:.0}/s, p50 {}, p99 {}, CPU {} each",
            rate.median(),
            format_times(&series(|sample| sample.p50)),
            format_times(&p99),
            format_times(&series(|sample| sample.cpu_per_request))
        ))
        .rounds(json!({ "rate": rate.0, "p99": p99.0 }));
        rows.push(match connections {
            1 => row.at_most(p99.median(), 0.010, "p99 ≤ 10 ms"),
            8 => row.at_least(rate.median(), 200.0, "≥ 200/s"),
            _ => row,
        });
    }
    Ok(rows)
}

/// From the start of a process to the first page of a search, and the part of the first request.
fn cold_starts(bench: &Bench, catalogue: &Catalogue) -> Result<Vec<Row>> {
    let path = paths("/api/v1/store/apps").into_iter().nth(1).context("there are searches")?;
    let (mut whole, mut first) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        let server = catalogue.start(bench)?;
        let mut client = server.client_of(TENANT);
        let began = Instant::now();
        client.get_ok(&path, &[])?;
        first.push(began.elapsed().as_secs_f64());
        whole.push(server.ready_after + began.elapsed().as_secs_f64());
        server.process.stop()?;
    }
    let (whole, first) = (Series(whole), Series(first));
    let row = Row::new(format!(
        "first page of a search after a start, {PAGE} of {} apps, {}: process to the whole page",
        apps(bench),
        catalogue.database
    ))
    .ours(format!("{}, of which the first request {}", format_times(&whole), format_times(&first)))
    .at_most(whole.median(), 0.050, "≤ 50 ms")
    .rounds(json!({ "whole": whole.0, "first": first.0 }));
    Ok(vec![row])
}
