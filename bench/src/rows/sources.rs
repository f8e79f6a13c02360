//! External repositories: what looking at a source costs when it is new, unchanged, and changed a little.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use serde_json::{Value, json};

use crate::bench::Bench;
use crate::client::Client;
use crate::packages::numbered_version;
use crate::report::{Row, with_spread};
use crate::servers::{Chandlery, PASSWORD, TOKEN_FILE};
use crate::statistics::Series;

/// The repository that is measured.
const MIRROR: &str = "/api/v1/repositories/mirrors/upstream";

/// Looks at an unchanged source of which the mean is taken: one is less than the clock can tell.
const UNCHANGED: u32 = 50;

/// Sources of the simulated day, looked at every hour.
const SOURCES: usize = 200;

/// Hours of that day that are played; the others would be the same.
const HOURS: usize = 2;

pub(super) fn run(bench: &Bench) -> Result<Vec<Row>> {
    let versions = bench.size(50_000, 5_000);
    let rounds = bench.size(bench.rounds.min(3), 1);
    let (mut first, mut memory, mut unchanged, mut one, mut hundredth) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let mut pair = Pair::start(bench, versions)?;
        let before = pair.mirror.process.memory("VmRSS")?;
        first.push(pair.create("mirrors/upstream")?);
        memory.push(pair.mirror.process.memory("VmHWM")? - before);
        unchanged.push(pair.unchanged()?);
        one.push(pair.after_uploads(bench, 1)?);
        hundredth.push(pair.after_uploads(bench, versions / 100)?);
        pair.stop()?;
    }
    let (first, memory, unchanged) = (Series(first), Series(memory), Series(unchanged));
    let (one, hundredth) = (Series(one), Series(hundredth));
    let seconds = |series: &Series| with_spread(format!("{:.2} s of CPU", series.median()), series);
    let ratio = hundredth.median() / one.median();
    Ok(vec![
        Row::new(format!("first look at a source of {versions} versions, rows written"))
            .ours(seconds(&first))
            .at_most(first.median(), 1.0, "≤ 1.0 s of CPU")
            .rounds(json!(first.0)),
        Row::new("the same: most resident above an empty server")
            .ours(with_spread(format!("{:.0} MiB", memory.median()), &memory))
            .at_most(memory.median(), 120.0, "≤ 120 MiB")
            .rounds(json!(memory.0)),
        Row::new("a look at it when it is unchanged")
            .ours(with_spread(format!("{:.1} ms of CPU", unchanged.median() * 1e3), &unchanged))
            .at_most(unchanged.median(), 0.005, "≤ 5 ms")
            .note("With the two requests of the API that ask for it and see its end.")
            .rounds(json!(unchanged.0)),
        Row::new("a look at it when one version is new: the parse").ours(seconds(&one)).rounds(json!(one.0)),
        Row::new("a look at it when 1 % of the versions are new")
            .ours(format!("{}, {ratio:.2} × the parse", seconds(&hundredth)))
            .at_most(ratio, 1.2, "≤ 1.2 × the parse")
            .rounds(json!(hundredth.0)),
        day(bench)?,
    ])
}

/// 200 sources of 500 versions each, for some hours of a day.
fn day(bench: &Bench) -> Result<Row> {
    let sources = bench.size(SOURCES, 20);
    let mut pair = Pair::start(bench, 500)?;
    let names: Vec<String> = (0..sources).map(|number| format!("mirrors/source-{number}")).collect();
    for name in &names {
        pair.create(name)?;
    }
    let before = pair.mirror.process.cpu()?;
    for _ in 0..HOURS {
        for name in &names {
            pair.sync(&format!("/api/v1/repositories/{name}"))?;
        }
    }
    let share = (pair.mirror.process.cpu()? - before) / (HOURS as f64 * 3600.0);
    pair.stop()?;
    Ok(Row::new(format!("a day of {sources} sources of 500 versions, each looked at every hour, unchanged"))
        .ours(format!("{:.3} % of a core", share * 100.0))
        .at_most(share, 0.02, "≤ 2 % of a core")
        .note(format!("{HOURS} hours are played without the pauses between the looks.")))
}

/// A server with a repository, and one that follows it.
struct Pair {
    upstream: Chandlery,
    token: String,
    mirror: Chandlery,
    client: Client,
    uploads: usize,
}

