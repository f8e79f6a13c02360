//! `chandlery show`.

use anyhow::{Context as _, Result};
use bytes::Bytes;
use chandlery_chart::Chart;
use chandlery_chart::render::{CrdFile, Release, crds};
use clap::Subcommand;

use super::diff::images_of;
use super::pull::SourceArguments;
use crate::charts::load_chart;
use crate::client::ClientArguments;
use crate::output::{OutputArguments, OutputFormat, Table, neutralise, print_content, print_text};
use crate::rendering::{Checks, RenderArguments};
use crate::values::ValuesArguments;

/// Show what is in a chart: a file, a folder, or a chart of a repository.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  chandlery show values ./mychart\n  chandlery show readme redis --repo team/charts"
)]
pub(crate) enum ShowCommand {
    /// Print Chart.yaml.
    #[command(after_help = "Examples:\n  chandlery show chart mychart-0.1.0.tgz\n  \
                            chandlery show chart redis --repo https://charts.example.org")]
    Chart(ShowArguments),
    /// Print values.yaml.
    #[command(after_help = "Examples:\n  chandlery show values ./mychart\n  \
                            chandlery show values team/charts/redis --version 1.2.3 > values.yaml")]
    Values(ShowArguments),
    /// Print the README.
    #[command(after_help = "Examples:\n  chandlery show readme mychart-0.1.0.tgz")]
    Readme(ShowArguments),
    /// Print the definitions of custom resources in crds/, those of subcharts included.
    #[command(after_help = "Examples:\n  chandlery show crds mychart-0.1.0.tgz")]
    Crds(ShowArguments),
    /// Print values.schema.json.
    #[command(after_help = "Examples:\n  chandlery show schema ./mychart")]
    Schema(ShowArguments),
    /// Print the container images that the chart uses with its default values or those given.
    #[command(after_help = "Examples:\n  chandlery show images mychart-0.1.0.tgz\n  \
                            chandlery show images team/charts/redis --set metrics.enabled=true -o json")]
    Images(Box<ImagesArguments>),
    /// Print Chart.yaml, values.yaml, the README and the definitions of custom resources, one after the other.
    #[command(after_help = "Examples:\n  chandlery show all team/charts/redis")]
    All(ShowArguments),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ShowArguments {
    /// A package, a chart's folder, or a chart: NAME, WORKSPACE/REPOSITORY/NAME or the URL of a package.
    #[arg(value_name = "CHART")]
    chart: String,
    #[command(flatten)]
    source: SourceArguments,
    #[command(flatten)]
    client: ClientArguments,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ImagesArguments {
    #[command(flatten)]
    show: ShowArguments,
    #[command(flatten)]
    values: ValuesArguments,
    #[command(flatten)]
    render: RenderArguments,
    #[command(flatten)]
    output: OutputArguments,
}

impl ImagesArguments {
    async fn run(self) -> Result<()> {
        let chart = load_chart(&self.show.chart, &self.show.source, &self.show.client).await?;
        let values = self.values.read(&self.show.client).await?;
        let release = Release::install("release-name", "default");
        let (_, rendered) = self.render.render(chart, &values, release, Checks::None)?;
        let images = images_of(&self.render.manifest(&rendered)?);
        if self.output.output == OutputFormat::Table {
            let lines: String =
                images.iter().map(|image| format!("{}\n", neutralise(&image.reference))).collect();
            return print_text(&lines);
        }
        self.output.print(&images, |_| Table::new(["IMAGE"]))
    }
}

/// The files that can be shown.
struct Contents {
    chart: String,
    values: Option<Bytes>,
    schema: Option<Bytes>,
    readme: Option<Bytes>,
    crds: Vec<CrdFile>,
}

impl ShowCommand {
    pub(crate) async fn run(self) -> Result<()> {
        match self {
            Self::Chart(arguments) => print_content(arguments.load().await?.chart.as_bytes()),
            Self::Values(arguments) => print_content(&arguments.load().await?.values.unwrap_or_default()),
            Self::Readme(arguments) => {
                let name = arguments.chart.clone();
                let readme = arguments.load().await?.readme;
                print_content(&readme.with_context(|| format!("{name} has no README"))?)
            }
            Self::Crds(arguments) => print_content(crds_text(&arguments.load().await?.crds).as_bytes()),
            Self::Schema(arguments) => {
                let name = arguments.chart.clone();
                let schema = arguments.load().await?.schema;
                print_content(&schema.with_context(|| format!("{name} has no values.schema.json"))?)
            }
            Self::Images(arguments) => arguments.run().await,
            Self::All(arguments) => {
                let contents = arguments.load().await?;
                let parts = [Some(Bytes::from(contents.chart)), contents.values, contents.readme];
                let mut parts: Vec<Bytes> = parts.into_iter().flatten().collect();
                parts.extend(contents.crds.into_iter().map(|file| without_mark(&file)));
                print_content(&parts.join(&b"\n---\n"[..]))
            }
        }
    }
}

impl ShowArguments {
    async fn load(self) -> Result<Contents> {
        let chart = load_chart(&self.chart, &self.source, &self.client).await?;
        Ok(Contents {
            chart: chart.metadata.to_yaml()?,
            crds: crds(&chart),
            readme: readme(&chart),
            values: chart.values_file.map(|file| file.data),
            schema: chart.schema.map(|file| file.data),
        })
    }
}

/// The first file that is called like a README, whatever the case of its letters.
fn readme(chart: &Chart) -> Option<Bytes> {
    let is_readme =
        |path: &str| ["readme.md", "readme.txt", "readme"].iter().any(|name| path.eq_ignore_ascii_case(name));
    chart.files.iter().find(|file| is_readme(&file.path)).map(|file| file.data.clone())
}

/// The definitions as one stream of documents.
fn crds_text(files: &[CrdFile]) -> String {
    let mut text = String::new();
    for file in files {
        if !file.text.starts_with("---") {
            text.push_str("---\n");
        }
        text.push_str(&file.text);
        text.push('\n');
    }
    text
}

/// The file without the mark that begins a document, which the output has already.
fn without_mark(file: &CrdFile) -> Bytes {
    let text = file.text.strip_prefix("---\n").unwrap_or(&file.text);
    Bytes::from(text.to_owned())
}
