//! Helm charts in and out of bytes: archives, `Chart.yaml`, `index.yaml`, versions and provenance.
//!
//! No network, no database, no async: bytes or readers in, values or bytes out. Where a rule is Helm's, the behaviour
//! was taken from the running program and is pinned by the tests.

mod archive;
mod chart;
pub mod contents;
mod directory;
mod index;
mod inspect;
pub mod lint;
mod lock;
mod metadata;
mod package;
mod provenance;
pub mod render;
pub mod review;
mod starter;
mod timestamp;
mod values;
mod version;

pub use archive::{
    Archive, ArchiveError, File, Limits, TemplatesAndValues, read_file, read_templates, read_values,
};
pub use chart::Chart;
pub use index::{
    DirectoryIndex, DirectoryIndexOptions, EntryFields, IndexEntry, IndexError, IndexFile, IndexItem,
    IndexItemContent, LoadedIndex, SkippedPackage, index_directory, write_chart_header,
    write_document_footer, write_document_header, write_entry,
};
pub use inspect::{PackageSummary, SubchartSummary, inspect};
pub use lock::Lock;
pub use metadata::{Dependency, LegacyFields, Maintainer, Metadata, MetadataError, ShapeError};
pub use package::{PackageError, PackageOptions, file_name};
pub use provenance::{
    ProvenanceError, ProvenanceIdentity, SigningIdentity, Verification, check_provenance, listed_files,
    parse_identity, verify_provenance,
};
pub use starter::starter_files;
pub use timestamp::{Timestamp, TimestampError};
pub use values::parse_values;
pub use version::{
    Constraint, ConstraintError, SelectError, Version, VersionError, compare_newest_first, is_strict_version,
    select_version,
};

/// The most YAML nodes a file of a chart may have. The largest values file of the public charts has a few thousand; an
/// empty map of 4 bytes costs several hundred in memory.
const MOST_NODES: usize = 200_000;

/// The most text that aliases in a file of a chart may copy, in bytes.
const MOST_ALIASED_BYTES: usize = 8 << 20;

/// How the YAML files of a chart are read.
fn yaml_options() -> chandlery_yaml::Options {
    let limits = chandlery_yaml::Limits {
        nodes: MOST_NODES,
        alias_bytes: MOST_ALIASED_BYTES,
        ..chandlery_yaml::Limits::default()
    };
    chandlery_yaml::Options { limits, ..chandlery_yaml::Options::default() }
}
