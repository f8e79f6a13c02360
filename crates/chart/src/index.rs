//! `index.yaml`: the list of a repository's packages.

mod directory;
mod read;
mod stream;
mod url;
mod write;

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};

use chandlery_yaml::{Dialect, sort_entries};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::metadata::{LegacyFields, Metadata};
use crate::timestamp::Timestamp;
use crate::version::{Constraint, Version};

pub use directory::{DirectoryIndex, DirectoryIndexOptions, SkippedPackage, index_directory};
pub use read::{IndexError, LoadedIndex};
pub use stream::{IndexItem, IndexItemContent};
pub use write::{EntryFields, write_chart_header, write_document_footer, write_document_header, write_entry};

/// One version of a chart in an index.
///
/// As JSON it has the shape of Helm's JSON index and of ChartMuseum's API: metadata first, then `urls`, `created`,
/// `removed`, `digest`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct IndexEntry {
    /// What the chart says about itself.
    #[serde(flatten)]
    pub metadata: Metadata,
    /// Where the package is; the first is used.
    pub urls: Vec<String>,
    /// When the package came.
    pub created: Timestamp,
    /// Whether it was withdrawn.
    #[serde(skip_serializing_if = "is_false")]
    pub removed: bool,
    /// The sha256 of the package in hex.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub digest: String,
    /// Fields of Helm 2.
    #[serde(flatten)]
    pub legacy: LegacyFields,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_false(value: &bool) -> bool {
    !value
}

/// A whole index.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IndexFile {
    /// Notes of the server, without meaning for Helm.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub server_info: Map<String, Value>,
    /// Always `v1` so far.
    pub api_version: String,
    /// When the index was made.
    pub generated: Timestamp,
    /// The versions of each chart, newest first.
    pub entries: BTreeMap<String, Vec<IndexEntry>>,
    /// Keys of the repository, unused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub public_keys: Vec<String>,
    /// Free keys and values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl IndexFile {
    /// An index without charts.
    #[must_use]
    pub fn new(generated: Timestamp) -> Self {
        Self { api_version: "v1".to_owned(), generated, ..Self::default() }
    }

    /// Adds a version without sorting.
    pub fn push(&mut self, entry: IndexEntry) {
        self.entries.entry(entry.metadata.name.clone()).or_default().push(entry);
    }

    /// Puts the versions of each chart in order: newest first, what is no version last. Equal versions keep their order.
    pub fn sort(&mut self) {
        for entries in self.entries.values_mut() {
            entries.sort_by_cached_key(|entry| NewestFirst(entry.metadata.version.parse().ok()));
        }
    }

    /// Takes over the versions of another index that this one does not have, as `helm repo index --merge` does: a
    /// version that satisfies the other's when read as a range (`1.2.3` for `1.2.3+build`) counts as the same.
    pub fn merge(&mut self, other: Self) {
        let mut known: BTreeMap<String, KnownVersions> = BTreeMap::new();
        for entry in other.entries.into_values().flatten() {
            let name = &entry.metadata.name;
            let versions = known
                .entry(name.clone())
                .or_insert_with(|| KnownVersions::of(self.entries.get(name).map_or(&[], Vec::as_slice)));
            if versions.add(&entry.metadata.version) {
                self.push(entry);
            }
        }
    }

    /// The charts in the order in which Helm writes them.
    #[must_use]
    pub fn charts(&self) -> Vec<(&str, &[IndexEntry])> {
        let mut charts: Vec<_> =
            self.entries.iter().map(|(name, entries)| (name.as_str(), entries.as_slice())).collect();
        sort_entries(&mut charts, Dialect::Compact);
        charts
    }
}

/// The versions of one chart that a merge has seen.
struct KnownVersions {
    texts: HashSet<String>,
    versions: Vec<Version>,
}

impl KnownVersions {
    fn of(entries: &[IndexEntry]) -> Self {
        let texts = entries.iter().map(|entry| entry.metadata.version.clone()).collect();
        let versions = entries.iter().filter_map(|entry| entry.metadata.version.parse().ok()).collect();
        Self { texts, versions }
    }

    /// Adds a version; `false` if it is known.
    fn add(&mut self, text: &str) -> bool {
        let is_known = self.texts.contains(text)
            || text
                .parse::<Constraint>()
                .is_ok_and(|constraint| self.versions.iter().any(|version| constraint.matches(version)));
        if !is_known {
            self.texts.insert(text.to_owned());
            self.versions.extend(text.parse());
        }
        !is_known
    }
}

/// Orders versions newest first and what is none last.
#[derive(PartialEq, Eq)]
struct NewestFirst(Option<Version>);

impl Ord for NewestFirst {
    fn cmp(&self, other: &Self) -> Ordering {
        other.0.cmp(&self.0)
    }
}

impl PartialOrd for NewestFirst {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
