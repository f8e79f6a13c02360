//! `chandlery verify`.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::client::upload::provenance_of;
use crate::error::usage;
use crate::local::read_bounded;
use crate::output::print_text;
use crate::signatures::{KeyringArguments, verify};

/// Check that a package is what somebody signed: FILE against FILE.prov.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery verify mychart-0.1.0.tgz --keyring trusted.gpg")]
pub(crate) struct VerifyArguments {
    /// The package; its provenance file is beside it.
    file: PathBuf,
    #[command(flatten)]
    keyring: KeyringArguments,
}

impl VerifyArguments {
    pub(crate) fn run(&self) -> Result<()> {
        let name = self.file.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| usage(format!("{} is no file name", self.file.display())))?;
        let package = read_bounded(&self.file)?;
        let provenance = read_bounded(&provenance_of(&self.file)).context("there is no provenance file")?;
        print_text(&verify(&package, name, &provenance, &self.keyring.read()?)?)
    }
}
