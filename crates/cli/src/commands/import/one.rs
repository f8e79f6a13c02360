//! The import of one package.

use anyhow::{Context as _, Result, anyhow};
use bytes::Bytes;
use chandlery_chart::parse_identity;
use indicatif::ProgressBar;
use reqwest::StatusCode;
use serde::Deserialize;

use super::report::{Outcome, Status};
use super::source::{Item, Location, Source};
use crate::client::Client;
use crate::client::address::RepositoryUrls;
use crate::client::answer::status_of;
use crate::client::upload::{Content, Upload};
use crate::local::Package;

/// The largest provenance file that is compared, in bytes.
const LARGEST_PROVENANCE: usize = 1 << 20;

/// What all packages of an import share.
pub(super) struct Importer<'a> {
    pub(super) client: &'a Client,
    pub(super) urls: &'a RepositoryUrls,
    pub(super) source: &'a Source,
    pub(super) dry_run: bool,
    pub(super) force: bool,
}

/// What the target has under a name and version.
#[derive(Debug, PartialEq, Eq)]
enum Existing {
    Nothing,
    Same,
    Other,
}

#[derive(Deserialize)]
struct VersionAnswer {
    version: String,
    #[serde(default)]
    digest: String,
}

impl Importer<'_> {
    /// Checks that the repository is there before anything is read.
    ///
    /// # Errors
    /// It cannot be reached or read.
    pub(super) async fn check_target(&self) -> Result<()> {
        let mut url = self.urls.charts();
        url.set_query(Some("limit=1"));
        let answer = self.client.get(&url).await.map(drop);
        answer.map_err(|error| match status_of(&error) {
            Some(StatusCode::NOT_FOUND) => anyhow!(
                "the repository {} does not exist: create it with `chandlery repo create WORKSPACE/REPOSITORY`",
                self.urls.repository
            ),
            _ => error,
        })
    }

    /// Imports one item; never fails, but gives the error along for those that concern all items.
    pub(super) async fn import(&self, item: &Item) -> (Outcome, Option<anyhow::Error>) {
        let mut outcome = Outcome {
            file: item.label.clone(),
            status: Status::Refused,
            name: String::new(),
            version: String::new(),
            reason: String::new(),
        };
        if let Some(reason) = &item.unusable {
            outcome.status = Status::Skipped;
            outcome.reason = reason.clone();
            return (outcome, None);
        }
        match self.try_import(item, &mut outcome).await {
            Ok(status) => {
                outcome.status = status;
                (outcome, None)
            }
            Err(error) => {
                outcome.reason = format!("{error:#}");
                (outcome, Some(error))
            }
        }
    }

    async fn try_import(&self, item: &Item, outcome: &mut Outcome) -> Result<Status> {
        let provenance = match &item.provenance {
            Some(location) => Some(self.source.fetch(self.client, location).await?),
            None => None,
        };
        match (&item.package, provenance) {
            (Some(location), provenance) => self.import_package(location, provenance, outcome).await,
            (None, Some(provenance)) => {
                let identity = parse_identity(&provenance)?;
                outcome.name = identity.name.clone();
                outcome.version = identity.version.clone();
                self.import_provenance(&identity.file_name(), provenance).await
            }
            (None, None) => Ok(Status::Skipped),
        }
    }

    async fn import_package(
        &self,
        location: &Location,
        provenance: Option<Bytes>,
        outcome: &mut Outcome,
    ) -> Result<Status> {
        let bytes = self.source.fetch(self.client, location).await?;
        let package = tokio::task::spawn_blocking(move || Package::parse(bytes))
            .await
            .context("reading was stopped")??;
        outcome.name = package.name().to_owned();
        outcome.version = package.version().to_owned();
        let existing = self.existing(&package).await?;
        match existing {
            Existing::Same => {}
            Existing::Other if !self.force => return Err(other_content(&package)),
            _ if self.dry_run => return Ok(Status::WouldImport),
            _ => {
                let force = existing == Existing::Other;
                let upload = Upload {
                    package: Some(Content::Bytes(package.bytes.clone())),
                    provenance: provenance.clone().map(Content::Bytes),
                    force,
                };
                let sent = upload.send(self.client, self.urls, &ProgressBar::hidden()).await;
                match sent {
                    Ok(()) => return Ok(Status::Imported),
                    // Another upload was faster, or the provenance file is there already.
                    Err(error) if status_of(&error) == Some(StatusCode::CONFLICT) => {
                        self.after_conflict(&package, provenance.is_some(), error).await?;
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        match provenance {
            Some(provenance) => {
                self.import_provenance(&format!("{}.prov", package.file_name()), provenance).await
            }
            None => Ok(Status::Present),
        }
    }

    /// After 409: fine if the package is there with the same content; if only the provenance file was in the way, the
    /// package goes up alone.
    async fn after_conflict(
        &self,
        package: &Package,
        with_provenance: bool,
        error: anyhow::Error,
    ) -> Result<()> {
        match self.existing(package).await? {
            Existing::Same => Ok(()),
            Existing::Other => Err(other_content(package)),
            Existing::Nothing if with_provenance => {
                let upload =
                    Upload { package: Some(Content::Bytes(package.bytes.clone())), ..Upload::default() };
                upload.send(self.client, self.urls, &ProgressBar::hidden()).await
            }
            Existing::Nothing => Err(error),
        }
    }

    async fn existing(&self, package: &Package) -> Result<Existing> {
        let url = self.urls.version(package.name(), package.version());
        let answer: VersionAnswer = match self.client.get_json(&url).await {
            Ok(answer) => answer,
            Err(error) if status_of(&error) == Some(StatusCode::NOT_FOUND) => return Ok(Existing::Nothing),
            Err(error) => return Err(error),
        };
        // The path is also read as a range: 1.0.0 finds 1.0.0+build, which is another version.
        if answer.version != package.version() {
            return Ok(Existing::Nothing);
        }
        let same = answer.digest == package.digest.to_hex();
        Ok(if same { Existing::Same } else { Existing::Other })
    }

    async fn import_provenance(&self, file_name: &str, bytes: Bytes) -> Result<Status> {
        let found = self.client.get_bytes(&self.urls.file(file_name), LARGEST_PROVENANCE).await;
        match found {
            Ok(found) if found == bytes => return Ok(Status::Present),
            Ok(_) if !self.force => {
                return Err(anyhow!("{file_name} is there with other content; --force replaces it"));
            }
            Ok(_) => {}
            Err(error) if status_of(&error) == Some(StatusCode::NOT_FOUND) => {}
            Err(error) => return Err(error),
        }
        if self.dry_run {
            return Ok(Status::WouldImport);
        }
        let upload =
            Upload { provenance: Some(Content::Bytes(bytes)), force: self.force, ..Upload::default() };
        upload.send(self.client, self.urls, &ProgressBar::hidden()).await?;
        Ok(Status::Imported)
    }
}

fn other_content(package: &Package) -> anyhow::Error {
    anyhow!(
        "{} {} is there with other content; --force replaces it (which a server may ignore)",
        package.name(),
        package.version()
    )
}
