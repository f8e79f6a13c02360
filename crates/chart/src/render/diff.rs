//! What differs between two manifests, object by object.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};
use similar::TextDiff;

use super::manifest::{Manifest, document_options};

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
    /// The namespace it names, else that of the release.
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
    /// The difference as a unified diff. What secrets hold is not in it, only whether it changed.
    pub diff: String,
}

/// Lines shown around each difference.
const CONTEXT: usize = 3;

/// The time after which a difference need no longer be the smallest.
const PATIENCE: Duration = Duration::from_millis(500);

/// Compares two manifests of a release in the namespace, hooks included; sorted by object.
#[must_use]
pub fn diff_manifests(before: &Manifest, after: &Manifest, namespace: &str) -> Vec<ObjectChange> {
    let (before, after) = (index(before, namespace), index(after, namespace));
    let keys = before.keys().chain(after.keys().filter(|key| !before.contains_key(key)));
    let mut changes: Vec<_> =
        keys.filter_map(|object| compare(object, before.get(object), after.get(object))).collect();
    changes.sort_by(|left, right| left.object.cmp(&right.object));
    changes
}

/// The changed lines of two texts with some around them, as a unified diff without a head; empty if they are equal.
#[must_use]
pub fn unified_diff(before: &str, after: &str) -> String {
    TextDiff::configure()
        .timeout(PATIENCE)
        .diff_lines(before, after)
        .unified_diff()
        .context_radius(CONTEXT)
        .to_string()
}

/// An object: the template that makes it, its text, and what that says.
struct Side<'m> {
    template: &'m str,
    text: Cow<'m, str>,
    value: Value,
}

/// The objects of a manifest; those of a list are objects of their own. Of several that are one object the last counts, as
/// in a cluster.
fn index<'m>(manifest: &'m Manifest, namespace: &str) -> BTreeMap<ObjectKey, Side<'m>> {
    let mut objects = BTreeMap::new();
    let hooks = manifest.hooks.iter().map(|hook| &hook.document);
    for document in manifest.documents.iter().chain(hooks).filter(|document| !document.head.kind.is_empty()) {
        // What assemble understood is YAML; a document that is too large is compared by its text alone.
        let value = chandlery_yaml::from_str(&document.text, &document_options()).unwrap_or_default();
        let mut key = key_of(&value, namespace);
        (key.kind, key.name) = (document.head.kind.clone(), document.head.name.clone());
        let side = Side { template: &document.path, text: document.text.as_str().into(), value };
        add(&mut objects, key, side, namespace);
    }
    objects
}

/// Adds an object, or what it lists: whatever has `items` is a list to Kubernetes.
fn add<'m>(objects: &mut BTreeMap<ObjectKey, Side<'m>>, key: ObjectKey, side: Side<'m>, namespace: &str) {
    let Some(items) = side.value["items"].as_array() else {
        objects.insert(key, side);
        return;
    };
    for value in items {
        let text = chandlery_yaml::to_string(value).unwrap_or_default().into();
        let item = Side { template: side.template, text, value: value.clone() };
        add(objects, key_of(value, namespace), item, namespace);
    }
}

fn key_of(value: &Value, namespace: &str) -> ObjectKey {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    ObjectKey {
        group: text(&value["apiVersion"]).split_once('/').map_or("", |(group, _)| group).to_owned(),
        kind: text(&value["kind"]),
        namespace: value["metadata"]["namespace"].as_str().unwrap_or(namespace).to_owned(),
        name: text(&value["metadata"]["name"]),
    }
}

fn compare(object: &ObjectKey, before: Option<&Side<'_>>, after: Option<&Side<'_>>) -> Option<ObjectChange> {
    let text = |side: Option<&Side<'_>>| match side {
        Some(side) => format!("{}\n", side.text.trim_end()),
        None => String::new(),
    };
    let (mut old, mut new) = (text(before), text(after));
    let change = match (before, after) {
        (None, _) => ChangeKind::Added,
        (_, None) => ChangeKind::Removed,
        _ if old == new => return None,
        _ => ChangeKind::Changed,
    };
    if object.kind == "Secret" {
        let value = |side: Option<&Side<'_>>| side.map(|side| side.value.clone()).unwrap_or_default();
        (old, new) = without_secrets(value(before), value(after));
    }
    let template = after.or(before)?.template.to_owned();
    Some(ObjectChange { object: object.clone(), change, template, diff: unified_diff(&old, &new) })
}

/// Two Secrets as text without what they hold; only whether a value changed is told.
fn without_secrets(mut before: Value, mut after: Value) -> (String, String) {
    for field in ["data", "stringData"] {
        let (old, new) = (contents(&before, field), contents(&after, field));
        hide(&mut before, field, &new, "<hidden, before>");
        hide(&mut after, field, &old, "<hidden, after>");
    }
    (secret_text(&mut before), secret_text(&mut after))
}

fn contents(secret: &Value, field: &str) -> Map<String, Value> {
    secret.get(field).and_then(Value::as_object).cloned().unwrap_or_default()
}

fn hide(secret: &mut Value, field: &str, other: &Map<String, Value>, changed: &str) {
    match secret.get_mut(field) {
        Some(Value::Object(entries)) => {
            for (key, value) in entries {
                let differs = other.get(key).is_some_and(|other| other != value);
                *value = if differs { changed } else { "<hidden>" }.into();
            }
        }
        Some(other) => *other = "<hidden>".into(),
        None => {}
    }
}

fn secret_text(secret: &mut Value) -> String {
    // kubectl keeps the object as it was applied in an annotation.
    let applied = "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration";
    if let Some(annotation) = secret.pointer_mut(applied) {
        *annotation = "<hidden>".into();
    }
    match secret {
        Value::Null => String::new(),
        secret => chandlery_yaml::to_string(secret).unwrap_or_else(|_| "<hidden>\n".to_owned()),
    }
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
        let changes = diff_manifests(&before, &after, "shop");
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
            diff_manifests(&manifest(&secret(before)), &manifest(&secret(after)), "shop")
        };
        assert!(diff("hunter2", "hunter2").is_empty());
        let changes = diff("hunter2", "hunter3");
        let diff = &changes[0].diff;
        assert!(diff.contains("-  k: <hidden, before>\n+  k: <hidden, after>\n"), "{diff}");
        assert!(!diff.contains("hunter"), "{diff}");
        let list = |value: &str| {
            let items =
                format!("- {{apiVersion: v1, kind: Secret, metadata: {{name: s}}, data: {{k: {value}}}}}\n");
            manifest(&format!("apiVersion: v1\nkind: List\nitems:\n{items}"))
        };
        let changes = diff_manifests(&list("hunter2"), &list("hunter3"), "shop");
        assert_eq!((changes.len(), changes[0].object.kind.as_str()), (1, "Secret"));
        assert!(!changes[0].diff.contains("hunter"), "{}", changes[0].diff);
        let (odd, _) =
            without_secrets(serde_json::json!({ "kind": "Secret", "data": ["plain"] }), Value::Null);
        assert_eq!(odd, "data: <hidden>\nkind: Secret\n");
    }
}
