//! What the manifest and the config of a tag say about a chart.

use std::collections::BTreeMap;

use chandlery_chart::{IndexEntry, Metadata};
use chandlery_core::Digest;
use serde::Deserialize;

use super::registry::Registry;
use super::{Seen, Tag, location};
use crate::foreign::{Failure, Package, PackageKind};

const CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";

/// The types of the layer with the package; the second is of early versions of Helm.
const PACKAGES: [&str; 2] = ["application/vnd.cncf.helm.chart.content.v1.tar+gzip", "application/tar+gzip"];

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    config: Descriptor,
    #[serde(default)]
    layers: Vec<Descriptor>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Descriptor {
    media_type: String,
    digest: String,
}

/// Reads what a tag names.
pub(super) async fn read(registry: &Registry, tag: &Tag, fingerprint: Digest) -> Result<Seen, Failure> {
    let Some(bytes) = registry.manifest(&tag.repository, &tag.tag).await? else {
        return Ok(Seen::Other("the tag is listed and is not there".to_owned()));
    };
    let manifest = match serde_json::from_slice::<Manifest>(&bytes) {
        Ok(manifest) => manifest,
        Err(error) => return Ok(Seen::Other(format!("its manifest cannot be read: {error}"))),
    };
    if manifest.config.media_type != CONFIG {
        return Ok(Seen::Other("it is no Helm chart".to_owned()));
    }
    let layer = manifest.layers.iter().find(|layer| PACKAGES.contains(&layer.media_type.as_str()));
    let Some((layer, digest)) = layer.and_then(|layer| Some((layer, sha256(&layer.digest)?))) else {
        return Ok(Seen::Other("its manifest names no package".to_owned()));
    };
    let metadata = match read_config(registry, &tag.repository, &manifest.config).await? {
        Ok(metadata) => metadata,
        Err(reason) => return Ok(Seen::Other(reason)),
    };
    if metadata.version != tag.version() {
        let reason = format!("the tag says {} and the chart {:?}", tag.version(), metadata.version);
        return Ok(Seen::Other(reason));
    }
    let created = manifest.annotations.get("org.opencontainers.image.created");
    let entry = IndexEntry {
        metadata,
        urls: vec![format!("oci://{}/{}:{}", registry.host(), tag.repository, tag.tag)],
        created: created.and_then(|text| text.parse().ok()).unwrap_or_default(),
        digest: digest.to_hex(),
        ..IndexEntry::default()
    };
    Ok(Seen::Chart(Box::new(Package {
        kind: PackageKind::of(&entry),
        name: tag.chart.clone(),
        entry,
        fingerprint,
        location: Ok(location(&tag.repository, &layer.digest)),
    })))
}

fn sha256(digest: &str) -> Option<Digest> {
    digest.strip_prefix("sha256:")?.parse().ok()
}

/// `Chart.yaml` as the config has it, or what is wrong with it.
async fn read_config(
    registry: &Registry,
    repository: &str,
    config: &Descriptor,
) -> Result<Result<Metadata, String>, Failure> {
    let Some(digest) = sha256(&config.digest) else {
        return Ok(Err("its config has no sha256".to_owned()));
    };
    let Some(bytes) = registry.config(repository, &config.digest).await? else {
        return Ok(Err("its config is not there".to_owned()));
    };
    if Digest::of(&bytes) != digest {
        return Ok(Err("its config is not the one that the manifest names".to_owned()));
    }
    let Ok(text) = String::from_utf8(bytes) else { return Ok(Err("its config is not text".to_owned())) };
    Ok(Metadata::from_yaml(&text)
        .and_then(|mut metadata| metadata.validate().map(|()| metadata))
        .map_err(|error| format!("its config cannot be read: {error}")))
}
