//! The index: identical bytes from nginx, and what ChartMuseum sends.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::bench::{Bench, Samples, note_of_both_ends};
use crate::report::{Row, format_times};
use crate::servers::{Chandlery, ChartMuseum, Nginx};
use crate::statistics::Series;
use crate::workspace::link_tree;

/// Larger ones take ChartMuseum minutes to start with.
const MOST_FOR_CHARTMUSEUM: usize = 10_000;

pub(super) fn run(bench: &Bench) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for versions in [1_000, 10_000, 100_000] {
        if versions <= bench.most_versions() {
            rows.extend(at_size(bench, versions)?);
        }
        if versions <= bench.size(MOST_FOR_CHARTMUSEUM, 1_000) {
            rows.push(beside_chartmuseum(bench, versions)?);
        }
    }
    Ok(rows)
}

fn at_size(bench: &Bench, versions: usize) -> Result<Vec<Row>> {
    let data = bench.data_directory(versions)?;
    let ours = Chandlery::start(&bench.workspace, &data)?;
    let nginx = Nginx::start(&bench.workspace)?;
    let plain = ours.client().get_ok("/index.yaml", &[])?.body;
    let gzip = ours.client().get_ok("/index.yaml", &[("Accept-Encoding", "gzip")])?;
    ensure!(gzip.header("content-encoding") == Some("gzip"), "the index is not compressed");
    nginx.put("index.yaml", &plain)?;
    nginx.put("index.yaml.gz", &gzip.body)?;
    let row = |kind: &str, header: &str, length: usize| -> Result<Row> {
        let target = |target: crate::load::Target| target.with(header);
        let samples = bench.alternate_load(&[
            (&ours.process, target(ours.target("/index.yaml"))),
            (&nginx.process, target(nginx.target("/index.yaml"))),
            (&nginx.process, target(nginx.separate_target("/index.yaml"))),
        ])?;
        let size = length as f64 / 1e6;
        let name = format!("index GET, {versions} versions, {kind} ({size:.2} MB): CPU per request");
        Ok(compared(&name, length, &samples))
    };
    let rows = vec![
        row("plain", "Accept-Encoding: identity", plain.len())?,
        row("gzip against gzip_static", "Accept-Encoding: gzip", gzip.body.len())?,
    ];
    nginx.process.stop()?;
    ours.process.stop()?;
    Ok(rows)
}

fn compared(name: &str, length: usize, samples: &[Samples]) -> Row {
    let (ours, nginx) = (samples[0].cpu_of(length), samples[1].cpu_of(length));
    let ratio = ours.over(&nginx).median();
    let rate = |samples: &Samples| samples.series(|sample| sample.rate);
    Row::new(name)
        .ours(format!(
            "{}; {}/s, {}",
            format_times(&ours),
            rate_text(&rate(&samples[0])),
            samples[0].latency()
        ))
        .peer(
            format!(
                "nginx {}; {}/s, {}",
                format_times(&nginx),
                rate_text(&rate(&samples[1])),
                samples[1].latency()
            ),
            nginx.spread(),
        )
        .ratio(ratio)
        .at_most(ratio, 1.15, "≤ 1.15 × nginx")
        .note(note_of_both_ends(samples, length))
        .rounds(json!({ "ours": ours.0, "nginx": nginx.0, "separate": samples[2].cpu_of(length).0 }))
}

fn rate_text(rate: &Series) -> String {
    format!("{:.0}", rate.median())
}

fn beside_chartmuseum(bench: &Bench, versions: usize) -> Result<Row> {
    let storage = bench.workspace.scratch.join("chartmuseum");
    bench.workspace.fresh("chartmuseum")?;
    link_tree(&bench.seeds.package_directory(versions)?, &storage)?;
    let data = bench.data_directory(versions)?;
    let ours = Chandlery::start(&bench.workspace, &data)?;
    let peer = ChartMuseum::start(&bench.workspace, &storage)?;
    let samples = bench.alternate_load(&[
        (&ours.process, ours.target("/index.yaml")),
        (&peer.process, peer.target("/index.yaml")),
    ])?;
    let length = |body: Vec<u8>| body.len();
    let ours_length = length(ours.client().get_ok("/index.yaml", &[])?.body);
    let peer_length = length(peer.client().get_ok("/index.yaml", &[])?.body);
    let (cpu, peer_cpu) = (samples[0].cpu_of(ours_length), samples[1].cpu_of(peer_length));
    let note = format!(
        "ChartMuseum knows no ETag and no compression. It was ready after {:.1} s with {:.0} MiB resident, ours after {:.3} s.",
        peer.ready_after,
        peer.process.memory("VmRSS")?,
        ours.ready_after,
    );
    peer.process.stop()?;
    ours.process.stop()?;
    Ok(Row::new(format!("index GET, {versions} versions, plain, beside ChartMuseum: CPU per request"))
        .ours(format!("{}; {}", format_times(&cpu), samples[0].latency()))
        .peer(format!("ChartMuseum {}; {}", format_times(&peer_cpu), samples[1].latency()), peer_cpu.spread())
        .ratio(cpu.over(&peer_cpu).median())
        .note(note)
        .rounds(json!({ "ours": cpu.0, "chartmuseum": peer_cpu.0 })))
}
