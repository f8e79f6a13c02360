//! Two packages side by side.

use std::collections::BTreeSet;

use chandlery_core::Digest;
use serde::Serialize;
use serde_json::{Value, json};

use super::bounded::{Capped, Filler, LONGEST_MESSAGE, LONGEST_NAME, cut, cut_lines};
use super::facts;
use super::package::Loaded;
use super::rendering::{Facts, Problem};
use super::report::{Change, Comparison, ObjectDifference, PackageFacts, ValueChange};
use super::secrets::{Path, Segment, holds_secret};
use crate::chart::Chart;
use crate::render::{
    ChangeKind, Document, Head, Manifest, Object, ObjectChange, diff_manifests, objects, unified_diff,
};

/// What the parts of a comparison may take in JSON. Together with what else is in a report they stay below 1 MiB.
const CHART_BYTES: usize = 12 << 10;
const VALUES_BYTES: usize = 48 << 10;
const OBJECTS_BYTES: usize = 144 << 10;
const IMAGES_BYTES: usize = 12 << 10;
const RIGHTS_BYTES: usize = 24 << 10;

/// One package, and what is known of it.
pub(super) struct Side<'s> {
    pub(super) package: &'s PackageFacts,
    pub(super) chart: &'s Chart,
    pub(super) facts: Result<&'s Facts, &'s Problem>,
}

impl<'s> Side<'s> {
    pub(super) fn of(loaded: &'s Loaded) -> Self {
        Self { package: &loaded.package, chart: &loaded.chart, facts: loaded.attempt.facts.as_ref() }
    }
}

pub(super) fn compare(before: &Side<'_>, after: &Side<'_>, namespace: &str) -> Comparison {
    let metadata = |side: &Side<'_>| side.chart.metadata.to_yaml().unwrap_or_default();
    let chart = unified_diff(&metadata(before), &metadata(after));
    let mut comparison = Comparison {
        before: before.package.clone(),
        after: after.package.clone(),
        chart: cut_lines(&chart, CHART_BYTES).0,
        values: compare_values(before.chart, after.chart),
        ..Comparison::default()
    };
    match (before.facts, after.facts) {
        (Ok(before), Ok(after)) => compare_facts(&mut comparison, before, after, namespace),
        (before, after) => {
            let sides = [("the released package", before), ("the new package", after)];
            let problems = sides.into_iter().filter_map(|(name, facts)| Some((name, facts.err()?)));
            comparison.not_compared = problems
                .map(|(name, problem)| {
                    cut(&format!("{name} cannot be rendered: {}", problem.reason), LONGEST_MESSAGE)
                })
                .collect();
        }
    }
    comparison
}

fn compare_facts(comparison: &mut Comparison, before: &Facts, after: &Facts, namespace: &str) {
    let changes = diff_manifests(&comparable(before), &comparable(after), namespace);
    comparison.objects = differences(changes);
    let references = |facts| facts::images(facts).map(|image| image.reference).collect::<Vec<_>>();
    let (old, new) = (references(before), references(after));
    comparison.images_added = only_in(&new, &old, IMAGES_BYTES);
    comparison.images_removed = only_in(&old, &new, IMAGES_BYTES);
    let rights = |facts| facts::rights(facts).collect::<Vec<_>>();
    let (old, new) = (rights(before), rights(after));
    comparison.rights_added = only_in(&new, &old, RIGHTS_BYTES);
    comparison.rights_removed = only_in(&old, &new, RIGHTS_BYTES);
}

fn only_in<T: Serialize + Clone>(these: &[T], those: &[T], bytes: usize) -> Capped<T> {
    let json = |item: &T| serde_json::to_string(item).unwrap_or_default();
    let known: BTreeSet<String> = those.iter().map(json).collect();
    Capped::collect(these.iter().filter(|item| !known.contains(&json(item))).cloned(), bytes)
}

/// A document that is longer is compared as a whole.
const LONGEST_DOCUMENT: usize = 1 << 20;

/// Documents beyond so many bytes are compared as wholes.
const MOST_TEXT: usize = 16 << 20;

/// The manifest, with short texts for its long objects.
fn comparable(facts: &Facts) -> Manifest {
    let mut manifest = Manifest::default();
    let mut bytes = 0;
    let hooks = facts.manifest.hooks.iter().map(|hook| &hook.document);
    for document in facts.manifest.documents.iter().chain(hooks) {
        bytes += document.text.len();
        let is_short = document.text.len() <= LONGEST_DOCUMENT && bytes <= MOST_TEXT;
        if is_short {
            manifest.documents.push(document.clone());
            continue;
        }
        let alone = Manifest { documents: vec![document.clone()], ..Manifest::default() };
        let parts = objects(&alone, &[]);
        manifest.documents.extend(parts.iter().map(|object| as_document(object, false)));
    }
    for object in objects(&Manifest::default(), &facts.crds) {
        let document = as_document(&object, true);
        bytes += document.text.len();
        let is_short = document.text.len() <= LONGEST_DOCUMENT && bytes <= MOST_TEXT;
        manifest.documents.push(if is_short { document } else { as_document(&object, false) });
    }
    manifest
}

