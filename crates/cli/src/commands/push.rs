//! `chandlery push`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use reqwest::StatusCode;

use crate::client::address::RepositoryTarget;
use crate::client::answer::status_of;
use crate::client::upload::{Content, Upload, provenance_of};
use crate::client::{Client, ClientArguments};
use crate::error::usage;
use crate::output::say;

/// Upload packages to a repository.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery push mychart-0.1.0.tgz team/charts\n  \
                        chandlery push *.tgz default --prov\n  \
                        chandlery push mychart-0.1.0.tgz https://charts.example.org/team/charts --force")]
pub(crate) struct PushArguments {
    /// The packages, then the repository: WORKSPACE/REPOSITORY, `default` or a URL.
    #[arg(required = true, num_args = 2.., value_names = ["FILE", "REPOSITORY"])]
    files_and_repository: Vec<String>,
    /// Replace a version that exists, where the repository allows it.
    #[arg(short, long)]
    force: bool,
    /// Upload FILE.prov with each FILE.
    #[arg(long)]
    prov: bool,
    #[command(flatten)]
    client: ClientArguments,
}

impl PushArguments {
    pub(crate) async fn run(self) -> Result<()> {
        let (target, files) =
            self.files_and_repository.split_last().expect("clap asks for at least two arguments");
        let target = RepositoryTarget::parse(target)?;
        let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
        for file in &files {
            check_readable(file)?;
            if self.prov {
                check_readable(&provenance_of(file))?;
            }
        }
        let client = Client::for_target(&self.client, Some(&target))?;
        let urls = client.repository(&target)?;
        for file in &files {
            let upload = Upload {
                package: Some(Content::File(file.clone())),
                provenance: self.prov.then(|| Content::File(provenance_of(file))),
                force: self.force,
            };
            let progress = crate::output::byte_progress(&file.display().to_string());
            let result = upload.send(&client, &urls, &progress).await;
            progress.finish_and_clear();
            result
                .map_err(advise)
                .with_context(|| format!("{} was not pushed to {}", file.display(), urls.repository))?;
            say(&format!("pushed {} to {}", file.display(), urls.repository));
        }
        Ok(())
    }
}

/// Says what can be done about a version that exists.
fn advise(error: anyhow::Error) -> anyhow::Error {
    if status_of(&error) == Some(StatusCode::CONFLICT) {
        return error
            .context("raise the version, or replace it with --force where the repository allows that");
    }
    error
}

/// All files are checked before the first is sent, so that a typing error leaves nothing half done.
fn check_readable(file: &Path) -> Result<()> {
    match std::fs::File::open(file) {
        Ok(handle) if handle.metadata().is_ok_and(|metadata| metadata.is_dir()) => Err(usage(format!(
            "{} is a folder: make a package of it with `chandlery package`",
            file.display()
        ))),
        Ok(_) => Ok(()),
        Err(error) => Err(usage(format!("cannot read {}: {error}", file.display()))),
    }
}
