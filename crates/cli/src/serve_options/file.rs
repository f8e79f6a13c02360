//! The configuration file: a flat YAML map from setting to value.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use super::chartmuseum::GUIDE;
use super::settings::{SETTINGS, Setting};

/// A value in the file; all settings are read from text in the end.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Switch(bool),
    Number(i64),
    Text(String),
    Null(()),
}

/// Reads the file's settings.
///
/// # Errors
/// The text is no flat YAML map, or has a key that is no setting.
pub(super) fn read(text: &str) -> Result<BTreeMap<String, String>> {
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(BTreeMap::new());
    }
    let map: BTreeMap<String, Scalar> = serde_saphyr::from_str(text)
        .map_err(|error| anyhow::anyhow!("{error}"))
        .context("it must be a map of settings to plain values, such as `listen: 0.0.0.0:8080`")?;
    let mut settings = BTreeMap::new();
    for (key, value) in map {
        check_key(&key)?;
        let value = match value {
            Scalar::Switch(on) => on.to_string(),
            Scalar::Number(number) => number.to_string(),
            Scalar::Text(text) => text,
            Scalar::Null(()) => continue,
        };
        settings.insert(key, value);
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
