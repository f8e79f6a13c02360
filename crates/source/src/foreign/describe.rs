//! What a package says about itself, where no index does.

use chandlery_chart::{Archive, Limits, Metadata, inspect};
use serde_json::Value;

use super::PackageKind;

/// The kind and the metadata of a package: a chart, an addon with or without `Chart.yaml`, or why it is neither.
pub(super) fn describe(package: &[u8]) -> Result<(PackageKind, Metadata), String> {
    match inspect(package, &Limits::default()) {
        Ok(summary) => {
            let is_addon = summary.metadata.annotations.contains_key("addon.name");
            let kind = if is_addon { PackageKind::Addon } else { PackageKind::Chart };
            Ok((kind, summary.metadata))
        }
        Err(error) => {
            let archive = Archive::read(package, &Limits::default()).map_err(|error| error.to_string())?;
            let file = archive.files.iter().find(|file| file.path == ADDON_FILE);
            let file = file.ok_or_else(|| error.to_string())?;
            Ok((PackageKind::Addon, addon_metadata(&file.data)?))
        }
    }
}

/// The file that makes a folder an addon.
pub(super) const ADDON_FILE: &str = "metadata.yaml";

/// The metadata of an addon as those of the chart that it becomes when it is packaged.
pub(super) fn addon_metadata(text: &[u8]) -> Result<Metadata, String> {
    let limits = chandlery_yaml::Limits { nodes: 100_000, alias_bytes: 1 << 20, ..Default::default() };
    let options = chandlery_yaml::Options { limits, ..Default::default() };
    let value =
        chandlery_yaml::from_slice(text, &options).map_err(|error| format!("{ADDON_FILE}: {error}"))?;
    let text =
        |key: &str| chandlery_yaml::coerce_to_string(value.get(key)?).map(std::borrow::Cow::into_owned);
    let required = |key: &str| {
        text(key).filter(|text| !text.is_empty()).ok_or_else(|| format!("{ADDON_FILE} has no {key}"))
    };
    let (name, version) = (required("name")?, required("version")?);
    let tags = value.get("tags").and_then(Value::as_array).into_iter().flatten();
    Ok(Metadata {
        annotations: [("addon.name".to_owned(), name.clone())].into(),
        api_version: "v2".to_owned(),
        description: text("description").unwrap_or_default(),
        home: text("url").unwrap_or_default(),
        icon: text("icon").unwrap_or_default(),
        keywords: tags.filter_map(Value::as_str).map(str::to_owned).collect(),
        name,
        version,
        ..Metadata::default()
    })
}
