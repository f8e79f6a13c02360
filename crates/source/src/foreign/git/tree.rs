//! Charts, packages and addons in the files of a commit.

use chandlery_chart::{Chart, File, Limits, Metadata, PackageOptions, Timestamp};

use super::{Id, Kind, Objects, broken};
use crate::foreign::describe::{ADDON_FILE, addon_metadata, describe};
use crate::foreign::{Code, Failure, PackageKind, Stage};

/// How deep folders are searched.
const DEEPEST: usize = 16;

/// How many files and folders are looked at.
const MOST_ENTRIES: usize = 200_000;

/// The files of a commit.
pub(super) struct Tree<'o> {
    objects: &'o Objects,
    root: Id,
    /// When the commit was made.
    created: Timestamp,
}

/// A chart, package or addon.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) path: String,
    /// Of its folder or file: equal ones, equal content.
    pub(super) id: Id,
}

/// A package that was made or found.
pub(super) struct Packed {
    pub(super) kind: PackageKind,
    pub(super) metadata: Metadata,
    pub(super) created: Timestamp,
    pub(super) bytes: Vec<u8>,
}

/// What an entry of a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Folder,
    File,
    Link,
    /// A sub-module, or what git does not know yet.
    Other,
}

#[derive(Clone, Debug)]
struct Entry {
    name: String,
    mode: Mode,
    id: Id,
}

impl<'o> Tree<'o> {
    /// The files of a commit.
    pub(super) fn of_commit(objects: &'o Objects, commit: Id) -> Result<Self, Failure> {
        let text = objects.get(commit, Kind::Commit)?;
        let text = String::from_utf8_lossy(&text);
        let line = |name: &str| {
            text.lines().take_while(|line| !line.is_empty()).find_map(|line| line.strip_prefix(name))
        };
        let root = line("tree ").and_then(Id::read).ok_or_else(|| broken("a commit has no tree"))?;
        let seconds = line("committer ").and_then(|line| line.rsplit(' ').nth(1)?.parse().ok());
        Ok(Self { objects, root, created: Timestamp::from_unix(seconds.unwrap_or_default(), 0) })
    }

    fn entries(&self, id: Id) -> Result<Vec<Entry>, Failure> {
        let bytes = self.objects.get(id, Kind::Tree)?;
        let mut rest = bytes.as_slice();
        let mut entries = Vec::new();
        while !rest.is_empty() {
            let (entry, after) = read_entry(rest).ok_or_else(|| broken("a folder cannot be read"))?;
            entries.extend(entry);
            rest = after;
        }
        Ok(entries)
    }

    /// The entry at a path.
    fn look_up(&self, path: &str) -> Result<Option<(Mode, Id)>, Failure> {
        let mut at = (Mode::Folder, self.root);
        for name in path.split('/').filter(|name| !name.is_empty()) {
            if at.0 != Mode::Folder {
                return Ok(None);
            }
            match self.entries(at.1)?.into_iter().find(|entry| entry.name == name) {
                Some(entry) => at = (entry.mode, entry.id),
                None => return Ok(None),
            }
        }
        Ok(Some(at))
    }

    /// Whether there is a folder at a path.
    pub(super) fn has(&self, path: &str) -> Result<bool, Failure> {
        Ok(matches!(self.look_up(path)?, Some((Mode::Folder, _))))
    }

    /// What is in the file at a path; `None` if there is no such file.
    pub(super) fn file(&self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        match self.look_up(path)? {
            Some((Mode::File, id)) => self.objects.get(id, Kind::Blob).map(Some),
            _ => Ok(None),
        }
    }

    /// All charts, packages and addons in a folder.
    pub(super) fn find(&self, path: &str) -> Result<Vec<Found>, Failure> {
        let Some((Mode::Folder, id)) = self.look_up(path)? else {
            let cause = format!("there is no folder {path:?} in the repository");
            return Err(Failure::new(Stage::Status, Code::NotARepository, cause, "Check the path."));
        };
        let mut search = Search { found: Vec::new(), seen: 0 };
        self.search(path, id, 0, &mut search)?;
        Ok(search.found)
    }

