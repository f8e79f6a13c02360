//! The rules for templates and what they make.

use serde_json::{Map, Value};

use super::decode::Object;
use super::deprecated::check_deprecated;
use super::documents::Documents;
use super::names::check_name;
use super::source::{LintSource, Presence};
use super::{Findings, LintOptions, Severity};
use crate::metadata::quote_whole;
use crate::render::{
    PrepareOptions, Prepared, Release, RenderError, RenderOptions, Rendered, prepare, render,
};

const DIRECTORY: &str = "templates/";

pub(super) fn check(
    findings: &mut Findings,
    source: &LintSource,
    values: &Map<String, Value>,
    options: &LintOptions,
) {
    let exists = match source.templates {
        Presence::Nothing => Err("directory does not exist".to_owned()),
        Presence::Directory | Presence::File => Ok(()),
    };
    if !findings.check(Severity::Warning, DIRECTORY, exists) {
        return;
    }
    let is_directory = match source.templates {
        Presence::File => Err("not a directory".to_owned()),
        Presence::Directory | Presence::Nothing => Ok(()),
    };
    if !findings.check(Severity::Error, DIRECTORY, is_directory) {
        return;
    }
    let chart = match &source.chart {
        Ok(chart) => chart.clone(),
        Err(error) => {
            findings.check(Severity::Error, DIRECTORY, Err(error.clone()));
            return;
        }
    };
    let paths: Vec<String> = chart.templates.iter().map(|file| file.path.clone()).collect();
    match render_for_lint(chart, values, options) {
        // Helm says nothing of values that cannot be merged.
        Err(RenderError::SubchartValues { .. }) => {}
        Err(error) => drop(findings.check(Severity::Error, DIRECTORY, Err(error.to_string()))),
        Ok((prepared, rendered)) => check_files(findings, &paths, &prepared, &rendered, options),
    }
}

/// Merges values twice, as Helm does here: what a user's null took away comes back.
fn render_for_lint(
    chart: crate::Chart,
    values: &Map<String, Value>,
    options: &LintOptions,
) -> Result<(Prepared, Rendered), RenderError> {
    let once = PrepareOptions { compat: options.compat, skip_schema: true };
    let merged = prepare(chart, values, &once)?;
    let again = PrepareOptions { compat: options.compat, skip_schema: options.skip_schema };
    let prepared = prepare(merged.chart, &merged.values, &again)?;
    let mut release = Release::install("test-release", options.namespace.as_str());
    // Helm's linter gives no revision.
    release.revision = 0;
    let mut rendering = RenderOptions::new(release);
    rendering.capabilities = options.capabilities.clone();
    rendering.compat = options.compat;
    rendering.limits = options.limits.clone();
    rendering.lint = true;
    let rendered = render(&prepared, &rendering)?;
    Ok((prepared, rendered))
}

fn check_files(
    findings: &mut Findings,
    paths: &[String],
    prepared: &Prepared,
    rendered: &Rendered,
    options: &LintOptions,
) {
    for path in paths {
        findings.check(Severity::Error, path, check_extension(path));
        if !matches!(extension(path).to_ascii_lowercase().as_str(), ".yaml" | ".yml") {
            continue;
        }
        let full = format!("{}/{path}", prepared.chart.name());
        let text = rendered.files.get(&full).map(String::as_str).unwrap_or_default();
        if !text.trim().is_empty() && !check_text(findings, path, text, options) {
            return;
        }
    }
}

/// Checks the documents of a template; `false` if one cannot be read, where Helm stops.
fn check_text(findings: &mut Findings, path: &str, text: &str, options: &LintOptions) -> bool {
    findings.check(Severity::Warning, path, check_indent(text));
    for document in Documents::new(text) {
        let object = match document.and_then(|value| Object::decode(&value)) {
            Ok(None) => continue,
            Ok(Some(object)) => object,
            Err(error) => {
                return findings.check(Severity::Error, path, Err(format!("unable to parse YAML: {error}")));
            }
        };
        findings.check(Severity::Warning, path, check_name(&object));
        findings.check(
            Severity::Warning,
            path,
            check_deprecated(&object, &options.capabilities.kube_version),
        );
        findings.check(Severity::Error, path, check_selector(&object, text));
        findings.check(Severity::Error, path, check_list(&object, text));
    }
    true
}

/// From the last dot of the file's name on.
pub(super) fn extension(path: &str) -> &str {
    let start = path.rfind('/').map_or(0, |slash| slash + 1);
    path[start..].rfind('.').map_or("", |dot| &path[start + dot..])
}

fn check_extension(path: &str) -> Result<(), String> {
    match extension(path) {
        ".yaml" | ".yml" | ".tpl" | ".txt" => Ok(()),
        other => Err(format!(
            "file extension '{other}' not valid. Valid extensions are .yaml, .yml, .tpl, or .txt"
        )),
    }
}

/// The first line that is not blank must not be indented.
fn check_indent(text: &str) -> Result<(), String> {
    /// The longest line that Go's scanner takes.
    const LONGEST_LINE: usize = 64 << 10;
    for line in text.split('\n') {
        if line.len() >= LONGEST_LINE {
            return Err("bufio.Scanner: token too long".to_owned());
        }
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.trim().is_empty() {
            continue;
        }
        if line.starts_with([' ', '\t']) {
            let shown = quote_whole(line);
            return Err(format!(
                "document starts with an illegal indent: {shown}, which may cause parsing problems"
            ));
        }
        return Ok(());
    }
    Ok(())
}

fn check_selector(object: &Object, text: &str) -> Result<(), String> {
    let needs_one = matches!(object.kind.as_str(), "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet");
    if !needs_one || text.contains("matchLabels") || text.contains("matchExpressions") {
        return Ok(());
    }
    let (kind, name) = (&object.kind, quote_whole(&object.name));
    Err(format!("a {kind} must contain matchLabels or matchExpressions, and {name} does not"))
}

/// A list's items are created without the annotation that should keep them.
fn check_list(object: &Object, text: &str) -> Result<(), String> {
    if object.kind != "List" {
        return Ok(());
    }
    let value = chandlery_yaml::from_str(text, &crate::yaml_options())
        .map_err(|error| format!("unable to parse YAML: error converting YAML to JSON: {error}"))?;
    let items = value.get("items").and_then(Value::as_array);
    let is_kept = |item: &Value| item.pointer("/metadata/annotations/helm.sh~1resource-policy").is_some();
    if items.into_iter().flatten().any(is_kept) {
        return Err("annotation 'helm.sh/resource-policy' within List objects are ignored".to_owned());
    }
    Ok(())
}
