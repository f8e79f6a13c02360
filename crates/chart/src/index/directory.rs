//! The index of a folder of packages, as `helm repo index` makes it.

use std::fs::{File, FileType};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use chandlery_core::Sha256Hasher;

use super::{IndexEntry, IndexFile, url};
use crate::archive::{ArchiveError, Limits};
use crate::inspect::inspect;
use crate::timestamp::Timestamp;

/// How a folder is indexed.
#[derive(Clone, Debug)]
pub struct DirectoryIndexOptions {
    /// What goes before the file names (`--url`); empty for names relative to the index.
    pub base_url: String,
    /// The time of the index and of each new entry.
    pub generated: Timestamp,
    /// How many packages are read at once, at least 1.
    pub parallelism: usize,
    /// The limits for each package.
    pub limits: Limits,
}

/// A file that ends in `.tgz` and is no valid package. Helm skips those without a word.
#[derive(Debug)]
pub struct SkippedPackage {
    /// The file.
    pub path: PathBuf,
    /// Why it was skipped.
    pub error: ArchiveError,
}

/// The index of a folder.
#[derive(Debug)]
pub struct DirectoryIndex {
    /// The index, sorted.
    pub index: IndexFile,
    /// What was left out, in the order of the folder.
    pub skipped: Vec<SkippedPackage>,
}

/// A package file and the folder it is in, relative to the one that is indexed.
struct Candidate {
    path: PathBuf,
    parent: String,
    name: String,
}

/// Makes the index of `directory`: `*.tgz` in it, then in its folders one level down, each sorted by name. Merge an old
/// index with [`IndexFile::merge`] and sort again.
///
/// `progress` is called from several threads with the number of packages done and their total.
///
/// # Errors
/// [`io::Error`] when the directory cannot be listed.
pub fn index_directory(
    directory: &Path,
    options: &DirectoryIndexOptions,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> io::Result<DirectoryIndex> {
    let candidates = find_packages(directory)?;
    let next = AtomicUsize::new(0);
    let done = AtomicUsize::new(0);
    let mut results = Vec::new();
    results.resize_with(candidates.len(), || None);
    let results = Mutex::new(results);
    let work = || {
        while let Some((position, candidate)) = {
            let position = next.fetch_add(1, Ordering::Relaxed);
            candidates.get(position).map(|candidate| (position, candidate))
        } {
            let result = index_package(candidate, options);
            results.lock().expect("no thread panics while it holds the lock")[position] = Some(result);
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, candidates.len());
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..options.parallelism.clamp(1, candidates.len().max(1)) {
            scope.spawn(work);
        }
        work();
    });
    let results = results.into_inner().expect("no thread panicked");
    Ok(gather(candidates, results.into_iter().flatten(), &options.generated))
}

fn gather(
    candidates: Vec<Candidate>,
    results: impl Iterator<Item = Result<IndexEntry, ArchiveError>>,
    generated: &Timestamp,
) -> DirectoryIndex {
    let mut index = IndexFile::new(generated.clone());
    let mut skipped = Vec::new();
    for (candidate, result) in candidates.into_iter().zip(results) {
        match result {
            Ok(entry) => index.push(entry),
            Err(error) => skipped.push(SkippedPackage { path: candidate.path, error }),
        }
    }
    index.sort();
    DirectoryIndex { index, skipped }
}

fn find_packages(directory: &Path) -> io::Result<Vec<Candidate>> {
    let mut packages = Vec::new();
    let mut folders = Vec::new();
    for (name, kind) in sorted_entries(directory)? {
        let path = directory.join(&name);
        if kind.is_dir() || (kind.is_symlink() && path.is_dir()) {
            folders.push((path.clone(), name.clone()));
        }
        if name.ends_with(".tgz") {
            packages.push(Candidate { path, parent: String::new(), name });
        }
    }
    for (folder, parent) in folders {
        // A folder that cannot be listed has no packages for us, as for Helm.
        for (name, _) in sorted_entries(&folder).unwrap_or_default() {
            if name.ends_with(".tgz") {
                packages.push(Candidate { path: folder.join(&name), parent: parent.clone(), name });
            }
        }
    }
    Ok(packages)
}

/// The entries of a folder whose names are UTF-8, sorted; others cannot stand in an index.
fn sorted_entries(directory: &Path) -> io::Result<Vec<(String, FileType)>> {
    let mut entries = Vec::new();
    for entry in directory.read_dir()? {
        let entry = entry?;
        if let Ok(name) = entry.file_name().into_string() {
            entries.push((name, entry.file_type()?));
        }
    }
    entries.sort_by(|left, right| left.0.cmp(&right.0));
    Ok(entries)
}

fn index_package(candidate: &Candidate, options: &DirectoryIndexOptions) -> Result<IndexEntry, ArchiveError> {
    let unreadable = |source| ArchiveError::Io { what: candidate.path.display().to_string(), source };
    let file = File::open(&candidate.path).map_err(unreadable)?;
    let mut hashing = HashingReader { file, hasher: Sha256Hasher::new() };
    let summary = inspect(&mut hashing, &options.limits)?;
    io::copy(&mut hashing, &mut io::sink()).map_err(unreadable)?;
    Ok(IndexEntry {
        metadata: summary.metadata,
        urls: vec![package_url(candidate, &options.base_url)],
        created: options.generated.clone(),
        digest: hashing.hasher.finish().to_hex(),
        ..IndexEntry::default()
    })
}

fn package_url(candidate: &Candidate, base_url: &str) -> String {
    if base_url.is_empty() && candidate.parent.is_empty() {
        return candidate.name.clone();
    }
    url::join(base_url, &[&candidate.parent, &candidate.name])
}

/// Hashes what is read from a file.
struct HashingReader {
    file: File,
    hasher: Sha256Hasher,
}

impl Read for HashingReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.file.read(buffer)?;
        self.hasher.update(&buffer[..bytes]);
        Ok(bytes)
    }
}
