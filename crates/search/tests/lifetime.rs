//! What stays of an index: changes, generations, and what becomes of damaged files.

use std::fs;
use std::path::{Path, PathBuf};

use chandlery_core::{Error, Result};
use chandlery_search::{Change, Document, Index, Query, View, Workspaces};

fn put(id: i64, name: &str) -> Change {
    Change::Put(named(id, name))
}

fn named(id: i64, name: &str) -> Document {
    Document { name: name.to_owned(), ..Document::new(id, View::Store, 1) }
}

fn find(index: &Index, text: &str) -> Vec<i64> {
    let page = index.search(&Query::new(View::Store, Workspaces::All).with_text(text));
    page.expect("a healthy index answers").hits.iter().map(|hit| hit.id).collect()
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("temporary directories can be made")
}

fn open(directory: &Path) -> Index {
    Index::open(directory, 1).expect("the directory can be written")
}

#[test]
fn the_last_change_of_an_app_counts() {
    let index = Index::in_memory().expect("memory");
    assert_eq!((index.generation(), index.len(), index.is_empty()), (None, 0, true));
    let remove = |id| Change::Remove { id, view: View::Store };
    index
        .apply([put(1, "redis"), put(1, "kafka"), put(2, "mysql"), remove(2), remove(9)], 4)
        .expect("written");
    assert_eq!(
        (find(&index, "redis"), find(&index, "kafka"), find(&index, "mysql")),
        (vec![], vec![1], vec![])
    );
    index.apply([remove(1), put(1, "nginx")], 5).expect("written");
    assert_eq!((find(&index, "kafka"), find(&index, "nginx")), (vec![], vec![1]));
    index.apply([], 6).expect("written");
    assert_eq!((index.generation(), index.len()), (Some(6), 1));
}

#[test]
fn documents_and_generation_survive_a_restart() {
    let directory = directory();
    let index = open(directory.path());
    assert_eq!(index.generation(), None);
    for generation in 1..=30 {
        index.apply([put(generation, "redis"), put(1, "nginx")], generation as u64).expect("written");
    }
    drop(index);
    let index = open(directory.path());
    assert_eq!((index.generation(), index.len()), (Some(30), 30));
    assert_eq!(find(&index, "nginx"), [1]);
    index.apply([], 31).expect("written");
    drop(index);
    assert_eq!(open(directory.path()).generation(), Some(31));
}

#[test]
fn a_rebuild_replaces_everything_or_nothing() {
    let directory = directory();
    let index = open(directory.path());
    index.apply([put(1, "redis"), put(2, "nginx")], 1).expect("written");
    let broken = [Ok(named(3, "kafka")), Err(Error::Conflict("gone".to_owned())), Ok(named(4, "mysql"))];
    assert_eq!(index.rebuild(broken, 2).expect_err("what the rows yield").code(), "conflict");
    assert_eq!((index.generation(), index.len(), find(&index, "kafka")), (Some(1), 2, vec![]));
    index.rebuild((3..2_000).map(|id| Ok(named(id, "kafka"))), 3).expect("written");
    assert_eq!((index.generation(), index.len(), find(&index, "redis")), (Some(3), 1_997, vec![]));
    drop(index);
    let index = open(directory.path());
    assert_eq!((index.generation(), index.len(), find(&index, "kafka").len()), (Some(3), 1_997, 20));
}

#[test]
fn changes_that_fail_are_not_there() {
    let directory = directory();
    let index = open(directory.path());
    index.apply([put(1, "redis")], 1).expect("written");
    // Another process that writes the same files.
    let other = open(directory.path());
    let mut inner: Option<Result<()>> = None;
    let changes = std::iter::once_with(|| {
        inner = Some(other.apply([put(2, "nginx")], 9));
        put(3, "kafka")
    });
    index.apply(changes, 2).expect("written");
    assert_eq!(inner.expect("it ran").expect_err("the files are being written").code(), "unavailable");
    assert_eq!((index.generation(), index.len(), other.generation()), (Some(2), 2, Some(1)));
}

