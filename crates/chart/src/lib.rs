//! Helm charts in and out of bytes: archives, `Chart.yaml`, `index.yaml`, versions and provenance.
//!
//! No network, no database, no async: bytes or readers in, values or bytes out. Where a rule is Helm's, the behaviour
//! was taken from the running program and is pinned by the tests.

mod version;

pub use version::{
    Constraint, ConstraintError, SelectError, Version, VersionError, compare_newest_first, select_version,
};
