//! The files of a package for whoever looks into it: a list, single files, and what a store shows of a chart.
//!
//! Packages under `charts/` are opened: `charts/redis-1.0.0.tgz/templates/x.yaml` is a file inside one.

use std::io::Read;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::archive::{ArchiveError, Budget, Limits, read_entries};
use crate::chart::is_package;

/// What a file is to the chart that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// `Chart.yaml`, `Chart.lock`, and their ancestors `requirements.yaml` and `requirements.lock`.
    Chart,
    /// `values.yaml`.
    Values,
    /// `values.schema.json`.
    Schema,
    /// The README.
    Readme,
    /// The list of changes.
    Changelog,
    /// The licence.
    License,
    /// A file under `templates/`.
    Template,
    /// A definition under `crds/`.
    Definition,
    /// A chart in an archive under `charts/`.
    Package,
    /// Anything else.
    Other,
}

/// A file of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// The path below the top directory.
    pub path: String,
    /// Its bytes, without a byte order mark.
    pub size: u64,
    /// What it is to the chart it belongs to.
    pub kind: FileKind,
    /// Is it no text?
    pub is_binary: bool,
}

/// The content of a file, up to a size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileContent {
    /// The file.
    pub entry: FileEntry,
    /// Its first bytes; of a text only whole characters.
    pub data: Bytes,
    /// Are these not all?
    pub is_cut: bool,
}

/// What a store shows of a chart itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChartPages {
    /// `README.md`, `README.txt` or `README`, in any case.
    pub readme: Option<FileContent>,
    /// `values.yaml` with its comments.
    pub values: Option<FileContent>,
    /// `values.schema.json`.
    pub schema: Option<FileContent>,
    /// `CHANGELOG.md`, `CHANGES.md` or the like, in any case.
    pub changelog: Option<FileContent>,
    /// `LICENSE` or the like, in any case.
    pub license: Option<FileContent>,
}

/// Lists the files of a package, those of subcharts included, in the order of the archive. A package under `charts/`
/// stands before its files; one that cannot be opened stands alone.
///
/// # Errors
/// An [`ArchiveError`] when the package does not unpack.
pub fn list_files(reader: impl Read, limits: &Limits) -> Result<Vec<FileEntry>, ArchiveError> {
    let mut files = Vec::new();
    walk(reader, limits, &mut |path, kind, data| files.push(entry(path, kind, data)))?;
    Ok(files)
}

/// Reads one file by its path as [`list_files`] tells it, up to `most` bytes.
///
/// # Errors
/// An [`ArchiveError`] when the package does not unpack.
pub fn read_content(
    reader: impl Read,
    path: &str,
    most: usize,
    limits: &Limits,
) -> Result<Option<FileContent>, ArchiveError> {
    let mut found = None;
    walk(reader, limits, &mut |candidate, kind, data| {
        if candidate == path {
            found = Some(content(candidate, kind, data, most));
        }
    })?;
    Ok(found)
}

/// Reads the templates of a chart and of its subcharts, each up to `most` bytes, in the order of the archive.
///
/// # Errors
/// An [`ArchiveError`] when the package does not unpack.
pub fn read_all_templates(
    reader: impl Read,
    most: usize,
    limits: &Limits,
) -> Result<Vec<FileContent>, ArchiveError> {
    let mut templates = Vec::new();
    walk(reader, limits, &mut |path, kind, data| {
        if kind == FileKind::Template {
            templates.push(content(path, kind, data, most));
        }
    })?;
    Ok(templates)
}

/// Reads the texts about a chart, each up to `most` bytes; those of its subcharts are not among them.
///
/// # Errors
/// An [`ArchiveError`] when the package does not unpack.
pub fn read_pages(reader: impl Read, most: usize, limits: &Limits) -> Result<ChartPages, ArchiveError> {
    let mut pages = ChartPages::default();
    walk(reader, limits, &mut |path, kind, data| {
        if path.contains('/') {
            return;
        }
        let page = match kind {
            FileKind::Readme => &mut pages.readme,
            FileKind::Values => &mut pages.values,
            FileKind::Schema => &mut pages.schema,
            FileKind::Changelog => &mut pages.changelog,
            FileKind::License => &mut pages.license,
            _ => return,
        };
        page.get_or_insert_with(|| content(path, kind, data, most));
    })?;
    Ok(pages)
}

/// Sees each file: path, kind and content.
type Visit<'v> = &'v mut dyn FnMut(&str, FileKind, &Bytes);

