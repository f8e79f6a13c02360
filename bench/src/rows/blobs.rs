//! Downloads: whole files and ranges, the same bytes from nginx.

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::bench::{Bench, note_of_both_ends};
use crate::client::Client;
use crate::report::{Row, format_seconds, with_spread};
use crate::seed::BLOBS;
use crate::servers::{Chandlery, Nginx};
use crate::workspace::copy_tree;

pub(super) fn run(bench: &Bench) -> Result<Vec<Row>> {
    let data = bench.workspace.fresh("data")?;
    copy_tree(&bench.seeds.blob_directory()?, &data)?;
    let ours = Chandlery::start(&bench.workspace, &data)?;
    let nginx = Nginx::start(&bench.workspace)?;
    let mut rows = Vec::new();
    for (name, size) in BLOBS {
        let path = format!("/charts/{name}");
        let bytes = ours.client().get_ok(&path, &[])?.body;
        ensure!(bytes.len() == size, "{name} has {} bytes", bytes.len());
        // nginx reads the very file.
        nginx.link(name, &find_file(&data.join("blobs"), size as u64)?)?;
        let same = Client::new(nginx.address, None).get_ok(&format!("/{name}"), &[])?.body == bytes;
        ensure!(same, "{name} from nginx is another file");
        rows.push(row(bench, &ours, &nginx, name, None)?);
        rows.push(row(bench, &ours, &nginx, name, Some((size / 10, size / 10 + size / 2 - 1)))?);
    }
    nginx.process.stop()?;
    ours.process.stop()?;
    Ok(rows)
}

/// The file of this size below a directory.
fn find_file(directory: &std::path::Path, size: u64) -> Result<std::path::PathBuf> {
    let mut directories = vec![directory.to_owned()];
    while let Some(next) = directories.pop() {
        for entry in std::fs::read_dir(next)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            if metadata.is_dir() {
                directories.push(entry.path());
            } else if metadata.len() == size {
                return Ok(entry.path());
            }
        }
    }
    None.with_context(|| format!("no blob of {size} bytes in {}", directory.display()))
}

fn row(
    bench: &Bench,
    ours: &Chandlery,
    nginx: &Nginx,
    name: &str,
    range: Option<(usize, usize)>,
) -> Result<Row> {
    let file = format!("/{name}");
    let mut targets =
        [ours.target(&format!("/charts/{name}")), nginx.target(&file), nginx.separate_target(&file)];
    let mut what = "whole".to_owned();
    if let Some((first, last)) = range {
        what = format!("a range of {:.1} MiB", (last - first + 1) as f64 / f64::from(1 << 20));
        targets = targets.map(|target| target.with(&format!("Range: bytes={first}-{last}")));
    }
    let [our_target, their_target, separate_target] = targets;
    let samples = bench.alternate_load(&[
        (&ours.process, our_target),
        (&nginx.process, their_target),
        (&nginx.process, separate_target),
    ])?;
    let gigabyte = 1_000_000_000;
    let (cpu, peer) = (samples[0].cpu_of(gigabyte), samples[1].cpu_of(gigabyte));
    let ratio = peer.over(&cpu).median();
    let size = if name.contains("100") { "100 MiB" } else { "1 MiB" };
    let text = |index: usize, cpu: &crate::statistics::Series| {
        format!("{}; {}", with_spread(format_seconds(cpu.median()), cpu), samples[index].latency())
    };
    Ok(Row::new(format!("package GET, {size}, {what}: CPU per GB"))
        .ours(text(0, &cpu))
        .peer(format!("nginx {}", text(1, &peer)), peer.spread())
        .ratio(ratio)
        .at_least(ratio, 0.95, "≥ 0.95 × nginx's bytes per CPU-second")
        .note(note_of_both_ends(&samples, gigabyte))
        .rounds(json!({ "ours": cpu.0, "nginx": peer.0, "separate": samples[2].cpu_of(gigabyte).0 })))
}
