//! `chandlery template`.

mod output;

use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context as _, Result, anyhow, bail};
use chandlery_chart::Chart;
use chandlery_chart::render::{
    CrdFile, Manifest, PrintOptions, Release, Rendered, check_dependencies, crds, print,
};
use chandlery_template::{Execution, ExecutionOptions, Functions, TemplateSet, Text, Value as TemplateValue};
use clap::ValueEnum;

use self::output::{print_documents, print_raw, write_files};
use super::dependency::update_folder;
use super::pull::SourceArguments;
use crate::charts::ChartPlace;
use crate::client::ClientArguments;
use crate::error::usage;
use crate::output::{print_text, warn};
use crate::rendering::{Checks, RenderArguments, check_release_name, mention_debug};
use crate::values::ValuesArguments;

/// The release name unless one is given.
const DEFAULT_NAME: &str = "release-name";

/// Render a chart as `helm template` does: no cluster, no Helm.
///
/// Nothing is looked up and nothing is asked of the network; what a template may use is limited.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "chandlery template [OPTIONS] [NAME] CHART",
    after_help = "Examples:\n  chandlery template demo ./mychart -n shop -f values-prod.yaml --set replicas=3\n  \
                  chandlery template demo team/charts/redis --version '^1' --include-crds\n  \
                  chandlery template demo mychart-0.1.0.tgz -s templates/deployment.yaml\n  \
                  chandlery template demo mychart-0.1.0.tgz --raw -o json"
)]
pub(crate) struct TemplateArguments {
    /// The name of the release (`release-name` unless given), and the chart: a folder, a package, NAME,
    /// WORKSPACE/REPOSITORY/NAME or the URL of a package.
    #[arg(required = true, num_args = 1.., value_name = "[NAME] CHART")]
    names: Vec<String>,
    /// The namespace of the release.
    #[arg(short, long, default_value = "default")]
    namespace: String,
    #[command(flatten)]
    values: ValuesArguments,
    #[command(flatten)]
    render: RenderArguments,
    #[command(flatten)]
    shown: ShownArguments,
    #[command(flatten)]
    release: ReleaseArguments,
    /// Fetch dependencies that are missing in the folder of the chart first.
    #[arg(long)]
    dependency_update: bool,
    #[command(flatten)]
    source: SourceArguments,
    #[command(flatten)]
    client: ClientArguments,
}

/// What of the release is printed, and how.
#[derive(Debug, clap::Args)]
struct ShownArguments {
    /// Print only what these templates made; `*` and `?` match within a name.
    #[arg(short, long, value_name = "TEMPLATE")]
    show_only: Vec<String>,
    /// Print the definitions of custom resources in crds/ as well.
    #[arg(long)]
    include_crds: bool,
    /// Leave out hooks.
    #[arg(long)]
    no_hooks: bool,
    /// Leave out the hooks of `helm test`.
    #[arg(long)]
    skip_tests: bool,
    /// Write one file per template below this folder instead of printing.
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// Put the files of --output-dir below a folder with the name of the release.
    #[arg(long = "release-name", requires = "output_dir")]
    below_release_name: bool,
    /// Print each template's text as it was rendered, before documents are split and sorted, and check neither the
    /// chart's dependencies nor its Kubernetes version.
    #[arg(long, conflicts_with_all = ["show_only", "include_crds", "no_hooks", "skip_tests", "output_dir"])]
    raw: bool,
    /// Print what was rendered even if it is no valid YAML.
    #[arg(long)]
    debug: bool,
    /// The form of the output.
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: TemplateFormat,
}

/// The form of rendered documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum TemplateFormat {
    /// The documents, as Helm prints them.
    #[default]
    Yaml,
    /// One JSON document: with --raw a map of each template's path to its text, else a list of documents.
    Json,
}

/// What templates see of the release beside its name.
#[derive(Debug, clap::Args)]
struct ReleaseArguments {
    /// Make the name of the release from this template.
    #[arg(long, value_name = "TEMPLATE")]
    name_template: Option<String>,
    /// Taken as Helm takes it: the name stays `release-name` unless one is given.
    #[arg(short, long)]
    generate_name: bool,
    /// Set .Release.IsUpgrade instead of .Release.IsInstall.
    #[arg(long)]
    is_upgrade: bool,
}

