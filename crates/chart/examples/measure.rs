//! Times the hot paths on a folder of packages: `measure DIR`.

use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use chandlery_chart::{Chart, EntryFields, Limits, Metadata, inspect, write_entry};

fn main() {
    let folder = std::env::args().nth(1).expect("a folder of packages");
    let mut packages: Vec<Vec<u8>> = fs::read_dir(folder)
        .expect("the folder is readable")
        .map(|entry| fs::read(entry.expect("an entry").path()).expect("a file"))
        .collect();
    packages.sort_by_key(Vec::len);
    let limits = Limits::default();
    let groups: [(&str, std::ops::Range<usize>); 4] = [
        ("below 10 KB", 0..10_000),
        ("10 to 50 KB", 10_000..50_000),
        ("50 to 100 KB", 50_000..100_000),
        ("above 100 KB", 100_000..usize::MAX),
    ];
    for (name, sizes) in groups {
        let group: Vec<_> = packages.iter().filter(|package| sizes.contains(&package.len())).collect();
        let inflated: u64 = group.iter().map(|package| inflate(package)).sum();
        let timed =
            |action: &dyn Fn(&[u8])| best_of_five(&|| group.iter().for_each(|package| action(package)));
        let inflating = timed(&|package| {
            black_box(inflate(package));
        });
        let inspecting = timed(&|package| drop(black_box(inspect(package, &limits))));
        let reading = timed(&|package| drop(black_box(Chart::read(package, &limits))));
        let count = u32::try_from(group.len().max(1)).expect("few packages");
        println!(
            "{name}: {count} packages, {} KB inflated each; inflate {:?}, inspect {:?}, read {:?} each",
            inflated / 1000 / u64::from(count),
            inflating / count,
            inspecting / count,
            reading / count,
        );
    }
    measure_entries(&packages);
}

fn measure_entries(packages: &[Vec<u8>]) {
    let limits = Limits::default();
    let all: Vec<Metadata> = packages
        .iter()
        .filter_map(|package| inspect(&package[..], &limits).ok())
        .map(|found| found.metadata)
        .collect();
    let urls = ["charts/some-chart-1.2.3.tgz".to_owned()];
    let mut bytes = 0;
    let took = best_of_five(&|| {
        let mut out = String::new();
        for metadata in &all {
            let fields = EntryFields {
                metadata,
                created: "2026-11-21T01:30:13.632572027Z",
                digest: "b29da554b3cc089c7f83f97e15b9cdc4002c5524744a1dbc0873915c80a0b66f",
                urls: &urls,
                removed: false,
                legacy: None,
            };
            write_entry(&mut out, &fields).expect("it was inspected");
        }
        black_box(out);
    });
    for metadata in &all {
        bytes += metadata.to_yaml().map_or(0, |text| text.len());
    }
    let rate = all.len() as f64 / took.as_secs_f64();
    println!("write_entry: {rate:.0} entries/s, {} bytes each", bytes / all.len().max(1));
}

fn inflate(package: &[u8]) -> u64 {
    std::io::copy(&mut flate2::read::GzDecoder::new(package), &mut std::io::sink()).unwrap_or_default()
}

fn best_of_five(action: &dyn Fn()) -> Duration {
    let once = || {
        let started = Instant::now();
        action();
        started.elapsed()
    };
    (0..5).map(|_| once()).min().unwrap_or_default()
}
