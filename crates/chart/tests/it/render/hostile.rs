//! Charts that want to use up the machine: each ends soon, with an error that says where and why, or harmlessly.
//!
//! Everything runs on a stack of the size that threads have by default.

mod charts;
mod cycles;
mod depth;
mod functions;
mod growth;
mod patterns;
mod recursion;
mod schemas;
mod sizes;
mod values;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use chandlery_chart::render::{
    Capabilities, Compat, PrepareOptions, Release, RenderError, RenderOptions, TemplateLimits, prepare,
    render,
};
use chandlery_chart::{Chart, Limits};
use serde_json::Map;

// What the errors of limits end with.
const STEPS: &str = "ERR …the templates took more than 4000000 steps";
const BYTES: &str = "ERR …the templates made more than 201326592 bytes of text and lists";
const SIZE: &str = "ERR …a text or list would have more than 25165824 bytes";
const DEPTH: &str = "ERR …exceeded maximum template depth (5000)";
const ACTIONS: &str = "ERR …actions nested deeper than 10000";
const OPERANDS: &str = "ERR …more than 500000 operands and actions";
const PATTERN: &str = "ERR …a regular expression needs more than 1048576 bytes";
const LEVELS: &str = "ERR …a value nests deeper than 1000 levels, or holds itself";
const UNPRINTABLE: &str =
    "ERR …a value that holds itself or is nested deeper than 10000 levels cannot be printed";
const JSON: &str = "ERR …a value nested deeper than 10000 levels cannot be written as JSON";

/// The stack of a thread that does not ask for one, in bytes.
const DEFAULT_STACK: usize = 2 << 20;

/// Runs something on a thread with the default stack.
fn on_default_stack<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(DEFAULT_STACK);
        builder.spawn_scoped(scope, run).unwrap().join().unwrap()
    })
}

/// The default limits, but for steps: without optimisation they take ten times as long.
fn limits() -> TemplateLimits {
    TemplateLimits { steps: 4_000_000, ..TemplateLimits::default() }
}

fn write_files(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// What a chart with these files renders to: the text of `templates/x.yaml`, or the error.
fn outcome(files: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("t");
    write_files(&root, &[("Chart.yaml", "apiVersion: v2\nname: t\nversion: 0.1.0\n")]);
    write_files(&root, files);
    on_default_stack(|| match load_and_render(&root) {
        Ok(text) => text,
        Err(error) => format!("ERR {error}"),
    })
}

fn load_and_render(root: &Path) -> Result<String, String> {
    let chart = Chart::read_directory(root, &Limits::default()).map_err(|error| error.to_string())?;
    render_loaded(chart).map_err(|error| error.to_string())
}

fn render_loaded(chart: Chart) -> Result<String, RenderError> {
    let prepared = prepare(chart, &Map::new(), &PrepareOptions::default())?;
    let options = RenderOptions {
        capabilities: Capabilities::offline(Compat::default()),
        limits: limits(),
        ..RenderOptions::new(Release::install("demo", "shop"))
    };
    let mut rendered = render(&prepared, &options)?;
    Ok(rendered.files.remove("t/templates/x.yaml").unwrap_or_else(|| "no templates/x.yaml".to_owned()))
}

/// Checks what each template ends with: its text, or `ERR …` with the error, which must name the template. `…` stands for
/// anything.
fn check(cases: &[(&str, &str)]) {
    let mut failures = String::new();
    for (template, expected) in cases {
        let got = outcome(&[("templates/x.yaml", template)]);
        if !matches(&got, expected) || (got.starts_with("ERR ") && !got.contains("t/templates/x.yaml")) {
            writeln!(failures, "{template:.200}\n  got    {got:.300}\n  wanted {expected}").unwrap();
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

fn check_owned<const COUNT: usize>(cases: &[(String, &str); COUNT]) {
    check(&cases.each_ref().map(|(template, expected)| (template.as_str(), *expected)));
}

/// What is wrong with what a chart with these files ends with.
fn failure(files: &[(&str, &str)], expected: &str) -> Option<String> {
    let got = outcome(files);
    let files = || files.iter().map(|(path, text)| format!("{path}: {text:.200}\n"));
    (!matches(&got, expected))
        .then(|| format!("{}  got    {got:.400}\n  wanted {expected}\n", files().collect::<String>()))
}

fn assert_none(failures: impl IntoIterator<Item = Option<String>>) {
    let failures: String = failures.into_iter().flatten().collect();
    assert!(failures.is_empty(), "{failures}");
}

/// Checks what charts with these files end with.
fn check_charts(cases: &[(&[(&str, &str)], &str)]) {
    assert_none(cases.iter().map(|(files, expected)| failure(files, expected)));
}

/// Does the text consist of these parts, with anything in place of `…`?
fn matches(text: &str, parts: &str) -> bool {
    let Some((first, rest)) = parts.split_once('…') else { return text == parts };
    let (middle, last) = rest.rsplit_once('…').map_or((None, rest), |(middle, last)| (Some(middle), last));
    let Some(inner) = text.strip_prefix(first).and_then(|text| text.strip_suffix(last)) else { return false };
    let mut inner = inner;
    middle.into_iter().flat_map(|parts| parts.split('…')).all(|part| match inner.split_once(part) {
        Some((_, after)) => {
            inner = after;
            true
        }
        None => false,
    })
}
