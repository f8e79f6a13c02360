//! Metadata as YAML, with the keys in alphabetical order as Helm writes them.

use std::collections::BTreeMap;

use chandlery_yaml::{Dialect, Emitter, sort_entries};
use serde::Serialize;

use super::{Dependency, Maintainer, Metadata};

/// What an index entry has beside the metadata.
pub(crate) struct IndexFields<'a> {
    pub(crate) created: &'a str,
    pub(crate) digest: &'a str,
    pub(crate) removed: bool,
    pub(crate) urls: &'a [String],
    pub(crate) legacy: Option<&'a LegacyFields>,
}

/// What indexes of Helm 2 had, kept when they are merged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LegacyFields {
    /// Now `digest`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub checksum: String,
    /// The template engine.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub engine: String,
    /// The range of versions of Helm 2's server.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tiller_version: String,
    /// Now `urls`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
}

impl Metadata {
    /// `Chart.yaml` as `helm package` writes it: known fields only, keys in alphabetical order, no comments.
    ///
    /// # Errors
    /// [`chandlery_yaml::Error`] when a text has a control character that Helm's YAML cannot hold (DEL, C1).
    pub fn to_yaml(&self) -> Result<String, chandlery_yaml::Error> {
        let mut emitter = Emitter::new(Dialect::Compact);
        self.write(&mut emitter, None)?;
        emitter.finish()
    }

    /// Writes the metadata as one mapping, merged with the fields of an index entry.
    pub(crate) fn write(
        &self,
        out: &mut Emitter,
        index: Option<&IndexFields<'_>>,
    ) -> Result<(), chandlery_yaml::Error> {
        let legacy = index.and_then(|index| index.legacy);
        out.begin_mapping();
        write_annotations(out, &self.annotations);
        write_text(out, "apiVersion", &self.api_version);
        write_text(out, "appVersion", &self.app_version);
        write_text(out, "checksum", legacy.map_or("", |legacy| &legacy.checksum));
        write_text(out, "condition", &self.condition);
        if let Some(index) = index {
            out.key("created");
            out.string(index.created);
        }
        if !self.dependencies.is_empty() {
            out.key("dependencies");
            write_dependencies(out, &self.dependencies)?;
        }
        write_flag(out, "deprecated", self.deprecated);
        write_text(out, "description", &self.description);
        if let Some(index) = index {
            write_text(out, "digest", index.digest);
        }
        write_text(out, "engine", legacy.map_or("", |legacy| &legacy.engine));
        write_text(out, "home", &self.home);
        write_text(out, "icon", &self.icon);
        write_texts(out, "keywords", &self.keywords);
        write_text(out, "kubeVersion", &self.kube_version);
        write_maintainers(out, &self.maintainers);
        write_text(out, "name", &self.name);
        write_flag(out, "removed", index.is_some_and(|index| index.removed));
        write_texts(out, "sources", &self.sources);
        write_text(out, "tags", &self.tags);
        write_text(out, "tillerVersion", legacy.map_or("", |legacy| &legacy.tiller_version));
        write_text(out, "type", &self.kind);
        write_text(out, "url", legacy.map_or("", |legacy| &legacy.url));
        if let Some(index) = index {
            out.key("urls");
            write_list(out, index.urls);
        }
        write_text(out, "version", &self.version);
        out.end_mapping();
        Ok(())
    }
}

fn write_text(out: &mut Emitter, key: &str, text: &str) {
    if !text.is_empty() {
        out.key(key);
        out.string(text);
    }
}

fn write_flag(out: &mut Emitter, key: &str, flag: bool) {
    if flag {
        out.key(key);
        out.boolean(true);
    }
}

pub(crate) fn write_texts(out: &mut Emitter, key: &str, texts: &[String]) {
    if !texts.is_empty() {
        out.key(key);
        write_list(out, texts);
    }
}

fn write_list(out: &mut Emitter, texts: &[String]) {
    out.begin_sequence();
    for text in texts {
        out.string(text);
    }
    out.end_sequence();
}

pub(crate) fn write_annotations(out: &mut Emitter, annotations: &BTreeMap<String, String>) {
    if annotations.is_empty() {
        return;
    }
    let mut entries: Vec<_> = annotations.iter().collect();
    sort_entries(&mut entries, Dialect::Compact);
    out.key("annotations");
    out.begin_mapping();
    for (key, value) in entries {
        out.key(key);
        out.string(value);
    }
    out.end_mapping();
}

fn write_maintainers(out: &mut Emitter, maintainers: &[Maintainer]) {
    if maintainers.is_empty() {
        return;
    }
    out.key("maintainers");
    out.begin_sequence();
    for maintainer in maintainers {
        out.begin_mapping();
        write_text(out, "email", &maintainer.email);
        write_text(out, "name", &maintainer.name);
        write_text(out, "url", &maintainer.url);
        out.end_mapping();
    }
    out.end_sequence();
}

/// Writes the list of dependencies as one sequence.
pub(crate) fn write_dependencies(
    out: &mut Emitter,
    dependencies: &[Dependency],
) -> Result<(), chandlery_yaml::Error> {
    out.begin_sequence();
    for dependency in dependencies {
        out.begin_mapping();
        write_text(out, "alias", &dependency.alias);
        write_text(out, "condition", &dependency.condition);
        write_flag(out, "enabled", dependency.enabled);
        if !dependency.import_values.is_empty() {
            out.key("import-values");
            out.begin_sequence();
            for value in &dependency.import_values {
                out.value(value)?;
            }
            out.end_sequence();
        }
        out.key("name");
        out.string(&dependency.name);
        out.key("repository");
        out.string(&dependency.repository);
        write_texts(out, "tags", &dependency.tags);
        write_text(out, "version", &dependency.version);
        out.end_mapping();
    }
    out.end_sequence();
    Ok(())
}
