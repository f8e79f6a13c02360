//! The container images of a manifest.

use chandlery_chart::render::{Evidence, Image, KubernetesRelease, Manifest, objects};

/// The images of all objects and hooks, with where each is used.
pub(crate) fn images_of(manifest: &Manifest) -> Vec<Image> {
    // The version only matters for outdated APIs.
    let release = KubernetesRelease { major: 1, minor: 0 };
    Evidence::collect(&objects(manifest, &[]), "default", release).images
}

/// The names alone, in order.
pub(super) fn names_of(manifest: &Manifest) -> Vec<String> {
    images_of(manifest).into_iter().map(|image| image.reference).collect()
}
