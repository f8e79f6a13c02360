//! Provenance files (`.prov`): who signed a package, and for which bytes.
//!
//! A provenance file is an OpenPGP clear-signed text: the chart's metadata as YAML, a line `...`, and the sha256 of the
//! package's file. Keys are OpenPGP version 4, as GnuPG makes them.

mod keyring;
mod message;
mod parse;
mod sign;
mod verify;

pub use parse::{ProvenanceIdentity, parse_identity};
pub use sign::SigningIdentity;
pub use verify::{Verification, check_provenance, listed_files, verify_provenance};

/// Why a provenance file could not be read, made or verified.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProvenanceError {
    /// It is not a clear-signed message with a chart's name and version; the text is ChartMuseum's.
    #[error("invalid provenance file")]
    NotProvenance,
    /// The text is no clear-signed message, or its signature is damaged.
    #[error("signature block not found: {0}")]
    NoSignature(String),
    /// No key of the keyring made the signature, or the text was changed.
    #[error("openpgp: {0}")]
    BadSignature(String),
    /// The signed text has no list of files.
    #[error("cannot read the signed text: {0}")]
    Message(String),
    /// The signed text does not list the file.
    #[error("provenance does not contain a SHA for a file named {0:?}")]
    FileNotListed(String),
    /// The file is not the one that was signed.
    #[error("sha256 sum does not match for {file}: {signed:?} != {actual:?}")]
    WrongDigest {
        /// The name of the file.
        file: String,
        /// What the signed text says.
        signed: String,
        /// The sum of the file at hand.
        actual: String,
    },
    /// The keyring cannot be read.
    #[error("cannot read the keyring: {0}")]
    Keyring(String),
    /// No key has the text in its identity.
    #[error("private key not found: no key of the keyring has {0:?} in its identity")]
    KeyNotFound(String),
    /// Several keys have the text in their identity.
    #[error("more than one key contain the id {0:?}")]
    KeyAmbiguous(String),
    /// The key is there without its secret half.
    #[error("provided key is not a private key. Try providing a keyring with secret keys")]
    KeyNotSecret,
    /// The key is locked, and the passphrase does not open it.
    #[error("the passphrase does not open the key of {0}")]
    WrongPassphrase(String),
    /// The key cannot sign.
    #[error("cannot sign: {0}")]
    Signing(String),
}
