//! What the store shows.

use std::collections::BTreeMap;

use chandlery_core::{AppName, CategoryName, VersionState, WorkspaceName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Picture;

/// An app of the store in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreApp {
    /// The workspace that publishes it.
    pub workspace: WorkspaceName,
    /// Its name in the workspace.
    pub name: AppName,
    /// The name of its chart, by which Helm pulls it from `/store`.
    pub chart: String,
    /// What people call it.
    pub display_name: String,
    /// What people call it in Chinese; may be empty.
    pub display_name_zh: String,
    /// One or two sentences.
    pub summary: String,
    /// The same in Chinese; may be empty.
    pub summary_zh: String,
    /// Its icon, if its publisher has uploaded one.
    pub icon: Option<Picture>,
    /// Words to find it by.
    pub keywords: Vec<String>,
    /// Its shelf.
    pub category: CategoryName,
    /// Its newest released version.
    pub latest_version: String,
    /// How often its packages were downloaded.
    pub downloads: u64,
    /// When its first version was released.
    pub first_released_at: Timestamp,
    /// When its last version was released.
    pub released_at: Timestamp,
}

/// A page of the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StorePage {
    /// The apps, in the order asked for.
    pub items: Vec<StoreApp>,
    /// The cursor of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// How many apps there are on all pages, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// How many apps each category has of those that were searched for, whichever category was asked for; where that is
    /// known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub categories: Option<BTreeMap<String, u64>>,
}

/// An app of the store, as of its last release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreAppView {
    /// What lists show of it.
    #[serde(flatten)]
    pub app: StoreApp,
    /// What people read of it.
    pub information: StoreInformation,
    /// What it looks like.
    pub screenshots: Vec<Picture>,
    /// The description as HTML that is safe to show.
    pub description_html: String,
    /// The description in Chinese as HTML that is safe to show; may be empty.
    pub description_html_zh: String,
}

/// What people read of an app of the store, besides its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct StoreInformation {
    /// One or two sentences.
    pub summary: String,
    /// The whole introduction, in Markdown.
    pub description: String,
    /// The address of the app's own site.
    pub home: String,
    /// Addresses of its sources.
    pub sources: Vec<String>,
    /// Words to find it by.
    pub keywords: Vec<String>,
    /// Who maintains it.
    pub maintainers: Vec<StoreMaintainer>,
    /// Who provides the service.
    pub provider: String,
    /// The address of who provides the service.
    pub provider_url: String,
    /// The texts in Chinese, where given.
    pub zh: StoreChineseTexts,
}

/// Who maintains an app of the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct StoreMaintainer {
    /// The name.
    pub name: String,
    /// Where to write; may be empty.
    pub email: String,
    /// A page; may be empty.
    pub url: String,
}

/// What people read of an app of the store in Chinese; what is empty is shown in English.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct StoreChineseTexts {
    /// What people call it.
    pub display_name: String,
    /// One or two sentences.
    pub summary: String,
    /// The whole introduction, in Markdown.
    pub description: String,
}

/// The order of the store's apps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StoreSort {
    /// The best match first; with `q` only.
    Relevance,
    /// By the name people read.
    Name,
    /// The last released first.
    Newest,
    /// The most downloaded first; of more than 1,000 matches, the best 1,000.
    Downloads,
}

/// The query of `GET /api/v1/store/apps`: every filter narrows the list.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StoreQuery {
    /// Words to look for, in names, keywords, descriptions and READMEs. Typing errors are forgiven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// On this shelf.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// With this keyword.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyword: Option<String>,
    /// With a maintainer of this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maintainer: Option<String>,
    /// Of this workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    /// The order: `relevance` with `q`, else `name`, unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<StoreSort>,
    /// At most this many items; 100 unless said.
    #[schema(minimum = 1, maximum = 500)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Where the page before this one ended: its `next`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A released version in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreVersion {
    /// The version as `Chart.yaml` spells it.
    pub version: String,
    /// The version of what the chart installs.
    pub app_version: String,
    /// What has changed since the version before.
    pub update_log: String,
    /// The sha256 of the package.
    pub digest: String,
    /// The size of the package in bytes.
    pub size: u64,
    /// Whether there is a provenance file.
    pub signed: bool,
    /// Where the package is.
    pub url: String,
    /// How often it was downloaded.
    pub downloads: u64,
    /// When it was released.
    pub released_at: Timestamp,
}

/// A released version with what is in its package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreVersionView {
    /// What lists show of it.
    #[serde(flatten)]
    pub version: StoreVersion,
    /// `Chart.yaml`.
    pub metadata: serde_json::Value,
    /// The README, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readme: Option<String>,
    /// The README as HTML that is safe to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readme_html: Option<String>,
    /// `values.yaml`, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<String>,
    /// `values.schema.json`, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// All files of the package.
    pub files: Vec<PackageFile>,
}

/// A file of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PackageFile {
    /// Its path in the chart.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// Whether it is no text.
    pub binary: bool,
}

/// The query of a file of a version.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PackageFileQuery {
    /// The path in the chart, such as `templates/service.yaml`.
    pub path: String,
}

/// An app that a search over workspaces found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AppHit {
    /// The workspace.
    pub workspace: WorkspaceName,
    /// Its name in the workspace.
    pub name: AppName,
    /// The name of its chart.
    pub chart: String,
    /// What people call it.
    pub display_name: String,
    /// One or two sentences.
    pub summary: String,
    /// Its shelf.
    pub category: CategoryName,
    /// Follows from the states of its versions.
    pub state: VersionState,
    /// When it, or one of its versions, last changed.
    pub updated_at: Timestamp,
}

/// The query of `GET /api/v1/apps`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppQuery {
    /// Words to look for, in names, keywords, descriptions and READMEs. Typing errors are forgiven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// On this shelf.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// At most this many items; 100 unless said.
    #[schema(minimum = 1, maximum = 500)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Where the page before this one ended: its `next`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}
