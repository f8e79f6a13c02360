//! Brings the fragments of one repository up to date, and puts documents together.

use std::collections::HashMap;
use std::path::Path;

use chandlery_core::{Error, RepositoryPath, Result};
use chandlery_store::{Pool, Store, attachments, charts, repositories};
use jiff::Timestamp;

use super::Document;
use super::encoding::Encoding;
use super::fragment::{ChartText, EntryPlace, Links};
use super::fragments::{Fragments, Middle, cache_fault};
use crate::app::STORE_REPOSITORY;
use crate::service::attachments::Pictures;
use crate::service::repositories::Repository;
use crate::service::storefront;

/// What is known of a chart's text.
pub(super) struct Chart {
    /// What its entries have for an icon instead of what their packages say.
    icon: Option<String>,
    /// Where they are in it.
    pub(super) entries: Box<[EntryPlace]>,
}

/// The fragments of a repository.
pub(super) struct Builder {
    repository_id: i64,
    path: RepositoryPath,
    is_default: bool,
    generation: i64,
    changed_at: Timestamp,
    fragments: Fragments<Chart>,
}

impl Builder {
    /// No fragments yet.
    pub(super) fn create(directory: &Path, repository: &Repository) -> Result<Self> {
        Ok(Self {
            repository_id: repository.id,
            path: repository.path.clone(),
            is_default: repository.is_default,
            generation: NEVER,
            changed_at: Timestamp::UNIX_EPOCH,
            fragments: Fragments::create(directory).map_err(cache_fault)?,
        })
    }

    /// The generation of the repository that the fragments are of.
    pub(super) fn generation(&self) -> i64 {
        self.generation
    }

    /// When the repository last changed, as of that generation.
    pub(super) fn changed_at(&self) -> Timestamp {
        self.changed_at
    }

    /// The fragments.
    pub(super) fn fragments(&self) -> &Fragments<Chart> {
        &self.fragments
    }

    /// See [`Fragments::compress`].
    pub(super) fn compress(&mut self, encoding: Encoding) -> Result<()> {
        self.fragments.compress(encoding).map_err(cache_fault)
    }

    /// Reads what changed since the last time.
    pub(super) async fn refresh(&mut self, store: &Store, links: &Links) -> Result<()> {
        let reader = store.database().reader();
        let row = repositories::find_by_id(reader, self.repository_id)
            .await?
            .ok_or_else(|| Error::not_found("repository"))?;
        if self.generation == NEVER {
            let mut icons = self.icons(reader, links, None).await?;
            let mut pager = charts::ChartPager::new(self.repository_id);
            while let Some(chart) = pager.next(reader).await? {
                let icon = icons.remove(&chart.name);
                tokio::task::block_in_place(|| {
                    self.set(&chart.name, row.generation, chart.versions, icon, links)
                })?;
            }
        } else {
            for change in charts::changed_since(reader, self.repository_id, self.generation).await? {
                let versions = charts::versions(reader, self.repository_id, &change.name).await?;
                let icon = self.icons(reader, links, Some(&change.name)).await?.remove(&change.name);
                tokio::task::block_in_place(|| {
                    self.set(&change.name, change.generation, versions, icon, links)
                })?;
            }
        }
        self.fragments.tidy().map_err(cache_fault)?;
        self.generation = row.generation;
        self.changed_at = row.updated_at;
        Ok(())
    }

    /// The addresses of the icons that publishers of the store have uploaded, by chart: of all, or of one.
    async fn icons(
        &self,
        reader: &Pool,
        links: &Links,
        chart: Option<&str>,
    ) -> Result<HashMap<String, String>> {
        if self.path != *STORE_REPOSITORY {
            return Ok(HashMap::new());
        }
        let listings = attachments::listings_with_icons(reader, chart).await?;
        let addressed = listings.into_iter().filter_map(|listing| {
            let path = storefront::app_path(&listing.workspace, &listing.app);
            let icon = Pictures::of(&listing.information).ok()?.icon_path(&path)?;
            Some((listing.chart_name, links.public(&icon)?))
        });
        Ok(addressed.collect())
    }

    fn set(
        &mut self,
        name: &str,
        generation: i64,
        versions: Vec<charts::VersionRow>,
        icon: Option<String>,
        links: &Links,
    ) -> Result<()> {
        if versions.is_empty() {
            self.fragments.retain(|known| known != name);
            return Ok(());
        }
        let base = links.of(&self.path, self.is_default);
        let last = self.fragments.read(name).map_err(cache_fault)?;
        let last = last.as_ref().filter(|(_, about)| about.icon == icon);
        let last = last.map(|(text, about)| (text.as_str(), &*about.entries));
        let ChartText { text, entries } = ChartText::write(name, versions, &base, icon.as_deref(), last)?;
        self.fragments.insert(name, generation, &text, Chart { icon, entries }).map_err(cache_fault)
    }

    /// The whole index in one encoding.
    pub(super) fn document(&mut self, encoding: Encoding, links: &Links) -> Result<Document> {
        self.compress(encoding)?;
        let mut middle = Middle::new(encoding);
        self.fragments.add_to(&mut middle, |_| true);
        middle.into_document(self.changed_at, links)
    }
}

/// The generation of a builder that has read nothing.
const NEVER: i64 = -1;
