//! Container images that objects name.

mod reference;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::object::{Object, ObjectReference, items, text};
use super::pod;
use super::scope::is_kubernetes_group;

pub use reference::ImageReference;

/// An image, and where it is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Image {
    /// The full reference: `docker.io/library/nginx:latest`.
    pub reference: String,
    /// Its parts.
    #[serde(flatten)]
    pub parts: ImageReference,
    /// Where it is named, in the order of the objects.
    pub uses: Vec<ImageUse>,
}

/// Where an image is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImageUse {
    /// The object.
    pub object: ObjectReference,
    /// The field, as a path from the object.
    pub field: String,
    /// What stands there; of a map with parts, the reference they make.
    pub text: String,
    /// What kind of field it is.
    pub source: ImageSource,
}

/// How sure it is that a field names an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageSource {
    /// A container of a pod of Kubernetes.
    Container,
    /// A volume that is an image.
    Volume,
    /// A variable of a container whose name speaks of an image.
    Environment,
    /// A field of a custom resource whose name speaks of an image.
    CustomResource,
}

/// Keys of custom resources whose texts are images, besides those that end with `Image`.
const IMAGE_KEYS: [&str; 4] = ["baseImage", "dockerImage", "image", "imageName"];

/// Each image once, and the uses that are no references.
pub(super) fn collect(objects: &[Object]) -> (Vec<Image>, Vec<ImageUse>) {
    let mut images: BTreeMap<String, Image> = BTreeMap::new();
    let mut unreadable = Vec::new();
    for found in objects.iter().flat_map(uses) {
        let Some(parts) = ImageReference::parse(&found.text) else {
            // Of other fields only the name says that they might be images.
            if matches!(found.source, ImageSource::Container | ImageSource::Volume) {
                unreadable.push(found);
            }
            continue;
        };
        let reference = parts.to_string();
        let image = Image { reference: reference.clone(), parts, uses: Vec::new() };
        images.entry(reference).or_insert(image).uses.push(found);
    }
    (images.into_values().collect(), unreadable)
}

fn uses(object: &Object) -> Vec<ImageUse> {
    let mut finder = Finder { object, uses: Vec::new() };
    if let Some((path, pod)) = pod::pod_of(object) {
        finder.pod(&path, pod);
    }
    if object.group().contains('.') && !is_kubernetes_group(object.group()) {
        finder.custom_resource();
    }
    finder.uses
}

struct Finder<'a> {
    object: &'a Object,
    uses: Vec<ImageUse>,
}

impl<'a> Finder<'a> {
    fn add(&mut self, field: String, text: &str, source: ImageSource) {
        if self.uses.iter().any(|known| known.field == field) {
            return;
        }
        self.uses.push(ImageUse { object: self.object.reference(), field, text: text.to_owned(), source });
    }

    fn pod(&mut self, path: &str, pod: &Value) {
        for (path, container) in pod::containers(path, pod) {
            if let Some(image) = container.get("image").and_then(Value::as_str) {
                self.add(format!("{path}.image"), image, ImageSource::Container);
            }
            self.environment(&path, container);
        }
        for (index, volume) in items(&pod["volumes"]).iter().enumerate() {
            if let Some(image) = volume["image"]["reference"].as_str() {
                self.add(format!("{path}.volumes[{index}].image.reference"), image, ImageSource::Volume);
            }
        }
    }

    fn environment(&mut self, path: &str, container: &Value) {
        for (index, variable) in items(&container["env"]).iter().enumerate() {
            let value = text(&variable["value"]);
            if text(&variable["name"]).contains("IMAGE") && looks_like_image(value) {
                self.add(format!("{path}.env[{index}].value"), value, ImageSource::Environment);
            }
        }
    }

    /// Walks the whole object: custom resources name images at any depth.
    fn custom_resource(&mut self) {
        let mut open: Vec<(String, &'a Value)> = vec![(String::new(), &self.object.value)];
        while let Some((path, value)) = open.pop() {
            match value {
                Value::Object(map) => {
                    for (key, value) in map {
                        self.entry(&join(&path, key), key, value, map);
                    }
                    let below = map.iter().filter(|(key, _)| !(path.is_empty() && *key == "metadata"));
                    open.extend(below.map(|(key, value)| (join(&path, key), value)));
                }
                Value::Array(items) => {
                    let indexed = items.iter().enumerate();
                    open.extend(indexed.map(|(index, value)| (format!("{path}[{index}]"), value)));
                }
                _ => {}
            }
        }
        self.uses.sort_by(|left, right| left.field.cmp(&right.field));
    }

    fn entry(&mut self, path: &str, key: &str, value: &Value, siblings: &Map<String, Value>) {
        if !IMAGE_KEYS.contains(&key) && !key.ends_with("Image") {
            return;
        }
        match value {
            // The tag of a base image stands beside it.
            Value::String(base) if key == "baseImage" => {
                let tag = ["tag", "version"].iter().find_map(|key| siblings.get(*key)?.as_str());
                let reference = tag.map_or_else(|| base.clone(), |tag| format!("{base}:{tag}"));
                self.add(path.to_owned(), &reference, ImageSource::CustomResource);
            }
            Value::String(image) if !image.is_empty() => {
                self.add(path.to_owned(), image, ImageSource::CustomResource);
            }
            Value::Object(parts) => {
                if let Some(image) = from_parts(parts) {
                    self.add(path.to_owned(), &image, ImageSource::CustomResource);
                }
            }
            _ => {}
        }
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Has the text a registry or a path, and a tag or digest?
fn looks_like_image(text: &str) -> bool {
    text.contains('/') && text.rsplit('/').next().is_some_and(|name| name.contains([':', '@']))
}

/// The reference of `{registry, repository, tag, digest}`; numbers stand where tags are meant.
fn from_parts(parts: &Map<String, Value>) -> Option<String> {
    let part = |keys: &[&str]| {
        let value = keys.iter().find_map(|key| parts.get(*key))?;
        chandlery_yaml::coerce_to_string(value)
            .map(std::borrow::Cow::into_owned)
            .filter(|text| !text.is_empty())
    };
    let mut reference = part(&["repository", "name"])?;
    if let Some(registry) = part(&["registry"]) {
        reference = format!("{registry}/{reference}");
    }
    if let Some(tag) = part(&["tag", "version"]) {
        reference = format!("{reference}:{tag}");
    }
    if let Some(digest) = part(&["digest", "sha"]) {
        let algorithm = if digest.contains(':') { "" } else { "sha256:" };
        reference = format!("{reference}@{algorithm}{digest}");
    }
    Some(reference)
}
