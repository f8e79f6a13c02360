//! Apps and their versions.

use chandlery_core::{
    Action, AppName, CategoryName, Digest, PhaseName, RepositoryPath, VersionState, WorkspaceName,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What people read of an app, besides its name. Its workspace edits the draft; the store shows a copy made at release.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AppInformation {
    /// One or two sentences: what lists show. At most 300 characters.
    pub summary: String,
    /// The whole introduction, in Markdown. At most 64 KiB.
    pub description: String,
    /// The address of the app's own site.
    pub home: String,
    /// Addresses of its sources. At most 20.
    pub sources: Vec<String>,
    /// Words to find it by. At most 30, of at most 60 characters.
    pub keywords: Vec<String>,
    /// Who maintains it. At most 30.
    pub maintainers: Vec<AppMaintainer>,
    /// Who provides the service.
    pub provider: String,
    /// The address of who provides the service.
    pub provider_url: String,
    /// The texts in Chinese, where given.
    pub zh: ChineseTexts,
}

/// What people read of an app in Chinese; what is empty is shown in English.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChineseTexts {
    /// What people call it.
    pub display_name: String,
    /// One or two sentences.
    pub summary: String,
    /// The whole introduction, in Markdown.
    pub description: String,
}

/// Somebody who maintains an app.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AppMaintainer {
    /// The name.
    pub name: String,
    /// Where to write; may be empty.
    pub email: String,
    /// A page; may be empty.
    pub url: String,
}

/// A picture of an app, as it is kept: pixels as PNG, whatever was sent, or an SVG.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Picture {
    /// The sha256 of the file, which names it.
    pub digest: Digest,
    /// The path of the file on this server. What it gives never changes, so that it may be kept for good.
    pub url: String,
    /// `image/png` or `image/svg+xml`.
    pub content_type: String,
    /// In pixels; of an SVG what it says about itself, or 0.
    pub width: u32,
    /// In pixels; of an SVG what it says about itself, or 0.
    pub height: u32,
    /// In bytes.
    pub size: u64,
}

/// `PUT /api/v1/workspaces/{workspace}/apps/{app}/screenshots`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderScreenshots {
    /// The digests of all screenshots there are, in the order in which they are to be shown.
    #[schema(max_items = 6)]
    pub screenshots: Vec<Digest>,
}

/// An app as those see it who may work on it or review it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AppView {
    /// The workspace.
    pub workspace: WorkspaceName,
    /// Its name in the workspace.
    pub name: AppName,
    /// The name in the `Chart.yaml` of all its packages.
    pub chart: String,
    /// What people call it.
    pub display_name: String,
    /// The draft of what people read of it.
    pub information: AppInformation,
    /// The draft of its icon.
    pub icon: Option<Picture>,
    /// The drafts of its screenshots, in their order. At most 6.
    pub screenshots: Vec<Picture>,
    /// Its shelf in the store.
    pub category: CategoryName,
    /// Follows from the states of its versions: `active` when one is in the store, `suspended` when one was taken down,
    /// else `draft`.
    pub state: VersionState,
    /// Its newest version, if it has any.
    pub latest_version: Option<String>,
    /// What the caller may do with the app as a whole: `edit`, `suspend`, `recover`, `delete`.
    pub actions: Vec<Action>,
    /// The external repository whose rule made it, if that repository is still there and the caller may read it.
    pub imported_from: Option<RepositoryPath>,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it, or one of its versions, last changed.
    pub updated_at: Timestamp,
    /// Grows with every change of its information; the `ETag` carries it.
    pub revision: i64,
}

/// `PATCH /api/v1/workspaces/{workspace}/apps/{app}`: what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateApp {
    /// What people call it. At most 60 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// What people read of it, whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub information: Option<AppInformation>,
}

/// `POST /api/v1/workspaces/{workspace}/apps` and `…/apps/{app}/versions` with a JSON body: from a package that a
/// repository holds, instead of an upload.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PackageReference {
    /// The repository, which the caller may read.
    pub repository: RepositoryPath,
    /// The chart in it.
    pub chart: String,
    /// Its version.
    pub version: String,
    /// The new app's name; the chart's unless said. Not for versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<AppName>,
    /// What has changed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub update_log: String,
}

