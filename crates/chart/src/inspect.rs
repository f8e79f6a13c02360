//! What a store wants to know about a package, without keeping it.

use std::io::Read;

use crate::archive::{ArchiveError, Budget, Limits};
use crate::chart::{Chart, Keep, assemble, collect};
use crate::contents::is_readme;
use crate::lock::Lock;
use crate::metadata::{Metadata, MetadataError};

/// The result of checking a package.
#[derive(Clone, Debug, PartialEq)]
pub struct PackageSummary {
    /// `Chart.yaml`, cleaned and valid.
    pub metadata: Metadata,
    /// `Chart.lock` or `requirements.lock`.
    pub lock: Option<Lock>,
    /// Whether there is a `values.yaml`.
    pub has_values: bool,
    /// Whether there is a `values.schema.json`.
    pub has_schema: bool,
    /// The path of the README, if there is one.
    pub readme: Option<String>,
    /// How many files are under `templates/`, those of subcharts not counted.
    pub template_count: usize,
    /// The charts inside, in the order of their file or directory names, without those inside of them.
    pub subcharts: Vec<SubchartSummary>,
}

/// A chart inside a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubchartSummary {
    /// Its own name.
    pub name: String,
    /// Its own version.
    pub version: String,
}

/// Checks a package as Helm's loader does (and as strictly as a store should, see [`ArchiveError`]) while it streams by:
/// only the files that have to be parsed are held in memory.
///
/// # Errors
/// An [`ArchiveError`] in Helm's words where Helm has an error too. Metadata that Helm could load but not write into an
/// index (control characters in annotations) is refused as well.
pub fn inspect(mut reader: impl Read, limits: &Limits) -> Result<PackageSummary, ArchiveError> {
    let mut budget = Budget::new(limits);
    let files = collect(&mut reader, 0, Keep::Essentials, &mut budget)?;
    let chart = assemble(files, 0, Keep::Essentials, &budget)?;
    chart.metadata.to_yaml().map_err(MetadataError::from)?;
    Ok(summarise(chart))
}

fn summarise(chart: Chart) -> PackageSummary {
    let subchart =
        |chart: Chart| SubchartSummary { name: chart.metadata.name, version: chart.metadata.version };
    PackageSummary {
        has_values: chart.values_file.is_some(),
        has_schema: chart.schema.is_some(),
        readme: chart.files.iter().find(|file| is_readme(&file.path)).map(|file| file.path.clone()),
        template_count: chart.templates.len(),
        subcharts: chart.subcharts.into_iter().map(subchart).collect(),
        lock: chart.lock,
        metadata: chart.metadata,
    }
}
