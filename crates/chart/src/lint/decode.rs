//! The head of an object, decoded as Go's JSON decoder does for Helm's linter.

use serde_json::Value;

use crate::render::go::json_kind;

/// What the rules look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) name: String,
}

/// Where the decoder is, in Go's words.
type Place = &'static str;

impl Object {
    /// Reads an object; null is none. What is wrong first, in the sorted order of keys, is the error.
    pub(super) fn decode(value: &Value) -> Result<Option<Self>, String> {
        let Value::Object(map) = value else {
            return match value {
                Value::Null => Ok(None),
                other => Err(mismatch(other, "value of type rules.k8sYamlStruct")),
            };
        };
        let mut object = Self::default();
        let mut namespace = String::new();
        let mut entries: Vec<_> = map.iter().collect();
        entries.sort_by_key(|(key, _)| *key);
        for (key, value) in entries {
            if key.eq_ignore_ascii_case("apiVersion") {
                take(&mut object.api_version, value, "struct field k8sYamlStruct.apiVersion of type string")?;
            } else if key.eq_ignore_ascii_case("kind") {
                take(&mut object.kind, value, "struct field k8sYamlStruct.Kind of type string")?;
            } else if key.eq_ignore_ascii_case("metadata") {
                take_metadata(&mut object.name, &mut namespace, value)?;
            }
        }
        Ok(Some(object))
    }
}

fn take_metadata(name: &mut String, namespace: &mut String, value: &Value) -> Result<(), String> {
    let map = match value {
        Value::Null => return Ok(()),
        Value::Object(map) => map,
        other => {
            return Err(mismatch(other, "struct field k8sYamlStruct.Metadata of type rules.k8sYamlMetadata"));
        }
    };
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    for (key, value) in entries {
        if key.eq_ignore_ascii_case("name") {
            take(name, value, "struct field k8sYamlMetadata.Metadata.Name of type string")?;
        } else if key.eq_ignore_ascii_case("namespace") {
            take(namespace, value, "struct field k8sYamlMetadata.Metadata.Namespace of type string")?;
        }
    }
    Ok(())
}

fn take(target: &mut String, value: &Value, place: Place) -> Result<(), String> {
    match value {
        Value::Null => {}
        other => match chandlery_yaml::coerce_to_string(other) {
            Some(text) => *target = text.into_owned(),
            None => return Err(mismatch(other, place)),
        },
    }
    Ok(())
}

fn mismatch(value: &Value, place: Place) -> String {
    let found = json_kind(value);
    format!("error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {found} into Go {place}")
}
