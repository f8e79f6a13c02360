//! `chandlery show`.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use chandlery_chart::{Archive, Limits, Metadata};
use clap::Subcommand;

use super::pull::{SourceArguments, fetch_package};
use crate::client::{Client, ClientArguments};
use crate::local::{Package, read_bounded};
use crate::output::print_content;

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
    /// Print Chart.yaml, values.yaml and the README, one after the other.
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

/// The files that can be shown.
struct Contents {
    chart: String,
    values: Option<Bytes>,
    readme: Option<Bytes>,
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
            Self::All(arguments) => {
                let contents = arguments.load().await?;
                let parts = [Some(Bytes::from(contents.chart)), contents.values, contents.readme];
                let parts: Vec<Bytes> = parts.into_iter().flatten().collect();
                print_content(&parts.join(&b"\n---\n"[..]))
            }
        }
    }
}

impl ShowArguments {
    async fn load(self) -> Result<Contents> {
        let path = Path::new(&self.chart);
        if path.is_dir() {
            return from_folder(path);
        }
        if path.is_file() {
            let bytes = read_bounded(path)?;
            return from_package(bytes).with_context(|| format!("{} is no chart", path.display()));
        }
        let client = Client::new(&self.client)?;
        from_package(fetch_package(&client, &self.chart, &self.source).await?)
    }
}

fn from_package(bytes: Bytes) -> Result<Contents> {
    let package = Package::parse(bytes)?;
    let archive = Archive::read(&package.bytes[..], &Limits::default())?;
    let file =
        |wanted: &str| archive.files.iter().find(|file| file.path == wanted).map(|file| file.data.clone());
    Ok(Contents {
        chart: package.summary.metadata.to_yaml()?,
        values: file("values.yaml"),
        readme: package.summary.readme.as_deref().and_then(file),
    })
}

fn from_folder(folder: &Path) -> Result<Contents> {
    let chart = folder.join("Chart.yaml");
    if !chart.is_file() {
        bail!("{} is no chart: it has no Chart.yaml", folder.display());
    }
    let text = String::from_utf8_lossy(&read_bounded(&chart)?).into_owned();
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let metadata = Metadata::from_yaml(text).with_context(|| chart.display().to_string())?;
    let optional = |names: &[&str]| -> Result<Option<Bytes>> {
        let found = names.iter().map(|name| folder.join(name)).find(|path| path.is_file());
        found.map(|path| read_bounded(&path)).transpose()
    };
    Ok(Contents {
        chart: metadata.to_yaml()?,
        values: optional(&["values.yaml"])?,
        readme: optional(&["README.md", "readme.md", "README.txt", "README"])?,
    })
}
