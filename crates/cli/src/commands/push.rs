//! `chandlery push`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use reqwest::StatusCode;

use super::package::{VersionArguments, make_package};
use crate::client::address::RepositoryTarget;
use crate::client::answer::status_of;
use crate::client::upload::{Content, Upload, provenance_of};
use crate::client::{Client, ClientArguments};
use crate::error::usage;
use crate::output::{byte_progress, say};

/// Upload packages to a repository.
///
/// A folder is made into a package first, as `chandlery package` does.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery push mychart-0.1.0.tgz team/charts\n  \
                        chandlery push *.tgz default --prov\n  \
                        chandlery push ./mychart team/charts --version 1.2.3\n  \
                        chandlery push mychart-0.1.0.tgz https://charts.example.org/team/charts --force")]
pub(crate) struct PushArguments {
    /// The packages or charts' folders, then the repository: WORKSPACE/REPOSITORY, `default` or a URL.
    #[arg(required = true, num_args = 2.., value_names = ["FILE", "REPOSITORY"])]
    files_and_repository: Vec<String>,
    /// Replace a version that exists, even where versions are immutable, unless the server ignores force.
    #[arg(short, long)]
    force: bool,
    /// Upload FILE.prov with each FILE.
    #[arg(long)]
    prov: bool,
    /// For folders: the versions to put into Chart.yaml.
    #[command(flatten)]
    versions: VersionArguments,
    #[command(flatten)]
    client: ClientArguments,
}

impl PushArguments {
    pub(crate) async fn run(self) -> Result<()> {
        let (target, files) =
            self.files_and_repository.split_last().expect("clap asks for at least two arguments");
        let target = RepositoryTarget::parse(target)?;
        let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
        // All files are read before the first is sent, so that a typing error leaves nothing half done.
        let uploads = files.iter().map(|file| self.prepare(file)).collect::<Result<Vec<_>>>()?;
        let client = Client::for_target(&self.client, Some(&target))?;
        let urls = client.repository(&target)?;
        for (file, upload) in files.iter().zip(&uploads) {
            let progress = byte_progress(&file.display().to_string());
            let result = upload.send(&client, &urls, &progress).await;
            progress.finish_and_clear();
            result
                .map_err(advise)
                .with_context(|| format!("{} was not pushed to {}", file.display(), urls.repository))?;
            say(&format!("pushed {} to {}", file.display(), urls.repository));
        }
        Ok(())
    }

    fn prepare(&self, file: &Path) -> Result<Upload> {
        if file.is_dir() {
            if self.prov {
                return Err(usage("--prov needs packages: a folder has no provenance file"));
            }
            let made = make_package(file, &self.versions)?;
            let package = Some(Content::Bytes(made.bytes.into()));
            return Ok(Upload { package, provenance: None, force: self.force });
        }
        if self.versions.version.is_some() || self.versions.app_version.is_some() {
            return Err(usage(format!(
                "{} is a package: --version and --app-version are for folders, a package stays as it is",
                file.display()
            )));
        }
        check_readable(file)?;
        let provenance = self.prov.then(|| provenance_of(file));
        provenance.as_deref().map_or(Ok(()), check_readable)?;
        Ok(Upload {
            package: Some(Content::File(file.to_owned())),
            provenance: provenance.map(Content::File),
            force: self.force,
        })
    }
}

/// Says what can be done about a version that exists.
fn advise(error: anyhow::Error) -> anyhow::Error {
    if status_of(&error) == Some(StatusCode::CONFLICT) {
        return error.context("raise the version, or replace it with --force (which a server may ignore)");
    }
    error
}

fn check_readable(file: &Path) -> Result<()> {
    match std::fs::File::open(file) {
        Ok(_) => Ok(()),
        Err(error) => Err(usage(format!("cannot read {}: {error}", file.display()))),
    }
}
