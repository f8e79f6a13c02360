//! Search over all repositories the caller may read.

use chandlery_core::{ChartName, RepositoryPath};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /api/v1/search`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchQuery {
    /// Words that name, keywords or description contain, whatever their case; empty finds everything.
    #[serde(default)]
    pub q: String,
    /// At most this many hits; 100 unless said.
    #[schema(minimum = 1, maximum = 500)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// The newest version of a chart that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SearchHit {
    /// Where it is.
    pub repository: RepositoryPath,
    /// The chart.
    pub name: ChartName,
    /// Its newest version.
    pub version: String,
    /// The version of the application inside.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub app_version: String,
    /// One line on it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The address of its icon.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub icon: String,
    /// The whole Chart.yaml of that version.
    pub metadata: serde_json::Value,
    /// sha256 of the package.
    pub digest: String,
    /// Addresses of the package, absolute.
    pub urls: Vec<String>,
    /// When it was uploaded.
    pub created: jiff::Timestamp,
}
