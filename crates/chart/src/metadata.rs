//! `Chart.yaml`: what a chart says about itself.

mod decode;
mod encode;
mod text;
mod validate;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use decode::ShapeError;
use decode::apply_metadata;
pub(crate) use decode::{
    Unknown, apply_field, folded, take_annotations, take_bool, take_dependencies, take_map, take_text,
    take_texts,
};
pub use encode::LegacyFields;
pub(crate) use encode::{IndexFields, write_annotations, write_dependencies, write_texts};
pub(crate) use text::{quote, quote_whole};
pub(crate) use validate::LONGEST_NAME;

/// Who looks after a chart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Maintainer {
    /// A person or an organisation.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// An e-mail address.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// A page about them.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
}

/// Another chart that a chart needs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dependency {
    /// The name of the other chart.
    pub name: String,
    /// The version or range; a lock file has a single version here.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// Where it is: empty (in `charts/`), `https://`, `oci://`, `file://`, `@alias` or `alias:`.
    pub repository: String,
    /// Paths into the values that switch it on or off.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub condition: String,
    /// Groups that can be switched on or off together.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Whether it is loaded.
    #[serde(skip_serializing_if = "is_false")]
    pub enabled: bool,
    /// Values taken over from it: strings, or maps of `child` and `parent`.
    #[serde(rename = "import-values", skip_serializing_if = "Vec::is_empty")]
    pub import_values: Vec<Value>,
    /// The name it goes by in this chart.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub alias: String,
}

/// The content of `Chart.yaml`, in the field order of Helm's struct.
///
/// As JSON it has the shape ChartMuseum's API shows: empty fields left out, except a dependency's name and repository.
/// Fields Helm does not know are dropped when reading.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Metadata {
    /// The name; required.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The project's page.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub home: String,
    /// Where the source code is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// The version in loose semver; required.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// One sentence.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Words to find it by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// Who looks after it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub maintainers: Vec<Maintainer>,
    /// The URL of an image.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub icon: String,
    /// The chart format: `v1`, `v2`, or anything else as Helm accepts it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub api_version: String,
    /// Paths into the values that switch it on or off.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub condition: String,
    /// Tags that switch it on or off.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tags: String,
    /// The version of the application inside; any text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub app_version: String,
    /// Whether it should no longer be used.
    #[serde(skip_serializing_if = "is_false")]
    pub deprecated: bool,
    /// Free keys and values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// The range of Kubernetes versions it works with.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kube_version: String,
    /// The charts it needs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<Dependency>,
    /// `application`, `library` or empty.
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    pub kind: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_false(value: &bool) -> bool {
    !value
}

/// What is wrong with a chart's metadata.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// The text is not YAML.
    #[error("error converting YAML to JSON: {0}")]
    Yaml(#[from] chandlery_yaml::Error),
    /// A field has the wrong shape.
    #[error("{0}")]
    Shape(#[from] ShapeError),
    /// Two dependencies go by one name. Helm overlooks it in an index.
    #[error("validation: more than one dependency with name or alias {0}")]
    DuplicateDependency(String),
    /// A value breaks a rule; the text is Helm's.
    #[error("validation: {0}")]
    Rule(String),
}

impl Metadata {
    /// Reads `Chart.yaml` as Helm does: keys in any case, numbers and booleans where a text belongs are converted,
    /// unknown keys and further documents are ignored, a missing `apiVersion` means `v1`. It does not validate.
    ///
    /// # Errors
    /// [`MetadataError::Yaml`] and [`MetadataError::Shape`].
    pub fn from_yaml(text: &str) -> Result<Self, MetadataError> {
        let mut metadata = Self::default();
        metadata.apply_yaml(text.as_bytes())?;
        metadata.default_api_version();
        Ok(metadata)
    }

    /// Helm 2 charts had no `apiVersion`.
    pub(crate) fn default_api_version(&mut self) {
        if self.api_version.is_empty() {
            "v1".clone_into(&mut self.api_version);
        }
    }

    /// Reads YAML over the fields, as Helm reads `requirements.yaml` over the metadata: what the text names is replaced.
    pub(crate) fn apply_yaml(&mut self, text: &[u8]) -> Result<(), MetadataError> {
        let value = chandlery_yaml::from_slice(text, &crate::yaml_options())?;
        apply_metadata(self, value)?;
        Ok(())
    }

    /// The name under which the package is stored: `NAME-VERSION.tgz`, a `+` kept.
    #[must_use]
    pub fn file_name(&self) -> String {
        crate::package::file_name(&self.name, &self.version)
    }
}
