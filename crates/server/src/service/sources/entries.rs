//! From what a source lists to rows.

use chandlery_api::SourceSettings;
use chandlery_chart::{IndexEntry, file_name};
use chandlery_core::{ChartName, Digest};
use chandlery_source::foreign::{Package, Skipped};
use chandlery_store::external_charts::ExternalVersion;
use jiff::Timestamp;
use serde::Serialize;

/// Which charts of a source are taken.
pub(super) struct Filter {
    include: Vec<glob::Pattern>,
    exclude: Vec<glob::Pattern>,
}

impl Filter {
    /// What settings that were checked say.
    pub(super) fn new(settings: &SourceSettings) -> Self {
        Self::of(&settings.include, &settings.exclude)
    }

    /// What patterns that were checked say.
    pub(super) fn of(include: &[String], exclude: &[String]) -> Self {
        let patterns =
            |texts: &[String]| texts.iter().filter_map(|text| glob::Pattern::new(text).ok()).collect();
        Self { include: patterns(include), exclude: patterns(exclude) }
    }

    /// Whether a chart of this name is taken.
    pub(super) fn takes(&self, name: &str) -> bool {
        let any = |patterns: &[glob::Pattern]| patterns.iter().any(|pattern| pattern.matches(name));
        (self.include.is_empty() || any(&self.include)) && !any(&self.exclude)
    }
}

/// An entry as a row.
pub(super) struct Entry {
    /// The row.
    pub(super) version: ExternalVersion,
    /// Whether the source told the digest; the row has one of nothing otherwise.
    pub(super) is_digested: bool,
}

/// The row of an entry, or why there is none.
pub(super) fn entry_of(package: Package) -> Result<Entry, Skipped> {
    let Package { name, entry, fingerprint, location, .. } = package;
    let skipped =
        |reason: String| Skipped { name: name.clone(), version: entry.metadata.version.clone(), reason };
    let location = location.map_err(skipped)?;
    let file_name = file_name(&name, &entry.metadata.version);
    for text in [&name, &file_name] {
        text.parse::<ChartName>().map_err(|error| skipped(error.to_string()))?;
    }
    let digest = digest_of(&entry).map_err(skipped)?;
    let version = ExternalVersion {
        version: entry.metadata.version.clone(),
        file_name,
        digest: digest.unwrap_or_else(|| Digest::of(b"")),
        created_at: created_at(&entry),
        metadata: json(&entry.metadata, 1024).map_err(skipped)?,
        location: json(&location, 128).map_err(skipped)?,
        fingerprint,
        chart: name,
    };
    Ok(Entry { version, is_digested: digest.is_some() })
}

/// A value as JSON that is likely to have no more than so many bytes: not to grow the text halves the time it takes.
fn json(value: &impl Serialize, expected: usize) -> Result<String, String> {
    let mut text = Vec::with_capacity(expected);
    serde_json::to_writer(&mut text, value).map_err(|error| error.to_string())?;
    String::from_utf8(text).map_err(|error| error.to_string())
}

/// The digest of an entry, with or without the name of its algorithm; `None` for an entry without.
fn digest_of(entry: &IndexEntry) -> Result<Option<Digest>, String> {
    let text = entry.digest.strip_prefix("sha256:").unwrap_or(&entry.digest);
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| format!("its digest {text:?} is no sha256"))
}

/// When it was made, as the source says; the time of this look for one that does not say.
fn created_at(entry: &IndexEntry) -> Timestamp {
    let said = entry.created.as_str().parse().ok();
    said.filter(|time: &Timestamp| *time > Timestamp::UNIX_EPOCH).unwrap_or_else(Timestamp::now)
}