/// An app version as those see it who may work on it or review it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AppVersionView {
    /// The workspace.
    pub workspace: WorkspaceName,
    /// The app.
    pub app: AppName,
    /// The version as `Chart.yaml` spells it.
    pub version: String,
    /// The version of what the chart installs.
    pub app_version: String,
    /// Where it is in its lifecycle.
    pub state: VersionState,
    /// What the caller may do with it now.
    pub actions: Vec<Action>,
    /// The submission under way, or the last one.
    pub review: Option<ReviewSummary>,
    /// What its maker says has changed.
    pub update_log: String,
    /// The sha256 of the package.
    pub digest: Digest,
    /// The size of the package in bytes.
    pub size: u64,
    /// Whether there is a provenance file.
    pub signed: bool,
    /// `Chart.yaml`.
    pub metadata: serde_json::Value,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was last released.
    pub released_at: Option<Timestamp>,
    /// Grows with every change; the `ETag` carries it.
    pub revision: i64,
}

/// A submission, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReviewSummary {
    /// Its number.
    pub id: i64,
    /// The state of the version as far as this submission brought it.
    pub state: VersionState,
    /// The phases that were to pass when it was submitted.
    pub phases: Vec<PhaseName>,
    /// The phase under way; none when all have passed.
    pub phase: Option<PhaseName>,
    /// Who submitted it.
    pub submitter: String,
    /// Who reviews it, or did.
    pub reviewer: Option<String>,
    /// The sha256 of the package that is reviewed.
    pub digest: Digest,
    /// When it was submitted.
    pub submitted_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// `PATCH /api/v1/workspaces/{workspace}/apps/{app}/versions/{version}`
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateAppVersion {
    /// What has changed since the version before.
    pub update_log: String,
}

/// The body of every action on a version: `POST …/versions/{version}/{action}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActOnVersion {
    /// The state the caller saw: in any other the action is refused with 409.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_state: Option<VersionState>,
    /// Why; what rejections and an administrator's overrides need. At most 2,000 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// With `submit`: what has changed since the version before, instead of what the version says so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_log: Option<String>,
    /// With `pass`: the phase the caller means, if there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<PhaseName>,
}

/// A review in the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReviewView {
    /// The workspace of the app.
    pub workspace: WorkspaceName,
    /// The app.
    pub app: AppName,
    /// What people call the app.
    pub display_name: String,
    /// The version.
    pub version: String,
    /// The submission.
    #[serde(flatten)]
    pub review: ReviewSummary,
}

/// The query of `GET /api/v1/reviews`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewQuery {
    /// Which: `unprocessed` (submitted or in review), `processed`, or all unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<ReviewStatus>,
    /// At most this many items; 100 unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 500)]
    pub limit: Option<u32>,
    /// Where the page before this one ended: its `next`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A part of the review queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReviewStatus {
    /// Waits for a decision.
    Unprocessed,
    /// Was decided or taken back.
    Processed,
}

/// The query of the lists of a workspace's apps.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppListQuery {
    /// Only apps in this state: `draft`, `active` or `suspended`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<VersionState>,
    /// Only apps on this shelf of the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<CategoryName>,
    /// At most this many items; 100 unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 500)]
    pub limit: Option<u32>,
    /// Where the page before this one ended: its `next`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// The query of a comparison.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompareQuery {
    /// The version to compare with: the older one.
    pub from: String,
}

/// How reviews are done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReviewSettings {
    /// The phases that a submission has to pass, one after the other. One, `review`, unless set; the usual three are
    /// `isv`, `business` and `technical`.
    #[schema(min_items = 1, max_items = 10)]
    pub phases: Vec<PhaseName>,
    /// Whether who submitted a version may review it. Not unless set.
    pub allow_self_review: bool,
    /// The checks of the evidence that refuse a submission when they fail or cannot run: ids such as `render`.
    #[schema(max_items = 50)]
    pub blocking_checks: Vec<String>,
}

impl Default for ReviewSettings {
    fn default() -> Self {
        Self {
            phases: chandlery_core::default_phases(),
            allow_self_review: false,
            blocking_checks: vec!["package".to_owned()],
        }
    }
}
