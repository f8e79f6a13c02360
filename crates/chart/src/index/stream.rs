//! Reading an index item by item, so that its length costs no memory beyond its text.

use std::collections::BTreeMap;

use chandlery_core::{Digest, Sha256Hasher};
use serde_json::Value;
use serde_json::value::RawValue;

use super::read::read_entry;
use super::{IndexEntry, IndexError, IndexFile};
use crate::lock::take_time;
use crate::metadata::{
    LONGEST_NAME, ShapeError, Unknown, folded, take_annotations, take_map, take_text, take_texts,
};

/// One item of the list of a chart in an index.
#[derive(Debug)]
pub struct IndexItem<'i> {
    /// The key of the list, which is the name of the chart for Helm.
    pub chart: &'i str,
    /// A digest of the chart's name and of the item as it is written, if it was asked for: equal ones, equal items.
    pub fingerprint: Option<Digest>,
    /// What it says.
    pub content: IndexItemContent,
}

/// What an item of an index says.
#[derive(Debug)]
pub enum IndexItemContent {
    /// A version that Helm loads.
    Entry(Box<IndexEntry>),
    /// The caller knows the fingerprint; it was not looked at any further.
    Known,
    /// An item that Helm drops.
    Invalid {
        /// Its version as far as it has one.
        version: String,
        /// Why it is dropped.
        reason: String,
    },
}

impl IndexFile {
    /// Reads an index as [`IndexFile::read`] does, and hands out each item when it is read, chart by chart: memory
    /// holds the text and one item. The index that it returns has all charts with empty lists.
    ///
    /// With `is_known` every item gets a fingerprint, and those that the function answers `true` for are not converted.
    ///
    /// What was handed out counts only if this returns an index: a fault may follow.
    ///
    /// # Errors
    /// An [`IndexError`], the same as of `read`.
    pub fn stream(
        text: &[u8],
        limits: &chandlery_yaml::Limits,
        is_known: Option<&dyn Fn(&Digest) -> bool>,
        take: &mut dyn FnMut(IndexItem<'_>),
    ) -> Result<Self, IndexError> {
        if text.is_empty() {
            return Err(IndexError::Empty);
        }
        let mut reader =
            Reader { unknown: Unknown::Ignore, is_known, take, index: Self::default(), fault: None };
        if !reader.take_json(text, limits)? {
            reader.unknown = Unknown::Refuse;
            reader.take_yaml(text, limits)?;
        }
        if let Some(fault) = reader.fault {
            return Err(fault.into());
        }
        if reader.index.api_version.is_empty() {
            return Err(IndexError::NoApiVersion);
        }
        Ok(reader.index)
    }
}

/// Go matches keys in any case.
fn is_entries(key: &str) -> bool {
    key.eq_ignore_ascii_case("entries")
}

struct Reader<'r> {
    unknown: Unknown,
    is_known: Option<&'r dyn Fn(&Digest) -> bool>,
    take: &'r mut dyn FnMut(IndexItem<'_>),
    index: IndexFile,
    /// The first item of a wrong shape; a syntax error further down comes before it.
    fault: Option<ShapeError>,
}

