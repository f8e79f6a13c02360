//! Writing packages as `helm package` does.

mod tar;

use std::collections::HashSet;
use std::io::{self, Write};

use flate2::{Compression, GzBuilder};

use self::tar::TarWriter;
use crate::archive::{Limits, check_written};
use crate::chart::Chart;
use crate::metadata::MetadataError;
use crate::version::{Version, VersionError};

/// The extra field that Helm puts into the gzip header: an id `rr`, a length of 40, and a fixed text.
const HEADER_EXTRA: &[u8] = b"rr\x28\x00aHR0cHM6Ly95b3V0dS5iZS96OVV6MWljandyTQo=";

/// The gzip comment that Helm writes.
const HEADER_COMMENT: &str = "Helm";

/// The operating system byte for "unknown" (RFC 1952), as Go writes it.
const UNKNOWN_SYSTEM: u8 = 255;

/// The name of a package's file: `NAME-VERSION.tgz`, a `+` kept.
#[must_use]
pub fn file_name(name: &str, version: &str) -> String {
    format!("{name}-{version}.tgz")
}

/// What differs in the package from the chart as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageOptions {
    /// The time of every entry in seconds since 1970 (`SOURCE_DATE_EPOCH`); without it the times of the files.
    pub modified: Option<i64>,
    /// Another version.
    pub version: Option<String>,
    /// Another version of the application.
    pub app_version: Option<String>,
}

/// Why no package was written.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The version asked for is none.
    #[error("version {version:?}: {source}")]
    Version {
        /// The text.
        version: String,
        /// Why.
        source: VersionError,
    },
    /// The chart breaks a rule.
    #[error("chart validation: {0}")]
    Metadata(#[from] MetadataError),
    /// Dependencies of `Chart.yaml` are not in the chart.
    #[error(
        "found in Chart.yaml, but missing in charts/ directory: {}; fetch them first (dependency update)",
        .0.join(", ")
    )]
    MissingDependencies(Vec<String>),
    /// The values schema is not JSON.
    #[error("invalid JSON in values.schema.json of chart {0:?}")]
    Schema(String),
    /// A file or subchart has a name that a package cannot hold, so that the chart would be another one when read.
    #[error("cannot package chart {chart:?}: {reason}")]
    Name {
        /// The chart with the file or subchart.
        chart: String,
        /// Which name, and why.
        reason: String,
    },
    /// The bytes could not be written.
    #[error("cannot write the package: {0}")]
    Io(#[from] io::Error),
}

impl Chart {
    /// The names of the dependencies that `Chart.yaml` declares and that are not among the subcharts.
    #[must_use]
    pub fn missing_dependencies(&self) -> Vec<String> {
        let has = |name: &str| self.subcharts.iter().any(|subchart| subchart.name() == name);
        let missing = self.metadata.dependencies.iter().filter(|dependency| !has(&dependency.name));
        missing.map(|dependency| dependency.name.clone()).collect()
    }

    /// The chart with the versions of the options, valid and complete: what [`Chart::write_package`] would write.
    ///
    /// # Errors
    /// [`PackageError::Version`], [`PackageError::Metadata`] and [`PackageError::MissingDependencies`].
    pub fn prepare_package(mut self, options: &PackageOptions) -> Result<Self, PackageError> {
        if let Some(version) = &options.version {
            version
                .parse::<Version>()
                .map_err(|source| PackageError::Version { version: version.clone(), source })?;
            self.metadata.version.clone_from(version);
        }
        if let Some(app_version) = &options.app_version {
            self.metadata.app_version.clone_from(app_version);
        }
        self.metadata.validate()?;
        match self.missing_dependencies() {
            missing if missing.is_empty() => Ok(self),
            missing => Err(PackageError::MissingDependencies(missing)),
        }
    }

