//! Why a chart cannot be rendered.

use super::schema::SchemaError;

/// Why the values of a chart could not be prepared. Where Helm fails too, the text is Helm's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// Something that is no map stands under the name of a subchart.
    #[error("type mismatch on {subchart}: {got}")]
    SubchartValues {
        /// The name of the subchart, or its alias.
        subchart: String,
        /// The value, as Go prints it with `%t`.
        got: String,
    },
    /// Maps are nested too deep, or a map contains itself.
    #[error("the values are nested more than {0} levels deep: an import-values entry puts a map into itself")]
    ValuesTooDeep(usize),
    /// Values were refused by the schema of a chart, or a schema is wrong.
    #[error("values don't meet the specifications of the schema(s) in the following chart(s):\n{0}")]
    Schema(#[from] SchemaError),
    /// Dependencies of `Chart.yaml` that are not in `charts/`.
    #[error("found in Chart.yaml, but missing in charts/ directory: {}", .0.join(", "))]
    MissingDependencies(Vec<String>),
    /// A template could not be parsed or executed.
    #[error("{0}")]
    Template(String),
    /// A template would use more than it may.
    #[error("{0}")]
    Limit(String),
    /// A text is no version of Kubernetes.
    #[error("invalid Kubernetes version {0:?}: use something like v1.33.4")]
    KubeVersion(String),
}