impl Reader<'_> {
    fn take_yaml(&mut self, text: &[u8], limits: &chandlery_yaml::Limits) -> Result<(), IndexError> {
        let options = chandlery_yaml::Options { strict_duplicates: true, limits: limits.clone() };
        let rest = chandlery_yaml::from_slice_in_parts(text, &options, &is_entries, &mut |part| {
            self.take_item(part.name, part.index, part.value, part.source);
        })?;
        for (key, value) in take_map(rest)?.unwrap_or_default() {
            self.take_field(&key, value).map_err(|error| error.below(&key))?;
        }
        Ok(())
    }

    /// Reads the text if it is JSON; only what begins like an object is tried.
    fn take_json(&mut self, text: &[u8], limits: &chandlery_yaml::Limits) -> Result<bool, ShapeError> {
        let plausible = text.trim_ascii_start().starts_with(b"{") && text.len() <= limits.input_bytes;
        let Some(text) = plausible.then(|| str::from_utf8(text).ok()).flatten() else { return Ok(false) };
        let Ok(fields) = serde_json::from_str::<BTreeMap<String, &RawValue>>(text) else { return Ok(false) };
        for (key, raw) in fields {
            let taken = match serde_json::from_str::<BTreeMap<String, &RawValue>>(raw.get()) {
                Ok(charts) if is_entries(&key) => self.take_json_charts(charts),
                _ => to_value(raw).and_then(|value| self.take_field(&key, value)),
            };
            taken.map_err(|error| error.below(&key))?;
        }
        Ok(true)
    }

    fn take_json_charts(&mut self, charts: BTreeMap<String, &RawValue>) -> Result<(), ShapeError> {
        for (name, raw) in charts {
            let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(raw.get()) else {
                self.take_chart(name, to_value(raw)?)?;
                continue;
            };
            for (place, item) in items.into_iter().enumerate() {
                self.take_item(&name, place, to_value(item)?, Some(item.get()));
            }
            self.take_chart(name, Value::Null)?;
        }
        Ok(())
    }

    fn take_item(&mut self, chart: &str, place: usize, value: Value, source: Option<&str>) {
        if chart.len() > LONGEST_NAME || self.fault.is_some() {
            return;
        }
        let fingerprint = match self.is_known {
            None => None,
            Some(is_known) => {
                let fingerprint = fingerprint(chart, &value, source);
                let is_known = is_known(&fingerprint);
                let fingerprint = Some(fingerprint);
                if is_known {
                    (self.take)(IndexItem { chart, fingerprint, content: IndexItemContent::Known });
                    return;
                }
                fingerprint
            }
        };
        match read_entry(value, self.unknown) {
            Ok(content) => (self.take)(IndexItem { chart, fingerprint, content }),
            Err(error) => self.fault = Some(error.below(&format!("{chart}[{place}]")).below("entries")),
        }
    }

    fn take_field(&mut self, key: &str, value: Value) -> Result<(), ShapeError> {
        let index = &mut self.index;
        match &*folded(key) {
            "apiversion" => take_text(&mut index.api_version, value),
            "generated" => take_time(&mut index.generated, &value),
            "entries" => {
                let charts = take_map(value)?.unwrap_or_default();
                charts.into_iter().try_for_each(|(name, value)| self.take_chart(name, value))
            }
            "publickeys" => take_texts(&mut index.public_keys, value),
            "annotations" => take_annotations(&mut index.annotations, value),
            "serverinfo" => {
                index.server_info = take_map(value)?.unwrap_or_default().into_iter().collect();
                Ok(())
            }
            _ => self.unknown.found(),
        }
    }

    /// Takes a chart of whose items those that `value` has were not handed out yet.
    fn take_chart(&mut self, name: String, value: Value) -> Result<(), ShapeError> {
        if name.len() > LONGEST_NAME {
            let reason = "the name is too long".to_owned();
            let content = IndexItemContent::Invalid { version: String::new(), reason };
            (self.take)(IndexItem { chart: &name, fingerprint: None, content });
            return Ok(());
        }
        let items = match value {
            Value::Null => Vec::new(),
            Value::Array(items) => items,
            other => return Err(ShapeError::new(&name, "a list", &other)),
        };
        for (place, item) in items.into_iter().enumerate() {
            self.take_item(&name, place, item, None);
        }
        self.index.entries.insert(name, Vec::new());
        Ok(())
    }
}

fn to_value(raw: &RawValue) -> Result<Value, ShapeError> {
    serde_json::from_str(raw.get()).map_err(|_| ShapeError::new("", "less nesting", &Value::Null))
}

fn fingerprint(chart: &str, value: &Value, source: Option<&str>) -> Digest {
    let mut hasher = Sha256Hasher::new();
    hasher.update(chart.as_bytes());
    hasher.update(&[0]);
    match source {
        Some(source) => hasher.update(source.as_bytes()),
        None => hasher.update(value.to_string().as_bytes()),
    }
    hasher.finish()
}