/// The object as a document; one that is too long only says which bytes it has.
fn as_document(object: &Object, is_short: bool) -> Document {
    let (api_version, kind, name) = (object.api_version(), object.kind(), object.name());
    let text = chandlery_yaml::to_string(&object.value).unwrap_or_default();
    let text = if is_short {
        text
    } else {
        let metadata = match object.namespace() {
            Some(namespace) => json!({ "name": name, "namespace": namespace }),
            None => json!({ "name": name }),
        };
        let digest = Digest::of(text.as_bytes());
        let stub = json!({
            "apiVersion": api_version,
            "kind": kind,
            "metadata": metadata,
            "not compared by line": format!("{} bytes, sha256 {digest}", text.len()),
        });
        chandlery_yaml::to_string(&stub).unwrap_or_default()
    };
    let head = Head {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        name: name.to_owned(),
        ..Head::default()
    };
    Document { path: object.path.clone(), text, head }
}

/// The differences with as many of their lines as fit; those without lines still tell what differs.
fn differences(changes: Vec<ObjectChange>) -> Capped<ObjectDifference> {
    /// The bytes of one difference.
    const LONGEST_DIFFERENCE: usize = 12 << 10;
    /// What is kept for the names of objects whose lines do not fit.
    const NAMES_BYTES: usize = OBJECTS_BYTES / 3;
    let mut with_lines = Filler::new(OBJECTS_BYTES - NAMES_BYTES);
    let mut names = Filler::new(NAMES_BYTES);
    for change in changes {
        let (diff, is_cut) = cut_lines(&change.diff, LONGEST_DIFFERENCE);
        let key = change.object;
        let difference = ObjectDifference {
            group: cut(&key.group, LONGEST_NAME),
            kind: cut(&key.kind, LONGEST_NAME),
            namespace: cut(&key.namespace, LONGEST_NAME),
            name: cut(&key.name, LONGEST_NAME),
            change: change_of(change.change),
            file: cut(&change.template, LONGEST_NAME),
            diff,
            is_cut,
        };
        if let Err(difference) = with_lines.try_push(difference) {
            names.push(ObjectDifference { diff: String::new(), is_cut: true, ..difference });
        }
    }
    with_lines.finish().followed_by(names.finish())
}

fn change_of(kind: ChangeKind) -> Change {
    match kind {
        ChangeKind::Added => Change::Added,
        ChangeKind::Removed => Change::Removed,
        ChangeKind::Changed => Change::Changed,
    }
}

fn compare_values(before: &Chart, after: &Chart) -> Capped<ValueChange> {
    let mut comparer = ValueComparer { path: Path::default(), changes: Filler::new(VALUES_BYTES) };
    comparer.maps(Some(&before.values), Some(&after.values));
    comparer.changes.finish()
}

type Map = serde_json::Map<String, Value>;

struct ValueComparer<'v> {
    path: Path<'v>,
    changes: Filler<ValueChange>,
}

impl<'v> ValueComparer<'v> {
    fn maps(&mut self, before: Option<&'v Map>, after: Option<&'v Map>) {
        let keys = |map: Option<&'v Map>| map.into_iter().flat_map(Map::keys);
        let all: BTreeSet<&'v String> = keys(before).chain(keys(after)).collect();
        for key in all {
            self.path.push(Segment::Key(key));
            self.values(before.and_then(|map| map.get(key)), after.and_then(|map| map.get(key)));
            self.path.pop();
        }
    }

    /// Goes down as long as there are maps on both sides, or on one and nothing on the other.
    fn values(&mut self, before: Option<&'v Value>, after: Option<&'v Value>) {
        if before == after {
            return;
        }
        let filled =
            |value: Option<&'v Value>| value.and_then(Value::as_object).filter(|map| !map.is_empty());
        match (filled(before), filled(after)) {
            (Some(_), None) if after.is_some_and(|after| !after.is_object()) => self.add(before, after),
            (None, Some(_)) if before.is_some_and(|before| !before.is_object()) => self.add(before, after),
            (None, None) => self.add(before, after),
            (before, after) => self.maps(before, after),
        }
    }

    fn add(&mut self, before: Option<&'v Value>, after: Option<&'v Value>) {
        let change = match (before, after) {
            (None, _) => Change::Added,
            (_, None) => Change::Removed,
            _ => Change::Changed,
        };
        let (before, after) = (self.shown(before), self.shown(after));
        self.changes.push(ValueChange { path: self.path.text(), change, before, after });
    }

    fn shown(&self, value: Option<&'v Value>) -> Option<String> {
        const LONGEST: usize = 200;
        let value = value?;
        if holds_secret(&self.path, value) {
            return Some("<hidden>".to_owned());
        }
        Some(cut(&value.to_string(), LONGEST))
    }
}
