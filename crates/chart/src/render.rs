//! From a chart and the user's values to what its templates see.

mod capabilities;
pub(crate) mod coalesce;
mod compat;
mod dependencies;
mod diff;
mod engine;
mod error;
mod evidence;
mod files;
mod functions;
pub(crate) mod go;
mod json;
mod manifest;
mod notes;
mod objects;
mod origin;
mod prepare;
pub(crate) mod schema;
mod set;
mod tables;
mod toml;
mod trace;
mod variation;
mod yaml;

pub use capabilities::{Capabilities, KubeVersion};
pub use chandlery_template::Limits as TemplateLimits;
pub use coalesce::{floats, merge_files};
pub use compat::Compat;
pub use dependencies::check_dependencies;
pub use diff::{ChangeKind, ObjectChange, ObjectKey, diff_manifests, unified_diff};
pub use engine::{Lookup, Release, RenderOptions, Rendered, render};
pub use error::RenderError;
pub use evidence::{
    ApiState, ApiUse, Binding, ClusterObject, Evidence, Grant, Image, ImageReference, ImageSource, ImageUse,
    KubernetesRelease, Object, ObjectReference, PodPower, PodRisk, ScopeSource, Subject, Warning, objects,
};
pub use manifest::{
    CrdFile, Document, Head, Hook, HookEvent, KindOrder, Manifest, ManifestError, PrintOptions, assemble,
    crds, print, split,
};
pub use notes::notes;
pub use origin::{Origin, ValueRead, origins};
pub use prepare::{PrepareOptions, Prepared, prepare};
pub use schema::SchemaError;
pub use set::{ReadFile, SetError, SetKind, apply_flags, set_values};
pub use variation::varying_files;
pub(crate) use variation::{differing_files, render_later};
