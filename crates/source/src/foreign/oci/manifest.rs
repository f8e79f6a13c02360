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

/// The type of the layer with the provenance file.
const PROVENANCE: &str = "application/vnd.cncf.helm.chart.provenance.v1.prov";

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

const NO_PACKAGE: &str = "its manifest names no package";

impl Manifest {
    /// Reads the manifest of a chart, or tells why it is none.
    fn of_chart(bytes: &[u8]) -> Result<Self, String> {
        let read = serde_json::from_slice::<Self>(bytes);
        let manifest = read.map_err(|error| format!("its manifest cannot be read: {error}"))?;
        match manifest.config.media_type == CONFIG {
            true => Ok(manifest),
            false => Err("it is no Helm chart".to_owned()),
        }
    }

    fn package(&self) -> Option<&Descriptor> {
        self.layers.iter().find(|layer| PACKAGES.contains(&layer.media_type.as_str()))
    }
}

/// Digests, with their algorithms, of what belongs to a chart.
pub(super) struct Layers {
    pub(super) package: String,
    pub(super) provenance: Option<String>,
}

/// What belongs to the chart of a manifest; or why there is none.
pub(super) fn layers_of(manifest: &[u8]) -> Result<Layers, String> {
    let manifest = Manifest::of_chart(manifest)?;
    let package = manifest.package().ok_or_else(|| NO_PACKAGE.to_owned())?;
    let provenance = manifest.layers.iter().find(|layer| layer.media_type == PROVENANCE);
    Ok(Layers { package: package.digest.clone(), provenance: provenance.map(|layer| layer.digest.clone()) })
}

/// Reads what a tag names.
pub(super) async fn read(registry: &Registry, tag: &Tag, fingerprint: Digest) -> Result<Seen, Failure> {
    let Some(bytes) = registry.manifest(&tag.repository, &tag.tag).await? else {
        return Ok(Seen::Other("the tag is listed and is not there".to_owned()));
    };
    let manifest = match Manifest::of_chart(&bytes) {
        Ok(manifest) => manifest,
        Err(reason) => return Ok(Seen::Other(reason)),
    };
    let layer = manifest.package().and_then(|layer| Some((layer, sha256(&layer.digest)?)));
    let Some((layer, digest)) = layer else {
        return Ok(Seen::Other(NO_PACKAGE.to_owned()));
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
    let (kind, location) = (PackageKind::of(&entry), location(&tag.repository, &layer.digest));
    Ok(Seen::Chart(Box::new(Package::new(kind, tag.chart.clone(), entry, fingerprint, Ok(location)))))
}

/// The digest in `sha256:HEX`.
pub(super) fn sha256(digest: &str) -> Option<Digest> {
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
