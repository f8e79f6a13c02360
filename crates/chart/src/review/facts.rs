//! From what the engine knows to what a report keeps.

use std::collections::BTreeMap;

use super::bounded::{LONGEST_NAME, cut, few};
use super::finding::{named, title, word};
use super::rendering::Facts;
use super::report::{ImageFacts, ObjectFacts, Right, Scope};
use crate::render::{Binding, Grant, Image, ObjectReference, Warning};

pub(super) fn images(facts: &Facts) -> impl Iterator<Item = ImageFacts> {
    facts.evidence.images.iter().map(image)
}

fn image(image: &Image) -> ImageFacts {
    const FIRST: usize = 5;
    let mut used_by: Vec<String> = Vec::new();
    for name in image.uses.iter().map(|found| title(&found.object)) {
        if used_by.len() < FIRST && !used_by.contains(&name) {
            used_by.push(name);
        }
    }
    let parts = &image.parts;
    ImageFacts {
        reference: cut(&image.reference, LONGEST_NAME * 3),
        registry: cut(&parts.registry, LONGEST_NAME),
        repository: cut(&parts.repository, LONGEST_NAME),
        tag: parts.tag.as_deref().map(|tag| cut(tag, LONGEST_NAME)),
        digest: parts.digest.as_deref().map(|digest| cut(digest, LONGEST_NAME)),
        used_by,
        uses: image.uses.len() as u64,
    }
}

/// What a kind is told by: kind and `apiVersion`.
type KindKey<'f> = (&'f str, &'f str);

pub(super) fn objects(facts: &Facts) -> impl Iterator<Item = ObjectFacts> {
    let evidence = &facts.evidence;
    let cluster = evidence.cluster_objects.iter().map(|found| (key(&found.object), Scope::Cluster));
    let unknown = evidence.unknown_scopes.iter().map(|object| (key(object), Scope::Unknown));
    let scopes: BTreeMap<KindKey<'_>, Scope> = cluster.chain(unknown).collect();
    let object = move |reference: ObjectReference| ObjectFacts {
        scope: scopes.get(&key(&reference)).copied().unwrap_or(Scope::Namespaced),
        api_version: cut(&reference.api_version, LONGEST_NAME),
        kind: cut(&reference.kind, LONGEST_NAME),
        namespace: reference.namespace.map(|namespace| cut(&namespace, LONGEST_NAME)),
        name: cut(&reference.name, LONGEST_NAME),
        is_hook: reference.is_hook,
        file: cut(&reference.path, LONGEST_NAME),
    };
    facts.objects.iter().map(move |found| object(found.reference()))
}

fn key(object: &ObjectReference) -> KindKey<'_> {
    (&object.kind, &object.api_version)
}

pub(super) fn rights(facts: &Facts) -> impl Iterator<Item = Right> {
    let evidence = &facts.evidence;
    evidence.grants.iter().map(grant).chain(evidence.bindings.iter().map(binding))
}

fn grant(grant: &Grant) -> Right {
    Right::Grant {
        object: title(&grant.object),
        api_groups: few(&grant.api_groups),
        resources: few(&grant.resources),
        resource_names: few(&grant.resource_names),
        non_resource_urls: few(&grant.non_resource_urls),
        verbs: few(&grant.verbs),
        warnings: warnings_of(&grant.warnings),
    }
}

fn binding(binding: &Binding) -> Right {
    let subjects = binding.subjects.iter();
    let subjects: Vec<String> =
        subjects.map(|subject| named(&subject.kind, subject.namespace.as_deref(), &subject.name)).collect();
    Right::Binding {
        object: title(&binding.object),
        role: named(&binding.role_kind, None, &binding.role_name),
        subjects: few(&subjects),
        warnings: warnings_of(&binding.warnings),
    }
}

/// The words for warnings, each once.
pub(super) fn warnings_of(warnings: &[Warning]) -> Vec<String> {
    let mut warnings = warnings.to_vec();
    warnings.sort_unstable();
    warnings.dedup();
    warnings.iter().map(word).collect()
}
