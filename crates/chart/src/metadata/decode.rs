//! YAML values into metadata, by the rules of Go's JSON decoder and sigs.k8s.io/yaml.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Dependency, Maintainer, Metadata};

/// A field whose value has the wrong shape, or that may not be there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// The value is of another kind than the field.
    #[error("{}expected {expected}, found {found}", field_prefix(.field))]
    Kind {
        /// The path of the field, empty for the whole document.
        field: String,
        /// What belongs there.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// A null in a list of maps, which Helm reports as a broken rule.
    #[error("validation: {list} must not contain empty or null nodes")]
    NullNode {
        /// `maintainers` or `dependencies`.
        list: &'static str,
    },
    /// A field that the format does not have, where that is an error.
    #[error("unknown field {field:?}")]
    Unknown {
        /// The path of the field.
        field: String,
    },
}

/// What to do about fields that the format does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// Drop them, as for `Chart.yaml`.
    Ignore,
    /// Fail, as for `index.yaml` in YAML.
    Refuse,
}

impl Unknown {
    pub(crate) fn found(self) -> Result<(), ShapeError> {
        match self {
            Self::Ignore => Ok(()),
            Self::Refuse => Err(ShapeError::Unknown { field: String::new() }),
        }
    }
}

fn field_prefix(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!("{field}: ") }
}

impl ShapeError {
    pub(crate) fn new(field: &str, expected: &'static str, found: &Value) -> Self {
        Self::Kind { field: field.to_owned(), expected, found: shape_name(found) }
    }

    /// Puts the field's parent before its name.
    pub(crate) fn below(mut self, parent: &str) -> Self {
        if let Self::Kind { field, .. } | Self::Unknown { field } = &mut self {
            let separator = if field.is_empty() || field.starts_with('[') { "" } else { "." };
            *field = format!("{parent}{separator}{field}");
        }
        self
    }
}

/// What a value is, for a person.
fn shape_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

/// The entries of a map in the order in which they take effect (sorted, as the conversion to JSON sorts them), or none
/// for null.
pub(crate) fn take_map(value: Value) -> Result<Option<Vec<(String, Value)>>, ShapeError> {
    match value {
        Value::Null => Ok(None),
        Value::Object(map) => Ok(Some(sorted(map))),
        other => Err(ShapeError::new("", "a map", &other)),
    }
}

fn sorted(map: Map<String, Value>) -> Vec<(String, Value)> {
    let mut entries: Vec<_> = map.into_iter().collect();
    entries.sort_by(|left, right| left.0.cmp(&right.0));
    entries
}

/// A key in lower case: Go matches keys in any case.
pub(crate) fn folded(key: &str) -> Cow<'_, str> {
    if key.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(key.to_ascii_lowercase())
    } else {
        Cow::Borrowed(key)
    }
}

/// Replaces the text; numbers and booleans are converted, null leaves it as it is.
pub(crate) fn take_text(target: &mut String, value: Value) -> Result<(), ShapeError> {
    match value {
        Value::Null => {}
        Value::String(text) => *target = text,
        other => match chandlery_yaml::coerce_to_string(&other) {
            Some(text) => *target = text.into_owned(),
            None => return Err(ShapeError::new("", "text", &other)),
        },
    }
    Ok(())
}

pub(crate) fn take_bool(target: &mut bool, value: Value) -> Result<(), ShapeError> {
    match value {
        Value::Null => Ok(()),
        Value::Bool(flag) => {
            *target = flag;
            Ok(())
        }
        other => Err(ShapeError::new("", "true or false", &other)),
    }
}

/// Replaces a list, each new element read over the old one of the same place: Go's decoder keeps those.
fn take_list<T: Default>(
    target: &mut Vec<T>,
    value: Value,
    take_element: impl Fn(&mut T, Value) -> Result<(), ShapeError>,
) -> Result<(), ShapeError> {
    let values = match value {
        Value::Null => Vec::new(),
        Value::Array(values) => values,
        other => return Err(ShapeError::new("", "a list", &other)),
    };
    target.resize_with(values.len(), T::default);
    for (index, (element, value)) in target.iter_mut().zip(values).enumerate() {
        take_element(element, value).map_err(|error| error.below(&format!("[{index}]")))?;
    }
    Ok(())
}

