//! Charts in a directory, as `helm package` and `helm template` load them.

pub(crate) mod glob;
mod ignore;

use std::fs::{self, File as OsFile, Metadata as OsMetadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use self::ignore::IgnoreRules;
use crate::archive::{ArchiveError, Budget, File, Limits, without_mark};
use crate::chart::{Chart, Keep, SourceFile, assemble, expand};

/// The file with the patterns of what does not belong to the chart.
const IGNORE_FILE: &str = ".helmignore";

impl Chart {
    /// Reads a chart from a directory: files in sorted order, without what `.helmignore` names.
    ///
    /// Symbolic links are followed, but not out of the directory: Helm follows them anywhere, and a chart from a
    /// stranger could so pack private files of whoever packages it (CVE-2019-18658).
    ///
    /// # Errors
    /// An [`ArchiveError`]; the limits are those of packages.
    pub fn read_directory(directory: &Path, limits: &Limits) -> Result<Self, ArchiveError> {
        let root = fs::canonicalize(directory).map_err(|source| unreadable(directory, source))?;
        let rules = read_rules(&root)?;
        let mut walk =
            Walk { root, rules, budget: Budget::new(limits), parents: Vec::new(), files: Vec::new() };
        let root = walk.root.clone();
        walk.visit_directory(&root, "")?;
        assemble(walk.files, 0, Keep::Everything, &walk.budget)
    }
}

impl Chart {
    /// Makes a chart of files that lie in a directory elsewhere, without what its `.helmignore` names.
    ///
    /// # Errors
    /// An [`ArchiveError`]; the limits are those of packages.
    pub fn from_files(files: Vec<File>, limits: &Limits) -> Result<Self, ArchiveError> {
        let ignored = files.iter().find(|file| file.path == IGNORE_FILE);
        let ignored = ignored.map(|file| String::from_utf8_lossy(&file.data).into_owned());
        let rules = ignored.map_or(Ok(IgnoreRules::default()), |text| IgnoreRules::parse(&text))?;
        let mut budget = Budget::new(limits);
        let mut sources = Vec::with_capacity(files.len());
        for file in files {
            budget.count_entry()?;
            let parents = file.path.match_indices('/').map(|(at, _)| &file.path[..at]);
            if rules.ignores(&file.path, false)
                || parents.into_iter().any(|parent| rules.ignores(parent, true))
            {
                continue;
            }
            if file.path.len() > limits.path_bytes {
                return refuse(&file.path, "chart contains a path that is too long");
            }
            budget.count_file(&file.path, file.data.len() as u64)?;
            let file = File { data: without_mark(file.data), ..file };
            sources.push(expand(file, 0, Keep::Everything, &mut budget)?);
        }
        assemble(sources, 0, Keep::Everything, &budget)
    }
}

fn unreadable(path: &Path, source: io::Error) -> ArchiveError {
    ArchiveError::Io { what: path.display().to_string(), source }
}

fn read_rules(root: &Path) -> Result<IgnoreRules, ArchiveError> {
    let path = root.join(IGNORE_FILE);
    match fs::read_to_string(&path) {
        Ok(text) => IgnoreRules::parse(&text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(IgnoreRules::default()),
        Err(source) => Err(unreadable(&path, source)),
    }
}

struct Walk<'a> {
    root: PathBuf,
    rules: IgnoreRules,
    budget: Budget<'a>,
    /// The real paths of the directories around the current one, so that a link to one of them is seen.
    parents: Vec<PathBuf>,
    files: Vec<SourceFile>,
}

impl Walk<'_> {
    /// Visits what is in a directory. `path` is its path in the chart, empty for the root.
    fn visit_directory(&mut self, directory: &Path, path: &str) -> Result<(), ArchiveError> {
        if self.parents.iter().any(|parent| parent == directory) {
            return refuse(path, "chart contains a symbolic link to a directory around it");
        }
        self.parents.push(directory.to_owned());
        for name in sorted_names(directory)? {
            let child = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
            self.visit(&directory.join(&name), &child)?;
        }
        self.parents.pop();
        Ok(())
    }

    fn visit(&mut self, place: &Path, path: &str) -> Result<(), ArchiveError> {
        self.budget.count_entry()?;
        if path.len() > self.budget.limits.path_bytes {
            return refuse(path, "chart contains a path that is too long");
        }
        let target = self.resolve(place, path)?;
        let metadata = fs::metadata(&target).map_err(|source| unreadable(place, source))?;
        if self.rules.ignores(path, metadata.is_dir()) {
            return Ok(());
        }
        if metadata.is_dir() {
            return self.visit_directory(&target, path);
        }
        if !metadata.is_file() {
            return Err(ArchiveError::ForbiddenKind { entry: path.to_owned(), kind: "special file" });
        }
        self.budget.count_file(path, metadata.len())?;
        let file = read_file(&target, path, &metadata)?;
        let source = expand(file, 0, Keep::Everything, &mut self.budget)?;
        self.files.push(source);
        Ok(())
    }

    /// The real place of a file or directory; an error if a link leads out of the chart.
    fn resolve(&self, place: &Path, path: &str) -> Result<PathBuf, ArchiveError> {
        let target = fs::canonicalize(place).map_err(|source| unreadable(place, source))?;
        if !target.starts_with(&self.root) {
            return refuse(path, "chart contains a symbolic link that leaves the chart directory");
        }
        Ok(target)
    }
}

fn refuse<T>(path: &str, rule: &'static str) -> Result<T, ArchiveError> {
    Err(ArchiveError::Path { entry: path.to_owned(), rule })
}

fn sorted_names(directory: &Path) -> Result<Vec<String>, ArchiveError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(|source| unreadable(directory, source))? {
        let name = entry.map_err(|source| unreadable(directory, source))?.file_name();
        match name.into_string() {
            Ok(name) => names.push(name),
            Err(name) => {
                return refuse(&name.to_string_lossy(), "chart contains a file name that is not UTF-8");
            }
        }
    }
    names.sort();
    Ok(names)
}

/// Reads at most as many bytes as were counted, even if the file grows meanwhile.
fn read_file(place: &Path, path: &str, metadata: &OsMetadata) -> Result<File, ArchiveError> {
    let mut data = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default());
    OsFile::open(place)
        .and_then(|file| file.take(metadata.len()).read_to_end(&mut data))
        .map_err(|source| unreadable(place, source))?;
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let modified = modified.map_or(0, |time| i64::try_from(time.as_secs()).unwrap_or_default());
    Ok(File { path: path.to_owned(), data: without_mark(data.into()), modified })
}
