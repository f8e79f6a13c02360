//! Signs a package: `sign PACKAGE KEYRING KEY`, the provenance file beside it.

use std::fs;

use chandlery_chart::{Limits, SigningIdentity, inspect};
use chandlery_core::Digest;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let package = fs::read(&arguments[0]).expect("the package is readable");
    let keyring = fs::read(&arguments[1]).expect("the keyring is readable");
    let summary = inspect(&package[..], &Limits::default()).unwrap_or_else(|error| panic!("{error}"));
    let identity = SigningIdentity::find(&keyring, &arguments[2]).unwrap_or_else(|error| panic!("{error}"));
    let name = arguments[0].rsplit('/').next().expect("a name");
    let provenance = identity
        .sign(&summary.metadata, name, &Digest::of(&package), "")
        .unwrap_or_else(|error| panic!("{error}"));
    fs::write(format!("{}.prov", arguments[0]), provenance).expect("the file can be written");
}