pub(crate) fn take_texts(target: &mut Vec<String>, value: Value) -> Result<(), ShapeError> {
    take_list(target, value, take_text)
}

pub(crate) fn take_annotations(
    target: &mut BTreeMap<String, String>,
    value: Value,
) -> Result<(), ShapeError> {
    let Some(entries) = take_map(value)? else {
        target.clear();
        return Ok(());
    };
    for (key, value) in entries {
        let mut text = String::new();
        take_text(&mut text, value).map_err(|error| error.below(&format!("{key:?}")))?;
        target.insert(key, text);
    }
    Ok(())
}

/// A list element that must not be null.
fn refuse_null(value: &Value, list: &'static str) -> Result<(), ShapeError> {
    if value.is_null() { Err(ShapeError::NullNode { list }) } else { Ok(()) }
}

fn take_maintainer(target: &mut Maintainer, value: Value, unknown: Unknown) -> Result<(), ShapeError> {
    refuse_null(&value, "maintainers")?;
    for (key, value) in take_map(value)?.unwrap_or_default() {
        match &*folded(&key) {
            "name" => take_text(&mut target.name, value),
            "email" => take_text(&mut target.email, value),
            "url" => take_text(&mut target.url, value),
            _ => unknown.found(),
        }
        .map_err(|error| error.below(&key))?;
    }
    Ok(())
}

fn take_dependency(target: &mut Dependency, value: Value, unknown: Unknown) -> Result<(), ShapeError> {
    refuse_null(&value, "dependencies")?;
    for (key, value) in take_map(value)?.unwrap_or_default() {
        match &*folded(&key) {
            "name" => take_text(&mut target.name, value),
            "version" => take_text(&mut target.version, value),
            "repository" => take_text(&mut target.repository, value),
            "condition" => take_text(&mut target.condition, value),
            "tags" => take_texts(&mut target.tags, value),
            "enabled" => take_bool(&mut target.enabled, value),
            "import-values" => take_list(&mut target.import_values, value, |element, value| {
                *element = value;
                Ok(())
            }),
            "alias" => take_text(&mut target.alias, value),
            _ => unknown.found(),
        }
        .map_err(|error| error.below(&key))?;
    }
    Ok(())
}

pub(crate) fn take_dependencies(
    target: &mut Vec<Dependency>,
    value: Value,
    unknown: Unknown,
) -> Result<(), ShapeError> {
    take_list(target, value, |dependency, value| take_dependency(dependency, value, unknown))
}

/// Reads a whole `Chart.yaml` over the metadata.
pub(crate) fn apply_metadata(target: &mut Metadata, value: Value) -> Result<(), ShapeError> {
    for (key, value) in take_map(value)?.unwrap_or_default() {
        apply_field(target, &key, value, Unknown::Ignore).map_err(|error| error.below(&key))?;
    }
    Ok(())
}

/// Reads one field over the metadata.
pub(crate) fn apply_field(
    target: &mut Metadata,
    key: &str,
    value: Value,
    unknown: Unknown,
) -> Result<(), ShapeError> {
    match &*folded(key) {
        "name" => take_text(&mut target.name, value),
        "home" => take_text(&mut target.home, value),
        "sources" => take_texts(&mut target.sources, value),
        "version" => take_text(&mut target.version, value),
        "description" => take_text(&mut target.description, value),
        "keywords" => take_texts(&mut target.keywords, value),
        "maintainers" => take_list(&mut target.maintainers, value, |maintainer, value| {
            take_maintainer(maintainer, value, unknown)
        }),
        "icon" => take_text(&mut target.icon, value),
        "apiversion" => take_text(&mut target.api_version, value),
        "condition" => take_text(&mut target.condition, value),
        "tags" => take_text(&mut target.tags, value),
        "appversion" => take_text(&mut target.app_version, value),
        "deprecated" => take_bool(&mut target.deprecated, value),
        "annotations" => take_annotations(&mut target.annotations, value),
        "kubeversion" => take_text(&mut target.kube_version, value),
        "dependencies" => take_dependencies(&mut target.dependencies, value, unknown),
        "type" => take_text(&mut target.kind, value),
        _ => unknown.found(),
    }
}
