//! Two manifests, object by object.

use std::collections::{BTreeMap, BTreeSet};

use chandlery_chart::render::{Document, Manifest};
use serde::Serialize;
use serde_json::{Map, Value};

use super::text::unified;

/// What tells objects apart: group, kind, namespace, name, and the place among those that are equal in all of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Identity {
    kind: String,
    name: String,
    namespace: String,
    group: String,
    number: usize,
}

/// The text of each object.
pub(super) type Objects = BTreeMap<Identity, String>;

/// An object that is not the same on both sides.
#[derive(Debug, Serialize)]
pub(super) struct ObjectChange {
    kind: String,
    namespace: String,
    name: String,
    /// `added`, `removed` or `changed`.
    change: &'static str,
    pub(super) diff: String,
}

impl ObjectChange {
    /// A line about the object.
    pub(super) fn title(&self) -> String {
        format!("{} {}/{} {}", self.kind, self.namespace, self.name, self.change)
    }
}

/// The objects of a manifest, hooks included.
pub(super) fn objects_of(manifest: &Manifest, namespace: &str) -> Objects {
    let mut objects = Objects::new();
    let hooks = manifest.hooks.iter().map(|hook| &hook.document);
    for document in manifest.documents.iter().chain(hooks).filter(|one| !one.head.kind.is_empty()) {
        let mut identity = identity_of(document, namespace);
        while objects.contains_key(&identity) {
            identity.number += 1;
        }
        objects.insert(identity, format!("{}\n", document.text.trim_end()));
    }
    objects
}

fn identity_of(document: &Document, namespace: &str) -> Identity {
    let head = &document.head;
    let own = read(&document.text).pointer("/metadata/namespace").and_then(Value::as_str).map(str::to_owned);
    Identity {
        kind: head.kind.clone(),
        name: head.name.clone(),
        namespace: own.unwrap_or_else(|| namespace.to_owned()),
        group: head.api_version.rsplit_once('/').map_or("", |(group, _)| group).to_owned(),
        number: 0,
    }
}

fn read(text: &str) -> Value {
    chandlery_yaml::from_str(text, &chandlery_yaml::Options::default()).unwrap_or_default()
}

/// What was added, removed and changed.
pub(super) fn compare_objects(before: &Objects, after: &Objects) -> Vec<ObjectChange> {
    let all: BTreeSet<&Identity> = before.keys().chain(after.keys()).collect();
    all.into_iter()
        .filter_map(|identity| compare(identity, before.get(identity), after.get(identity)))
        .collect()
}

fn compare(identity: &Identity, before: Option<&String>, after: Option<&String>) -> Option<ObjectChange> {
    if before == after {
        return None;
    }
    let change = match (before, after) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => "changed",
    };
    let text = |side: Option<&String>| side.cloned().unwrap_or_default();
    let (before, after) = if identity.kind == "Secret" {
        mask(&text(before), &text(after))
    } else {
        (text(before), text(after))
    };
    Some(ObjectChange {
        kind: identity.kind.clone(),
        namespace: identity.namespace.clone(),
        name: identity.name.clone(),
        change,
        diff: unified(&before, &after),
    })
}

/// Both texts without what the Secret holds; only whether it changed is told.
fn mask(before: &str, after: &str) -> (String, String) {
    let (mut left, mut right) = (read(before), read(after));
    for field in ["data", "stringData"] {
        let old = contents(&left, field);
        let new = contents(&right, field);
        hide(&mut left, field, &new, "<hidden, before>");
        hide(&mut right, field, &old, "<hidden, after>");
    }
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        value => chandlery_yaml::to_string(value).unwrap_or_else(|_| "<hidden>\n".to_owned()),
    };
    (text(&left), text(&right))
}

fn contents(secret: &Value, field: &str) -> Map<String, Value> {
    secret.get(field).and_then(Value::as_object).cloned().unwrap_or_default()
}

fn hide(secret: &mut Value, field: &str, other: &Map<String, Value>, changed: &str) {
    match secret.get_mut(field) {
        Some(Value::Object(map)) => {
            for (key, value) in map {
                let text =
                    if other.get(key).is_some_and(|other| other != value) { changed } else { "<hidden>" };
                *value = text.into();
            }
        }
        Some(other) => *other = "<hidden>".into(),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_secrets_hold_is_not_shown() {
        let secret = |password: &str| format!("kind: Secret\ndata:\n  same: AAAA\n  password: {password}\n");
        let (before, after) = mask(&secret("b2xk"), &secret("bmV3"));
        assert_eq!(before, "data:\n  password: <hidden, before>\n  same: <hidden>\nkind: Secret\n");
        assert_eq!(after, "data:\n  password: <hidden, after>\n  same: <hidden>\nkind: Secret\n");
        let (nothing, added) = mask("", &secret("b2xk"));
        assert_eq!(nothing, "");
        assert!(!added.contains("b2xk") && !added.contains("AAAA"));
        let (odd, _) = mask("kind: Secret\ndata: [plain]\n", "");
        assert!(!odd.contains("plain"));
    }
}
