//! The chart to examine: its files as they stand, and what the loader makes of them.

use std::fs;
use std::path::Path;

use bytes::Bytes;

use crate::archive::{Archive, ArchiveError, Limits, without_mark};
use crate::chart::Chart;

/// What stands under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    Nothing,
    Directory,
    File,
}

/// A chart to examine.
#[derive(Debug)]
pub struct LintSource {
    /// How the chart itself is called in findings.
    pub(super) place: String,
    /// `Chart.yaml`, or why it cannot be read.
    pub(super) chart_file: Result<Bytes, String>,
    /// Is `Chart.yaml` a directory?
    pub(super) chart_file_is_directory: bool,
    pub(super) values: Option<Bytes>,
    pub(super) schema: Option<Bytes>,
    pub(super) templates: Presence,
    pub(super) crds: Presence,
    /// What the loader says.
    pub(super) chart: Result<Chart, String>,
}

impl LintSource {
    /// The chart in a directory.
    ///
    /// # Errors
    /// It has no `Chart.yaml`; the text is Helm's.
    pub fn of_directory(directory: &Path, limits: &Limits) -> Result<Self, String> {
        let chart_file = directory.join("Chart.yaml");
        let metadata = fs::metadata(&chart_file).map_err(|error| missing(&chart_file, &error))?;
        let place = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
        let read = |name: &str| fs::read(directory.join(name)).ok().map(|bytes| without_mark(bytes.into()));
        Ok(Self {
            chart_file: fs::read(&chart_file).map(Bytes::from).map_err(|error| {
                let chart_file = place.join("Chart.yaml");
                format!("read {}: {}", chart_file.display(), go_text(&error))
            }),
            chart_file_is_directory: metadata.is_dir(),
            place: place.display().to_string(),
            values: read("values.yaml"),
            schema: read("values.schema.json"),
            templates: presence(&directory.join("templates")),
            crds: presence(&directory.join("crds")),
            chart: Chart::read_directory(directory, limits).map_err(|error| error.to_string()),
        })
    }

    /// The chart in a package; `place` is how it is called in findings.
    ///
    /// # Errors
    /// It cannot be unpacked, or has no `Chart.yaml`.
    pub fn of_package(package: &[u8], place: &str, limits: &Limits) -> Result<Self, String> {
        let archive = Archive::read(package, limits).map_err(|error| unreadable(&error))?;
        let file =
            |name: &str| archive.files.iter().rfind(|file| file.path == name).map(|file| file.data.clone());
        let presence = |name: &str| {
            let below = format!("{name}/");
            match () {
                () if archive.files.iter().any(|file| file.path.starts_with(&below)) => Presence::Directory,
                () if file(name).is_some() => Presence::File,
                () => Presence::Nothing,
            }
        };
        let chart_file = file("Chart.yaml").ok_or_else(|| unreadable(&ArchiveError::NoChartYaml))?;
        let mut chart = Chart::read(package, limits).map_err(|error| error.to_string());
        if let Ok(chart) = &mut chart {
            sort_as_directory(chart);
        }
        Ok(Self {
            place: place.to_owned(),
            chart_file: Ok(chart_file),
            chart_file_is_directory: false,
            values: file("values.yaml"),
            schema: file("values.schema.json"),
            templates: presence("templates"),
            crds: presence("crds"),
            chart,
        })
    }
}

/// Helm unpacks the package and examines the directory, where files are found name by name.
fn sort_as_directory(chart: &mut Chart) {
    let key = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
    chart.templates.sort_by_cached_key(|file| key(&file.path));
    chart.files.sort_by_cached_key(|file| key(&file.path));
    chart.subcharts.iter_mut().for_each(sort_as_directory);
}

fn unreadable(error: &ArchiveError) -> String {
    format!("unable to extract tarball: {error}")
}

fn missing(path: &Path, error: &std::io::Error) -> String {
    format!("unable to check Chart.yaml file in chart: stat {}: {}", path.display(), go_text(error))
}

/// The error of the system in Go's words.
fn go_text(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        std::io::ErrorKind::IsADirectory => "is a directory".to_owned(),
        std::io::ErrorKind::NotADirectory => "not a directory".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

fn presence(path: &Path) -> Presence {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Presence::Directory,
        Ok(_) => Presence::File,
        Err(_) => Presence::Nothing,
    }
}