#[test]
fn other_versions_are_removed_and_other_files_kept() {
    let directory = directory();
    let index = Index::open(directory.path(), 1).expect("written");
    index.apply([put(1, "redis")], 7).expect("written");
    drop(index);
    fs::write(directory.path().join("notes.txt"), "mine").expect("written");
    fs::create_dir(directory.path().join("apps-1")).expect("written");
    let index = Index::open(directory.path(), 2).expect("written");
    assert_eq!((index.generation(), index.len()), (None, 0));
    let mut left: Vec<_> = names(directory.path());
    left.sort();
    assert_eq!(left, ["apps-1", "apps-1-2", "notes.txt"]);
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("it is there");
    entries.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned()).collect()
}

/// The files of an index with one app.
fn filled(directory: &Path) -> Vec<PathBuf> {
    let index = open(directory);
    index.apply([put(1, "redis")], 7).expect("written");
    let folder = directory.join("apps-1-1");
    names(&folder).into_iter().map(|name| folder.join(name)).filter(|path| !is_lock(path)).collect()
}

fn is_lock(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "lock")
}

#[test]
fn damaged_files_are_built_anew() {
    type Damage = fn(&Path) -> std::io::Result<()>;
    let damages: [(&str, Damage); 4] = [
        ("removed", |path| fs::remove_file(path)),
        ("emptied", |path| fs::write(path, b"")),
        ("garbage", |path| fs::write(path, [0xa5; 300])),
        ("cut", |path| fs::OpenOptions::new().write(true).open(path)?.set_len(fs::metadata(path)?.len() / 2)),
    ];
    let original = directory();
    let mut files = filled(original.path());
    files.sort_by_key(|path| path.extension().map(ToOwned::to_owned));
    assert!(files.len() > 4, "{files:?}");
    for (how, damage) in damages {
        for file in &files {
            let copy = directory();
            let folder = copy.path().join("apps-1-1");
            fs::create_dir(&folder).expect("written");
            for file in &files {
                fs::copy(file, folder.join(file.file_name().expect("a file"))).expect("written");
            }
            let file = folder.join(file.file_name().expect("a file"));
            damage(&file).expect("it can be written");
            let index = open(copy.path());
            // Either it is still whole, or it says that it is empty.
            let state = (index.generation(), find(&index, "redis"));
            let whole = (Some(7), vec![1]);
            assert!(state == whole || state == (None, vec![]), "{how} {}: {state:?}", file.display());
            index.apply([put(2, "nginx")], 8).expect("it can be written again");
            assert_eq!(
                (find(&index, "nginx"), index.generation()),
                (vec![2], Some(8)),
                "{how} {}",
                file.display()
            );
        }
    }
}

#[test]
fn damage_that_a_search_meets_is_gone_after_a_restart() {
    let directory = directory();
    let files = filled(directory.path());
    let postings = files.iter().find(|path| path.extension().is_some_and(|extension| extension == "term"));
    let postings = postings.expect("the words are in a file");
    let mut content = fs::read(postings).expect("readable");
    // Up to the footer, which alone is looked at when a file is opened.
    let body = content.len() - 150;
    content[..body].fill(0xff);
    fs::write(postings, content).expect("written");
    let index = open(directory.path());
    if index.generation().is_some() {
        let error = index.search(&Query::new(View::Store, Workspaces::All).with_text("redis"));
        assert_eq!(error.expect_err("nothing to read").code(), "unavailable");
        drop(index);
    }
    assert_eq!(open(directory.path()).generation(), None);
}

#[test]
fn searches_go_on_while_it_changes() {
    let directory = directory();
    let index = open(directory.path());
    index.apply((0..100).map(|id| put(id, "redis")), 0).expect("written");
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for generation in 1..40 {
                let moved = generation % 10;
                index
                    .apply((0..10).map(|id| put(moved * 10 + id, "redis")), generation as u64)
                    .expect("written");
            }
        });
        while !writer.is_finished() {
            let page = index.search(&Query::new(View::Store, Workspaces::All).with_text("redis"));
            assert_eq!(page.expect("an answer").total, 100);
        }
    });
}
