//! Brings the fragments of one repository up to date, and puts documents together.

use std::collections::HashMap;
use std::path::Path;

use bytes::Bytes;
use chandlery_core::{Digest, Error, RepositoryPath, Result, Sha256Hasher};
use chandlery_store::{Pool, Store, attachments, charts, repositories};
use http::HeaderValue;
use jiff::Timestamp;

use super::Document;
use super::encoding::{Encoding, GZIP_HEADER, gzip_trailer};
use super::fragment::{self, ChartText, EntryPlace, Links};
use super::layer::{Fragment, Layer};
use crate::app::STORE_REPOSITORY;
use crate::body::Part;
use crate::service::attachments::Pictures;
use crate::service::repositories::Repository;
use crate::service::storefront;

/// What is known of a fragment's text.
struct Text {
    checksum: crc32fast::Hasher,
    digest: Digest,
    /// What its entries have for an icon instead of what their packages say.
    icon: Option<String>,
    entries: Box<[EntryPlace]>,
}

/// The fragments of a repository: their texts, and the compressed forms that somebody asked for.
pub(super) struct Builder {
    repository_id: i64,
    path: RepositoryPath,
    is_default: bool,
    generation: i64,
    changed_at: Timestamp,
    texts: Layer<Text>,
    compressed: [Layer<()>; 2],
}

impl Builder {
    /// No fragments yet.
    pub(super) fn create(directory: &Path, repository: &Repository) -> Result<Self> {
        let layer = || Layer::create(directory).map_err(cache_fault);
        Ok(Self {
            repository_id: repository.id,
            path: repository.path.clone(),
            is_default: repository.is_default,
            generation: NEVER,
            changed_at: Timestamp::UNIX_EPOCH,
            texts: Layer::create(directory).map_err(cache_fault)?,
            compressed: [layer()?, layer()?],
        })
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
        self.texts.tidy().map_err(cache_fault)?;
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
            self.texts.retain(|known| known != name);
            return Ok(());
        }
        let base = links.of(&self.path, self.is_default);
        let last = self.last_text(name).map_err(cache_fault)?;
        let last = last.as_ref().filter(|(_, about)| about.icon == icon);
        let last = last.map(|(text, about)| (text.as_str(), &*about.entries));
        let ChartText { text, entries } = ChartText::write(name, versions, &base, icon.as_deref(), last)?;
        let mut checksum = crc32fast::Hasher::new();
        checksum.update(text.as_bytes());
        let about = Text { checksum, digest: Digest::of(text.as_bytes()), icon, entries };
        self.texts.insert(name, generation, text.as_bytes(), about).map_err(cache_fault)
    }

    /// What was written of a chart before.
    fn last_text(&self, name: &str) -> std::io::Result<Option<(String, &Text)>> {
        let Some(fragment) = self.texts.fragments().get(name) else { return Ok(None) };
        let text = String::from_utf8(self.texts.read(fragment.slot)?).map_err(std::io::Error::other)?;
        Ok(Some((text, &fragment.about)))
    }

    /// The whole index in one encoding.
    pub(super) fn document(&mut self, encoding: Encoding, links: &Links) -> Result<Document> {
        let empty = self.texts.fragments().is_empty();
        let head = fragment::head(empty);
        let tail = fragment::tail(self.changed_at, links.context_path());
        let parts = match encoding {
            Encoding::Identity => framed(head.into(), self.texts.parts(), tail.clone().into()),
            Encoding::Gzip | Encoding::Zstd => {
                self.encoded_parts(encoding, &head, &tail).map_err(cache_fault)?
            }
        };
        Ok(Document {
            generation: self.generation,
            etag: self.etag(encoding, &tail)?,
            length: parts.iter().map(Part::length).sum(),
            parts,
        })
    }

    fn encoded_parts(&mut self, encoding: Encoding, head: &str, tail: &str) -> std::io::Result<Vec<Part>> {
        self.compress(encoding)?;
        let parts = self.layer(encoding).parts();
        let mut first = encoding.encode(head.as_bytes())?;
        let mut last = encoding.encode(tail.as_bytes())?;
        if encoding == Encoding::Gzip {
            first.splice(0..0, GZIP_HEADER);
            let (checksum, length) = self.checksum(head, tail);
            last.extend(gzip_trailer(checksum, length));
        }
        Ok(framed(first.into(), parts, last.into()))
    }

    /// Compresses the fragments that changed since the last time, each once.
    fn compress(&mut self, encoding: Encoding) -> std::io::Result<()> {
        let Self { texts, compressed, .. } = self;
        let layer = &mut compressed[encoding as usize - 1];
        layer.retain(|name| texts.fragments().contains_key(name));
        for (name, Fragment { generation, slot, .. }) in texts.fragments() {
            if !layer.has(name, *generation) {
                layer.insert(name, *generation, &encoding.encode(&texts.read(*slot)?)?, ())?;
            }
        }
        layer.tidy()
    }

    fn layer(&self, encoding: Encoding) -> &Layer<()> {
        &self.compressed[encoding as usize - 1]
    }

    /// The CRC and length of the whole plain document, from those of its pieces.
    fn checksum(&self, head: &str, tail: &str) -> (crc32fast::Hasher, u64) {
        let mut checksum = crc32fast::Hasher::new();
        checksum.update(head.as_bytes());
        let mut length = (head.len() + tail.len()) as u64;
        for fragment in self.texts.fragments().values() {
            checksum.combine(&fragment.about.checksum);
            length += fragment.slot.length;
        }
        checksum.update(tail.as_bytes());
        (checksum, length)
    }

    /// An entity tag that depends on the bytes only, so that replicas agree on it.
    fn etag(&self, encoding: Encoding, tail: &str) -> Result<HeaderValue> {
        let mut hasher = Sha256Hasher::new();
        for fragment in self.texts.fragments().values() {
            hasher.update(fragment.about.digest.as_bytes());
        }
        hasher.update(tail.as_bytes());
        let digest = hasher.finish().to_hex();
        let suffix = encoding.name().map(|name| format!("-{name}")).unwrap_or_default();
        HeaderValue::from_str(&format!("\"{}{suffix}\"", &digest[..32])).map_err(Error::internal)
    }
}

/// The generation of a builder that has read nothing.
const NEVER: i64 = -1;

fn framed(head: Bytes, middle: Vec<Part>, tail: Bytes) -> Vec<Part> {
    let mut parts = vec![Part::Memory(head)];
    parts.extend(middle);
    parts.push(Part::Memory(tail));
    parts
}

fn cache_fault(error: std::io::Error) -> Error {
    Error::unavailable("the index cache in the data directory", error)
}
