//! Measures the index with 100,000 apps: how long it takes to build, how large it is, and what searches cost.
//!
//! ```text
//! cargo run -p chandlery-search --profile ci-release --example measure [APPS] [DIRECTORY]
//! ```
//!
//! The apps come from a fixed seed: words of a Zipf distribution, some Chinese text, READMEs of about 2 KB; each app is in
//! both views. With a directory the index stays there, and another run finds it and measures searches only. CPU time is
//! given beside time, since other programs may be busy.

use std::path::Path;
use std::time::{Duration, Instant};

use chandlery_core::Result;
use chandlery_search::{Change, Document, Index, Query, Sort, Start, View, Workspaces};
use rustix::time::{ClockId, clock_gettime};

#[path = "measure/corpus.rs"]
mod corpus;

use corpus::{Corpus, WORKSPACES};

/// Searches measured of each kind.
const SEARCHES: usize = 500;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let apps = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let temporary = tempfile::tempdir_in(".").expect("the current directory can be written");
    let kept = arguments.next();
    let directory = kept.as_deref().map_or(temporary.path(), Path::new);
    let mut corpus = Corpus::new();
    {
        let index = Index::open(directory, 1)?;
        println!("new process: resident {} MiB", resident_mebibytes());
        if index.generation().is_none() {
            build(&index, &mut corpus, apps)?;
        }
    }
    println!("on disk: {} MiB", disk_mebibytes(directory));
    let index = reopen(directory)?;
    measure_searches(&index, &mut corpus)?;
    measure_changes(&index, &mut corpus)
}

fn build(index: &Index, corpus: &mut Corpus, apps: i64) -> Result<()> {
    let (began, cpu) = (Instant::now(), cpu_time());
    let made = (0..apps).map(|id| corpus.document(id, View::Store)).count();
    let generating = cpu_time() - cpu;
    println!("making {made} documents: {generating:.1?} CPU, {:.1?}", began.elapsed());
    *corpus = Corpus::new();
    let (began, cpu) = (Instant::now(), cpu_time());
    let views = [View::Store, View::Workspace];
    let documents = (0..apps).flat_map(|id| views.map(|view| (id, view)));
    let mut most = 0;
    let documents = documents.map(|(id, view)| {
        if id % 1_000 == 0 {
            most = most.max(status("RssAnon"));
        }
        Ok(corpus.document(id, view))
    });
    index.rebuild(documents, 1)?;
    let cpu = (cpu_time() - cpu).saturating_sub(2 * generating);
    println!("built {} documents: {cpu:.1?} CPU, {:.1?} with making them", index.len(), began.elapsed());
    println!("of our own memory at most {most} MiB, {} MiB now", status("RssAnon"));
    Ok(())
}

/// What a first search costs a process that has just started.
fn reopen(directory: &Path) -> Result<Index> {
    let before = resident_mebibytes();
    let (began, cpu) = (Instant::now(), cpu_time());
    let index = Index::open(directory, 1)?;
    let opening = began.elapsed();
    let query = Query { limit: 20, ..Query::new(View::Store, tenants(0)).with_text("kubernetse operator") };
    index.search(&query)?;
    println!(
        "opened in {opening:.1?}, with the first search {:.1?}, CPU {:.1?}; {} documents, resident +{} MiB",
        began.elapsed(),
        cpu_time() - cpu,
        index.len(),
        resident_mebibytes().saturating_sub(before)
    );
    Ok(index)
}

/// A member of forty workspaces.
fn tenants(search: usize) -> Workspaces {
    Workspaces::Only((0..40).map(|step| (search as i64 * 17 + step * 25) % WORKSPACES).collect())
}

