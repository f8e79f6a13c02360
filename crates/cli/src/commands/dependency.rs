//! `chandlery dependency`.

mod list;
mod repositories;
mod resolve;
mod save;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use chandlery_chart::{Chart, Dependency, Limits, Lock};
use clap::Subcommand;

use self::repositories::Repositories;
use crate::client::ClientArguments;
use crate::commands::index::now;
use crate::local::write_whole_file;
use crate::output::OutputArguments;

/// Manage the charts that a chart needs.
///
/// They are declared in Chart.yaml, with a `repository` that is the URL of a Helm repository, `file://` and a path from
/// the chart's folder, `@NAME` of a repository in Helm's repositories.yaml, or empty for a chart in charts/.
#[derive(Debug, Subcommand)]
#[command(
    visible_alias = "dep",
    after_help = "Examples:\n  chandlery dependency list ./mychart\n  chandlery dependency update ./mychart"
)]
pub(crate) enum DependencyCommand {
    /// List the dependencies and whether they are in charts/.
    #[command(after_help = "Examples:\n  chandlery dependency list ./mychart\n  \
                            chandlery dependency list mychart-0.1.0.tgz -o json")]
    List(ListArguments),
    /// Fetch the newest versions that Chart.yaml allows into charts/, and write Chart.lock.
    #[command(after_help = "Examples:\n  chandlery dependency update ./mychart")]
    Update(FolderArguments),
    /// Fetch the versions of Chart.lock into charts/.
    #[command(after_help = "Examples:\n  chandlery dependency build ./mychart")]
    Build(FolderArguments),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ListArguments {
    /// A chart's folder or a package.
    #[arg(value_name = "CHART", default_value = ".")]
    chart: PathBuf,
    /// Cut columns at this width.
    #[arg(long, value_name = "LETTERS", default_value_t = 80)]
    max_col_width: usize,
    #[command(flatten)]
    output: OutputArguments,
}

#[derive(Debug, clap::Args)]
pub(crate) struct FolderArguments {
    /// The folder of the chart.
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    #[command(flatten)]
    client: ClientArguments,
}

impl DependencyCommand {
    pub(crate) async fn run(self) -> Result<()> {
        match self {
            Self::List(arguments) => list::list(&arguments.chart, arguments.max_col_width, arguments.output),
            Self::Update(arguments) => update_folder(&arguments.folder, &arguments.client).await,
            Self::Build(arguments) => build_folder(&arguments.folder, &arguments.client).await,
        }
    }
}

/// Fetches the newest versions that a chart allows, and locks them.
///
/// # Errors
/// The chart is not valid, or a dependency is not found.
pub(crate) async fn update_folder(folder: &Path, client: &ClientArguments) -> Result<()> {
    let chart = read_folder(folder)?;
    let mut declared = chart.metadata.dependencies.clone();
    if declared.is_empty() {
        return Ok(());
    }
    let mut repositories = Repositories::new(client);
    repositories.resolve_names(&mut declared, folder)?;
    let mut locked = resolve::resolve(&declared, folder, &mut repositories).await?;
    save::save(&mut locked, folder, &mut repositories).await?;
    let digest = Lock::digest_of(&declared, &locked);
    if chart.lock.is_some_and(|lock| lock.digest == digest) {
        return Ok(());
    }
    let lock = Lock { generated: now()?, digest, dependencies: locked };
    write_lock(folder, &lock, chart.metadata.api_version == "v1")
}

/// Fetches what the lock names; without one, as [`update_folder`].
async fn build_folder(folder: &Path, client: &ClientArguments) -> Result<()> {
    let chart = read_folder(folder)?;
    let Some(lock) = chart.lock else { return update_folder(folder, client).await };
    let mut declared = chart.metadata.dependencies.clone();
    let mut repositories = Repositories::new(client);
    let as_written = declared.clone();
    repositories.resolve_names(&mut declared, folder)?;
    check_lock(&lock, &as_written, &declared, chart.metadata.api_version == "v1")?;
    let mut locked = lock.dependencies;
    save::save(&mut locked, folder, &mut repositories).await
}

fn check_lock(lock: &Lock, as_written: &[Dependency], declared: &[Dependency], is_v1: bool) -> Result<()> {
    let fits = lock.digest == Lock::digest_of(declared, &lock.dependencies)
        || (is_v1 && lock.digest == Lock::helm2_digest_of(as_written));
    if fits {
        return Ok(());
    }
    if is_v1 {
        bail!(
            "the lock file (requirements.lock) is out of sync with the dependencies file (requirements.yaml). Please \
             update the dependencies"
        );
    }
    bail!(
        "the lock file (Chart.lock) is out of sync with the dependencies file (Chart.yaml). Please update the \
         dependencies with 'chandlery dependency update'"
    )
}

fn read_folder(folder: &Path) -> Result<Chart> {
    let metadata = fs::metadata(folder).with_context(|| format!("could not find {}", folder.display()))?;
    if !metadata.is_dir() {
        bail!("only unpacked charts can be updated");
    }
    Ok(Chart::read_directory(folder, &Limits::default())?)
}

/// Writes the lock, but not through a link: a chart from a stranger could so have any file overwritten (CVE-2025-53547).
fn write_lock(folder: &Path, lock: &Lock, is_v1: bool) -> Result<()> {
    let name = if is_v1 { "requirements.lock" } else { "Chart.lock" };
    let path = folder.join(name);
    if let Ok(target) = fs::read_link(&path) {
        bail!("the {name} file is a symlink to {:?}", target.display().to_string());
    }
    let text = lock.to_yaml()?;
    write_whole_file(&path, |file| file.write_all(text.as_bytes()))
}
