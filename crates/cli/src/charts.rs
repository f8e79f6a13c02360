//! Charts as commands are given them: a folder, a package, or a chart of a repository.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use chandlery_chart::{Chart, Limits};

use crate::client::{Client, ClientArguments};
use crate::commands::pull::{SourceArguments, fetch_package};
use crate::local::read_bounded;

/// Where the bytes of a chart are.
#[derive(Clone, Debug)]
pub(crate) enum ChartPlace {
    /// A folder with its files.
    Folder(PathBuf),
    /// A package.
    Package(Bytes),
}

impl ChartPlace {
    /// Finds a chart: what exists on this machine, else what pull would download.
    ///
    /// # Errors
    /// There is no such chart, or it cannot be downloaded.
    pub(crate) async fn find(
        chart: &str,
        source: &SourceArguments,
        client: &ClientArguments,
    ) -> Result<Self> {
        let path = Path::new(chart.trim());
        if path.is_dir() {
            return Ok(Self::Folder(path.to_owned()));
        }
        if path.exists() {
            return Ok(Self::Package(read_bounded(path)?));
        }
        if path.is_absolute() || chart.starts_with('.') {
            bail!("path {chart:?} not found");
        }
        let client = Client::new(client)?;
        Ok(Self::Package(fetch_package(&client, chart, source).await?))
    }

    /// Reads the chart.
    ///
    /// # Errors
    /// It is no valid chart; the text is Helm's.
    pub(crate) fn read(&self) -> Result<Chart> {
        let chart = match self {
            Self::Folder(path) => Chart::read_directory(path, &Limits::default())?,
            Self::Package(bytes) => Chart::read(&bytes[..], &Limits::default())?,
        };
        Ok(chart)
    }
}

/// Finds and reads a chart.
///
/// # Errors
/// As [`ChartPlace::find`] and [`ChartPlace::read`], naming the chart.
pub(crate) async fn load_chart(
    chart: &str,
    source: &SourceArguments,
    client: &ClientArguments,
) -> Result<Chart> {
    let place = ChartPlace::find(chart, source, client).await?;
    place.read().with_context(|| format!("{chart} is no chart"))
}

/// Reads a chart of this machine: a folder or a package.
///
/// # Errors
/// It cannot be read or is no valid chart.
pub(crate) fn read_place(path: &Path) -> Result<Chart> {
    let chart = if path.is_dir() {
        Chart::read_directory(path, &Limits::default())?
    } else {
        Chart::read(&read_bounded(path)?[..], &Limits::default())?
    };
    Ok(chart)
}