fn walk(mut reader: impl Read, limits: &Limits, visit: Visit<'_>) -> Result<(), ArchiveError> {
    walk_below(&mut reader, "", 0, &mut Budget::new(limits), visit)
}

fn walk_below(
    source: &mut dyn Read,
    above: &str,
    depth: usize,
    budget: &mut Budget<'_>,
    visit: Visit<'_>,
) -> Result<(), ArchiveError> {
    read_entries(source, depth, budget, &mut |entry, budget| {
        let path = format!("{above}{}", entry.path);
        let is_package = is_package(entry.path);
        let data = entry.content(budget)?;
        visit(&path, if is_package { FileKind::Package } else { kind_of(entry.path) }, &data);
        if !is_package {
            return Ok(());
        }
        match walk_below(&mut &data[..], &format!("{path}/"), depth + 1, budget, visit) {
            Err(error) if error.is_final() => Err(error),
            _ => Ok(()),
        }
    })
}

/// Names of files in the directory of a chart, in lower case and without their extension, and what they are.
const KNOWN: &[(&str, FileKind)] = &[
    ("readme", FileKind::Readme),
    ("changelog", FileKind::Changelog),
    ("changes", FileKind::Changelog),
    ("history", FileKind::Changelog),
    ("license", FileKind::License),
    ("licence", FileKind::License),
    ("copying", FileKind::License),
];

/// The extensions that these may have.
const TEXT_EXTENSIONS: [&str; 3] = ["", "md", "txt"];

/// What a file is by its path below the directory of the outermost chart.
fn kind_of(path: &str) -> FileKind {
    let own = below_charts(path);
    match own {
        "Chart.yaml" | "Chart.lock" | "requirements.yaml" | "requirements.lock" => FileKind::Chart,
        "values.yaml" => FileKind::Values,
        "values.schema.json" => FileKind::Schema,
        _ if own.starts_with("templates/") => FileKind::Template,
        _ if own.starts_with("crds/") => FileKind::Definition,
        _ => {
            let (name, extension) = own.rsplit_once('.').unwrap_or((own, ""));
            let is_text = TEXT_EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known));
            let known = KNOWN.iter().find(|(known, _)| is_text && name.eq_ignore_ascii_case(known));
            known.map_or(FileKind::Other, |(_, kind)| *kind)
        }
    }
}

/// The path below the directory of the innermost chart: `charts/a/charts/b/values.yaml` is the `values.yaml` of `b`.
fn below_charts(path: &str) -> &str {
    let mut own = path;
    while let Some((_, below)) = own.strip_prefix("charts/").and_then(|rest| rest.split_once('/')) {
        own = below;
    }
    own
}

/// Is this the README of a chart, by its path below the chart's directory?
pub(crate) fn is_readme(path: &str) -> bool {
    !path.contains('/') && kind_of(path) == FileKind::Readme
}

fn entry(path: &str, kind: FileKind, data: &Bytes) -> FileEntry {
    FileEntry { path: path.to_owned(), size: data.len() as u64, kind, is_binary: is_binary(data) }
}

/// Text is UTF-8 without the byte 0.
fn is_binary(data: &[u8]) -> bool {
    memchr::memchr(0, data).is_some() || std::str::from_utf8(data).is_err()
}

fn content(path: &str, kind: FileKind, data: &Bytes, most: usize) -> FileContent {
    let entry = entry(path, kind, data);
    let end = match std::str::from_utf8(data) {
        Ok(text) => text.floor_char_boundary(most),
        Err(_) => most.min(data.len()),
    };
    FileContent { entry, data: data.slice(..end), is_cut: end < data.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_by_path() {
        let cases = [
            ("Chart.yaml", FileKind::Chart),
            ("charts/a/Chart.lock", FileKind::Chart),
            ("values.yaml", FileKind::Values),
            ("charts/a/charts/b/values.yaml", FileKind::Values),
            ("ci/values.yaml", FileKind::Other),
            ("values.schema.json", FileKind::Schema),
            ("ReadMe.MD", FileKind::Readme),
            ("README", FileKind::Readme),
            ("readme.rst", FileKind::Other),
            ("docs/README.md", FileKind::Other),
            ("CHANGELOG.md", FileKind::Changelog),
            ("LICENSE", FileKind::License),
            ("templates/_helpers.tpl", FileKind::Template),
            ("charts/a/templates/x.yaml", FileKind::Template),
            ("crds/x.yaml", FileKind::Definition),
            ("charts/README.md", FileKind::Other),
        ];
        for (path, kind) in cases {
            assert_eq!(kind_of(path), kind, "{path}");
        }
    }
}
