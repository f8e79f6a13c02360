//! `chandlery package`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use chandlery_chart::{Chart, Limits, PackageOptions};

use crate::error::usage;
use crate::local::{source_date_epoch, write_whole_file};
use crate::output::print_text;

/// Make packages of charts.
///
/// Equal folders with equal times give equal bytes; with SOURCE_DATE_EPOCH set the times do not matter.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery package ./mychart\n  \
                        SOURCE_DATE_EPOCH=0 chandlery package ./mychart -d dist --version 1.2.3 --app-version 7")]
pub(crate) struct PackageArguments {
    /// The folders of the charts.
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Where to put the packages.
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    destination: PathBuf,
    #[command(flatten)]
    versions: VersionArguments,
}

/// Versions that replace those of Chart.yaml.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct VersionArguments {
    /// Set the version of the chart.
    #[arg(long)]
    pub(crate) version: Option<String>,
    /// Set the version of the application inside.
    #[arg(long)]
    pub(crate) app_version: Option<String>,
}

/// A package that was just made.
pub(crate) struct MadePackage {
    /// The chart, as it went into the package.
    pub(crate) chart: Chart,
    /// The archive.
    pub(crate) bytes: Vec<u8>,
}

impl PackageArguments {
    pub(crate) fn run(&self) -> Result<()> {
        for folder in &self.folders {
            let made = make_package(folder, &self.versions)?;
            std::fs::create_dir_all(&self.destination)
                .with_context(|| format!("cannot create {}", self.destination.display()))?;
            let path = self.destination.join(made.chart.metadata.file_name());
            write_whole_file(&path, |file| file.write_all(&made.bytes))?;
            print_text(&format!("{}\n", path.display()))?;
        }
        Ok(())
    }
}

/// Makes a package of a chart's folder.
///
/// # Errors
/// The folder holds no valid chart, or a dependency is missing.
pub(crate) fn make_package(folder: &Path, versions: &VersionArguments) -> Result<MadePackage> {
    if !folder.is_dir() {
        return Err(usage(format!("{} is no folder", folder.display())));
    }
    let make = || -> Result<MadePackage> {
        let options = PackageOptions {
            modified: source_date_epoch()?,
            version: versions.version.clone(),
            app_version: versions.app_version.clone(),
        };
        let chart = Chart::read_directory(folder, &Limits::default())?.prepare_package(&options)?;
        let mut bytes = Vec::new();
        chart.write_package(options.modified, &mut bytes)?;
        Ok(MadePackage { chart, bytes })
    };
    make().with_context(|| format!("cannot make a package of {}", folder.display()))
}
