//! What differs between two manifests, object by object.

use std::collections::BTreeMap;

use chandlery_core::Digest;
use serde::Serialize;
use serde_json::Value;
use similar::TextDiff;

use super::manifest::{Document, Manifest, document_options};

/// What happens to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It is only in the second manifest.
    Added,
    /// It is only in the first manifest.
    Removed,
    /// It is in both, with different text.
    Changed,
}

/// An object by what Kubernetes knows it by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ObjectKey {
    /// The API group; empty for the core.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The namespace it names; empty if it names none.
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// An object that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObjectChange {
    /// Which object.
    pub object: ObjectKey,
    /// What happens to it.
    pub change: ChangeKind,
    /// The template that makes it, in the second manifest if it is there.
    pub template: String,
    /// The difference as a unified diff. The values of secrets are not in it: a mark in their place tells whether two of
    /// one diff are the same.
    pub diff: String,
}

/// Lines shown around each difference.
const CONTEXT: usize = 3;

/// Compares two manifests, hooks included; sorted by object.
///
/// `key` makes the marks of secrets: with a fresh random one nobody can find a value by trying.
#[must_use]
pub fn diff_manifests(before: &Manifest, after: &Manifest, key: &[u8; 32]) -> Vec<ObjectChange> {
    let (before, after) = (index(before), index(after));
    let keys = before.keys().chain(after.keys().filter(|key| !before.contains_key(key)));
    let mut changes: Vec<_> =
        keys.filter_map(|object| compare(object, before.get(object), after.get(object), key)).collect();
    changes.sort_by(|left, right| left.object.cmp(&right.object));
    changes
}

/// The documents by object. Of several that make one object the last counts, as in a cluster.
fn index(manifest: &Manifest) -> BTreeMap<ObjectKey, (&Document, Value)> {
    let hooks = manifest.hooks.iter().map(|hook| &hook.document);
    let documents = manifest.documents.iter().chain(hooks);
    documents
        .map(|document| {
            // What assemble understood is YAML; a document that is too large is compared by its text alone.
            let value = chandlery_yaml::from_str(&document.text, &document_options()).unwrap_or_default();
            (key_of(document, &value), (document, value))
        })
        .collect()
}

fn key_of(document: &Document, value: &Value) -> ObjectKey {
    let head = &document.head;
    ObjectKey {
        group: head.api_version.split_once('/').map_or("", |(group, _)| group).to_owned(),
        kind: head.kind.clone(),
        namespace: value["metadata"]["namespace"].as_str().unwrap_or_default().to_owned(),
        name: head.name.clone(),
    }
}

fn compare(
    object: &ObjectKey,
    before: Option<&(&Document, Value)>,
    after: Option<&(&Document, Value)>,
    key: &[u8; 32],
) -> Option<ObjectChange> {
    let text =
        |side: Option<&(&Document, Value)>| side.map(|(document, value)| shown(object, document, value, key));
    let (old, new) = (text(before).unwrap_or_default(), text(after).unwrap_or_default());
    let change = match (before, after) {
        (None, _) => ChangeKind::Added,
        (_, None) => ChangeKind::Removed,
        _ if old == new => return None,
        _ => ChangeKind::Changed,
    };
    let diff = TextDiff::from_lines(&old, &new).unified_diff().context_radius(CONTEXT).to_string();
    let (document, _) = after.or(before)?;
    Some(ObjectChange { object: object.clone(), change, template: document.path.clone(), diff })
}

/// The text of a document, with a line break at its end and without the values of secrets.
fn shown(object: &ObjectKey, document: &Document, value: &Value, key: &[u8; 32]) -> String {
    if object.kind == "Secret" && object.group.is_empty() {
        let masked = mask_secret(value.clone(), key);
        return chandlery_yaml::to_string(&masked)
            .unwrap_or_else(|_| "(a secret that cannot be shown)\n".to_owned());
    }
    format!("{}\n", document.text.trim_end())
}

/// Puts marks in the place of the values of a secret.
#[must_use]
pub fn mask_secret(mut secret: Value, key: &[u8; 32]) -> Value {
    for field in ["data", "stringData"] {
        let Some(values) = secret.get_mut(field) else { continue };
        match values {
            Value::Object(entries) => entries.values_mut().for_each(|value| *value = mark(value, key)),
            other => *other = mark(other, key),
        }
    }
    // kubectl keeps the object as it was applied in an annotation.
    let applied = "kubectl.kubernetes.io/last-applied-configuration";
    if let Some(annotation) = secret.pointer_mut("/metadata/annotations").and_then(|all| all.get_mut(applied))
    {
        *annotation = mark(annotation, key);
    }
    secret
}

/// What stands for a hidden value: the beginning of a keyed digest.
fn mark(value: &Value, key: &[u8; 32]) -> Value {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let digest = Digest::of(&[key, text.as_bytes()].concat()).to_hex();
    Value::String(format!("(hidden {})", &digest[..8]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{Compat, assemble};

    fn manifest(documents: &str) -> Manifest {
        let files = BTreeMap::from([("t/templates/a.yaml".to_owned(), documents.to_owned())]);
        assemble(&files, Compat::default()).unwrap()
    }

    fn config_map(name: &str, value: &str) -> String {
        format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  k: {value}\n")
    }

    #[test]
    fn objects_are_found_by_what_they_are() {
        let before = manifest(&[config_map("a", "1"), config_map("b", "1"), config_map("c", "1")].concat());
        let after = manifest(&[config_map("d", "1"), config_map("c", "2"), config_map("a", "1")].concat());
        let changes = diff_manifests(&before, &after, &[0; 32]);
        let summary: Vec<_> =
            changes.iter().map(|change| (change.object.name.as_str(), change.change)).collect();
        assert_eq!(
            summary,
            [("b", ChangeKind::Removed), ("c", ChangeKind::Changed), ("d", ChangeKind::Added)]
        );
        assert!(changes[1].diff.contains("-  k: 1\n+  k: 2\n"), "{}", changes[1].diff);
    }

    #[test]
    fn secrets_do_not_show() {
        let secret = |value: &str| {
            format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{k: {value}}}\n")
        };
        let diff = |before: &str, after: &str| {
            diff_manifests(&manifest(&secret(before)), &manifest(&secret(after)), &[7; 32])
        };
        assert!(diff("hunter2", "hunter2").is_empty());
        let changes = diff("hunter2", "hunter3");
        assert!(
            !changes[0].diff.contains("hunter") && changes[0].diff.contains("(hidden "),
            "{}",
            changes[0].diff
        );
    }
}
