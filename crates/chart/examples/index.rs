//! Indexes a folder of packages: `index DIR [URL [MERGE_FILE]]`, the index on stdout, the time on stderr.

use std::time::Instant;

use chandlery_chart::{DirectoryIndexOptions, IndexFile, Limits, Timestamp, index_directory};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let started = Instant::now();
    let options = DirectoryIndexOptions {
        base_url: arguments.get(1).cloned().unwrap_or_default(),
        generated: Timestamp::from_unix(0, 0),
        parallelism: std::thread::available_parallelism().map_or(1, usize::from),
        limits: Limits::default(),
    };
    let mut found =
        index_directory(arguments[0].as_ref(), &options, &|_, _| {}).expect("the folder is readable");
    if let Some(merge) = arguments.get(2) {
        let text = std::fs::read(merge).expect("the merge file is readable");
        let loaded =
            IndexFile::read(&text, &chandlery_yaml::Limits::default()).expect("the merge file is an index");
        found.index.merge(loaded.index);
        found.index.sort();
    }
    let text = if std::env::var_os("JSON").is_some() {
        found.index.to_json()
    } else {
        found.index.to_yaml().expect("the index can be written")
    };
    print!("{text}");
    eprintln!("{} skipped, {:?}", found.skipped.len(), started.elapsed());
}
