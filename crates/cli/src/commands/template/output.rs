//! The forms in which rendered charts are printed or written.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use chandlery_chart::render::{Document, HookEvent, Manifest, PrintOptions, Rendered};
use serde::Serialize;

use crate::local::{create_folder, is_relative_and_inside};
use crate::output::{neutralise, print_text};

/// A document in JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DocumentData<'a> {
    path: &'a str,
    api_version: &'a str,
    kind: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hook_events: Vec<&'static str>,
    text: &'a str,
}

/// Prints the text of each template.
pub(super) fn print_raw(rendered: &Rendered, json: bool) -> Result<()> {
    if json {
        return print_text(&format!("{}\n", serde_json::to_string_pretty(&rendered.files)?));
    }
    let mut text = String::new();
    for (path, content) in rendered.files.iter().filter(|(_, content)| !content.trim().is_empty()) {
        text.push_str(&source(path, content));
    }
    print_text(&text)
}

/// Prints the documents as a list in JSON.
pub(super) fn print_documents(manifest: &Manifest, options: &PrintOptions<'_>) -> Result<()> {
    let mut all: Vec<DocumentData<'_>> = manifest.documents.iter().map(|one| data(one, &[])).collect();
    all.extend(hooks(manifest, options).map(|(document, events)| data(document, events)));
    print_text(&format!("{}\n", serde_json::to_string_pretty(&all)?))
}

fn data<'a>(document: &'a Document, events: &[HookEvent]) -> DocumentData<'a> {
    DocumentData {
        path: &document.path,
        api_version: &document.head.api_version,
        kind: &document.head.kind,
        name: &document.head.name,
        hook_events: events.iter().map(|event| event.as_str()).collect(),
        text: &document.text,
    }
}

fn hooks<'a>(
    manifest: &'a Manifest,
    options: &PrintOptions<'_>,
) -> impl Iterator<Item = (&'a Document, &'a [HookEvent])> {
    let (no_hooks, skip_tests) = (options.no_hooks, options.skip_tests);
    manifest
        .hooks
        .iter()
        .filter(move |_| !no_hooks)
        .filter(move |hook| !skip_tests || !hook.events.contains(&HookEvent::Test))
        .map(|hook| (&hook.document, &hook.events[..]))
}

/// Writes each template's documents into a file of its own, `folder/below/PATH`; definitions of custom resources go
/// right below the folder.
pub(super) fn write_files(
    manifest: &Manifest,
    options: &PrintOptions<'_>,
    folder: &Path,
    below: &Path,
) -> Result<()> {
    let mut written = BTreeSet::new();
    let mut write = |folder: &Path, path: &str, text: &str| -> Result<()> {
        let is_new = written.insert(path.to_owned());
        write_document(folder, path, text, is_new)
    };
    for crd in options.crds {
        write(folder, &crd.path, &crd.text)?;
    }
    let folder = folder.join(below);
    for document in &manifest.documents {
        write(&folder, &document.path, &document.text)?;
    }
    for (document, _) in hooks(manifest, options) {
        write(&folder, &document.path, &document.text)?;
    }
    print_text("\n")
}

fn write_document(folder: &Path, path: &str, text: &str, is_new: bool) -> Result<()> {
    if !is_relative_and_inside(Path::new(path)) {
        bail!("{path:?} leads out of {}", folder.display());
    }
    let place = folder.join(path);
    create_folder(place.parent().unwrap_or(folder))?;
    let open = || {
        if is_new { File::create(&place) } else { OpenOptions::new().append(true).open(&place) }
    };
    open()
        .and_then(|mut file| file.write_all(source(path, text).as_bytes()))
        .with_context(|| format!("cannot write {}", place.display()))?;
    print_text(&format!("wrote {}\n", neutralise(&place.display().to_string())))
}

/// A text under the path of its template.
fn source(path: &str, text: &str) -> String {
    format!("---\n# Source: {path}\n{text}\n")
}
