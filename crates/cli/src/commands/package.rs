//! `chandlery package`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use chandlery_chart::{Chart, Limits, PackageOptions, SigningIdentity};
use chandlery_core::Digest;

use super::account::{ask, read_password_line};
use super::dependency::update_folder;
use crate::client::ClientArguments;
use crate::client::upload::provenance_of;
use crate::error::usage;
use crate::local::{source_date_epoch, write_whole_file};
use crate::output::print_text;
use crate::secret_file::read_secret_file;
use crate::signatures::KeyringArguments;

/// Make packages of charts.
///
/// Equal folders with equal times give equal bytes; with SOURCE_DATE_EPOCH set the times do not matter.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery package ./mychart\n  \
                        SOURCE_DATE_EPOCH=0 chandlery package ./mychart -d dist --version 1.2.3 --app-version 7\n  \
                        chandlery package ./mychart --dependency-update\n  \
                        chandlery package ./mychart --sign --key dev@example.org --keyring secret.gpg")]
pub(crate) struct PackageArguments {
    /// The folders of the charts.
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Where to put the packages.
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    destination: PathBuf,
    /// Fetch the dependencies first, as `chandlery dependency update` does.
    #[arg(short = 'u', long)]
    dependency_update: bool,
    #[command(flatten)]
    versions: VersionArguments,
    /// Sign each package: write PACKAGE.prov as well.
    #[arg(long, help_heading = "Signing")]
    sign: bool,
    /// A part of the name or address of the key; needed if the keyring has several secret keys.
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true, requires = "sign")]
    #[arg(help_heading = "Signing")]
    key: String,
    #[command(flatten)]
    keyring: KeyringArguments,
    /// A file with the passphrase of the key, `-` for standard input; asked for unless given.
    #[arg(long, value_name = "FILE", requires = "sign", help_heading = "Signing")]
    passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    client: ClientArguments,
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
    pub(crate) async fn run(self) -> Result<()> {
        let signer = if self.sign { Some(self.signer()?) } else { None };
        for folder in &self.folders {
            if self.dependency_update {
                update_folder(folder, &self.client).await?;
            }
            let made = make_package(folder, &self.versions)?;
            let name = made.chart.metadata.file_name();
            let provenance = match &signer {
                Some(signer) => Some(signer.sign(&made, &name)?),
                None => None,
            };
            std::fs::create_dir_all(&self.destination)
                .with_context(|| format!("cannot create {}", self.destination.display()))?;
            let path = self.destination.join(name);
            write_whole_file(&path, |file| file.write_all(&made.bytes))?;
            if let Some(provenance) = provenance {
                write_whole_file(&provenance_of(&path), |file| file.write_all(provenance.as_bytes()))?;
            }
            print_text(&format!("{}\n", path.display()))?;
        }
        Ok(())
    }

    /// Finds the key and opens it, before any package is made.
    fn signer(&self) -> Result<Signer> {
        let identity = SigningIdentity::find(&self.keyring.read()?, &self.key)?;
        let passphrase = match &self.passphrase_file {
            _ if !identity.is_locked() => String::new(),
            Some(path) if path.as_os_str() == "-" => read_password_line()?,
            Some(path) => read_secret_file(path)?,
            None => ask(&format!("Passphrase of the key of {}", identity.user_id()), "--passphrase-file")?,
        };
        Ok(Signer { identity, passphrase })
    }
}

/// A key and what opens it.
struct Signer {
    identity: SigningIdentity,
    passphrase: String,
}

impl Signer {
    fn sign(&self, made: &MadePackage, file_name: &str) -> Result<String> {
        let digest = Digest::of(&made.bytes);
        let signed = self.identity.sign(&made.chart.metadata, file_name, &digest, &self.passphrase);
        signed.with_context(|| format!("cannot sign {file_name}"))
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
