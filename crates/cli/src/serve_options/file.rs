//! The configuration file: a flat YAML map from setting to value.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use chandlery_yaml::{Options, coerce_to_string};
use serde_json::Value;

use super::chartmuseum::GUIDE;
use super::settings::{SETTINGS, Setting};

/// Reads the file's settings.
///
/// # Errors
/// The text is no flat YAML map, has a key twice, or one that is no setting.
pub(super) fn read(text: &str) -> Result<BTreeMap<String, String>> {
    let options = Options { strict_duplicates: true, ..Options::default() };
    let map = match chandlery_yaml::from_str(text, &options)? {
        Value::Null => return Ok(BTreeMap::new()),
        Value::Object(map) => map,
        _ => bail!("it must be a map of settings to plain values, such as `listen: 0.0.0.0:8080`"),
    };
    let mut settings = BTreeMap::new();
    for (key, value) in map {
        check_key(&key)?;
        if value.is_null() {
            continue;
        }
        let value = coerce_to_string(&value).with_context(|| format!("{key} must be a plain value"))?;
        settings.insert(key, value.into_owned());
    }
    Ok(settings)
}

fn check_key(key: &str) -> Result<()> {
    let names_a_file = SETTINGS.iter().any(|setting| setting.kind.file_setting() == Some(key));
    if names_a_file || Setting::find(key).is_some() {
        return Ok(());
    }
    let dashed = key.replace('_', "-").to_ascii_lowercase();
    if Setting::find(&dashed).is_some() {
        bail!("unknown key {key:?}: write {dashed}");
    }
    let names: Vec<_> = SETTINGS.iter().map(|setting| setting.name).collect();
    bail!(
        "unknown key {key:?}: the settings are {} (for a file of ChartMuseum see {GUIDE})",
        names.join(", ")
    );
}
