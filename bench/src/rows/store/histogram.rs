//! What the server itself says about how long it took, from `/metrics`.

use anyhow::{Context as _, Result};

use crate::client::Client;

/// The durations of one route since its process began.
#[derive(Clone, Debug)]
pub(super) struct Durations {
    sum: f64,
    count: f64,
    /// Upper bounds in seconds, each with the number of answers that took at most as long.
    buckets: Vec<(f64, f64)>,
}

impl Durations {
    /// Those of now; all zero for a route that nobody asked for.
    pub(super) fn read(client: &mut Client, method: &str, route: &str) -> Result<Self> {
        let text = String::from_utf8(client.get_ok("/metrics", &[])?.body)?;
        let labels = format!("{{method=\"{method}\",route=\"{route}\"");
        let mut durations = Self { sum: 0.0, count: 0.0, buckets: Vec::new() };
        for line in text.lines() {
            let Some(rest) = line.strip_prefix("chandlery_http_request_duration_seconds_") else { continue };
            let Some((kind, rest)) = rest.split_once(&labels) else { continue };
            let (labels, value) = rest.rsplit_once("} ").context("a metric without a value")?;
            let value: f64 = value.parse()?;
            match kind {
                "sum" => durations.sum = value,
                "count" => durations.count = value,
                _ => {
                    let bound = labels.trim_start_matches(",le=\"").trim_end_matches('"');
                    durations.buckets.push((bound.replace("+Inf", "inf").parse()?, value));
                }
            }
        }
        Ok(durations)
    }

    /// What came after `before`.
    pub(super) fn since(mut self, before: &Self) -> Self {
        self.sum -= before.sum;
        self.count -= before.count;
        for ((_, count), (_, earlier)) in self.buckets.iter_mut().zip(&before.buckets) {
            *count -= earlier;
        }
        self
    }

    /// The mean in seconds.
    pub(super) fn mean(&self) -> f64 {
        self.sum / self.count
    }

    /// The smallest bound that 99 of 100 keep, in seconds.
    pub(super) fn p99_bound(&self) -> f64 {
        let kept = self.buckets.iter().find(|(_, count)| *count >= self.count * 0.99);
        kept.map_or(f64::INFINITY, |(bound, _)| *bound)
    }
}
