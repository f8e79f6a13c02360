//! `chandlery index`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use chandlery_chart::{DirectoryIndexOptions, IndexFile, Limits, Timestamp, index_directory};

use crate::error::usage;
use crate::local::write_whole_file;
use crate::output::{count_progress, say, warn};

/// Write the index.yaml of a folder of packages, as `helm repo index` does.
///
/// The packages are those in the folder and in its folders one level down.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery index ./packages\n  \
                        chandlery index ./packages --url https://charts.example.org --merge old/index.yaml")]
pub(crate) struct IndexArguments {
    /// The folder.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// What goes before the file names; without it they are relative to the index.
    #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
    url: String,
    /// Take over the versions of this index that are not in the folder.
    #[arg(long, value_name = "INDEX")]
    merge: Option<PathBuf>,
    /// Write JSON instead of YAML, into the same file.
    #[arg(long)]
    json: bool,
}

impl IndexArguments {
    pub(crate) fn run(&self) -> Result<()> {
        if !self.folder.is_dir() {
            return Err(usage(format!("{} is no folder", self.folder.display())));
        }
        let old = self.merge.as_deref().map(read_old).transpose()?;
        let options = DirectoryIndexOptions {
            base_url: self.url.clone(),
            generated: now()?,
            parallelism: std::thread::available_parallelism().map_or(1, usize::from),
            limits: Limits::default(),
        };
        let progress = count_progress("indexing", 0);
        let result = index_directory(&self.folder, &options, &|done, total| {
            progress.set_length(total as u64);
            progress.set_position(done as u64);
        });
        progress.finish_and_clear();
        let result = result.with_context(|| format!("cannot read {}", self.folder.display()))?;
        for skipped in &result.skipped {
            warn(&format!("{} was left out: {}", skipped.path.display(), skipped.error));
        }
        let mut index = result.index;
        if let Some(old) = old {
            index.merge(old);
            index.sort();
        }
        let text = if self.json { index.to_json() } else { index.to_yaml()? };
        let path = self.folder.join("index.yaml");
        write_whole_file(&path, |file| file.write_all(text.as_bytes()))?;
        let versions: usize = index.entries.values().map(Vec::len).sum();
        say(&format!("{}: {} charts, {versions} versions", path.display(), index.entries.len()));
        Ok(())
    }
}

/// Reads the index to merge; one that does not exist yet is empty, so that the first run of a job needs nothing special.
fn read_old(path: &Path) -> Result<IndexFile> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(IndexFile::new(now()?)),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let loaded = IndexFile::read(&bytes, &chandlery_yaml::Limits::default())
        .with_context(|| format!("{} is no index", path.display()))?;
    loaded.warnings.iter().for_each(|text| warn(&format!("{}: {text}", path.display())));
    Ok(loaded.index)
}

/// The time for new entries: `SOURCE_DATE_EPOCH` if it is set, so that the same folder gives the same index.
pub(crate) fn now() -> Result<Timestamp> {
    if let Some(seconds) = crate::local::source_date_epoch()? {
        return Ok(Timestamp::from_unix(seconds, 0));
    }
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Ok(Timestamp::from_unix(i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_nanos()))
}
