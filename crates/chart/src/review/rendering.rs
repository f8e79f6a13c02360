//! A package rendered with its default values, and the facts of what it makes.

use chandlery_yaml::{ErrorKind, Limits as YamlLimits};
use jiff::Timestamp;
use memchr::{memchr_iter, memmem};
use serde_json::{Map, Value};

use super::Settings;
use super::report::Outcome;
use crate::archive::ArchiveError;
use crate::chart::Chart;
use crate::render::{
    CrdFile, Evidence, KubernetesRelease, Manifest, Object, PrepareOptions, Prepared, PrintOptions,
    RenderError, RenderOptions, Rendered, assemble, crds, differing_files, objects, prepare, print, render,
    render_later, split,
};

/// Why something could not be told.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    /// [`Outcome::Failed`] if it is the package's fault, [`Outcome::NotRun`] if a limit was reached.
    pub(super) outcome: Outcome,
    pub(super) reason: String,
}

impl Problem {
    pub(super) fn failed(reason: impl Into<String>) -> Self {
        Self { outcome: Outcome::Failed, reason: reason.into() }
    }

    pub(super) fn not_run(reason: impl Into<String>) -> Self {
        Self { outcome: Outcome::NotRun, reason: reason.into() }
    }
}

impl From<RenderError> for Problem {
    fn from(error: RenderError) -> Self {
        match error {
            RenderError::Limit(reason) => Self::not_run(reason),
            other => Self::failed(other.to_string()),
        }
    }
}

impl From<ArchiveError> for Problem {
    fn from(error: ArchiveError) -> Self {
        let make = if error.is_io() { Self::not_run } else { Self::failed };
        make(error.to_string())
    }
}

/// What came of rendering a chart with its defaults.
pub(super) struct Attempt {
    /// Whether the defaults meet the schemas.
    pub(super) schema: Result<(), Problem>,
    /// What Helm would log.
    pub(super) warnings: Vec<String>,
    /// What the templates made; if the schema refuses the defaults, without it.
    pub(super) facts: Result<Facts, Problem>,
}

/// What the templates of a chart made of its defaults.
pub(super) struct Facts {
    pub(super) prepared: Prepared,
    pub(super) rendered: Rendered,
    pub(super) manifest: Manifest,
    pub(super) crds: Vec<CrdFile>,
    pub(super) objects: Vec<Object>,
    pub(super) evidence: Evidence,
}

/// What another run would make.
pub(super) struct Variation {
    /// The templates that make something else.
    pub(super) files: Vec<String>,
    /// The objects of the other run, in the order of [`Facts::objects`]; none if they cannot be told apart, or are
    /// the same.
    pub(super) objects: Option<Vec<Object>>,
}

impl Attempt {
    pub(super) fn make(chart: &Chart, settings: &Settings) -> Self {
        let options = |skip_schema| PrepareOptions { compat: settings.compat, skip_schema };
        let prepare = |skip_schema| prepare(chart.clone(), &Map::new(), &options(skip_schema));
        let (schema, prepared) = match prepare(false) {
            Err(RenderError::Schema(error)) => (Err(Problem::failed(error.to_string())), prepare(true)),
            Err(error) => (Err(Problem::not_run(error.to_string())), Err(error)),
            Ok(prepared) => (Ok(()), Ok(prepared)),
        };
        let warnings = prepared.as_ref().map(|prepared| prepared.warnings.clone()).unwrap_or_default();
        let facts = prepared.map_err(Problem::from).and_then(|prepared| Facts::of(prepared, settings));
        Self { schema, warnings, facts }
    }
}

/// Time and chance of the first run are fixed, so that a package always has the same report.
fn render_options(settings: &Settings, seed: u64) -> RenderOptions {
    RenderOptions {
        capabilities: settings.capabilities.clone(),
        compat: settings.compat,
        limits: settings.template_limits.clone(),
        now: Some(Timestamp::UNIX_EPOCH),
        seed: Some(seed),
        ..RenderOptions::new(settings.release.clone())
    }
}

const SEED: u64 = 1;

impl Facts {
    fn of(prepared: Prepared, settings: &Settings) -> Result<Self, Problem> {
        let rendered = render(&prepared, &render_options(settings, SEED))?;
        let crds = crds(&prepared.chart);
        let (manifest, objects) = understand(&rendered, &crds, settings)?;
        let evidence = Evidence::collect(&objects, &settings.release.namespace, kubernetes(settings));
        Ok(Self { prepared, rendered, manifest, crds, objects, evidence })
    }

    /// Renders a second time, if anything could differ.
    pub(super) fn vary(&self, settings: &Settings) -> Result<Variation, Problem> {
        let options = render_options(settings, SEED);
        let Some(second) = render_later(&self.prepared, &options, &self.rendered)? else {
            return Ok(Variation { files: Vec::new(), objects: None });
        };
        let files = differing_files(&self.rendered, &second);
        let objects = match files.is_empty() {
            true => None,
            false => understand(&second, &self.crds, settings).ok().map(|(_, objects)| objects),
        };
        let objects = objects.filter(|objects| objects.len() == self.objects.len());
        Ok(Variation { files, objects })
    }

