//! Which Helm is matched, where the versions differ.

/// The Helm whose rules hold, where versions make different bytes of the same chart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Compat {
    /// Helm 3.18 and later of its line. `.Chart` is a struct, errors of templates have one line.
    Helm3,
    /// Helm 4.0 and 4.1. A null in a chart's own `values.yaml` stays in the values, as in Helm 3.
    Helm40,
    /// Helm 4.2.0 to 4.2.3: nulls in a chart's own `values.yaml` are dropped before anything is merged. The last
    /// document of a file keeps its line breaks.
    Helm42,
    /// Helm 4.2.4 and later: every document keeps its line breaks.
    #[default]
    Helm43,
}

impl Compat {
    /// Do nulls in a chart's own `values.yaml` stay in the values?
    pub(super) fn keeps_default_nulls(self) -> bool {
        self < Self::Helm42
    }

    /// Do errors of templates have a paragraph for each template on the way?
    pub(super) fn has_error_levels(self) -> bool {
        self > Self::Helm3
    }
}
