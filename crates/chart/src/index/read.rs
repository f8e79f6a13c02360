//! Reading an index as strictly and as leniently as Helm does.

use serde_json::Value;

use super::{IndexEntry, IndexFile};
use crate::lock::take_time;
use crate::metadata::{
    LONGEST_NAME, MetadataError, ShapeError, Unknown, apply_field, quote, take_annotations, take_bool,
    take_map, take_text, take_texts,
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
        if text.is_empty() {
            return Err(IndexError::Empty);
        }
        let (value, unknown) = match parse_json(text, limits) {
            Some(value) => (value, Unknown::Ignore),
            None => {
                let options = chandlery_yaml::Options { strict_duplicates: true, limits: limits.clone() };
                (chandlery_yaml::from_slice(text, &options)?, Unknown::Refuse)
            }
        };
        let mut reader = Reader { unknown, loaded: LoadedIndex::default() };
        reader.take_index(value)?;
        reader.loaded.index.sort();
        if reader.loaded.index.api_version.is_empty() {
            return Err(IndexError::NoApiVersion);
        }
        Ok(reader.loaded)
    }
}

/// The text as JSON, if it is; only what begins like an object is tried.
fn parse_json(text: &[u8], limits: &chandlery_yaml::Limits) -> Option<Value> {
    let plausible = text.trim_ascii_start().starts_with(b"{") && text.len() <= limits.input_bytes;
    plausible.then(|| serde_json::from_slice(text).ok()).flatten()
}

struct Reader {
    unknown: Unknown,
    loaded: LoadedIndex,
}

impl Reader {
    fn take_index(&mut self, value: Value) -> Result<(), ShapeError> {
        for (key, value) in take_map(value)?.unwrap_or_default() {
            self.take_field(&key, value).map_err(|error| error.below(&key))?;
        }
        Ok(())
    }

    fn take_field(&mut self, key: &str, value: Value) -> Result<(), ShapeError> {
        let index = &mut self.loaded.index;
        match key.to_ascii_lowercase().as_str() {
            "apiversion" => take_text(&mut index.api_version, value),
            "generated" => take_time(&mut index.generated, &value),
            "entries" => self.take_entries(value),
            "publickeys" => take_texts(&mut index.public_keys, value),
            "annotations" => take_annotations(&mut index.annotations, value),
            "serverinfo" => {
                index.server_info = take_map(value)?.unwrap_or_default().into_iter().collect();
                Ok(())
            }
            _ => self.unknown.found(),
        }
    }

    fn take_entries(&mut self, value: Value) -> Result<(), ShapeError> {
        for (name, value) in take_map(value)?.unwrap_or_default() {
            if name.len() > LONGEST_NAME {
                self.warn(&name, "", "the name is too long");
                continue;
            }
            let values = match value {
                Value::Null => Vec::new(),
                Value::Array(values) => values,
                other => return Err(ShapeError::new(&name, "a list", &other)),
            };
            let mut entries = Vec::with_capacity(values.len());
            for (position, value) in values.into_iter().enumerate() {
                let entry = self
                    .take_entry(&name, value)
                    .map_err(|error| error.below(&format!("{name}[{position}]")))?;
                entries.extend(entry);
            }
            self.loaded.index.entries.insert(name, entries);
        }
        Ok(())
    }

    /// Reads one item; `None` with a warning if it cannot be used.
    fn take_entry(&mut self, name: &str, value: Value) -> Result<Option<IndexEntry>, ShapeError> {
        if value.is_null() {
            self.warn(name, "", "empty entry");
            return Ok(None);
        }
        let mut entry = IndexEntry::default();
        for (key, value) in take_map(value)?.unwrap_or_default() {
            match self.take_entry_field(&mut entry, &key, value) {
                Err(error @ ShapeError::NullNode { .. }) => {
                    self.warn(name, &entry.metadata.version, &error.to_string());
                    return Ok(None);
                }
                other => other.map_err(|error| error.below(&key))?,
            }
        }
        entry.metadata.default_api_version();
        match entry.metadata.validate() {
            Ok(()) | Err(MetadataError::DuplicateDependency(_)) => Ok(Some(entry)),
            Err(error) => {
                self.warn(name, &entry.metadata.version, &error.to_string());
                Ok(None)
            }
        }
    }

    fn take_entry_field(&self, entry: &mut IndexEntry, key: &str, value: Value) -> Result<(), ShapeError> {
        match key.to_ascii_lowercase().as_str() {
            "urls" => take_texts(&mut entry.urls, value),
            "created" => take_time(&mut entry.created, &value),
            "removed" => take_bool(&mut entry.removed, value),
            "digest" => take_text(&mut entry.digest, value),
            "checksum" => take_text(&mut entry.legacy.checksum, value),
            "engine" => take_text(&mut entry.legacy.engine, value),
            "tillerversion" => take_text(&mut entry.legacy.tiller_version, value),
            "url" => take_text(&mut entry.legacy.url, value),
            _ => apply_field(&mut entry.metadata, key, value, self.unknown),
        }
    }

    fn warn(&mut self, name: &str, version: &str, reason: &str) {
        let chart = quote(name);
        self.loaded.warnings.push(format!("skipping invalid entry of chart {chart} {version}: {reason}"));
    }
}
