//! Why a package was refused.

use std::io;

use crate::metadata::MetadataError;

/// What is wrong with a package. Texts are Helm's where Helm has one, and name the entry where there is one.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// There are no bytes at all.
    #[error("EOF")]
    Empty,
    /// The bytes end too early.
    #[error("unexpected EOF{}", in_entry(.entry))]
    Truncated {
        /// The entry that is cut, if its header was still whole.
        entry: Option<String>,
    },
    /// The bytes are not gzip.
    #[error("gzip: invalid header")]
    NotGzip,
    /// The checksum or size at the end of the gzip stream does not fit the content.
    #[error("gzip: invalid checksum")]
    Checksum,
    /// The compressed bytes are damaged.
    #[error("flate: corrupt input before offset {offset}")]
    Corrupt {
        /// How many compressed bytes were read by then.
        offset: u64,
    },
    /// The inflated bytes are not a tar archive, or a header of it is damaged.
    #[error("archive/tar: invalid tar header{}", after_entry(.entry))]
    TarHeader {
        /// The last file before the fault, if there was one.
        entry: Option<String>,
    },
    /// The archive has no files.
    #[error("no files in chart archive")]
    NoFiles,
    /// An entry's path is not allowed.
    #[error("{rule}: {entry:?}")]
    Path {
        /// The path as the archive has it.
        entry: String,
        /// The rule it breaks, in Helm's words where Helm has the rule.
        rule: &'static str,
    },
    /// An entry is a link or a special file.
    #[error("chart illegally contains a {kind}: {entry:?}; only files and directories are allowed")]
    ForbiddenKind {
        /// The entry.
        entry: String,
        /// What it is: `symbolic link`, `hard link`, `device`…
        kind: &'static str,
    },
    /// Two entries have the same path.
    #[error("chart contains {entry:?} more than once")]
    Duplicate {
        /// The path below the top directory.
        entry: String,
    },
    /// All files together are too large.
    #[error("decompressed chart is larger than the maximum size {limit}")]
    TooLarge {
        /// [`Limits::total_bytes`](super::Limits::total_bytes).
        limit: u64,
    },
    /// One file is too large.
    #[error("decompressed chart file {entry:?} is larger than the maximum file size {limit}")]
    FileTooLarge {
        /// The file.
        entry: String,
        /// [`Limits::file_bytes`](super::Limits::file_bytes).
        limit: u64,
    },
    /// There are too many entries.
    #[error("chart contains more than {limit} entries")]
    TooManyEntries {
        /// [`Limits::entries`](super::Limits::entries).
        limit: u64,
    },
    /// The archive inflates to far more than a chart does.
    #[error("chart inflates to more than {limit} times its packed size")]
    RatioTooHigh {
        /// [`Limits::ratio`](super::Limits::ratio).
        limit: u64,
    },
    /// Charts are nested too deep.
    #[error("charts are nested more than {limit} deep")]
    TooDeep {
        /// [`Limits::depth`](super::Limits::depth).
        limit: usize,
    },
    /// No `Chart.yaml` below the top directory.
    #[error("Chart.yaml file is missing")]
    NoChartYaml,
    /// A file that the chart is read from does not parse.
    #[error("cannot load {file}: {reason}")]
    Unreadable {
        /// `Chart.yaml`, `values.yaml`, `Chart.lock`, `requirements.yaml`…
        file: &'static str,
        /// Why.
        reason: String,
    },
    /// The metadata breaks a rule of Helm.
    #[error("{0}")]
    Metadata(#[from] MetadataError),
    /// A subchart is wrong.
    #[error("error unpacking subchart {subchart} in {chart}: {source}")]
    Subchart {
        /// The file or directory under `charts/`.
        subchart: String,
        /// The name of the chart that holds it.
        chart: String,
        /// What is wrong with it.
        source: Box<ArchiveError>,
    },
    /// `.helmignore` has a pattern that is not allowed.
    #[error(".helmignore line {line}: {reason}")]
    Ignore {
        /// Counted from 1.
        line: usize,
        /// Why.
        reason: String,
    },
    /// The bytes could not be read. This is not the fault of the package.
    #[error("cannot read {what}: {source}")]
    Io {
        /// The file or `the package`.
        what: String,
        /// The fault.
        source: io::Error,
    },
}

fn in_entry(entry: &Option<String>) -> String {
    entry.as_ref().map(|entry| format!(" in {entry:?}")).unwrap_or_default()
}

fn after_entry(entry: &Option<String>) -> String {
    entry.as_ref().map(|entry| format!(" after {entry:?}")).unwrap_or_default()
}

impl ArchiveError {
    /// Whether the source of the bytes failed, so that the package itself may be sound.
    #[must_use]
    pub fn is_io(&self) -> bool {
        matches!(self, Self::Io { .. })
    }

    /// Whether reading on would cost more than a limit allows, or cannot be done at all.
    pub(crate) fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Io { .. }
                | Self::TooLarge { .. }
                | Self::TooManyEntries { .. }
                | Self::RatioTooHigh { .. }
                | Self::TooDeep { .. }
        )
    }

    /// Names the entry in errors that happened inside one and do not say so yet.
    pub(super) fn in_entry(self, path: &str) -> Self {
        match self {
            Self::Truncated { entry: None } => Self::Truncated { entry: Some(path.to_owned()) },
            Self::TarHeader { entry: None } => Self::TarHeader { entry: Some(path.to_owned()) },
            other => other,
        }
    }
}

impl From<ArchiveError> for chandlery_core::Error {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::Io { what, source } => Self::unavailable(what, source),
            other => Self::invalid("package", other.to_string()),
        }
    }
}
