//! Templates and values to text: Helm's engine.

use std::collections::BTreeMap;
use std::rc::Rc;

use bytes::Bytes;
use chandlery_template::{
    Error, ErrorKind, Execution, ExecutionOptions, Functions, Limits, Map, MissingKey, ReadLog, TemplateSet,
    Text, Value,
};
use jiff::Timestamp;
use memchr::memmem;

use super::RenderError;
use super::capabilities::Capabilities;
use super::compat::Compat;
use super::functions;
use super::objects;
use super::prepare::Prepared;
use super::trace;
use crate::chart::Chart;

/// Answers `lookup`: API version, kind, namespace and name to an object or a list, empty when there is none.
pub type Lookup = Rc<dyn Fn(&str, &str, &str, &str) -> Result<serde_json::Value, String>>;

/// The release that a chart is rendered for.
#[derive(Clone, Debug)]
pub struct Release {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// From 1.
    pub revision: u32,
    /// Is it an upgrade or rollback, and not an install?
    pub is_upgrade: bool,
}

impl Release {
    /// The first revision of a release.
    pub fn install(name: impl Into<String>, namespace: impl Into<String>) -> Self {
        Self { name: name.into(), namespace: namespace.into(), revision: 1, is_upgrade: false }
    }
}

/// How a chart is rendered.
#[derive(Clone)]
pub struct RenderOptions {
    /// For which release.
    pub release: Release,
    /// For which cluster.
    pub capabilities: Capabilities,
    /// The Helm whose rules hold.
    pub compat: Compat,
    /// As `helm lint` does: what is required may be missing, and `fail` does not.
    pub lint: bool,
    /// Is a key that is missing an error?
    pub strict: bool,
    /// Answers `lookup`; nothing is found without.
    pub lookup: Option<Lookup>,
    /// How much the templates may use.
    pub limits: Limits,
    /// The time that templates see; the clock's if none.
    pub now: Option<Timestamp>,
    /// Where chance begins; the system's if none.
    pub seed: Option<u64>,
}

impl RenderOptions {
    /// The defaults for a release: the newest Helm 4, offline.
    #[must_use]
    pub fn new(release: Release) -> Self {
        Self {
            release,
            capabilities: Capabilities::offline(Compat::default()),
            compat: Compat::default(),
            lint: false,
            strict: false,
            lookup: None,
            limits: Limits::default(),
            now: None,
            seed: None,
        }
    }
}

/// What a chart's templates made.
#[derive(Clone, Debug, Default)]
pub struct Rendered {
    /// The text of each template by its path (`NAME/templates/x.yaml`), as it was written: not split, not sorted, with
    /// `NOTES.txt` and what is empty.
    pub files: BTreeMap<String, String>,
    /// The values that were read, as paths from the root (`image.tag`).
    pub values_read: Vec<String>,
    /// The functions that were called whose results depend on chance, the clock or the outside.
    pub varying_functions: Vec<&'static str>,
    /// The objects that were asked for with `lookup`: API version, kind, namespace, name.
    pub lookups: Vec<[String; 4]>,
    /// What `required` and `fail` said, when linting.
    pub lint_messages: Vec<String>,
}

/// A template and what it sees.
struct Renderable {
    text: Bytes,
    top: Map,
    base_path: Text,
}

/// Renders the templates of a chart and its subcharts, in Helm's order.
///
/// # Errors
/// [`RenderError::Template`] in Helm's words.
pub fn render(prepared: &Prepared, options: &RenderOptions) -> Result<Rendered, RenderError> {
    let values = objects::values(&prepared.values);
    let reads = Rc::new(ReadLog::default());
    values.trace("", &reads);
    let mut templates = BTreeMap::new();
    let shared = objects::Shared::new(options);
    collect(&prepared.chart, &shared, Value::Map(values), None, &mut templates);
    let order = render_order(&templates);
    let log = Rc::new(functions::Log::default());
    let set = parse(&templates, &order, functions::table(options, &log))?;
    let mut rendered = Rendered::default();
    let mut execution = Execution::new(Rc::new(set), execution_options(options));
    for path in order.iter().filter(|path| !file_name(path).starts_with('_')) {
        let text = render_one(&mut execution, path, &templates[*path]);
        let text = text.map_err(|error| {
            let text = trace::execution_error(path, &error, options.compat.has_error_levels());
            if error.kind() == ErrorKind::Limit {
                RenderError::Limit(text)
            } else {
                RenderError::Template(text)
            }
        })?;
        rendered.files.insert((*path).clone(), text);
    }
    rendered.values_read = reads.paths();
    rendered.varying_functions = execution.varying_functions();
    (rendered.lookups, rendered.lint_messages) = log.take();
    Ok(rendered)
}

