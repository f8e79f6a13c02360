//! Chart packages: gzip and tar, read from a stream with every cost bounded.
//!
//! A store is stricter than Helm, which turns links and special files into empty files, lets later entries replace
//! earlier ones and has no limit on entries, nesting or compression ratio: here those are errors. Everything else that
//! Helm reads is read: `\` as separator, several top directories, pax headers, bytes after the end.

mod error;
mod extract;
mod gunzip;
mod header;
mod limits;
mod path;
mod tar;

use std::collections::HashSet;
use std::io::Read;

use bytes::Bytes;

use self::gunzip::Gunzip;
use self::header::Kind;
use self::tar::TarReader;

pub use self::error::ArchiveError;
pub use self::extract::{TemplatesAndValues, read_file, read_templates, read_values};
pub(crate) use self::limits::Budget;
pub use self::limits::Limits;
pub(crate) use self::path::check_written;

/// The byte order mark that Helm strips from every file.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One file of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The path below the chart's own directory, with `/`.
    pub path: String,
    /// The content without a leading byte order mark.
    pub data: Bytes,
    /// When it was last changed, in seconds since 1970.
    pub modified: i64,
}

/// The files of a package in the order of the archive, not yet understood as a chart.
#[derive(Clone, Debug, Default)]
pub struct Archive {
    /// Every file, by its path below the top directory; directories are left out.
    pub files: Vec<File>,
}

impl Archive {
    /// Reads all files of a package; archives under `charts/` stay packed.
    ///
    /// # Errors
    /// An [`ArchiveError`] that names the entry, or [`ArchiveError::Io`] when the reader fails.
    pub fn read(mut reader: impl Read, limits: &Limits) -> Result<Self, ArchiveError> {
        let mut files = Vec::new();
        read_entries(&mut reader, 0, &mut Budget::new(limits), &mut |entry, budget| {
            files.push(entry.file(budget)?);
            Ok(())
        })?;
        Ok(Self { files })
    }
}

/// A file whose content has not been read yet.
pub(crate) struct Entry<'e, 'a> {
    pub(crate) path: &'e str,
    pub(crate) modified: i64,
    tar: &'e mut TarReader<'a>,
}

impl Entry<'_, '_> {
    /// Reads the content, without its byte order mark. An entry whose content is not asked for is skipped.
    pub(crate) fn content(&mut self, budget: &mut Budget<'_>) -> Result<Bytes, ArchiveError> {
        let content = self.tar.read_content(budget).map_err(|error| error.in_entry(self.path))?;
        Ok(without_mark(content.into()))
    }

    /// Reads the whole file.
    pub(crate) fn file(&mut self, budget: &mut Budget<'_>) -> Result<File, ArchiveError> {
        Ok(File { path: self.path.to_owned(), data: self.content(budget)?, modified: self.modified })
    }
}

/// The content without its byte order mark.
pub(crate) fn without_mark(content: Bytes) -> Bytes {
    if content.starts_with(BYTE_ORDER_MARK) { content.slice(BYTE_ORDER_MARK.len()..) } else { content }
}

/// Calls `visit` for each file of the package. `depth` counts the packages around it.
pub(crate) fn read_entries(
    source: &mut dyn Read,
    depth: usize,
    budget: &mut Budget<'_>,
    visit: &mut dyn FnMut(&mut Entry<'_, '_>, &mut Budget<'_>) -> Result<(), ArchiveError>,
) -> Result<(), ArchiveError> {
    budget.check_depth(depth)?;
    let mut tar = TarReader::new(Gunzip::open(source, depth == 0, budget)?);
    let mut seen = HashSet::new();
    let mut last_path: Option<String> = None;
    loop {
        let next = tar.next_entry(budget).map_err(|error| match &last_path {
            Some(path) => error.in_entry(path),
            None => error,
        })?;
        let Some(header) = next else { break };
        let shown = || String::from_utf8_lossy(&header.path).into_owned();
        match header.kind {
            Kind::Directory => continue,
            Kind::Forbidden(kind) => return Err(ArchiveError::ForbiddenKind { entry: shown(), kind }),
            _ => {}
        }
        let path = path::clean(header.path, budget.limits.path_bytes)?;
        budget.count_file(&path, header.size)?;
        if !seen.insert(path.clone()) {
            return Err(ArchiveError::Duplicate { entry: path });
        }
        visit(&mut Entry { path: &path, modified: header.modified, tar: &mut tar }, budget)?;
        last_path = Some(path);
    }
    if seen.is_empty() {
        return Err(ArchiveError::NoFiles);
    }
    tar.check_end(budget)
}
