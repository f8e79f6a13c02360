//! Which Helm is matched, where the versions differ.

/// The behaviour of a render where Helm's versions disagree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compat {
    /// Helm 3.18: a null in a chart's own `values.yaml` stays in the values, and a null of the user removes its key.
    V3,
    /// Helm 4.2 and later: nulls in a chart's own `values.yaml` are dropped before anything is merged, and a null of the
    /// user below the first level stays where it had nothing to remove.
    #[default]
    V4,
}