impl TemplateArguments {
    pub(crate) async fn run(self) -> Result<()> {
        let (name, chart_name) = self.name_and_chart()?;
        let chart = self.load(chart_name).await?;
        let values = self.values.read(&self.client).await?;
        let mut release = Release::install(name, self.namespace.as_str());
        release.is_upgrade = self.release.is_upgrade;
        if self.shown.raw {
            let (_, rendered) = self.render.render(chart, &values, release, Checks::None)?;
            return print_raw(&rendered, self.shown.output == TemplateFormat::Json);
        }
        check_release_name(&release.name)?;
        let crds = if self.shown.include_crds { crds(&chart) } else { Vec::new() };
        let release_name = release.name.clone();
        let (_, rendered) = self.render.render(chart, &values, release, Checks::Installable)?;
        match self.render.manifest(&rendered) {
            Ok(manifest) => self.show(&manifest, &crds, &release_name),
            Err(error) => self.show_invalid(&rendered, error),
        }
    }

    /// The name of the release and the chart.
    fn name_and_chart(&self) -> Result<(String, &str)> {
        match &self.names[..] {
            [chart] => Ok((self.name_from_template()?, chart)),
            [_, _] if self.release.generate_name => {
                Err(usage("cannot set --generate-name and also specify a name"))
            }
            [_, _] if self.release.name_template.is_some() => {
                Err(usage("cannot set --name-template and also specify a name"))
            }
            [name, chart] => Ok((name.clone(), chart)),
            [_, _, rest @ ..] => Err(usage(format!(
                "expected at most two arguments, unexpected arguments: {}",
                rest.join(", ")
            ))),
            [] => Err(usage("name a chart")),
        }
    }

    fn name_from_template(&self) -> Result<String> {
        let Some(text) = &self.release.name_template else { return Ok(DEFAULT_NAME.to_owned()) };
        let mut set = TemplateSet::new("name-template", Rc::new(Functions::sprig()));
        let name = Text::from("name-template");
        set.parse(&name, Text::from(text.as_str())).map_err(|error| anyhow!("{error}"))?;
        let mut execution = Execution::new(Rc::new(set), ExecutionOptions::default());
        let made = execution.execute(&name, TemplateValue::Nil).map_err(|error| anyhow!("{error}"))?;
        Ok(made.to_string())
    }

    async fn load(&self, chart_name: &str) -> Result<Chart> {
        let place = ChartPlace::find(chart_name, &self.source, &self.client).await?;
        let chart = place.read()?;
        if self.shown.raw {
            return Ok(chart);
        }
        let kind = chart.metadata.kind.as_str();
        if !matches!(kind, "" | "application") {
            bail!("{kind} charts are not installable");
        }
        if chart.metadata.deprecated {
            warn("this chart is deprecated");
        }
        match (check_dependencies(&chart), &place) {
            (Ok(()), _) => Ok(chart),
            (Err(_), ChartPlace::Folder(folder)) if self.dependency_update => {
                update_folder(folder, &self.client).await?;
                place.read().context("failed reloading chart after repo update")
            }
            (Err(error), _) => Err(error).context(
                "an error occurred while checking for chart dependencies. You may need to run 'chandlery dependency \
                 build' to fetch missing dependencies",
            ),
        }
    }

    fn show(&self, manifest: &Manifest, crds: &[CrdFile], release_name: &str) -> Result<()> {
        let shown = &self.shown;
        let options = PrintOptions {
            compat: self.render.helm().compat(),
            crds,
            no_hooks: shown.no_hooks,
            skip_tests: shown.skip_tests,
            show_only: &shown.show_only,
        };
        if let Some(folder) = &shown.output_dir {
            let below = if shown.below_release_name { Path::new(release_name) } else { Path::new("") };
            return write_files(manifest, &options, folder, below);
        }
        if shown.output == TemplateFormat::Json {
            return print_documents(manifest, &options);
        }
        print_text(&print(manifest, &options)?)
    }

    /// Prints what is no YAML, if the user wants it, and fails.
    fn show_invalid(&self, rendered: &Rendered, error: anyhow::Error) -> Result<()> {
        if !self.shown.debug {
            return Err(mention_debug(&error));
        }
        print_raw(rendered, false)?;
        Err(error)
    }
}
