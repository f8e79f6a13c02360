//! Virtual repositories: several repositories read as one.

use chandlery_core::{Digest, RepositoryPath};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::RepositoryKind;

/// What a virtual repository merges: to create or replace it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VirtualRequest {
    /// The repositories, the one that comes first before the others: of the same workspace, or public ones of others.
    #[schema(min_items = 1, max_items = 32)]
    pub members: Vec<RepositoryPath>,
    /// Charts that never come from external members, by patterns with `*` and `?` that match capital and small letters
    /// alike. Names that a hosted member has do not either, without being reserved.
    #[schema(max_items = 100)]
    #[serde(default)]
    pub reserved: Vec<String>,
}

/// What a virtual repository merges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VirtualView {
    /// Its members, the one that comes first before the others.
    pub members: Vec<VirtualMember>,
    /// Charts that never come from external members, by patterns.
    pub reserved: Vec<String>,
    /// Grows with every change.
    pub revision: i64,
}

/// A member of a virtual repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VirtualMember {
    /// `workspace/repository`.
    pub path: RepositoryPath,
    /// Where its packages come from.
    pub kind: RepositoryKind,
    /// Whether the caller may read it: its charts are left out for who may not.
    pub readable: bool,
}

/// What everybody who may read a virtual repository may know of what it merges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VirtualSummary {
    /// Its members that the caller may read, the one that comes first before the others.
    pub members: Vec<RepositoryPath>,
}

/// Asks where a chart comes from.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolveQuery {
    /// The chart.
    pub chart: String,
    /// One version of it; all if it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Where a chart of a virtual repository comes from, as the caller sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResolvedChart {
    /// The chart.
    pub chart: String,
    /// The reserved pattern that it matches.
    pub reserved_by: Option<String>,
    /// Its versions that are served, newest first.
    pub versions: Vec<ResolvedVersion>,
    /// Versions of members that are not served, and why.
    pub shadowed: Vec<Shadowed>,
}

/// A version, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResolvedVersion {
    /// The version.
    pub version: String,
    /// The member that it comes from.
    pub member: RepositoryPath,
    /// Its package.
    pub digest: Digest,
}

/// A version of a member that is not served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Shadowed {
    /// The version.
    pub version: String,
    /// The member that has it.
    pub member: RepositoryPath,
    /// The package that it has.
    pub digest: Digest,
    /// Why it is not served.
    pub because: ShadowedBecause,
}

/// Why a version of a member is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ShadowedBecause {
    /// A member before it has the same version.
    EarlierMember,
    /// The name is reserved, and the member is external.
    Reserved,
    /// A hosted member has a chart of this name, and the member is external.
    OwnName,
}