fn execution_options(options: &RenderOptions) -> ExecutionOptions {
    ExecutionOptions {
        missing_key: if options.strict { MissingKey::Error } else { MissingKey::Zero },
        limits: options.limits.clone(),
        now: options.now,
        seed: options.seed,
    }
}

fn parse(
    templates: &BTreeMap<String, Renderable>,
    order: &[&String],
    functions: Functions,
) -> Result<TemplateSet, RenderError> {
    let mut set = TemplateSet::new("gotpl", Rc::new(functions));
    for path in order {
        let parsed = set.parse(&Text::from(path.as_str()), templates[*path].text.clone());
        parsed.map_err(|error| RenderError::Template(trace::parse_error(path, &error.to_string())))?;
    }
    Ok(set)
}

fn render_one(execution: &mut Execution, path: &str, template: &Renderable) -> Result<String, Error> {
    let about = [
        (Text::from("Name"), Value::from(path)),
        (Text::from("BasePath"), Value::String(template.base_path.clone())),
    ];
    template.top.insert("Template", Value::Map(Map::of(objects::VALUES, BTreeMap::from(about))));
    execution.execute_into(
        path.as_bytes(),
        Value::Map(template.top.clone()),
        |written| match without_no_value(written) {
            Some(kept) => to_text(&kept),
            None => to_text(written),
        },
    )
}

fn to_text(bytes: &[u8]) -> String {
    // The check alone is several times faster than the conversion, and nearly always enough.
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes).into_owned(), str::to_owned)
}

/// Helm takes out what Go prints for missing values, wherever it comes from. None if there is none.
pub(super) fn without_no_value(text: &[u8]) -> Option<Vec<u8>> {
    const NO_VALUE: &[u8] = b"<no value>";
    let finder = memmem::Finder::new(NO_VALUE);
    let mut rest = text;
    let mut kept = Vec::new();
    while let Some(position) = finder.find(rest) {
        kept.extend_from_slice(&rest[..position]);
        rest = &rest[position + NO_VALUE.len()..];
    }
    if rest.len() == text.len() {
        return None;
    }
    kept.extend_from_slice(rest);
    Some(kept)
}

/// Deepest and alphabetically last first: so what is parsed later, and replaces, is nearer to the root.
fn render_order(templates: &BTreeMap<String, Renderable>) -> Vec<&String> {
    let mut order: Vec<&String> = templates.keys().collect();
    order.sort_by_cached_key(|path| std::cmp::Reverse((path.matches('/').count(), *path)));
    order
}

fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// Collects the templates of a chart and its subcharts, and returns what the chart's templates see.
fn collect(
    chart: &Chart,
    shared: &objects::Shared,
    values: Value,
    parent: Option<&str>,
    templates: &mut BTreeMap<String, Renderable>,
) -> Map {
    let path = match parent {
        Some(parent) => format!("{parent}/charts/{}", chart.name()),
        None => chart.name().to_owned(),
    };
    let subcharts = Map::new();
    for subchart in &chart.subcharts {
        let values = objects::subchart_values(&values, subchart.name());
        let top = collect(subchart, shared, values, Some(&path), templates);
        subcharts.insert(subchart.name(), Value::Map(top));
    }
    let top = shared.top(chart, values, subcharts, parent.is_none());
    let base_path = Text::from(format!("{path}/templates"));
    let is_library = chart.metadata.kind.eq_ignore_ascii_case("library");
    for file in &chart.templates {
        if is_library && !file_name(&file.path).starts_with('_') {
            continue;
        }
        let renderable = Renderable {
            text: file.data.clone(),
            top: top.as_type(objects::VALUES),
            base_path: base_path.clone(),
        };
        templates.insert(format!("{path}/{}", file.path), renderable);
    }
    top
}
