//! What `helm template` prints.

use super::{Compat, HookEvent, Manifest, ManifestError, split};
use crate::chart::Chart;
use crate::directory::glob::Pattern;

/// What is printed.
#[derive(Clone, Debug, Default)]
pub struct PrintOptions<'a> {
    /// Whose rules hold; only for [`PrintOptions::show_only`].
    pub compat: Compat,
    /// The files of `crds/` to print before everything (`--include-crds`); empty to leave them out.
    pub crds: &'a [CrdFile],
    /// Leave out all hooks (`--no-hooks`).
    pub no_hooks: bool,
    /// Leave out the hooks of `helm test` (`--skip-tests`).
    pub skip_tests: bool,
    /// Print only the documents of the templates that match one of these patterns, in the order of the patterns
    /// (`--show-only templates/x.yaml`). Everything if empty.
    pub show_only: &'a [String],
}

/// A file of `crds/`, which is installed as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrdFile {
    /// Its path with the chart's name, as templates have it: `NAME/charts/SUB/crds/x.yaml`.
    pub path: String,
    /// Its content; what is not UTF-8 is replaced.
    pub text: String,
}

/// The files under `crds/` of a chart and its subcharts that have the extension of a manifest, the root's first.
#[must_use]
pub fn crds(chart: &Chart) -> Vec<CrdFile> {
    let mut files = Vec::new();
    collect_crds(chart, chart.name(), &mut files);
    files
}

fn collect_crds(chart: &Chart, path: &str, files: &mut Vec<CrdFile>) {
    for file in &chart.files {
        if file.path.starts_with("crds/") && has_manifest_extension(&file.path) {
            let text = String::from_utf8_lossy(&file.data).into_owned();
            files.push(CrdFile { path: format!("{path}/{}", file.path), text });
        }
    }
    for subchart in &chart.subcharts {
        collect_crds(subchart, &format!("{path}/charts/{}", subchart.name()), files);
    }
}

fn has_manifest_extension(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    matches!(extension.as_deref(), Some("yaml" | "yml" | "json"))
}

/// The text of a manifest as `helm template` prints it.
///
/// # Errors
/// [`ManifestError::NoTemplate`] for a pattern of `show_only` that nothing matches.
pub fn print(manifest: &Manifest, options: &PrintOptions<'_>) -> Result<String, ManifestError> {
    let everything = print_everything(manifest, options);
    if options.show_only.is_empty() {
        return Ok(everything);
    }
    let documents = split(&everything, options.compat);
    let mut shown = String::new();
    for wanted in options.show_only {
        let pattern = Pattern::parse(wanted);
        let is_wanted = |text: &str| {
            let path = source_path(text);
            path.is_some_and(|path| pattern.as_ref().is_some_and(|pattern| pattern.matches(path)))
        };
        let before = shown.len();
        for text in documents.iter().filter(|text| is_wanted(text)) {
            shown.push_str("---\n");
            shown.push_str(text);
            shown.push('\n');
        }
        if shown.len() == before {
            return Err(ManifestError::NoTemplate(wanted.clone()));
        }
    }
    Ok(shown)
}

fn print_everything(manifest: &Manifest, options: &PrintOptions<'_>) -> String {
    let mut text = String::new();
    for crd in options.crds {
        write_source(&mut text, &crd.path, &crd.text);
    }
    text.push_str(&manifest.text());
    let mut text = text.trim().to_owned();
    text.push('\n');
    for hook in manifest.hooks.iter().filter(|_| !options.no_hooks) {
        if !(options.skip_tests && hook.events.contains(&HookEvent::Test)) {
            write_source(&mut text, &hook.document.path, &hook.document.text);
        }
    }
    text
}

/// Writes a document under the path it comes from.
pub(super) fn write_source(text: &mut String, path: &str, document: &str) {
    for part in ["---\n# Source: ", path, "\n", document, "\n"] {
        text.push_str(part);
    }
}

/// The path after the chart's name in the first comment that tells one.
fn source_path(text: &str) -> Option<&str> {
    const COMMENT: &str = "# Source: ";
    text.match_indices(COMMENT).find_map(|(start, _)| {
        let (chart, rest) = text[start + COMMENT.len()..].split_once('/')?;
        let path = rest.split('\n').next().filter(|path| !path.is_empty())?;
        (!chart.is_empty()).then_some(path)
    })
}
