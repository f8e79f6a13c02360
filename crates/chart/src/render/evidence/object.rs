//! Parsed objects of a manifest.

use serde::Serialize;
use serde_json::Value;

use crate::render::compat::Compat;
use crate::render::manifest::{CrdFile, Document, Manifest, document_options, split};

/// An object that an install would create.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// The path of the template or file that made it.
    pub path: String,
    /// Is it a hook?
    pub is_hook: bool,
    /// The whole object.
    pub value: Value,
}

/// Which object is meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObjectReference {
    /// `apps/v1`.
    pub api_version: String,
    /// `Deployment`.
    pub kind: String,
    /// `metadata.namespace`, if it is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// `metadata.name`, or `metadata.generateName`; empty if there is neither.
    pub name: String,
    /// The path of the template or file that made it.
    pub path: String,
    /// Is it a hook?
    pub is_hook: bool,
}

/// The objects of a manifest: those of `crds/`, then documents, then hooks; lists are taken apart.
///
/// Documents that are no maps are left out, and so are CRD files that are no YAML.
#[must_use]
pub fn objects(manifest: &Manifest, crds: &[CrdFile]) -> Vec<Object> {
    let mut objects = Vec::new();
    for crd in crds {
        for text in split(&crd.text, Compat::default()) {
            add(&crd.path, text, false, &mut objects);
        }
    }
    let mut add_document =
        |document: &Document, is_hook| add(&document.path, &document.text, is_hook, &mut objects);
    manifest.documents.iter().for_each(|document| add_document(document, false));
    manifest.hooks.iter().for_each(|hook| add_document(&hook.document, true));
    objects
}

fn add(path: &str, text: &str, is_hook: bool, objects: &mut Vec<Object>) {
    if let Ok(value) = chandlery_yaml::from_str(text, &document_options()) {
        add_value(path, value, is_hook, objects);
    }
}

/// Takes lists apart as the client of Kubernetes does (cli-runtime 0.37): whatever has `items` is one, whatever it calls
/// itself, also inside another list, and gives its own kind to items that have none.
fn add_value(path: &str, value: Value, is_hook: bool, objects: &mut Vec<Object>) {
    let mut open = vec![value];
    while let Some(mut value) = open.pop() {
        match value.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) => {
                open.extend(items.into_iter().rev().map(|item| with_kind_of(&value, item)));
            }
            Some(other) => {
                value["items"] = other;
                objects.push(Object { path: path.to_owned(), is_hook, value });
            }
            None if value.is_object() => objects.push(Object { path: path.to_owned(), is_hook, value }),
            None => {}
        }
    }
}

fn with_kind_of(list: &Value, mut item: Value) -> Value {
    /// No kind or version is longer; each item gets a copy.
    const LONGEST: usize = 512;
    let (kind, api_version) = (text(&list["kind"]), text(&list["apiVersion"]));
    let has_none = text(&item["kind"]).is_empty() && text(&item["apiVersion"]).is_empty();
    if let Value::Object(map) = &mut item
        && has_none
        && kind.len() + api_version.len() <= LONGEST
    {
        map.insert("kind".to_owned(), kind.strip_suffix("List").unwrap_or(kind).into());
        map.insert("apiVersion".to_owned(), api_version.into());
    }
    item
}

impl Object {
    /// `kind`, empty if it is no text.
    #[must_use]
    pub fn kind(&self) -> &str {
        text(&self.value["kind"])
    }

    /// `apiVersion`, empty if it is no text.
    #[must_use]
    pub fn api_version(&self) -> &str {
        text(&self.value["apiVersion"])
    }

    /// The part of `apiVersion` before the slash; empty for the core group.
    #[must_use]
    pub fn group(&self) -> &str {
        self.api_version().split_once('/').map_or("", |(group, _)| group)
    }

    /// `metadata.namespace`, if it is set.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        Some(text(&self.value["metadata"]["namespace"])).filter(|namespace| !namespace.is_empty())
    }

    /// `metadata.name`, or `metadata.generateName`; empty if there is neither.
    #[must_use]
    pub fn name(&self) -> &str {
        let metadata = &self.value["metadata"];
        metadata["name"].as_str().unwrap_or_else(|| text(&metadata["generateName"]))
    }

    /// A reference to it.
    #[must_use]
    pub fn reference(&self) -> ObjectReference {
        ObjectReference {
            api_version: self.api_version().to_owned(),
            kind: self.kind().to_owned(),
            namespace: self.namespace().map(str::to_owned),
            name: self.name().to_owned(),
            path: self.path.clone(),
            is_hook: self.is_hook,
        }
    }
}

/// The text of a value, empty if it is none.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The items of a list, none if it is no list.
pub(super) fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
