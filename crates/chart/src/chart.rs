//! A chart, read as Helm's loader reads it.

use std::collections::BTreeMap;
use std::io::Read;

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::archive::{ArchiveError, Budget, Entry, File, Limits, read_entries};
use crate::lock::Lock;
use crate::metadata::{Metadata, MetadataError};
use crate::values::{check_values, parse_values};

/// A chart with everything in it, its subcharts included.
#[derive(Clone, Debug, Default)]
pub struct Chart {
    /// `Chart.yaml` (and `requirements.yaml` over it), cleaned and valid.
    pub metadata: Metadata,
    /// When `Chart.yaml` was last changed, in seconds since 1970.
    pub modified: i64,
    /// `Chart.lock` or `requirements.lock`.
    pub lock: Option<Lock>,
    /// `values.yaml`, its documents merged.
    pub values: Map<String, Value>,
    /// `values.yaml` as it stands, with comments.
    pub values_file: Option<File>,
    /// `values.schema.json`, not checked.
    pub schema: Option<File>,
    /// The files under `templates/`, in order.
    pub templates: Vec<File>,
    /// All files that have no other place (README, `crds/`, …), in order: what templates see as `.Files`.
    pub files: Vec<File>,
    /// The charts under `charts/`, sorted by their file or directory name. (Helm's order is random.)
    pub subcharts: Vec<Chart>,
}

/// A file of a chart, and what is in it when it is a package.
pub(crate) struct SourceFile {
    pub(crate) file: File,
    pub(crate) nested: Option<Result<Vec<SourceFile>, ArchiveError>>,
}

/// How much of a package is kept in memory: files, and the values made of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// All files.
    Everything,
    /// What decides whether the chart is valid; of other files the path only, and no values.
    Essentials,
}

impl Chart {
    /// Reads a package and the packages inside it.
    ///
    /// # Errors
    /// An [`ArchiveError`] in Helm's words where Helm has an error too.
    pub fn read(mut reader: impl Read, limits: &Limits) -> Result<Self, ArchiveError> {
        let mut budget = Budget::new(limits);
        let files = collect(&mut reader, 0, Keep::Everything, &mut budget)?;
        assemble(files, 0, Keep::Everything, &budget)
    }

    /// The name of the chart.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.metadata.name
    }
}

/// The files of a package, with the packages under `charts/` opened.
pub(crate) fn collect(
    source: &mut dyn Read,
    depth: usize,
    keep: Keep,
    budget: &mut Budget<'_>,
) -> Result<Vec<SourceFile>, ArchiveError> {
    let mut files = Vec::new();
    read_entries(source, depth, budget, &mut |entry, budget| {
        files.push(collect_entry(entry, depth, keep, budget)?);
        Ok(())
    })?;
    Ok(files)
}

fn collect_entry(
    entry: &mut Entry<'_, '_>,
    depth: usize,
    keep: Keep,
    budget: &mut Budget<'_>,
) -> Result<SourceFile, ArchiveError> {
    let wanted = keep == Keep::Everything || place_of(entry.path) != Place::Other;
    let file = if wanted {
        entry.file(budget)?
    } else {
        File { path: entry.path.to_owned(), data: Bytes::new(), modified: entry.modified }
    };
    expand(file, depth, keep, budget)
}

/// Opens the file if it is a package under `charts/`. What is wrong with that package is kept for later, as Helm finds
/// it only after the outer chart proved valid, unless it is a limit.
pub(crate) fn expand(
    mut file: File,
    depth: usize,
    keep: Keep,
    budget: &mut Budget<'_>,
) -> Result<SourceFile, ArchiveError> {
    if place_of(&file.path) != Place::Package {
        return Ok(SourceFile { file, nested: None });
    }
    let data = std::mem::take(&mut file.data);
    match collect(&mut &data[..], depth + 1, keep, budget) {
        Err(error) if error.is_final() => Err(error),
        nested => Ok(SourceFile { file, nested: Some(nested) }),
    }
}

/// What a file means to the chart that holds it, at any depth of subchart directories.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It is parsed.
    Essential,
    /// It is a chart in an archive.
    Package,
    /// It is only kept.
    Other,
}

/// Is the file, by its path, a chart in an archive?
pub(crate) fn is_package(path: &str) -> bool {
    place_of(path) == Place::Package
}

fn place_of(path: &str) -> Place {
    let Some(below_charts) = path.strip_prefix("charts/") else {
        return match path {
            "Chart.yaml" | "Chart.lock" | "values.yaml" | "requirements.yaml" | "requirements.lock" => {
                Place::Essential
            }
            _ => Place::Other,
        };
    };
    match below_charts.split_once('/') {
        _ if below_charts.starts_with(['_', '.']) => Place::Other,
        Some((_, rest)) => place_of(rest),
        None if below_charts.ends_with(".tgz") => Place::Package,
        None => Place::Other,
    }
}

