//! What a reviewer is told. The field names and words are stable: reports are stored and served as JSON.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::bounded::Capped;

/// The form of [`Report`]; another number means that fields have another meaning.
pub const FORMAT: u32 = 1;

/// What was found in a package. As JSON it has less than 1 MiB.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`FORMAT`] when it was made.
    pub format: u32,
    /// When it was made, in RFC 3339.
    pub examined_at: String,
    /// What made it.
    pub engine: Engine,
    /// The version of Kubernetes that was assumed, with a `v`.
    pub kube_version: String,
    /// The namespace that the package was rendered for.
    pub namespace: String,
    /// The package.
    pub package: PackageFacts,
    /// Every check once, in the order of [`CHECKS`].
    pub checks: Vec<Check>,
    /// The images of all objects, by reference; empty if nothing could be rendered.
    pub images: Capped<ImageFacts>,
    /// The objects of an install, in install order: definitions of `crds/`, objects, hooks.
    pub objects: Capped<ObjectFacts>,
    /// The rights that roles and bindings give.
    pub rights: Capped<Right>,
    /// The values that templates read, as paths from the root (`image.tag`).
    pub values_read: Capped<String>,
    /// The sha256, in hex, of what `helm template --include-crds` prints; none if nothing could be rendered. Templates
    /// that differ in every run see a fixed time and chance here.
    pub manifest_digest: Option<String>,
    /// Who signed the package; none if it has no provenance file.
    pub signature: Option<Signature>,
    /// What differs from the released version; none if there is none.
    pub diff: Option<Comparison>,
}

/// What made a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engine {
    /// The version of this program.
    pub version: String,
    /// The Helm whose rules held: `helm3`, `helm4.1`, `helm4.2`, `helm4.3`.
    pub compat: String,
    /// The version of Helm that templates saw.
    pub helm_version: String,
}

/// Which package a report is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageFacts {
    /// The sha256 of its bytes in hex.
    pub digest: String,
    /// Its bytes.
    pub size: u64,
    /// The name of the chart; empty if it cannot be read.
    pub name: String,
    /// The version of the chart; empty if it cannot be read.
    pub version: String,
    /// The version of the application inside.
    pub app_version: String,
}

/// The checks, in the order of a report.
pub const CHECKS: [&str; 14] = [
    "package",
    "lint",
    "schema",
    "render",
    "reproducible",
    "images",
    "cluster_scope",
    "rights",
    "powers",
    "hooks",
    "apis",
    "provenance",
    "secrets",
    "diff",
];

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Which of [`CHECKS`].
    pub id: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The outcome in a sentence; why it did not run.
    pub summary: String,
    /// What was found, the worst first.
    pub findings: Capped<Finding>,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// There is nothing to object to.
    Passed,
    /// A person should look.
    Warned,
    /// Something is wrong.
    Failed,
    /// It could not be told.
    NotRun,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Something to know.
    Info,
    /// Something to look at.
    Warning,
    /// Something that is wrong.
    Error,
}

/// Something that a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// A stable word for what it is: `floating_tag`, `host_path`.
    pub code: String,
    /// The file or template it is in, if it is in one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// The object it is about, as `KIND/NAME` or `KIND/NAMESPACE/NAME`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub object: String,
    /// The field of the object, or the path of the value.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub field: String,
    /// The finding in English.
    pub message: String,
}

/// An image that would run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageFacts {
    /// The full reference: `docker.io/library/nginx:latest`.
    pub reference: String,
    /// Its host.
    pub registry: String,
    /// Its path there.
    pub repository: String,
    /// Its tag; `latest` if it has neither tag nor digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Its digest with the algorithm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The first objects that use it, as in [`Finding::object`].
    pub used_by: Vec<String>,
    /// How many fields name it.
    pub uses: u64,
}

/// Whether objects of a kind have a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// They have.
    Namespaced,
    /// They belong to the whole cluster.
    Cluster,
    /// Neither Kubernetes nor the package defines the kind.
    Unknown,
}

/// An object that would be created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectFacts {
    /// `apps/v1`.
    pub api_version: String,
    /// `Deployment`.
    pub kind: String,
    /// The namespace it names, if it names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// Whether it has a namespace.
    pub scope: Scope,
    /// Is it a hook?
    pub is_hook: bool,
    /// The template or file that makes it.
    pub file: String,
}

