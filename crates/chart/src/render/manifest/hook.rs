//! Documents that are created around an install, an upgrade, a rollback or a delete, and not with it.

use std::fmt;

use super::{Document, Head};

/// When a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HookEvent {
    /// Before anything is created.
    PreInstall,
    /// After everything is created.
    PostInstall,
    /// Before anything is deleted.
    PreDelete,
    /// After everything is deleted.
    PostDelete,
    /// Before anything is changed.
    PreUpgrade,
    /// After everything is changed.
    PostUpgrade,
    /// Before anything is changed back.
    PreRollback,
    /// After everything is changed back.
    PostRollback,
    /// On `helm test`.
    Test,
}

impl HookEvent {
    /// Every event.
    pub const ALL: [Self; 9] = [
        Self::PreInstall,
        Self::PostInstall,
        Self::PreDelete,
        Self::PostDelete,
        Self::PreUpgrade,
        Self::PostUpgrade,
        Self::PreRollback,
        Self::PostRollback,
        Self::Test,
    ];

    /// Its name in charts and release records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PreInstall => "pre-install",
            Self::PostInstall => "post-install",
            Self::PreDelete => "pre-delete",
            Self::PostDelete => "post-delete",
            Self::PreUpgrade => "pre-upgrade",
            Self::PostUpgrade => "post-upgrade",
            Self::PreRollback => "pre-rollback",
            Self::PostRollback => "post-rollback",
            Self::Test => "test",
        }
    }

    /// The event of a name; `test-success` is Helm 2's word for `test`.
    fn from_name(name: &str) -> Option<Self> {
        if name == "test-success" {
            return Some(Self::Test);
        }
        Self::ALL.into_iter().find(|event| event.as_str() == name)
    }
}

impl fmt::Display for HookEvent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A document with the annotation `helm.sh/hook`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// The object to create.
    pub document: Document,
    /// When it runs, as listed; never empty.
    pub events: Vec<HookEvent>,
    /// Hooks of one event run from low to high.
    pub weight: i64,
    /// When the object is deleted, as listed: `before-hook-creation` (which also holds when the list is empty),
    /// `hook-succeeded`, `hook-failed`. Helm keeps names it does not know.
    pub delete_policies: Vec<String>,
    /// When its log is printed, as listed: `hook-succeeded`, `hook-failed`.
    pub output_log_policies: Vec<String>,
}

impl Hook {
    /// The events of a document: none if it is no hook, an inner none if one of them is unknown.
    pub(super) fn events_of(head: &Head) -> Option<Option<Vec<HookEvent>>> {
        let names = head.annotations.get("helm.sh/hook")?;
        Some(list(names).map(|name| HookEvent::from_name(&name)).collect())
    }

    pub(super) fn new(document: Document, events: Vec<HookEvent>) -> Self {
        let annotations = &document.head.annotations;
        let policies = |name| annotations.get(name).map(|text| list(text).collect()).unwrap_or_default();
        let weight = annotations.get("helm.sh/hook-weight").and_then(|text| text.parse().ok()).unwrap_or(0);
        let delete_policies = policies("helm.sh/hook-delete-policy");
        let output_log_policies = policies("helm.sh/hook-output-log-policy");
        Self { document, events, weight, delete_policies, output_log_policies }
    }
}

fn list(text: &str) -> impl Iterator<Item = String> {
    text.split(',').map(|item| item.trim().to_lowercase())
}
