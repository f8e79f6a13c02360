//! `chandlery diff`.

mod images;

use anyhow::{Context as _, Result};
use chandlery_chart::Chart;
use chandlery_chart::render::{ChangeKind, Manifest, ObjectChange, Release, diff_manifests, unified_diff};
use clap::ValueEnum;
use serde::Serialize;
use serde_json::{Map, Value};

pub(crate) use self::images::images_of;
use self::images::names_of;
use super::pull::SourceArguments;
use crate::charts::load_chart;
use crate::client::ClientArguments;
use crate::error::AlreadyReported;
use crate::output::{neutralise, print_text};
use crate::rendering::{Checks, RenderArguments};
use crate::values::ValuesArguments;

/// Show what differs between two charts, or between two sets of values of one chart.
///
/// Compared are Chart.yaml, values.yaml, every object that would be installed, and the images. Both sides are rendered
/// with the same release, values and cluster. What Secrets hold is not shown.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery diff mychart-0.1.0.tgz ./mychart\n  \
                        chandlery diff team/charts/redis@1.2.3 team/charts/redis@1.3.0 -f values.yaml\n  \
                        chandlery diff --chart ./mychart values-test.yaml values-prod.yaml\n  \
                        chandlery diff old.tgz new.tgz --exit-code -o json")]
pub(crate) struct DiffArguments {
    /// A chart: a folder, a package, or a reference as for pull, with @VERSION. With --chart: a file of values.
    #[arg(value_name = "BEFORE")]
    before: String,
    /// The other one.
    #[arg(value_name = "AFTER")]
    after: String,
    /// Render this chart with two files of values.
    #[arg(long, value_name = "CHART")]
    chart: Option<String>,
    /// The name of the release.
    #[arg(long, value_name = "NAME", default_value = "release-name")]
    name: String,
    /// The namespace of the release.
    #[arg(short, long, default_value = "default")]
    namespace: String,
    /// End with exit code 1 if there is a difference.
    #[arg(long)]
    exit_code: bool,
    /// The form of the output.
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: DiffFormat,
    #[command(flatten)]
    values: ValuesArguments,
    #[command(flatten)]
    render: RenderArguments,
    #[command(flatten)]
    client: ClientArguments,
}

/// The form of differences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum DiffFormat {
    /// Lines with `+` and `-`.
    #[default]
    Text,
    /// One JSON document.
    Json,
}

/// One side.
struct Side {
    metadata: String,
    values: String,
    manifest: Manifest,
    images: Vec<String>,
}

/// All differences.
#[derive(Serialize)]
struct Difference {
    /// Chart.yaml, as a unified diff; empty if equal.
    chart: String,
    /// values.yaml.
    values: String,
    objects: Vec<ObjectChange>,
    images: ImageChanges,
}

#[derive(Serialize)]
struct ImageChanges {
    added: Vec<String>,
    removed: Vec<String>,
}

impl DiffArguments {
    pub(crate) async fn run(self) -> Result<()> {
        let (before, after) = match &self.chart {
            None => (self.chart_side(&self.before).await?, self.chart_side(&self.after).await?),
            Some(chart) => {
                (self.values_side(chart, &self.before).await?, self.values_side(chart, &self.after).await?)
            }
        };
        let difference = Difference {
            chart: unified_diff(&before.metadata, &after.metadata),
            values: unified_diff(&before.values, &after.values),
            objects: diff_manifests(&before.manifest, &after.manifest, &self.namespace),
            images: ImageChanges {
                added: only_in(&after.images, &before.images),
                removed: only_in(&before.images, &after.images),
            },
        };
        match self.output {
            DiffFormat::Json => print_text(&format!("{}\n", serde_json::to_string_pretty(&difference)?))?,
            DiffFormat::Text => print_text(&describe(&difference))?,
        }
        // Nothing is wrong, and there is nothing more to say.
        if self.exit_code && !difference.is_empty() { Err(AlreadyReported.into()) } else { Ok(()) }
    }

    async fn chart_side(&self, reference: &str) -> Result<Side> {
        let values = self.values.read(&self.client).await?;
        let chart = self.load(reference).await?;
        let shown = chart.values_file.as_ref().map(|file| String::from_utf8_lossy(&file.data).into_owned());
        self.side(reference, chart, &values, shown.unwrap_or_default())
    }

    async fn values_side(&self, reference: &str, file: &str) -> Result<Side> {
        let values = self.values.with_first_file(file).read(&self.client).await?;
        let shown = chandlery_yaml::to_string(&Value::Object(values.clone())).context(file.to_owned())?;
        let chart = self.load(reference).await?;
        self.side(file, chart, &values, shown)
    }

    /// Loads a chart; what stands behind the last `@` of a reference is a version.
    async fn load(&self, reference: &str) -> Result<Chart> {
        let mut source = SourceArguments::default();
        let name = match reference.rsplit_once('@') {
            Some((name, version)) if !std::path::Path::new(reference).exists() => {
                source.version = Some(version.to_owned());
                name
            }
            _ => reference,
        };
        load_chart(name, &source, &self.client).await
    }

    fn side(&self, what: &str, chart: Chart, values: &Map<String, Value>, shown: String) -> Result<Side> {
        let metadata = chart.metadata.to_yaml()?;
        let release = Release::install(self.name.as_str(), self.namespace.as_str());
        let rendered = self.render.render(chart, values, release, Checks::None);
        let (_, rendered) = rendered.with_context(|| format!("cannot render {what}"))?;
        let manifest = self.render.manifest(&rendered).with_context(|| format!("cannot render {what}"))?;
        Ok(Side { metadata, values: shown, images: names_of(&manifest), manifest })
    }
}

impl Difference {
    fn is_empty(&self) -> bool {
        let Self { chart, values, objects, images } = self;
        chart.is_empty()
            && values.is_empty()
            && objects.is_empty()
            && images.added.is_empty()
            && images.removed.is_empty()
    }
}

fn only_in(these: &[String], those: &[String]) -> Vec<String> {
    these.iter().filter(|one| !those.contains(one)).cloned().collect()
}

/// A line about an object.
fn title(change: &ObjectChange) -> String {
    let happens = match change.change {
        ChangeKind::Added => "added",
        ChangeKind::Removed => "removed",
        ChangeKind::Changed => "changed",
    };
    format!("{} {}/{} {happens}", change.object.kind, change.object.namespace, change.object.name)
}

/// The differences as people read them.
fn describe(difference: &Difference) -> String {
    let mut text = String::new();
    let mut section = |title: &str, lines: &str| {
        if !lines.is_empty() {
            text.push_str(&format!("=== {title}\n{lines}"));
        }
    };
    section("Chart.yaml", &difference.chart);
    section("values.yaml", &difference.values);
    for change in &difference.objects {
        section(&title(change), &change.diff);
    }
    let images = &difference.images;
    let removed = images.removed.iter().map(|image| format!("-{image}\n"));
    let lines: String = removed.chain(images.added.iter().map(|image| format!("+{image}\n"))).collect();
    section("images", &lines);
    // Charts are written by others.
    text.split('\n').map(neutralise).collect::<Vec<_>>().join("\n")
}