    /// Writes the chart as a package, in the order of Helm: `Chart.yaml` (written anew: no comments, no unknown keys),
    /// `Chart.lock`, values, schema, templates, other files, then the subcharts as directories. Equal charts give equal
    /// bytes.
    ///
    /// A subchart that cannot be a directory, because another one has its name, is packed as an archive. (Helm writes
    /// both into one directory.)
    ///
    /// `modified` is the time of every entry in seconds since 1970; without it the times of the files.
    ///
    /// # Errors
    /// [`PackageError::Metadata`], [`PackageError::Schema`], [`PackageError::Name`] and [`PackageError::Io`].
    pub fn write_package(&self, modified: Option<i64>, out: impl Write) -> Result<(), PackageError> {
        let zipped = GzBuilder::new()
            .extra(HEADER_EXTRA)
            .comment(HEADER_COMMENT)
            .operating_system(UNKNOWN_SYSTEM)
            .write(out, Compression::default());
        let mut tar = TarWriter::new(zipped, modified);
        self.write_contents(&mut tar, "")?;
        tar.finish()?.finish()?.flush()?;
        Ok(())
    }

    fn write_contents<W: Write>(&self, tar: &mut TarWriter<W>, prefix: &str) -> Result<(), PackageError> {
        let base = format!("{prefix}{}", self.name());
        let mut append = |name: &str, data: &[u8], modified: i64| {
            let path = format!("{base}/{name}");
            check_written(&path, Limits::default().path_bytes).map_err(|error| self.bad_name(&error))?;
            tar.append(&path, data, modified).map_err(PackageError::from)
        };
        append("Chart.yaml", self.chart_yaml()?.as_bytes(), self.modified)?;
        if let Some(lock) = self.lock.as_ref().filter(|_| self.metadata.api_version == "v2") {
            let text = lock.to_yaml().map_err(MetadataError::from)?;
            append("Chart.lock", text.as_bytes(), lock.generated.unix_seconds())?;
        }
        if let Some(schema) = &self.schema {
            serde_json::from_slice::<serde::de::IgnoredAny>(&schema.data)
                .map_err(|_| PackageError::Schema(self.name().to_owned()))?;
        }
        let own_files = self.values_file.iter().chain(&self.schema).chain(&self.templates).chain(&self.files);
        for file in own_files {
            append(&file.path, &file.data, file.modified)?;
        }
        self.write_subcharts(tar, &format!("{base}/charts/"))
    }

    fn bad_name(&self, reason: &impl ToString) -> PackageError {
        PackageError::Name { chart: self.name().to_owned(), reason: reason.to_string() }
    }

    fn write_subcharts<W: Write>(&self, tar: &mut TarWriter<W>, prefix: &str) -> Result<(), PackageError> {
        let mut taken = HashSet::new();
        for subchart in &self.subcharts {
            let name = subchart.name();
            if name.starts_with(['_', '.']) {
                return Err(
                    self.bad_name(&format!("charts/{name} would be skipped by everybody who reads it"))
                );
            }
            if !name.ends_with(".tgz") && taken.insert(name.to_owned()) {
                subchart.write_contents(tar, prefix)?;
                continue;
            }
            let file_name = subchart.metadata.file_name();
            if !taken.insert(file_name.clone()) {
                return Err(self.bad_name(&format!("it has charts/{file_name} twice")));
            }
            let mut packed = Vec::new();
            subchart.write_package(tar.modified(), &mut packed)?;
            tar.append(&format!("{prefix}{file_name}"), &packed, subchart.modified)?;
        }
        Ok(())
    }

    /// The text of `Chart.yaml`; a v1 chart has its dependencies in `requirements.yaml` only.
    fn chart_yaml(&self) -> Result<String, MetadataError> {
        if self.metadata.api_version != "v1" || self.metadata.dependencies.is_empty() {
            return Ok(self.metadata.to_yaml()?);
        }
        let mut metadata = self.metadata.clone();
        metadata.dependencies.clear();
        Ok(metadata.to_yaml()?)
    }
}
