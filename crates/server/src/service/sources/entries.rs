//! From what a source lists to rows.

use chandlery_api::SourceSettings;
use chandlery_chart::file_name;
use chandlery_core::{ChartName, Digest};
use chandlery_source::foreign::{Package, Skipped};
use chandlery_store::external_charts::ExternalVersion;
use jiff::Timestamp;

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
    let Package { name, version, digest, created, metadata, fingerprint, location, .. } = package;
    let skipped = |reason: String| Skipped { name: name.clone(), version: version.clone(), reason };
    let location = location.map_err(skipped)?;
    let file_name = file_name(&name, &version);
    for text in [&name, &file_name] {
        text.parse::<ChartName>().map_err(|error| skipped(error.to_string()))?;
    }
    let digest = digest_of(&digest).map_err(skipped)?;
    let location = serde_json::to_string(&location).map_err(|error| skipped(error.to_string()))?;
    let row = ExternalVersion {
        file_name,
        digest: digest.unwrap_or_else(|| Digest::of(b"")),
        created_at: created_at(&created),
        metadata,
        location,
        fingerprint,
        chart: name,
        version,
    };
    Ok(Entry { version: row, is_digested: digest.is_some() })
}

/// A digest with or without the name of its algorithm; `None` for an entry without.
fn digest_of(told: &str) -> Result<Option<Digest>, String> {
    let text = told.strip_prefix("sha256:").unwrap_or(told);
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| format!("its digest {told:?} is no sha256"))
}

/// When it was made, as the source says; the time of this look for one that does not say.
fn created_at(told: &chandlery_chart::Timestamp) -> Timestamp {
    let said = told.as_str().parse().ok();
    said.filter(|time: &Timestamp| *time > Timestamp::UNIX_EPOCH).unwrap_or_else(Timestamp::now)
}
