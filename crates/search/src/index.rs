//! The index: one per process, searched from any thread while one changes it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use chandlery_core::{Error, Result};
use tantivy::indexer::{LogMergePolicy, MergePolicy, NoMergePolicy};
use tantivy::{IndexReader, IndexWriter, TantivyDocument, TantivyError};

use crate::directory::{self, Opened, failure};
use crate::document::{Change, Document};
use crate::plan::Plan;
use crate::query::{Page, Query};
use crate::ranking::{Ranking, page};
use crate::schema::Fields;
use crate::segment::Segment;

/// What the terms of changed documents may take in memory before they are written, in bytes: the least that the library
/// allows, since changes are few.
const CHANGE_HEAP: usize = 15_000_000;

/// The same for all documents: with less there are more parts to merge.
const REBUILD_HEAP: usize = 50_000_000;

/// What a writer is made for.
#[derive(Clone, Copy)]
enum Purpose {
    Changes,
    Rebuild,
}

/// If a search without typing errors finds less than this (over all categories), errors are forgiven. Otherwise those
/// who look for `node` would find every README with `code`.
const FORGIVE_BELOW: usize = 10;

/// The full-text index of apps. All methods block on CPU and disk: a few milliseconds for a search, as long as it takes
/// for changes.
pub struct Index {
    fields: Fields,
    index: tantivy::Index,
    reader: IndexReader,
    folder: Option<PathBuf>,
    /// Held by who changes the index; no search waits for it.
    writing: Mutex<()>,
    generation: Mutex<Option<u64>>,
}

impl Index {
    /// Opens the index in a directory, which is created if need be and may hold other things.
    ///
    /// An index that cannot be read, or that was made by another version of this crate or for another
    /// `source_version`, is removed, and a new one is empty: [`Index::generation`] is `None` then, and all documents are
    /// to be put in with [`Index::rebuild`]. `source_version` is the caller's: it is raised whenever documents are made
    /// differently from the same rows.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] if the directory cannot be written.
    pub fn open(directory: &Path, source_version: u32) -> Result<Self> {
        let fields = Fields::new();
        let folder = directory::folder(directory, source_version);
        let opened = directory::open_or_create(&folder, &fields)?;
        directory::remove_others(directory, &folder)?;
        Ok(Self::with(fields, opened, Some(folder)))
    }

    /// A new index that is gone when it is dropped.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] never in practice.
    pub fn in_memory() -> Result<Self> {
        let fields = Fields::new();
        let builder = tantivy::Index::builder().schema(fields.schema.clone());
        let index = builder.settings(directory::settings()).create_in_ram().map_err(failure)?;
        let opened = directory::prepare(index).map_err(failure)?;
        Ok(Self::with(fields, opened, None))
    }

    fn with(fields: Fields, opened: Opened, folder: Option<PathBuf>) -> Self {
        let Opened { index, reader, generation } = opened;
        Self { fields, index, reader, folder, writing: Mutex::new(()), generation: Mutex::new(generation) }
    }

