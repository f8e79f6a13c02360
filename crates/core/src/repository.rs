//! What the owner of a repository decides.

use serde::{Deserialize, Serialize};

use crate::Visibility;

/// What can be set on a repository. The API shows it and the database keeps it under these names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RepositorySettings {
    /// Who may read it.
    pub visibility: Visibility,
    /// For people.
    pub description: String,
    /// Whether a version that exists may be uploaded again. Versions are immutable by default.
    pub allow_overwrite: bool,
    /// The largest package in bytes; the server's own limit applies as well.
    pub max_package_size: Option<u64>,
    /// How many versions one chart may have; one more is refused with 507.
    pub max_versions_per_chart: Option<u64>,
    /// How many packages and provenance files there may be; one more is refused with 507.
    pub max_storage_objects: Option<u64>,
    /// Retention: an upload removes the oldest uploads of its chart beyond this number.
    pub keep_versions: Option<u64>,
    /// The id that Artifact Hub asks for in `artifacthub-repo.yml`.
    pub artifacthub_repository_id: Option<String>,
}

impl Default for RepositorySettings {
    /// A private repository of immutable versions without limits.
    fn default() -> Self {
        Self {
            visibility: Visibility::Private,
            description: String::new(),
            allow_overwrite: false,
            max_package_size: None,
            max_versions_per_chart: None,
            max_storage_objects: None,
            keep_versions: None,
            artifacthub_repository_id: None,
        }
    }
}