/// Builds a chart from its files. `depth` counts the charts around it. Values are checked either way.
pub(crate) fn assemble(
    files: Vec<SourceFile>,
    depth: usize,
    keep: Keep,
    budget: &Budget<'_>,
) -> Result<Chart, ArchiveError> {
    budget.check_depth(depth)?;
    let mut chart = Chart::default();
    let mut has_metadata = chart.read_chart_yaml(&files)?;
    let mut subcharts: BTreeMap<String, Vec<SourceFile>> = BTreeMap::new();
    for source in files {
        has_metadata |= source.file.path.starts_with("requirements.");
        if let Some((name, source)) = chart.take_file(source, keep)? {
            subcharts.entry(name).or_default().push(source);
        }
    }
    if !has_metadata {
        return Err(ArchiveError::NoChartYaml);
    }
    chart.metadata.validate()?;
    for (name, files) in subcharts {
        let loaded = assemble_subchart(&name, files, depth + 1, keep, budget);
        let subchart = loaded.map_err(|source| match source {
            final_error if final_error.is_final() => final_error,
            source => ArchiveError::Subchart {
                subchart: name.clone(),
                chart: chart.metadata.name.clone(),
                source: Box::new(source),
            },
        })?;
        chart.subcharts.push(subchart);
    }
    Ok(chart)
}

fn assemble_subchart(
    name: &str,
    files: Vec<SourceFile>,
    depth: usize,
    keep: Keep,
    budget: &Budget<'_>,
) -> Result<Chart, ArchiveError> {
    if name.ends_with(".tgz") {
        let first = files.into_iter().next().expect("a subchart has at least one file");
        let nested = first.nested.unwrap_or_else(|| {
            let rule = "a subchart that ends in .tgz must be a package, not a directory";
            Err(ArchiveError::Path { entry: format!("charts/{name}/{}", first.file.path), rule })
        });
        return assemble(nested?, depth, keep, budget);
    }
    // A plain file under charts/ leaves no files, and the error of Helm: "Chart.yaml file is missing".
    let below = files.into_iter().filter(|source| !source.file.path.is_empty()).collect();
    assemble(below, depth, keep, budget)
}

fn unreadable(file: &'static str) -> impl Fn(MetadataError) -> ArchiveError {
    move |error| ArchiveError::Unreadable { file, reason: error.to_string() }
}

impl Chart {
    /// Reads `Chart.yaml` before all others, wherever it stands; `false` if there is none.
    fn read_chart_yaml(&mut self, files: &[SourceFile]) -> Result<bool, ArchiveError> {
        let Some(source) = files.iter().find(|source| source.file.path == "Chart.yaml") else {
            return Ok(false);
        };
        self.metadata.apply_yaml(&source.file.data).map_err(unreadable("Chart.yaml"))?;
        self.metadata.default_api_version();
        self.modified = source.file.modified;
        Ok(true)
    }

    /// Puts a file in its place; gives it back, with the name under `charts/`, when it belongs to a subchart.
    fn take_file(
        &mut self,
        mut source: SourceFile,
        keep: Keep,
    ) -> Result<Option<(String, SourceFile)>, ArchiveError> {
        let file = &source.file;
        let path = file.path.as_str();
        match path {
            "Chart.yaml" => return Ok(None),
            "Chart.lock" => self.lock = Lock::from_yaml(&file.data).map_err(unreadable("Chart.lock"))?,
            "values.yaml" => {
                match keep {
                    Keep::Everything => parse_values(&file.data).map(|values| self.values = values),
                    Keep::Essentials => check_values(&file.data),
                }
                .map_err(unreadable("values.yaml"))?;
                self.values_file = Some(source.file);
            }
            "values.schema.json" => self.schema = Some(source.file),
            "requirements.yaml" => {
                self.metadata.apply_yaml(&file.data).map_err(unreadable("requirements.yaml"))?;
                self.keep_for_v1(source.file);
            }
            "requirements.lock" => {
                self.lock = Lock::from_yaml(&file.data).map_err(unreadable("requirements.lock"))?;
                self.keep_for_v1(source.file);
            }
            _ if path.starts_with("templates/") => self.templates.push(source.file),
            _ if !path.starts_with("charts/") || path.ends_with(".prov") => self.files.push(source.file),
            _ => {
                let below = &path["charts/".len()..];
                let (name, rest) = below.split_once('/').unwrap_or((below, ""));
                if name.starts_with(['_', '.']) {
                    return Ok(None);
                }
                let name = name.to_owned();
                source.file.path = rest.to_owned();
                return Ok(Some((name, source)));
            }
        }
        Ok(None)
    }

    /// The files of the old format are also plain files of a v1 chart.
    fn keep_for_v1(&mut self, file: File) {
        if self.metadata.api_version == "v1" {
            self.files.push(file);
        }
    }
}
