//! Starting, also after a crash.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::json;

use super::upload::upload_until_killed;
use crate::bench::Bench;
use crate::packages::Package;
use crate::report::{Row, format_times};
use crate::servers::Chandlery;
use crate::statistics::Series;

pub(super) fn run(bench: &Bench) -> Result<Vec<Row>> {
    let data = bench.data_directory(bench.most_versions())?;
    let (mut clean, mut killed, mut acknowledged) = (Vec::new(), Vec::new(), 0);
    for round in 0..bench.rounds {
        let mut server = Chandlery::start(&bench.workspace, &data)?;
        clean.push(server.ready_after);
        let packages = burst(bench, round)?;
        // A different moment in every round.
        let after = Duration::from_millis(250 + 130 * round as u64);
        let stored = upload_until_killed(&mut server, &packages, after)?;
        let server = Chandlery::start(&bench.workspace, &data)?;
        killed.push(server.ready_after);
        acknowledged += stored.len();
        check_stored(&server, &stored)?;
        server.process.stop()?;
    }
    let (clean, killed) = (Series(clean), Series(killed));
    let most = bench.most_versions();
    Ok(vec![
        Row::new(format!("start at {most} versions: process to the first 200 of /readyz"))
            .ours(format_times(&clean))
            .at_most(clean.median(), 0.15, "≤ 150 ms")
            .rounds(json!(clean.0)),
        Row::new("the same after kill -9 during uploads")
            .ours(format_times(&killed))
            .at_most(killed.median(), 0.15, "≤ 150 ms")
            .note(format!(
                "{acknowledged} uploads had been answered with 201 before the kills; all of them were there afterwards."
            ))
            .rounds(json!(killed.0)),
    ])
}

fn burst(bench: &Bench, round: usize) -> Result<Vec<Package>> {
    const EACH: usize = 1_000;
    let charts = bench.seeds.charts();
    (0..EACH)
        .map(|number| {
            charts[number % charts.len()].package(&format!("2000000.{round}.{}", number / charts.len()))
        })
        .collect()
}

fn check_stored(server: &Chandlery, stored: &[Package]) -> Result<()> {
    let mut client = server.client();
    for Package { chart, version, .. } in stored {
        client
            .get_ok(&format!("/api/charts/{chart}/{version}"), &[])
            .with_context(|| format!("{chart} {version} was acknowledged and is lost"))?;
    }
    Ok(())
}