fn measure_searches(index: &Index, corpus: &mut Corpus) -> Result<()> {
    println!(
        "{:25} {:^29} {:^19} {:>7} the worst",
        "searches", "CPU: mean, p99, worst", "wall: median, p99", "hits"
    );
    let mut all = Vec::new();
    for (name, text) in corpus::KINDS {
        let queries = (0..SEARCHES).map(|search| {
            let query = Query::new(View::Workspace, tenants(search)).with_text(text(corpus));
            if name.starts_with("store") {
                Query { view: View::Store, workspaces: Workspaces::All, ..query }
            } else {
                query
            }
        });
        let queries: Vec<_> = queries.collect();
        measure(index, name, &queries)?;
        all.extend(queries);
    }
    let browse = |sort| Query { sort, start: Start::Offset(100), ..Query::new(View::Store, Workspaces::All) };
    for (name, sort) in [("all by name", Sort::Name), ("all by time", Sort::Newest)] {
        measure(index, name, &vec![browse(sort); SEARCHES / 5])?;
    }
    // In an order that mixes the kinds.
    let mixed: Vec<_> = (0..all.len()).map(|step| all[step * 7_919 % all.len()].clone()).collect();
    measure(index, "MIXED", &mixed)?;
    measure_threads(index, &mixed);
    println!("resident: {} MiB, of which our own memory {} MiB", resident_mebibytes(), status("RssAnon"));
    Ok(())
}

fn measure(index: &Index, name: &str, queries: &[Query]) -> Result<()> {
    let (mut times, mut hits) = (Vec::with_capacity(queries.len()), 0);
    for query in queries {
        let (began, cpu) = (Instant::now(), thread_cpu_time());
        hits += index.search(query)?.total;
        times.push((thread_cpu_time() - cpu, began.elapsed(), &query.text));
    }
    times.sort_unstable();
    let count = times.len();
    let mean = times.iter().map(|(cpu, ..)| cpu).sum::<Duration>() / count as u32;
    let (p99, (worst, _, text)) = (times[count * 99 / 100].0, times[count - 1]);
    times.sort_unstable_by_key(|(_, wall, _)| *wall);
    let (wall_median, wall_p99) = (times[count / 2].1, times[count * 99 / 100].1);
    println!(
        "{name:25} {mean:>9.1?} {p99:>9.1?} {worst:>9.1?} {wall_median:>9.1?} {wall_p99:>9.1?} {:>7} {text:?}",
        hits / count
    );
    Ok(())
}

/// All cores at once, as a busy server.
fn measure_threads(index: &Index, queries: &[Query]) {
    let (began, cpu) = (Instant::now(), cpu_time());
    std::thread::scope(|scope| {
        for part in queries.chunks(queries.len().div_ceil(2)) {
            scope.spawn(|| part.iter().for_each(|query| drop(index.search(query))));
        }
    });
    let per_second = |time: Duration| queries.len() as f64 / time.as_secs_f64();
    println!(
        "two threads: {:.0} searches/s, {:.0} per second of CPU",
        per_second(began.elapsed()),
        per_second(cpu_time() - cpu)
    );
}

fn measure_changes(index: &Index, corpus: &mut Corpus) -> Result<()> {
    for count in [1, 100] {
        let (began, cpu) = (Instant::now(), cpu_time());
        for round in 0..10 {
            let changes =
                (0..count).map(|step| Change::Put(corpus.document(round * 977 + step, View::Store)));
            index.apply(changes.collect::<Vec<Change>>(), 2 + round as u64)?;
        }
        println!("{count} changes: {:.1?}, CPU {:.1?}", began.elapsed() / 10, (cpu_time() - cpu) / 10);
    }
    let queries = vec![Query::new(View::Store, tenants(3)).with_text("kubernetse operator"); 100];
    measure(index, "after changes", &queries)?;
    let removed: Document = corpus.document(0, View::Store);
    index.apply([Change::Remove { id: removed.id, view: removed.view }], 20)
}

/// CPU time of this process, all threads.
fn cpu_time() -> Duration {
    duration(ClockId::ProcessCPUTime)
}

fn thread_cpu_time() -> Duration {
    duration(ClockId::ThreadCPUTime)
}

fn duration(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn status(key: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix(key)).expect("the kernel tells it");
    line.split_whitespace().nth(1).expect("KEY: NUMBER kB").parse::<u64>().expect("a number") / 1024
}

fn resident_mebibytes() -> u64 {
    status("VmRSS")
}

fn disk_mebibytes(directory: &Path) -> u64 {
    let size = |entry: std::fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => disk_mebibytes(&entry.path()) << 20,
        _ => entry.metadata().map_or(0, |metadata| metadata.len()),
    };
    std::fs::read_dir(directory)
        .expect("it is there")
        .map(|entry| size(entry.expect("readable")))
        .sum::<u64>()
        >> 20
}
