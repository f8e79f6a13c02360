//! Reading an index as strictly and as leniently as Helm does.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{IndexEntry, IndexFile, IndexItemContent};
use crate::lock::take_time;
use crate::metadata::{
    MetadataError, ShapeError, Unknown, apply_field, folded, quote, take_bool, take_map, take_text,
    take_texts,
};

/// Why an index was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// There are no bytes.
    #[error("empty index.yaml file")]
    Empty,
    /// There is no `apiVersion`.
    #[error("no API version specified")]
    NoApiVersion,
    /// The text is not YAML, or has a key twice.
    #[error("error converting YAML to JSON: {0}")]
    Yaml(#[from] chandlery_yaml::Error),
    /// A field has the wrong shape, or is unknown.
    #[error("cannot read the index: {0}")]
    Shape(#[from] ShapeError),
}

/// An index, and what was left out of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoadedIndex {
    /// The valid entries, sorted.
    pub index: IndexFile,
    /// One line for each entry that was dropped.
    pub warnings: Vec<String>,
}

impl IndexFile {
    /// Reads an index: JSON if it is JSON (unknown keys ignored), else YAML in which unknown and duplicate keys are
    /// errors. Null and invalid entries are dropped with a warning; the rest is sorted.
    ///
    /// `limits` bound the cost; an index of 100,000 versions has some 6 million nodes.
    ///
    /// # Errors
    /// An [`IndexError`].
    pub fn read(text: &[u8], limits: &chandlery_yaml::Limits) -> Result<LoadedIndex, IndexError> {
        let mut entries: BTreeMap<String, Vec<IndexEntry>> = BTreeMap::new();
        let mut warnings = Vec::new();
        let mut index = Self::stream(text, limits, None, &mut |item| match item.content {
            IndexItemContent::Entry(entry) => match entries.get_mut(item.chart) {
                Some(versions) => versions.push(*entry),
                None => drop(entries.insert(item.chart.to_owned(), vec![*entry])),
            },
            IndexItemContent::Invalid { version, reason } => {
                let chart = quote(item.chart);
                warnings.push(format!("skipping invalid entry of chart {chart} {version}: {reason}"));
            }
            IndexItemContent::Known => {}
        })?;
        index.entries.append(&mut entries);
        index.sort();
        Ok(LoadedIndex { index, warnings })
    }
}

/// Reads one item of a chart's list.
pub(super) fn read_entry(value: Value, unknown: Unknown) -> Result<IndexItemContent, ShapeError> {
    let invalid = |entry: IndexEntry, reason: String| {
        Ok(IndexItemContent::Invalid { version: entry.metadata.version, reason })
    };
    if value.is_null() {
        return invalid(IndexEntry::default(), "empty entry".to_owned());
    }
    let mut entry = IndexEntry::default();
    for (key, value) in take_map(value)?.unwrap_or_default() {
        match take_entry_field(&mut entry, &key, value, unknown) {
            Err(error @ ShapeError::NullNode { .. }) => return invalid(entry, error.to_string()),
            other => other.map_err(|error| error.below(&key))?,
        }
    }
    entry.metadata.default_api_version();
    match entry.metadata.validate() {
        Ok(()) | Err(MetadataError::DuplicateDependency(_)) => Ok(IndexItemContent::Entry(Box::new(entry))),
        Err(error) => invalid(entry, error.to_string()),
    }
}

fn take_entry_field(
    entry: &mut IndexEntry,
    key: &str,
    value: Value,
    unknown: Unknown,
) -> Result<(), ShapeError> {
    match &*folded(key) {
        "urls" => take_texts(&mut entry.urls, value),
        "created" => take_time(&mut entry.created, &value),
        "removed" => take_bool(&mut entry.removed, value),
        "digest" => take_text(&mut entry.digest, value),
        "checksum" => take_text(&mut entry.legacy.checksum, value),
        "engine" => take_text(&mut entry.legacy.engine, value),
        "tillerversion" => take_text(&mut entry.legacy.tiller_version, value),
        "url" => take_text(&mut entry.legacy.url, value),
        _ => apply_field(&mut entry.metadata, key, value, unknown),
    }
}
