//! `index.yaml` as a view over rows.
//!
//! A repository's index is kept as one fragment per chart, in files; a document is a list of file ranges. A change costs
//! its chart's fragment: the rest of the document stays where it is. What is served is decided by generation numbers: a
//! document serves as long as its generation is the repository's; then the charts that changed since are read from the
//! database. Rows are the truth, all of this can be thrown away.

mod builder;
mod encoding;
mod fragment;
mod layer;
mod pack;

pub(crate) use encoding::Encoding;
pub(crate) use fragment::Links;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chandlery_core::Result;
use http::HeaderValue;

use crate::app::App;
use crate::body::Part;
use crate::service::repositories::Repository;
use builder::Builder;

/// An index in one encoding, ready to be sent.
pub(crate) struct Document {
    generation: i64,
    etag: HeaderValue,
    length: u64,
    parts: Vec<Part>,
}

impl Document {
    /// Names these bytes, this encoding included.
    pub(crate) fn etag(&self) -> &HeaderValue {
        &self.etag
    }

    /// How many bytes there are.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// The bytes.
    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }
}

/// The indexes of all repositories that were asked for.
pub(crate) struct Indexes {
    directory: PathBuf,
    links: Links,
    repositories: RwLock<HashMap<i64, Arc<RepositoryIndex>>>,
}

/// The newest document of one repository in each encoding, and what makes the next.
#[derive(Default)]
struct RepositoryIndex {
    published: [Mutex<Option<Arc<Document>>>; Encoding::ALL.len()],
    builder: tokio::sync::Mutex<Option<Builder>>,
}

impl Indexes {
    /// No index yet; files go to `directory`, which has to exist.
    pub(crate) fn new(directory: PathBuf, links: Links) -> Self {
        Self { directory, links, repositories: RwLock::default() }
    }

    /// How packages are addressed.
    pub(crate) fn links(&self) -> &Links {
        &self.links
    }

    /// The index of a repository as of `repository.generation()` or later. Readers of a document that is new enough
    /// wait for nothing; otherwise the first one brings it up to date and the others wait for that.
    pub(crate) async fn document(
        &self,
        app: &App,
        repository: &Repository,
        encoding: Encoding,
    ) -> Result<Arc<Document>> {
        let index = self.of(repository.id);
        let wanted = repository.generation();
        if let Some(document) = index.published(encoding, wanted) {
            return Ok(document);
        }
        let mut builder = index.builder.lock().await;
        if let Some(document) = index.published(encoding, wanted) {
            return Ok(document);
        }
        let builder = match &mut *builder {
            Some(builder) => builder,
            none => none.insert(Builder::create(&self.directory, repository)?),
        };
        app.metrics.index_refreshes.inc();
        builder.refresh(&app.store, &self.links).await?;
        let document = Arc::new(tokio::task::block_in_place(|| builder.document(encoding, &self.links))?);
        *index.slot(encoding) = Some(document.clone());
        Ok(document)
    }

    /// Forgets a repository that was deleted.
    pub(crate) fn forget(&self, repository_id: i64) {
        self.repositories.write().unwrap_or_else(PoisonError::into_inner).remove(&repository_id);
    }

    fn of(&self, repository_id: i64) -> Arc<RepositoryIndex> {
        let known = {
            let repositories = self.repositories.read().unwrap_or_else(PoisonError::into_inner);
            repositories.get(&repository_id).cloned()
        };
        known.unwrap_or_else(|| {
            let mut repositories = self.repositories.write().unwrap_or_else(PoisonError::into_inner);
            repositories.entry(repository_id).or_default().clone()
        })
    }
}

impl RepositoryIndex {
    fn slot(&self, encoding: Encoding) -> std::sync::MutexGuard<'_, Option<Arc<Document>>> {
        self.published[encoding as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn published(&self, encoding: Encoding, generation: i64) -> Option<Arc<Document>> {
        self.slot(encoding).as_ref().filter(|document| document.generation >= generation).cloned()
    }
}
