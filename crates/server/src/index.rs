//! `index.yaml` as a view over rows.
//!
//! A repository's index is kept as one fragment per chart, in files; a document is a list of file ranges. A change costs
//! its chart's fragment: the rest of the document stays where it is. What is served is decided by generation numbers: a
//! document serves as long as its generation is the repository's; then the charts that changed since are read from the
//! database. Rows are the truth, all of this can be thrown away.

mod builder;
mod encoding;
mod fragment;
mod fragments;
mod layer;
mod merged;
mod pack;

pub(crate) use encoding::Encoding;
pub(crate) use fragment::Links;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use chandlery_core::{Error, Result};
use http::HeaderValue;

use crate::app::App;
use crate::body::Part;
use crate::service::repositories::Repository;
use crate::service::virtual_repositories::{Members, Merged, Stamp};
use builder::Builder;
use merged::{Member, Merger};

/// An index in one encoding, ready to be sent.
pub(crate) struct Document {
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
    /// Of virtual repositories, by what their readers may read.
    merged: moka::sync::Cache<(i64, Members), Arc<MergedIndex>>,
}

/// The newest document in each encoding, with what says how new it is.
struct Published<V>([Mutex<Newest<V>>; Encoding::ALL.len()]);

/// A document with what says how new it is; nothing before somebody asked.
type Newest<V> = Option<(V, Arc<Document>)>;

impl<V> Default for Published<V> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

impl<V> Published<V> {
    fn slot(&self, encoding: Encoding) -> MutexGuard<'_, Newest<V>> {
        self.0[encoding as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, encoding: Encoding, is_new: impl FnOnce(&V) -> bool) -> Option<Arc<Document>> {
        self.slot(encoding)
            .as_ref()
            .filter(|(version, _)| is_new(version))
            .map(|(_, document)| document.clone())
    }

    fn set(&self, encoding: Encoding, version: V, document: Document) -> Arc<Document> {
        let document = Arc::new(document);
        *self.slot(encoding) = Some((version, document.clone()));
        document
    }
}

/// The documents of one repository, by its generation, and what makes the next.
#[derive(Default)]
struct RepositoryIndex {
    published: Published<i64>,
    builder: tokio::sync::Mutex<Option<Builder>>,
}

/// The documents of one virtual repository for who may read the same members, and what makes the next.
#[derive(Default)]
struct MergedIndex {
    published: Published<Stamp>,
    merger: tokio::sync::Mutex<Option<Merger>>,
}

impl Indexes {
    /// No index yet; files go to `directory`, which has to exist.
    pub(crate) fn new(directory: PathBuf, links: Links) -> Self {
        // Each pins files of its members as they were when it was made.
        const KEPT: u64 = 64;
        const KEPT_UNUSED: Duration = Duration::from_secs(3600);
        let merged = moka::sync::Cache::builder().max_capacity(KEPT).time_to_idle(KEPT_UNUSED).build();
        Self { directory, links, repositories: RwLock::default(), merged }
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
        let published = || index.published.get(encoding, |generation| *generation >= wanted);
        if let Some(document) = published() {
            return Ok(document);
        }
        let mut builder = index.builder.lock().await;
        if let Some(document) = published() {
            return Ok(document);
        }
        app.metrics.index_refreshes.inc();
        let builder = self.refreshed(app, repository, &mut builder).await?;
        let document = tokio::task::block_in_place(|| builder.document(encoding, &self.links))?;
        Ok(index.published.set(encoding, builder.generation(), document))
    }

    /// The builder of a repository with what changed since the last time.
    async fn refreshed<'a>(
        &self,
        app: &App,
        repository: &Repository,
        builder: &'a mut Option<Builder>,
    ) -> Result<&'a mut Builder> {
        let builder = match builder {
            Some(builder) => builder,
            none => none.insert(Builder::create(&self.directory, repository)?),
        };
        builder.refresh(&app.store, &self.links).await?;
        Ok(builder)
    }

    /// The index of a virtual repository for one caller, of its members as they are now or later. As with
    /// [`Self::document`], nobody waits for a document that is new enough.
    pub(crate) async fn merged(
        &self,
        app: &App,
        merged: &Merged,
        encoding: Encoding,
    ) -> Result<Arc<Document>> {
        let key = (merged.repository().id, merged.readable());
        let index = self.merged.get_with(key, Arc::default);
        let wanted = merged.stamp();
        let published = || index.published.get(encoding, |stamp| stamp.is_as_new_as(&wanted));
        if let Some(document) = published() {
            return Ok(document);
        }
        let mut merger = index.merger.lock().await;
        if let Some(document) = published() {
            return Ok(document);
        }
        app.metrics.index_refreshes.inc();
        let merger = match &mut *merger {
            Some(merger) => merger,
            none => none.insert(Merger::create(&self.directory)?),
        };
        let (stamp, document) = self.merge(app, merged, merger, encoding).await?;
        Ok(index.published.set(encoding, stamp, document))
    }

    /// Brings the members up to date, and makes the document of them while nobody changes their fragments.
    async fn merge(
        &self,
        app: &App,
        merged: &Merged,
        merger: &mut Merger,
        encoding: Encoding,
    ) -> Result<(Stamp, Document)> {
        let mut places: Vec<usize> = merged.counting().places().collect();
        // Everybody locks them in the same order.
        places.sort_unstable_by_key(|place| merged.members()[*place].id);
        let indexes: Vec<_> = places.iter().map(|place| self.of(merged.members()[*place].id)).collect();
        let mut locked = Vec::with_capacity(places.len());
        for (place, index) in places.into_iter().zip(&indexes) {
            let mut builder = index.builder.lock().await;
            let member = &merged.members()[place];
            let is_new = builder.as_ref().is_some_and(|builder| builder.generation() >= member.generation());
            if !is_new {
                match self.refreshed(app, member, &mut builder).await {
                    // It was deleted a moment ago.
                    Err(Error::NotFound(_)) => *builder = None,
                    outcome => drop(outcome?),
                }
            }
            locked.push((place, builder));
        }
        locked.sort_unstable_by_key(|(place, _)| *place);
        let mut members: Vec<Member<'_>> = Vec::with_capacity(locked.len());
        for (place, builder) in &mut locked {
            let id = merged.members()[*place].id;
            members.extend(builder.as_mut().map(|builder| Member { place: *place, id, builder }));
        }
        let known: HashMap<i64, i64> =
            members.iter().map(|member| (member.id, member.builder.generation())).collect();
        let stamp = merged.stamp_with(|member| known.get(&member.id).copied().unwrap_or(i64::MAX));
        let readable = members.iter().filter(|member| merged.readable().contains(member.place));
        let changed_at = readable.map(|member| member.builder.changed_at()).max();
        let changed_at = changed_at.unwrap_or_default().max(merged.repository().updated_at());
        let document = tokio::task::block_in_place(|| {
            merger.document(&mut members, &merged.rule(), changed_at, encoding, &self.links)
        })?;
        Ok((stamp, document))
    }

    /// Forgets a repository that was deleted.
    pub(crate) fn forget(&self, repository_id: i64) {
        self.repositories.write().unwrap_or_else(PoisonError::into_inner).remove(&repository_id);
        let documents = self.merged.iter().filter(|(key, _)| key.0 == repository_id);
        documents.for_each(|(key, _)| self.merged.invalidate(&*key));
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