impl Pair {
    fn start(bench: &Bench, versions: usize) -> Result<Self> {
        let data = bench.data_directory(versions)?;
        let token = fs::read_to_string(data.join(TOKEN_FILE))?.trim().to_owned();
        let upstream = Chandlery::start(&bench.workspace, &data)?;
        // The index is made, and its cost is not the mirror's.
        upstream.client().get_ok("/index.yaml", &[])?;
        let mirror = Chandlery::start(&bench.workspace, &bench.workspace.fresh("mirror")?)?;
        let login = base64::engine::general_purpose::STANDARD.encode(format!("admin:{PASSWORD}"));
        let mut admin = Client::new(mirror.address, Some(&format!("Basic {login}")));
        let created =
            send(&mut admin, "POST", "/api/v1/tokens", &json!({ "name": "bench", "scope": "all" }))?;
        let client = mirror.client_of(created["secret"].as_str().context("a token has a secret")?);
        Ok(Self { upstream, token, mirror, client, uploads: 0 })
    }

    /// Makes an external repository; the CPU of its first look.
    fn create(&mut self, path: &str) -> Result<f64> {
        let before = self.mirror.process.cpu()?;
        let source = json!({ "settings": { "url": format!("http://{}/", self.upstream.address), "period": 0 },
                             "credentials": { "token": self.token } });
        let request = json!({ "path": path, "source": source });
        send(&mut self.client, "POST", "/api/v1/repositories", &request)?;
        self.wait(&format!("/api/v1/repositories/{path}"), 0)?;
        Ok(self.mirror.process.cpu()? - before)
    }

    /// Looks at a source, and waits for the end of that.
    fn sync(&mut self, repository: &str) -> Result<()> {
        let last = self.last_run(repository)?.map_or(0, |run| run.0);
        send(&mut self.client, "POST", &format!("{repository}/source/sync"), &json!({}))?;
        self.wait(repository, last)
    }

    /// The number and the outcome of the last look.
    fn last_run(&mut self, repository: &str) -> Result<Option<(i64, Value)>> {
        let answer = self.client.get_ok(&format!("{repository}/source/runs?limit=1"), &[])?;
        let runs: Value = serde_json::from_slice(&answer.body)?;
        let run = &runs["items"][0];
        Ok(run["id"].as_i64().map(|id| (id, run.clone())))
    }

    fn wait(&mut self, repository: &str, last: i64) -> Result<()> {
        const PAUSE: Duration = Duration::from_millis(20);
        const LIMIT: Duration = Duration::from_secs(120);
        let began = Instant::now();
        while began.elapsed() < LIMIT {
            match self.last_run(repository)? {
                Some((id, run)) if id > last && run["outcome"] == "failed" => bail!("{run}"),
                Some((id, _)) if id > last => return Ok(()),
                _ => thread::sleep(PAUSE),
            }
        }
        bail!("{repository} was not looked at within {LIMIT:?}")
    }

    fn unchanged(&mut self) -> Result<f64> {
        let before = self.mirror.process.cpu()?;
        for _ in 0..UNCHANGED {
            self.sync(MIRROR)?;
        }
        Ok((self.mirror.process.cpu()? - before) / f64::from(UNCHANGED))
    }

    /// The CPU of a look after so many new versions were uploaded to the source.
    fn after_uploads(&mut self, bench: &Bench, count: usize) -> Result<f64> {
        let charts = bench.seeds.charts();
        let mut client = self.upstream.client();
        for _ in 0..count {
            // Behind all versions that the seed has.
            let version = numbered_version(1_000_000 + self.uploads);
            client.upload(&charts[self.uploads % charts.len()].package(&version)?.bytes)?;
            self.uploads += 1;
        }
        self.upstream.client().get_ok("/index.yaml", &[])?;
        let before = self.mirror.process.cpu()?;
        self.sync(MIRROR)?;
        Ok(self.mirror.process.cpu()? - before)
    }

    fn stop(self) -> Result<()> {
        self.mirror.process.stop()?;
        self.upstream.process.stop()
    }
}

fn send(client: &mut Client, method: &str, path: &str, body: &Value) -> Result<Value> {
    let text = body.to_string();
    let answer = client.request(method, path, &[("Content-Type", "application/json")], text.as_bytes())?;
    if !(200..300).contains(&answer.status) {
        bail!("{method} {path}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
    }
    Ok(serde_json::from_slice(&answer.body)?)
}
