//! Load by wrk, with the server's CPU beside it.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::process::{Process, ended_children_cpu, output_of};

/// Prints wrk's figures as JSON: bytes are all that were read, answers cut by the end of the run included.
const REPORT: &str = r#"done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format('JSON{"microseconds":%d,"requests":%d,"bytes":%d,"errors":%d,"p50":%f,"p99":%f}\n',
    summary.duration, summary.requests, summary.bytes,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"#;

/// What is asked for, over and over.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// Where.
    pub(crate) address: SocketAddr,
    /// The path.
    pub(crate) path: String,
    /// Header lines.
    pub(crate) headers: Vec<String>,
}

impl Target {
    /// A `GET` of `path`.
    pub(crate) fn new(address: SocketAddr, path: &str) -> Self {
        Self { address, path: path.to_owned(), headers: Vec::new() }
    }

    /// The same with one more header line.
    pub(crate) fn with(mut self, line: &str) -> Self {
        self.headers.push(line.to_owned());
        self
    }
}

/// What one run of wrk found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// Answers per second.
    pub(crate) rate: f64,
    /// Seconds of the server's CPU per answer.
    pub(crate) cpu_per_request: f64,
    /// Seconds of the server's CPU per byte sent.
    pub(crate) cpu_per_byte: f64,
    /// The same with the CPU of wrk.
    pub(crate) both_cpu_per_byte: f64,
    /// Seconds to the end of an answer, half of all.
    pub(crate) p50: f64,
    /// Seconds to the end of an answer, 99 of 100.
    pub(crate) p99: f64,
}

#[derive(Deserialize)]
struct Report {
    microseconds: f64,
    requests: f64,
    bytes: f64,
    errors: u64,
    p50: f64,
    p99: f64,
}

/// Asks for a list of paths, one after the other, again and again.
const PATHS: &str = "local next = 0
request = function()
  next = next % #paths + 1
  return wrk.format('GET', paths[next])
end
";

/// How many connections wrk keeps busy unless said.
const CONNECTIONS: usize = 8;

/// wrk with one thread.
#[derive(Clone, Debug)]
pub(crate) struct Wrk {
    script: PathBuf,
}

impl Wrk {
    /// Writes its script into a directory.
    pub(crate) fn new(directory: &Path) -> Result<Self> {
        let script = directory.join("report.lua");
        fs::write(&script, REPORT)?;
        Ok(Self { script })
    }

    /// Runs for a time and measures the CPU of `server` meanwhile.
    pub(crate) fn run(&self, server: &Process, target: &Target, time: Duration) -> Result<Sample> {
        self.measure(server, target, CONNECTIONS, time)
    }

    /// The same with other paths than the target's, in turn, on so many connections.
    pub(crate) fn run_paths(
        &self,
        server: &Process,
        target: &Target,
        paths: &[String],
        connections: usize,
        time: Duration,
    ) -> Result<Sample> {
        let script = self.script.with_file_name("paths.lua");
        fs::write(&script, format!("paths = {{ '{}' }}\n{PATHS}{REPORT}", paths.join("', '")))?;
        Self { script }.measure(server, target, connections, time)
    }

    fn measure(
        &self,
        server: &Process,
        target: &Target,
        connections: usize,
        time: Duration,
    ) -> Result<Sample> {
        let (before, client_before) = (server.cpu()?, ended_children_cpu()?);
        let report = self.load(target, connections, time)?;
        let (cpu, client) = (server.cpu()? - before, ended_children_cpu()? - client_before);
        Ok(Sample {
            rate: report.requests * 1e6 / report.microseconds,
            cpu_per_request: cpu / report.requests,
            cpu_per_byte: cpu / report.bytes,
            both_cpu_per_byte: (cpu + client) / report.bytes,
            p50: report.p50 / 1e6,
            p99: report.p99 / 1e6,
        })
    }

    fn load(&self, target: &Target, connections: usize, time: Duration) -> Result<Report> {
        let mut command = Command::new("wrk");
        command.args(["-t1", "--latency", "--timeout", "60s"]).arg(format!("-c{connections}"));
        command.arg(format!("-d{}s", time.as_secs().max(1))).arg("-s").arg(&self.script);
        for line in &target.headers {
            command.args(["-H", line]);
        }
        let url = format!("http://{}{}", target.address, target.path);
        let output = output_of(command.arg(&url))?;
        let report = output.lines().find_map(|line| line.strip_prefix("JSON"));
        let report: Report = serde_json::from_str(report.with_context(|| format!("wrk {url}: {output}"))?)?;
        ensure!(report.errors == 0 && report.requests > 0.0, "wrk {url}: {output}");
        Ok(report)
    }
}
