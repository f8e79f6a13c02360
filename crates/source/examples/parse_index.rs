//! Measures reading a large index: `parse_index [ENTRIES]`, one line with bytes, entries, CPU seconds and peak memory.
//!
//! The index is served by a server of this process on loopback and read as a sync reads it; the time of the server is in
//! the figure. The second line is the same index with one entry in a hundred changed and the others known, the third the
//! same one unchanged.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use chandlery_source::foreign::{Access, Credentials, Fetched, Item, Known, Source, Validator};
use chandlery_source::outbound::{Outbound, OutboundSettings};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// About as many bytes for an entry as the large public indexes have.
fn index(entries: usize, changed: usize) -> String {
    let mut text = "apiVersion: v1\ngenerated: \"2026-01-02T03:04:05Z\"\nentries:\n".to_owned();
    for number in 0..entries {
        let (chart, version) = (number / 20, number % 20);
        if version == 0 {
            writeln!(text, "  chart-{chart}:").unwrap();
        }
        let note = if changed > 0 && number % 100 < changed { "changed" } else { "as it was" };
        write!(
            text,
            "  - annotations:\n      category: Infrastructure\n      images: |\n        - name: app\n          image: \
             registry.example.org/team/app-{chart}:1.{version}.0\n        - name: sidecar\n          image: \
             registry.example.org/team/sidecar:2.{version}.1\n      licenses: Apache-2.0\n    apiVersion: v2\n    \
             appVersion: 1.{version}.0\n    created: \"2026-01-02T03:04:05.678901234Z\"\n    dependencies:\n    - \
             name: common\n      repository: oci://registry.example.org/charts\n      tags:\n      - common\n      \
             version: 2.x.x\n    - condition: database.enabled\n      name: database\n      repository: \
             oci://registry.example.org/charts\n      version: 12.x.x\n    description: Application {chart} is a \
             program that does what such programs do, {note}, and this text is as long as they are.\n    digest: \
             {number:064x}\n    home: https://example.org/apps/{chart}\n    icon: \
             https://example.org/icons/{chart}.png\n    keywords:\n    - one\n    - two\n    - three\n    \
             maintainers:\n    - name: Somebody\n      url: https://example.org/people\n    name: chart-{chart}\n    \
             sources:\n    - https://example.org/source/{chart}\n    urls:\n    - \
             https://example.org/charts/chart-{chart}-1.{version}.0.tgz\n    version: 1.{version}.0\n"
        )
        .unwrap();
    }
    text
}

#[tokio::main]
async fn main() {
    let entries = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(40_000);
    let body = Arc::new(Mutex::new(Arc::new(index(entries, 0))));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
    let address = listener.local_addr().expect("the port is known");
    let served = body.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let body = served.lock().expect("nobody panicked").clone();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let head =
                format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(head.as_bytes()).await;
            let _ = stream.write_all(body.as_bytes()).await;
        }
    });
    let allowed = "127.0.0.0/8".parse().expect("this is a range");
    let client =
        Outbound::new(OutboundSettings { allowed, ..OutboundSettings::default() }).expect("it is valid");
    let url = format!("http://{address}/").parse().expect("this is a URL");
    let source = Source::new(url, Access::default(), Credentials::default(), &client).expect("it is valid");

    println!("index of {} bytes; idle: {}", body.lock().expect("nobody panicked").len(), memory());
    let (known, validator) = read(&source, "first", None, Known::default()).await;
    *body.lock().expect("nobody panicked") = Arc::new(index(entries, 1));
    let (_, changed) = read(&source, "1 % changed", Some(&validator), known.clone()).await;
    read(&source, "unchanged", Some(&changed), known).await;
}

/// Reads the index once and prints what it cost.
async fn read(source: &Source, name: &str, previous: Option<&Validator>, known: Known) -> (Known, Validator) {
    let before = cpu_seconds();
    let mut fingerprints = Vec::new();
    let mut same = 0;
    let validator = match source.fetch(previous, known).await.expect("the index is valid") {
        Fetched::Unchanged(validator) => validator,
        Fetched::Changed(mut listing) => {
            while let Some(items) = listing.next().await.expect("the index is valid") {
                for item in items {
                    match item {
                        Item::Package(package) => fingerprints.push(package.fingerprint),
                        Item::Known(_) => same += 1,
                        Item::Skipped(_) => {}
                    }
                }
            }
            listing.validator().clone()
        }
    };
    let (new, seconds) = (fingerprints.len(), cpu_seconds() - before);
    println!("{name}: {new} new, {same} known, {seconds:.2} s CPU; {}", memory());
    (fingerprints.into_iter().collect(), validator)
}

/// User and system time of this process, from `/proc`.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
    // Hundredths of a second on every Linux.
    fields.skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// Memory now and at its peak, from `/proc`.
fn memory() -> String {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let wanted = text.lines().filter(|line| line.starts_with("VmHWM") || line.starts_with("VmRSS"));
    wanted.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join(", ")
}
