//! Where the index lies on disk: `DIRECTORY/apps-FORMAT-SOURCE/`, and nothing else there is ours.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::{fs, io};

use chandlery_core::{Error, Result};
use tantivy::directory::MmapDirectory;
use tantivy::{IndexReader, IndexSettings, ReloadPolicy, TantivyError};

use crate::schema::{FORMAT, Fields, column};

const PREFIX: &str = "apps-";

/// Left behind by a search that failed on what it read, so that the next start does not read it again.
const DAMAGED: &str = "damaged";

/// An index that can be read, and what it holds.
pub(crate) struct Opened {
    pub(crate) index: tantivy::Index,
    pub(crate) reader: IndexReader,
    pub(crate) generation: Option<u64>,
}

/// The folder of an index within a directory that may hold others.
pub(crate) fn folder(directory: &Path, source_version: u32) -> PathBuf {
    directory.join(format!("{PREFIX}{FORMAT}-{source_version}"))
}

/// Opens what is in the folder; makes it anew if that is damaged.
pub(crate) fn open_or_create(folder: &Path, fields: &Fields) -> Result<Opened> {
    if folder.join(DAMAGED).exists() {
        tracing::warn!(folder = %folder.display(), "the search index is marked as damaged and is built anew");
        remove(folder)?;
    }
    open(folder, fields).or_else(|error| {
        tracing::warn!(folder = %folder.display(), %error, "the search index cannot be read and is built anew");
        remove(folder)?;
        open(folder, fields).map_err(failure)
    })
}

/// Removes the indexes of other formats.
pub(crate) fn remove_others(directory: &Path, keep: &Path) -> Result<()> {
    for entry in fs::read_dir(directory).map_err(unavailable)? {
        let path = entry.map_err(unavailable)?.path();
        if path != keep && is_ours(&path) {
            remove(&path)?;
        }
    }
    Ok(())
}

fn is_ours(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let versions = name.strip_prefix(PREFIX).and_then(|versions| versions.split_once('-'));
    let number = |text: &str| text.parse::<u32>().is_ok();
    versions.is_some_and(|(format, source)| number(format) && number(source))
}

/// Notes that the folder is to be made anew at the next start.
pub(crate) fn mark_damaged(folder: &Path) {
    if let Err(error) = fs::write(folder.join(DAMAGED), b"") {
        tracing::warn!(%error, "cannot note that the search index is damaged");
    }
}

/// Takes the note away, when all that was damaged has been replaced.
pub(crate) fn clear_damaged(folder: &Path) -> Result<()> {
    ignore_missing(fs::remove_file(folder.join(DAMAGED)))
}

pub(crate) fn prepare(index: tantivy::Index) -> Result<Opened, TantivyError> {
    let reader = index
        .reader_builder()
        .reload_policy(ReloadPolicy::Manual)
        // Nothing is stored: hits are ids, their rows are in the database.
        .doc_store_cache_num_blocks(0)
        .try_into()?;
    let generation = index.load_metas()?.payload.and_then(|payload| payload.parse().ok());
    Ok(Opened { index, reader, generation })
}

pub(crate) fn settings() -> IndexSettings {
    IndexSettings { docstore_compress_dedicated_thread: false, ..IndexSettings::default() }
}

/// The error of an index that cannot be read or written.
pub(crate) fn failure(error: TantivyError) -> Error {
    Error::unavailable("the search index", error)
}

fn open(folder: &Path, fields: &Fields) -> Result<Opened, TantivyError> {
    fs::create_dir_all(folder)?;
    // The library panics on some damaged files.
    catch_unwind(AssertUnwindSafe(|| {
        let builder = tantivy::Index::builder().schema(fields.schema.clone()).settings(settings());
        let opened = prepare(builder.open_or_create(MmapDirectory::open(folder)?)?)?;
        probe(&opened, fields)?;
        Ok(opened)
    }))
    .unwrap_or_else(|_| Err(TantivyError::SystemError("damaged files".to_owned())))
}

/// Opens all files, which are otherwise opened by the first search that needs them.
fn probe(opened: &Opened, fields: &Fields) -> Result<(), TantivyError> {
    for segment in opened.reader.searcher().segment_readers() {
        for (field, entry) in fields.schema.fields() {
            if entry.is_indexed() {
                segment.inverted_index(field)?;
            }
        }
        segment.fast_fields().str(column::SORT_NAME)?;
        segment.fast_fields().i64(column::ID)?;
    }
    Ok(())
}

fn remove(path: &Path) -> Result<()> {
    ignore_missing(fs::remove_dir_all(path))
}

fn ignore_missing(result: io::Result<()>) -> Result<()> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unavailable(error)),
        _ => Ok(()),
    }
}

fn unavailable(error: io::Error) -> Error {
    Error::unavailable("the search index", error)
}
