//! Foreign repositories: what is listed, what is left out, and what breaks.

mod helm;

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
        let name = |package: &Package| format!("{} {}", package.name, package.entry.metadata.version);
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