    /// The generation that was given with the last changes, also of an earlier process; `None` for a new index.
    #[must_use]
    pub fn generation(&self) -> Option<u64> {
        *self.generation.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many documents there are, of both views.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    /// Whether there is no document.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Makes changes, in order, and remembers the generation they lead to: both or neither, also after a crash.
    ///
    /// When it returns, searches see the changes. They may be made again: a document that is put twice is there once.
    /// Meant for a batch of changes, since each call ends with a synced write; it sometimes takes seconds, when many
    /// small parts of the index are made one.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] if the index cannot be written (a full disk, another process that writes it); it is then
    /// as it was before.
    pub fn apply(&self, changes: impl IntoIterator<Item = Change>, generation: u64) -> Result<()> {
        self.write(generation, Purpose::Changes, |writer| {
            for change in changes {
                match change {
                    Change::Put(document) => {
                        writer.delete_term(self.fields.key(document.view, document.id));
                        writer.add_document(self.fields.document(&document))?;
                    }
                    Change::Remove { id, view } => {
                        writer.delete_term(self.fields.key(view, id));
                    }
                }
            }
            Ok(())
        })
    }

    /// Puts these documents in the place of all that are there, and remembers the generation.
    ///
    /// Each id may come once per view. Searches see the old documents until all new ones are in. Documents are taken one by
    /// one, and memory stays bounded however many there are.
    ///
    /// # Errors
    ///
    /// Those of [`Index::apply`], or what `documents` yields; the index is then as it was before.
    pub fn rebuild(
        &self,
        documents: impl IntoIterator<Item = Result<Document>>,
        generation: u64,
    ) -> Result<()> {
        let mut outcome = Ok(());
        let written = self.write(generation, Purpose::Rebuild, |writer| {
            writer.delete_all_documents()?;
            for document in documents {
                match document {
                    Ok(document) => writer.add_document(self.fields.document(&document))?,
                    Err(error) => {
                        outcome = Err(error);
                        return Err(TantivyError::SystemError("no more documents".to_owned()));
                    }
                };
            }
            Ok(())
        });
        outcome.and(written)?;
        self.merge_all()?;
        self.folder.as_deref().map_or(Ok(()), directory::clear_damaged)
    }

    /// Answers a query.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a cursor of another order than the query's. [`Error::Unavailable`] if the index cannot be
    /// read; it is then made anew at the next [`Index::open`], or by [`Index::rebuild`] now.
    pub fn search(&self, query: &Query) -> Result<Page> {
        let ranking = Ranking::new(query)?;
        // The library panics on some damaged files.
        let outcome = catch_unwind(AssertUnwindSafe(|| self.answer(query, &ranking)));
        let error = match outcome {
            Ok(Ok(page)) => return Ok(page),
            Ok(Err(error)) => failure(error),
            Err(_) => Error::Unavailable { what: "the search index".to_owned(), source: None },
        };
        self.folder.as_deref().inspect(|folder| directory::mark_damaged(folder));
        Err(error)
    }

    fn answer(&self, query: &Query, ranking: &Ranking) -> Result<Page, TantivyError> {
        let searcher = self.reader.searcher();
        let mut plan = Plan::new(&query.text);
        loop {
            let found = searcher
                .segment_readers()
                .iter()
                .map(|reader| Segment::new(reader, &self.fields, query.view).search(query, &plan, ranking))
                .collect::<Result<Vec<_>, TantivyError>>()?;
            let enough =
                found.iter().map(|found| found.total_of_all_categories).sum::<usize>() >= FORGIVE_BELOW;
            if enough || !plan.forgive(self.fields.of(query.view).name)? {
                return Ok(page(found, ranking));
            }
        }
    }

    fn write(
        &self,
        generation: u64,
        purpose: Purpose,
        make: impl FnOnce(&IndexWriter) -> Result<(), TantivyError>,
    ) -> Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut writer = self.writer(purpose).map_err(failure)?;
        make(&writer).and_then(|()| commit(&mut writer, generation)).map_err(failure)?;
        *self.generation.lock().unwrap_or_else(PoisonError::into_inner) = Some(generation);
        self.finish(writer)
    }

    /// One part is searched faster than many.
    fn merge_all(&self) -> Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let parts = self.index.searchable_segment_ids().map_err(failure)?;
        if parts.len() < 2 {
            return Ok(());
        }
        let mut writer = self.writer(Purpose::Rebuild).map_err(failure)?;
        writer.merge(&parts).wait().map_err(failure)?;
        self.finish(writer)
    }

    /// The writer exists only while there is something to write: it keeps threads and memory.
    fn writer(&self, purpose: Purpose) -> Result<IndexWriter<TantivyDocument>, TantivyError> {
        let (heap, policy): (usize, Box<dyn MergePolicy>) = match purpose {
            Purpose::Changes => (CHANGE_HEAP, Box::new(merge_policy())),
            // All parts become one at the end.
            Purpose::Rebuild => (REBUILD_HEAP, Box::new(NoMergePolicy)),
        };
        let writer = self.index.writer_with_num_threads(1, heap)?;
        writer.set_merge_policy(policy);
        Ok(writer)
    }

    /// Waits for what the writer does besides, and lets searches use it.
    fn finish(&self, writer: IndexWriter) -> Result<()> {
        self.reader.reload().map_err(failure)?;
        // Now that no search begins on them, files of the former state can go.
        writer.garbage_collect_files().wait().map_err(failure)?;
        writer.wait_merging_threads().map_err(failure)?;
        self.reader.reload().map_err(failure)
    }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").field("folder", &self.folder).field("generation", &self.generation()).finish()
    }
}

fn commit(writer: &mut IndexWriter, generation: u64) -> Result<(), TantivyError> {
    let mut commit = writer.prepare_commit()?;
    commit.set_payload(&generation.to_string());
    commit.commit().map(|_| ())
}

/// Few parts, since each is searched by itself; a large one is written again when a third of it is out of date.
fn merge_policy() -> LogMergePolicy {
    let mut policy = LogMergePolicy::default();
    policy.set_min_num_segments(4);
    policy.set_min_layer_size(5_000);
    policy.set_del_docs_ratio_before_merge(0.3);
    policy
}
