//! Rendered files to a manifest: documents split, understood and sorted as Helm does before it installs them.
//!
//! Only the head of a document is looked at here: `apiVersion`, `kind`, `metadata.name` and `metadata.annotations`.

mod head;
mod hook;
mod kind;
mod print;
mod split;

use std::collections::BTreeMap;

pub use head::Head;
pub use hook::{Hook, HookEvent};
pub use kind::KindOrder;
pub use print::{CrdFile, PrintOptions, crds, print};
pub use split::split;

use super::compat::Compat;
use super::notes::is_notes;

/// A document of a rendered file that is no hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The path of the template that made it.
    pub path: String,
    /// The document as it stands, comments included.
    pub text: String,
    /// What it is.
    pub head: Head,
}

/// What an install would create, and the hooks around it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The documents in the order in which they are created.
    pub documents: Vec<Document>,
    /// The hooks by kind as the documents; see [`Manifest::hooks_for`] for the order in which they run.
    pub hooks: Vec<Hook>,
    /// Documents that name a hook event that Helm does not know: it leaves them out without a word.
    pub dropped: Vec<Document>,
}

/// Why there is no manifest, in Helm's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// A document that is not YAML, or whose head has another shape than that of an object.
    #[error("YAML parse error on {path}: {reason}")]
    Yaml {
        /// The path of the template that made it.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No document comes from a template of this name.
    #[error("could not find template {0} in chart")]
    NoTemplate(String),
}

/// Sorts rendered files into documents and hooks, in install order.
///
/// `files` has the text of each template by its path (`NAME/templates/x.yaml`). Partials (`_x`), notes and files without
/// text are left out.
///
/// # Errors
/// [`ManifestError::Yaml`] for the first document, by path and place, that cannot be understood.
pub fn assemble(files: &BTreeMap<String, String>, compat: Compat) -> Result<Manifest, ManifestError> {
    let mut manifest = Manifest::default();
    for (path, content) in files.iter().filter(|(path, _)| !is_partial(path) && !is_notes(path)) {
        for text in split(content, compat) {
            manifest.add(path, text, compat)?;
        }
    }
    manifest.sort(KindOrder::Install, compat);
    Ok(manifest)
}

/// The most YAML nodes that a rendered document may have: the largest definitions of resources have 40,000.
const MOST_DOCUMENT_NODES: usize = 2_000_000;

/// How rendered documents are read.
pub(in crate::render) fn document_options() -> chandlery_yaml::Options {
    let limits = chandlery_yaml::Limits { nodes: MOST_DOCUMENT_NODES, ..crate::yaml_options().limits };
    chandlery_yaml::Options { limits, ..chandlery_yaml::Options::default() }
}

fn is_partial(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.starts_with('_'))
}

impl Manifest {
    fn add(&mut self, path: &str, text: &str, compat: Compat) -> Result<(), ManifestError> {
        let head = Head::parse(text, compat)
            .map_err(|reason| ManifestError::Yaml { path: path.to_owned(), reason })?;
        let document = Document { path: path.to_owned(), text: text.to_owned(), head };
        match Hook::events_of(&document.head) {
            None => self.documents.push(document),
            Some(None) => self.dropped.push(document),
            Some(Some(events)) => self.hooks.push(Hook::new(document, events)),
        }
        Ok(())
    }

    /// Puts documents and hooks in the order of their kinds; those of one kind stay as they are.
    pub fn sort(&mut self, order: KindOrder, compat: Compat) {
        self.documents.sort_by(|left, right| order.compare(&left.head.kind, &right.head.kind, compat));
        self.hooks.sort_by(|left, right| {
            order.compare(&left.document.head.kind, &right.document.head.kind, compat)
        });
    }

    /// The hooks of an event in the order in which they run: by weight, then name, then kind.
    #[must_use]
    pub fn hooks_for(&self, event: HookEvent) -> Vec<&Hook> {
        let mut hooks: Vec<&Hook> = self.hooks.iter().filter(|hook| hook.events.contains(&event)).collect();
        hooks.sort_by(|left, right| {
            (left.weight, &left.document.head.name).cmp(&(right.weight, &right.document.head.name))
        });
        hooks
    }

    /// The documents as one text, as a release record keeps it.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for document in &self.documents {
            print::write_source(&mut text, &document.path, &document.text);
        }
        text
    }
}

#[cfg(test)]
mod tests;