    fn search(&self, path: &str, id: Id, depth: usize, search: &mut Search) -> Result<(), Failure> {
        let entries = self.entries(id)?;
        search.seen += entries.len();
        if depth > DEEPEST || search.seen > MOST_ENTRIES {
            return Err(Failure::parse(
                format!("the folder has more than {MOST_ENTRIES} files, or folders deeper than {DEEPEST}"),
                "Name the folder with the charts.",
            ));
        }
        let is_file = |entry: &&Entry| entry.mode == Mode::File;
        if entries
            .iter()
            .filter(is_file)
            .any(|entry| matches!(entry.name.as_str(), "Chart.yaml" | ADDON_FILE))
        {
            search.found.push(Found { path: path.to_owned(), id });
            return Ok(());
        }
        for Entry { name, mode, id } in entries {
            let below = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
            match mode {
                Mode::File if name.ends_with(".tgz") => search.found.push(Found { path: below, id }),
                Mode::Folder if !name.starts_with('.') => self.search(&below, id, depth + 1, search)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Makes the package of what is at a path, or tells why there is none. Equal files give equal bytes, whatever the
    /// commit.
    pub(super) fn pack(&self, path: &str, version: Option<&str>) -> Result<Result<Packed, String>, Failure> {
        let (mode, id) = self.look_up(path)?.ok_or_else(|| broken("what was listed is not there"))?;
        if mode == Mode::File {
            let bytes = self.objects.get(id, Kind::Blob)?;
            let created = self.created.clone();
            return Ok(describe(&bytes).map(|(kind, metadata)| Packed { kind, metadata, created, bytes }));
        }
        let mut folder = Folder { tree: self, root: id, files: Vec::new(), length: 0, fault: None };
        folder.read("", id, 0)?;
        if let Some(fault) = folder.fault {
            return Ok(Err(fault));
        }
        Ok(self.write(folder.files, version))
    }

    fn write(&self, mut files: Vec<File>, version: Option<&str>) -> Result<Packed, String> {
        let mut kind = PackageKind::Chart;
        if !files.iter().any(|file| file.path == "Chart.yaml") {
            let addon = files.iter().find(|file| file.path == ADDON_FILE).ok_or("there is no Chart.yaml")?;
            let text = addon_metadata(&addon.data)?.to_yaml().map_err(|error| error.to_string())?;
            files.insert(0, File { path: "Chart.yaml".to_owned(), data: text.into(), modified: 0 });
            kind = PackageKind::Addon;
        }
        let chart = Chart::from_files(files, &Limits::default()).map_err(|error| error.to_string())?;
        if chart.metadata.annotations.contains_key("addon.name") {
            kind = PackageKind::Addon;
        }
        let options = PackageOptions { version: version.map(str::to_owned), ..PackageOptions::default() };
        let chart = chart.prepare_package(&options).map_err(|error| error.to_string())?;
        let mut bytes = Vec::new();
        chart.write_package(Some(0), &mut bytes).map_err(|error| error.to_string())?;
        Ok(Packed { kind, metadata: chart.metadata, created: self.created.clone(), bytes })
    }
}

struct Search {
    found: Vec<Found>,
    seen: usize,
}

/// The files of a chart or addon, as they are read.
struct Folder<'t, 'o> {
    tree: &'t Tree<'o>,
    root: Id,
    files: Vec<File>,
    length: u64,
    /// Why they make no package.
    fault: Option<String>,
}

impl Folder<'_, '_> {
    fn read(&mut self, path: &str, id: Id, depth: usize) -> Result<(), Failure> {
        for Entry { name, mode, id } in self.tree.entries(id)? {
            let below = if path.is_empty() { name } else { format!("{path}/{name}") };
            match mode {
                _ if self.fault.is_some() => break,
                Mode::Folder if depth >= DEEPEST => self.fault = Some(format!("{below} is too deep")),
                Mode::Folder => self.read(&below, id, depth + 1)?,
                Mode::File => self.add(below, id)?,
                Mode::Link => self.follow(below, id)?,
                Mode::Other => {}
            }
        }
        Ok(())
    }

    fn add(&mut self, path: String, id: Id) -> Result<(), Failure> {
        let limits = Limits::default();
        let data = self.tree.objects.get(id, Kind::Blob)?;
        self.length += data.len() as u64;
        if self.length > limits.total_bytes || self.files.len() as u64 >= limits.entries {
            self.fault = Some("it has more files or bytes than a package may have".to_owned());
            return Ok(());
        }
        self.files.push(File { path, data: data.into(), modified: 0 });
        Ok(())
    }

    /// A link to a file of the same folder is that file; any other one is a fault.
    fn follow(&mut self, path: String, id: Id) -> Result<(), Failure> {
        let target = self.tree.objects.get(id, Kind::Blob)?;
        let target = str::from_utf8(&target).ok().and_then(|target| resolve(&path, target));
        let inside = Tree { objects: self.tree.objects, root: self.root, created: self.tree.created.clone() };
        match target.map(|target| inside.look_up(&target)).transpose()? {
            Some(Some((Mode::File, id))) => self.add(path, id),
            _ => {
                self.fault =
                    Some(format!("{path} is a symbolic link that does not lead to a file of the chart"));
                Ok(())
            }
        }
    }
}

/// The path in the same folder that a link names, if it stays there.
fn resolve(link: &str, target: &str) -> Option<String> {
    if target.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = link.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// `MODE NAME\0ID`; an entry whose name no chart can have is left out.
fn read_entry(bytes: &[u8]) -> Option<(Option<Entry>, &[u8])> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    let (head, rest) = (&bytes[..end], bytes.get(end + 1..)?);
    let (id, rest) = rest.split_at_checked(20)?;
    let space = head.iter().position(|byte| *byte == b' ')?;
    let mode = match &head[..space] {
        b"40000" | b"040000" => Mode::Folder,
        b"100644" | b"100755" | b"100664" => Mode::File,
        b"120000" => Mode::Link,
        _ => Mode::Other,
    };
    let name = str::from_utf8(&head[space + 1..]).ok().filter(|name| !name.contains(['/', '\\']));
    let name = name.filter(|name| !matches!(*name, "" | "." | ".." | ".git"));
    let id = Id::try_from(id).ok()?;
    Some((name.map(|name| Entry { name: name.to_owned(), mode, id }), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links() {
        let cases = [
            ("a", "b", Some("b")),
            ("x/a", "../b", Some("b")),
            ("x/a", "./y/../b", Some("x/b")),
            ("a", "../b", None),
            ("x/a", "../../b", None),
            ("a", "/etc/passwd", None),
        ];
        for (link, target, expected) in cases {
            assert_eq!(resolve(link, target).as_deref(), expected, "{link} {target}");
        }
    }
}