/// A right that the package asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Right {
    /// A rule of a role.
    Grant {
        /// The role, as in [`Finding::object`].
        object: String,
        /// The groups of the resources; empty text is the core group, `*` is all.
        api_groups: Vec<String>,
        /// The resources, with subresources as `pods/exec`; `*` is all.
        resources: Vec<String>,
        /// Only objects of these names; all if empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        resource_names: Vec<String>,
        /// Paths of the API server.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        non_resource_urls: Vec<String>,
        /// What may be done; `*` is everything.
        verbs: Vec<String>,
        /// Words for what makes it dangerous: `secrets_read`, `escalate`.
        warnings: Vec<String>,
    },
    /// A role given to somebody.
    Binding {
        /// The binding, as in [`Finding::object`].
        object: String,
        /// The role, as `KIND/NAME`.
        role: String,
        /// To whom, as in [`Finding::object`].
        subjects: Vec<String>,
        /// Words for what makes it dangerous: `cluster_admin`, `everybody`.
        warnings: Vec<String>,
    },
}

/// What is known of the signature of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Whether a key of the keyring made it, over these bytes.
    pub verified: bool,
    /// Whether the signed text lists the sha256 of the package; none if it lists no such file.
    pub digest_matches: Option<bool>,
    /// The identities of the key; empty unless verified.
    pub signed_by: Vec<String>,
    /// The fingerprint of the key in upper-case hex; empty unless verified.
    pub fingerprint: String,
    /// Why it is not verified; empty if it is.
    pub reason: String,
}

/// What differs between two packages. As JSON it has less than 300 KiB.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// The first package.
    pub before: PackageFacts,
    /// The second package.
    pub after: PackageFacts,
    /// `Chart.yaml`, cleaned, as a unified diff; empty if equal.
    pub chart: String,
    /// The values of `values.yaml` that differ, in the order of their paths. What looks like a secret is not shown.
    pub values: Capped<ValueChange>,
    /// The objects that differ when both are rendered with their defaults; definitions of `crds/` are among them.
    pub objects: Capped<ObjectDifference>,
    /// Images that only the second has.
    pub images_added: Capped<String>,
    /// Images that only the first has.
    pub images_removed: Capped<String>,
    /// Rights that only the second asks for.
    pub rights_added: Capped<Right>,
    /// Rights that only the first asks for.
    pub rights_removed: Capped<Right>,
    /// Why objects, images and rights are not compared; empty if they are.
    pub not_compared: Vec<String>,
}

/// What happens to something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Only the second has it.
    Added,
    /// Only the first has it.
    Removed,
    /// It differs.
    Changed,
}

/// A default value that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueChange {
    /// The keys joined by dots; a dot in a key has a backslash before it.
    pub path: String,
    /// What happens to it.
    pub change: Change,
    /// The value of the first as JSON, shortened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The value of the second as JSON, shortened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// An object that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectDifference {
    /// The API group; empty for the core.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The namespace it names, else that of the release.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// What happens to it.
    pub change: Change,
    /// The template or file that makes it.
    pub file: String,
    /// The difference as a unified diff; what Secrets hold is not shown.
    pub diff: String,
    /// Whether lines of the difference were left out.
    #[serde(default)]
    pub is_cut: bool,
}

impl Comparison {
    /// Does nothing differ? Only true if everything could be compared.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let lists = [self.values.is_empty(), self.objects.is_empty(), self.images_added.is_empty()]
            .into_iter()
            .chain([
                self.images_removed.is_empty(),
                self.rights_added.is_empty(),
                self.rights_removed.is_empty(),
            ]);
        self.chart.is_empty() && self.not_compared.is_empty() && lists.into_iter().all(|is_empty| is_empty)
    }
}

impl<T> Capped<T> {
    /// Was there nothing?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty() && self.left_out == 0
    }
}

impl Report {
    /// The check of this name.
    #[must_use]
    pub fn check(&self, id: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.id == id)
    }

    /// Which of these checks forbid to go on: those that failed or did not run, and names that no check has.
    #[must_use]
    pub fn blocked_by(&self, ids: &[impl AsRef<str>]) -> Vec<Cow<'_, Check>> {
        let blocker = |id: &str| match self.check(id) {
            Some(check) => check.blocks().then_some(Cow::Borrowed(check)),
            None => Some(Cow::Owned(Check {
                id: id.to_owned(),
                outcome: Outcome::NotRun,
                summary: "there is no check of this name".to_owned(),
                findings: Capped::default(),
            })),
        };
        ids.iter().filter_map(|id| blocker(id.as_ref())).collect()
    }
}

impl Check {
    /// Does it forbid to go on where it has been made a condition?
    #[must_use]
    pub fn blocks(&self) -> bool {
        matches!(self.outcome, Outcome::Failed | Outcome::NotRun)
    }
}