    /// What `helm template --include-crds` prints.
    pub(super) fn text(&self) -> String {
        print(&self.manifest, &PrintOptions { crds: &self.crds, ..PrintOptions::default() })
            .expect("only a pattern of templates to show can be wrong")
    }
}

fn understand(
    rendered: &Rendered,
    crds: &[CrdFile],
    settings: &Settings,
) -> Result<(Manifest, Vec<Object>), Problem> {
    let texts = rendered.files.values().chain(crds.iter().map(|crd| &crd.text));
    check_weight(texts.map(String::as_str), settings)?;
    let manifest =
        assemble(&rendered.files, settings.compat).map_err(|error| Problem::failed(error.to_string()))?;
    let objects = objects(&manifest, crds);
    check_names(&objects)?;
    Ok((manifest, objects))
}

fn kubernetes(settings: &Settings) -> KubernetesRelease {
    let version = &settings.capabilities.kube_version;
    let number = |text: &str| text.parse().unwrap_or(u16::MAX);
    KubernetesRelease { major: number(&version.major), minor: number(&version.minor) }
}

/// The most bytes of all rendered texts and definitions. A cluster keeps a release in one object of 1 MiB, compressed.
const MOST_BYTES: usize = 32 << 20;

/// The most documents. The largest public chart makes some hundreds.
const MOST_DOCUMENTS: usize = 20_000;

/// The most entries of maps in all documents, which are in memory together: an entry may take 650 bytes.
const MOST_NODES: usize = 1_200_000;

/// Refuses texts whose objects would take too much memory.
fn check_weight<'t>(texts: impl Iterator<Item = &'t str>, settings: &Settings) -> Result<(), Problem> {
    let mut weight = [0, 0, 0];
    for text in texts {
        let nodes = memchr_iter(b':', text.as_bytes()).count() + memchr_iter(b'{', text.as_bytes()).count();
        let documents = memmem::find_iter(text.as_bytes(), b"\n---").count() + 1;
        let added = [text.len(), documents, nodes + nodes_of_aliases(text, settings)];
        weight = [weight[0] + added[0], weight[1] + added[1], weight[2] + added[2]];
        let names = ["bytes", "documents", "entries"];
        for ((weight, most), name) in
            weight.into_iter().zip([MOST_BYTES, MOST_DOCUMENTS, MOST_NODES]).zip(names)
        {
            if weight > most {
                return Err(Problem::not_run(format!(
                    "the templates and definitions make more than {most} {name}: too much to look at"
                )));
            }
        }
    }
    Ok(())
}

/// The most bytes of names, where each node of an object stands with its path and the name of the object: evidence has
/// as many of them as it has facts.
const MOST_NAMES: usize = 64 << 20;

/// Refuses long names of things that hold many others.
fn check_names(objects: &[Object]) -> Result<(), Problem> {
    let mut weight = 0_usize;
    for object in objects.iter().filter(|object| object.kind() != "CustomResourceDefinition") {
        let namespace = object.namespace().map_or(0, str::len);
        let about = object.api_version().len() + object.kind().len() + object.name().len() + namespace;
        weight = weight.saturating_add(weight_of_names(&object.value, about + object.path.len()));
        if weight > MOST_NAMES {
            let reason = format!("the names of objects and fields take more than {MOST_NAMES} bytes");
            return Err(Problem::not_run(reason));
        }
    }
    Ok(())
}

fn weight_of_names(value: &Value, path: usize) -> usize {
    /// Of an item: `[123456]`.
    const INDEX: usize = 8;
    let below = |value: &Value, name: usize| weight_of_names(value, path.saturating_add(name));
    match value {
        Value::Object(map) => {
            map.iter().map(|(key, value)| below(value, key.len() + 1)).fold(path, usize::saturating_add)
        }
        Value::Array(items) => items.iter().map(|item| below(item, INDEX)).fold(path, usize::saturating_add),
        _ => path,
    }
}

/// How many nodes documents with aliases may have, to the next power of ten: a short text can be large.
fn nodes_of_aliases(text: &str, settings: &Settings) -> usize {
    let has_alias =
        |text: &str| text.contains('&') && [" *", "[*", ",*", ":*"].iter().any(|start| text.contains(start));
    if !has_alias(text) {
        return 0;
    }
    let documents = split(text, settings.compat).into_iter().filter(|document| has_alias(document));
    documents.map(count_nodes).sum()
}

fn count_nodes(document: &str) -> usize {
    for nodes in [1_000, 10_000, 100_000, MOST_NODES] {
        let limits = YamlLimits { nodes, ..crate::yaml_options().limits };
        let options = chandlery_yaml::Options { limits, ..chandlery_yaml::Options::default() };
        match chandlery_yaml::check(document.as_bytes(), &options) {
            Err(error) if error.kind() == ErrorKind::Limit => {}
            // What is no YAML is refused later, in Helm's words.
            _ => return nodes,
        }
    }
    MOST_NODES + 1
}
