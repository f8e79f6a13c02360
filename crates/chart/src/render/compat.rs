//! Which Helm is matched, where the versions differ.

/// The behaviour of a render where Helm's versions disagree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compat {
    /// Helm 3, and Helm 4 before 4.2: a null in a chart's own `values.yaml` stays in the values.
    V3,
    /// Helm 4.2 and later: nulls in a chart's own `values.yaml` are dropped before anything is merged.
    #[default]
    V4,
}
