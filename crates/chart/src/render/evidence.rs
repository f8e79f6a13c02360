//! What a manifest would do to a cluster: images it runs, objects and rights beyond its namespace, outdated APIs.
//!
//! Nothing here decides: everything is a list of facts with the object and field each comes from, for people and for
//! policies. The input is untrusted, so every shape of document is accepted and what is not understood is passed over.

mod access;
mod api;
mod image;
mod object;
mod pod;
mod scope;

use serde::Serialize;

pub use access::{Binding, Grant, Subject, Warning};
pub use api::{ApiState, ApiUse, KubernetesRelease};
pub use image::{Image, ImageReference, ImageSource, ImageUse};
pub use object::{Object, ObjectReference, objects};
pub use pod::{PodPower, PodRisk};
pub use scope::{ClusterObject, ScopeSource};

/// Everything that is told of a manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Each image once, sorted by its full reference, with its uses.
    pub images: Vec<Image>,
    /// Where an image is named in a way that is no reference.
    pub unreadable_images: Vec<ImageUse>,
    /// Objects that belong to the whole cluster.
    pub cluster_objects: Vec<ClusterObject>,
    /// Objects of kinds that neither Kubernetes nor the manifest defines: whether they have a namespace is not known.
    pub unknown_scopes: Vec<ObjectReference>,
    /// Objects in other namespaces than the one of the release.
    pub foreign_objects: Vec<ObjectReference>,
    /// Each rule of each role.
    pub grants: Vec<Grant>,
    /// To whom roles are given.
    pub bindings: Vec<Binding>,
    /// What workloads ask for that reaches beyond their containers.
    pub pod_risks: Vec<PodRisk>,
    /// Objects of deprecated or removed APIs.
    pub api_uses: Vec<ApiUse>,
}

impl Evidence {
    /// Collects the facts of objects that are installed to `namespace` of a cluster of the given release.
    #[must_use]
    pub fn collect(objects: &[Object], namespace: &str, release: KubernetesRelease) -> Self {
        let (images, unreadable_images) = image::collect(objects);
        let scopes = scope::collect(objects, namespace);
        Self {
            images,
            unreadable_images,
            cluster_objects: scopes.cluster,
            unknown_scopes: scopes.unknown,
            foreign_objects: scopes.foreign,
            grants: objects.iter().flat_map(access::grants).collect(),
            bindings: objects.iter().filter_map(access::binding).collect(),
            pod_risks: objects.iter().flat_map(pod::risks).collect(),
            api_uses: objects.iter().filter_map(|object| api::check(object, release)).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
