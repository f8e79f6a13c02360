//! Foreign repositories: what is listed, what is left out, and what breaks.

mod bucket;
mod git;
mod helm;
mod object_stores;
mod oci;
mod provenance;
mod validate;

use chandlery_chart::{Chart, File, Limits};
use chandlery_core::Digest;
use chandlery_source::foreign::{
    Access, Counts, Credentials, Failure, Fetched, Item, Known, Package, Skipped, Source, Validator,
};

use crate::server::client;

/// A source at a URL on loopback.
pub(crate) fn source(url: &str) -> Source {
    source_with(url, Access::default(), Credentials::default())
}

/// The same with options and credentials.
pub(crate) fn source_with(url: &str, access: Access, credentials: Credentials) -> Source {
    Source::new(url.parse().unwrap(), access, credentials, &client()).unwrap()
}

/// Everything that a listing had.
#[derive(Debug, Default)]
pub(crate) struct Everything {
    pub(crate) packages: Vec<Package>,
    pub(crate) known: usize,
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) counts: Counts,
    pub(crate) validator: Validator,
}

impl Everything {
    /// `name version` of each package.
    pub(crate) fn names(&self) -> Vec<String> {
        let name = |package: &Package| format!("{} {}", package.name, package.version);
        self.packages.iter().map(name).collect()
    }

    /// What a caller that has stored it all knows.
    pub(crate) fn known(&self) -> Known {
        self.packages.iter().map(|package| package.fingerprint).collect()
    }
}

/// Lists a source to its end; `None` if nothing has changed.
pub(crate) async fn list(
    source: &Source,
    previous: Option<&Validator>,
    known: Known,
) -> Result<Option<Everything>, Failure> {
    let mut listing = match source.fetch(previous, known).await? {
        Fetched::Unchanged(_) => return Ok(None),
        Fetched::Changed(listing) => listing,
    };
    let mut all = Everything::default();
    while let Some(items) = listing.next().await? {
        for item in items {
            match item {
                Item::Package(package) => all.packages.push(*package),
                Item::Known(_) => all.known += 1,
                Item::Skipped(skipped) => all.skipped.push(skipped),
            }
        }
    }
    all.counts = listing.counts().unwrap();
    all.validator = listing.validator().clone();
    Ok(Some(all))
}

/// Lists a source for the first time.
pub(crate) async fn list_all(source: &Source) -> Result<Everything, Failure> {
    Ok(list(source, None, Known::default()).await?.expect("there is no validator that could hold"))
}

/// The files of a small chart.
pub(crate) fn chart_files(name: &str, version: &str) -> Vec<(String, String)> {
    vec![
        ("Chart.yaml".to_owned(), format!("apiVersion: v2\nname: {name}\nversion: {version}\n")),
        ("templates/one.yaml".to_owned(), "kind: ConfigMap\n".to_owned()),
    ]
}

/// A small package.
pub(crate) fn package(name: &str, version: &str) -> Vec<u8> {
    let file = |(path, text): (String, String)| File { path, data: text.into(), modified: 0 };
    let files = chart_files(name, version).into_iter().map(file).collect();
    let chart = Chart::from_files(files, &Limits::default()).unwrap();
    let mut bytes = Vec::new();
    chart.write_package(Some(0), &mut bytes).unwrap();
    bytes
}

/// Opens every package of a listing and compares what comes with the digest of its entry.
pub(crate) async fn check_packages(source: &Source, all: &Everything) {
    for package in &all.packages {
        let reader = source.open(package.location.as_ref().unwrap(), 1 << 20).await.unwrap();
        let bytes = reader.bytes().await.unwrap();
        assert_eq!(Digest::of(&bytes).to_hex(), package.digest, "{}", package.name);
    }
}
