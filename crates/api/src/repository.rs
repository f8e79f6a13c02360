//! Repositories: those that are pushed to, those that come from elsewhere, and those that merge others.

use chandlery_core::{RepositoryPath, RepositorySettings, Visibility};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::{SourceRequest, SourceSummary, VirtualRequest, VirtualSummary};

/// A repository and its settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RepositoryView {
    /// `workspace/repository`.
    pub path: RepositoryPath,
    /// Where its packages come from.
    pub kind: RepositoryKind,
    /// The address to give to `helm repo add`.
    pub url: String,
    /// Settings.
    #[serde(flatten)]
    pub settings: RepositorySettings,
    /// How many charts it holds; a virtual one holds none itself.
    pub charts: u64,
    /// How many versions of charts it holds; a virtual one holds none itself.
    pub versions: u64,
    /// Grows by one with every change of its content; that of a virtual one changes with its members.
    pub generation: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its content or settings last changed.
    pub updated_at: Timestamp,
    /// Where its packages come from; absent for one that is pushed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceSummary>,
    /// What it merges; absent for one with packages of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#virtual: Option<VirtualSummary>,
}

/// Where the packages of a repository come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RepositoryKind {
    /// They are pushed to it.
    Hosted,
    /// They come from its source.
    External,
    /// They are those of its members.
    Virtual,
}

impl RepositoryKind {
    /// The kind as the API spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hosted => "hosted",
            Self::External => "external",
            Self::Virtual => "virtual",
        }
    }
}

/// `POST /api/v1/repositories`. The workspace is created with its first repository.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateRepository {
    /// `workspace/repository`.
    pub path: RepositoryPath,
    /// Settings that differ from the defaults (private, immutable, unlimited).
    #[serde(default)]
    pub settings: UpdateRepository,
    /// Where its packages come from; absent for one that is pushed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceRequest>,
    /// What it merges; absent for one with packages of its own. There is no source then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#virtual: Option<VirtualRequest>,
}

/// `PATCH /api/v1/repositories/{workspace}/{repository}`: what is absent stays, `null` removes a limit.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateRepository {
    /// Who may read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether a version that exists may be uploaded again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_overwrite: Option<bool>,
    /// The largest package in bytes.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub max_package_size: Option<Option<u64>>,
    /// How many versions one chart may have.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub max_versions_per_chart: Option<Option<u64>>,
    /// How many packages and provenance files there may be.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub max_storage_objects: Option<Option<u64>>,
    /// How many of the newest uploads of a chart are kept.
    #[schema(value_type = Option<u64>, minimum = 1)]
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub keep_versions: Option<Option<u64>>,
    /// The id that Artifact Hub asks for.
    #[schema(value_type = Option<String>, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub artifacthub_repository_id: Option<Option<String>>,
}

/// Tells a field that is `null` (`Some(None)`) from one that is absent (`None`, by `default`).
fn present<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

impl UpdateRepository {
    /// Writes what is present into `settings`.
    pub fn apply(self, settings: &mut RepositorySettings) {
        fn set<T>(target: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *target = value;
            }
        }
        set(&mut settings.visibility, self.visibility);
        set(&mut settings.description, self.description);
        set(&mut settings.allow_overwrite, self.allow_overwrite);
        set(&mut settings.max_package_size, self.max_package_size);
        set(&mut settings.max_versions_per_chart, self.max_versions_per_chart);
        set(&mut settings.max_storage_objects, self.max_storage_objects);
        set(&mut settings.keep_versions, self.keep_versions);
        set(&mut settings.artifacthub_repository_id, self.artifacthub_repository_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_removes_and_absence_keeps() {
        let mut settings =
            RepositorySettings { keep_versions: Some(3), max_package_size: Some(9), ..Default::default() };
        let update: UpdateRepository =
            serde_json::from_str(r#"{"keep_versions":null,"visibility":"public"}"#).unwrap();
        update.apply(&mut settings);
        assert_eq!(settings.keep_versions, None);
        assert_eq!(settings.max_package_size, Some(9));
        assert_eq!(settings.visibility, Visibility::Public);
    }

    #[test]
    fn unknown_fields_are_refused() {
        for text in [r#"{"generation":5}"#, r#"{"id":1}"#, r#"{"visibility":"everyone"}"#] {
            assert!(serde_json::from_str::<UpdateRepository>(text).is_err(), "{text}");
        }
    }
}
