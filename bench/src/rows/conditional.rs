//! Asking whether the index changed.

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::bench::{Bench, Samples};
use crate::report::{Row, format_times};
use crate::servers::{Chandlery, Nginx};
use crate::statistics::Series;

pub(super) fn run(bench: &Bench) -> Result<Vec<Row>> {
    let data = bench.data_directory(bench.most_versions())?;
    let ours = Chandlery::start(&bench.workspace, &data)?;
    let nginx = Nginx::start(&bench.workspace)?;
    let index = ours.client().get_ok("/index.yaml", &[])?;
    let our_tag = index.header("etag").context("the index has no ETag")?.to_owned();
    let small = crate::client::Client::new(nginx.address, None).get_ok("/small.txt", &[])?;
    let their_tag = small.header("etag").context("nginx sends no ETag")?.to_owned();
    let again = ours.client().request("GET", "/index.yaml", &[("If-None-Match", &our_tag)], &[])?;
    ensure!(again.status == 304, "the index was sent again: {}", again.status);
    let samples = bench.alternate_load(&[
        (&ours.process, ours.target("/index.yaml").with(&format!("If-None-Match: {our_tag}"))),
        (&nginx.process, nginx.target("/small.txt")),
        (&nginx.process, nginx.target("/small.txt").with(&format!("If-None-Match: {their_tag}"))),
    ])?;
    nginx.process.stop()?;
    ours.process.stop()?;
    Ok(vec![rate_row(bench, &samples), cpu_row(&samples)])
}

fn rate(samples: &Samples) -> Series {
    samples.series(|sample| sample.rate)
}

fn rate_row(bench: &Bench, samples: &[Samples]) -> Row {
    let (ours, small, unmodified) = (rate(&samples[0]), rate(&samples[1]), rate(&samples[2]));
    let ratio = ours.over(&small).median();
    let name = format!(
        "304 by ETag at {} versions, token and metrics on: requests per second",
        bench.most_versions()
    );
    Row::new(name)
        .ours(format!("{:.0}/s (spread {:.0} %); {}", ours.median(), ours.spread() * 100.0, samples[0].latency()))
        .peer(
            format!(
                "nginx 1 KiB file {:.0}/s (spread {:.0} %), {}; its own 304 {:.0}/s",
                small.median(),
                small.spread() * 100.0,
                samples[1].latency(),
                unmodified.median()
            ),
            small.spread(),
        )
        .ratio(ratio)
        .at_least(ratio, 0.8, "≥ 0.80 × nginx's 1 KiB file")
        .note(format!(
            "wrk's one thread is the limit of the faster contenders; against nginx's own 304 the ratio is {:.2}.",
            ours.over(&unmodified).median()
        ))
        .rounds(json!({ "ours": ours.0, "nginx_small": small.0, "nginx_304": unmodified.0 }))
}

fn cpu_row(samples: &[Samples]) -> Row {
    let cpu = |samples: &Samples| samples.series(|sample| sample.cpu_per_request);
    let (ours, small, unmodified) = (cpu(&samples[0]), cpu(&samples[1]), cpu(&samples[2]));
    Row::new("304 by ETag: CPU per request")
        .ours(format_times(&ours))
        .peer(
            format!("nginx 1 KiB file {}; its own 304 {}", format_times(&small), format_times(&unmodified)),
            small.spread(),
        )
        .ratio(ours.over(&small).median())
        .rounds(json!({ "ours": ours.0, "nginx_small": small.0, "nginx_304": unmodified.0 }))
}
