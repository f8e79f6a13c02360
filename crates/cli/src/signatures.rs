//! Keyrings, and what a good signature says.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use chandlery_chart::{Verification, verify_provenance};
use chandlery_core::Digest;

use crate::client::credentials::process_variable;
use crate::error::usage;

/// The flag that names a keyring.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct KeyringArguments {
    /// The keys: binary or armored, or GnuPG's keybox. GnuPG's own keyring unless given.
    #[arg(long, value_name = "FILE")]
    pub(crate) keyring: Option<PathBuf>,
}

impl KeyringArguments {
    /// Reads the keyring.
    ///
    /// # Errors
    /// It cannot be read, or none is named and GnuPG has none.
    pub(crate) fn read(&self) -> Result<Vec<u8>> {
        let path = match &self.keyring {
            Some(path) => path.clone(),
            None => default_keyring()
                .ok_or_else(|| usage("no keyring: give --keyring FILE (gpg --export > FILE)"))?,
        };
        std::fs::read(&path).with_context(|| format!("cannot read the keyring {}", path.display()))
    }
}

/// The keyring Helm takes as well, `pubring.gpg`, or that of newer GnuPG, whichever exists.
fn default_keyring() -> Option<PathBuf> {
    let folder = process_variable("GNUPGHOME")
        .map(PathBuf::from)
        .or_else(|| process_variable("HOME").map(|home| PathBuf::from(home).join(".gnupg")))?;
    ["pubring.gpg", "pubring.kbx"].into_iter().map(|name| folder.join(name)).find(|path| path.is_file())
}

/// Checks a package against its provenance file and says who signed it, in Helm's words.
///
/// # Errors
/// The signature is not good, its key is not in the keyring, or it is not about this package.
pub(crate) fn verify(package: &[u8], file_name: &str, provenance: &[u8], keyring: &[u8]) -> Result<String> {
    let verification = verify_provenance(provenance, file_name, &Digest::of(package), keyring)
        .with_context(|| format!("{file_name} is not verified"))?;
    Ok(report(&verification))
}

fn report(verification: &Verification) -> String {
    let mut lines: Vec<String> =
        verification.signed_by.iter().map(|name| format!("Signed by: {name}")).collect();
    lines.push(format!("Using Key With Fingerprint: {}", verification.fingerprint));
    lines.push(format!("Chart Hash Verified: sha256:{}", verification.digest));
    lines.iter().map(|line| crate::output::neutralise(line) + "\n").collect()
}
