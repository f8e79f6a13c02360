//! Our side of the rows `render`: charts loaded and rendered in one process, as `helm-engine bench` does it.

pub(crate) mod charts;

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use chandlery_chart::render::{PrepareOptions, Release, RenderOptions, Rendered, prepare, render};
use chandlery_chart::{Chart, Limits};

use crate::worker::Outcome;

/// Loads and renders each chart with its own values, `times` times.
pub(crate) fn render_charts(charts: &[PathBuf], times: usize) -> Result<Outcome> {
    let mut bytes = 0;
    for _ in 0..times {
        for chart in charts {
            let rendered = render_chart(chart).with_context(|| chart.display().to_string())?;
            bytes += rendered.files.values().map(String::len).sum::<usize>();
        }
    }
    Ok(Outcome { bytes: (bytes / times.max(1)) as f64, ..Outcome::default() })
}

/// Does it make keys or certificates? What that costs is chance, and says nothing about the engine.
pub(crate) fn makes_keys(chart: &Path) -> bool {
    let makes_keys =
        |rendered: Rendered| rendered.varying_functions.iter().any(|function| function.starts_with("gen"));
    render_chart(chart).is_ok_and(makes_keys)
}

fn render_chart(path: &Path) -> Result<Rendered> {
    let chart = Chart::read(File::open(path)?, &Limits::default())?;
    let prepared = prepare(chart, &serde_json::Map::new(), &PrepareOptions::default())?;
    Ok(render(&prepared, &RenderOptions::new(Release::install("demo", "shop")))?)
}
