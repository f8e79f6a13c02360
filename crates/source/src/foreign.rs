//! Foreign repositories: where charts and addons of others are listed, and how their packages are fetched.
//!
//! A [`Source`] is made of a [`SourceUrl`] (where), an [`Access`] (how) and [`Credentials`] (who). [`Source::fetch`] lists
//! what is there and answers [`Fetched::Unchanged`] where the [`Validator`] of the last time still holds;
//! [`Source::open`] fetches one package; [`validate`] tells stage by stage what works. Nothing here is kept: the caller
//! stores validators, fingerprints and packages.
//!
//! Everything goes through the client of [`crate::outbound`], whose checks of addresses hold for redirects, package URLs
//! and token servers too. Credentials are bound to the scheme, host and port of the repository.

mod access;
mod bucket;
mod certificate;
mod describe;
mod failure;
mod git;
mod helm;
mod index;
mod listing;
mod object_store;
mod oci;
mod package;
mod provenance;
mod spool;
mod url;
mod validate;

pub use access::{Access, Credentials, Login};
pub use certificate::Certificate;
pub use failure::{Code, Failure, Stage};
pub use listing::{Counts, Fetched, Item, Known, Listing, Package, PackageKind, Skipped, Validator};
pub use object_store::ObjectStore;
pub use package::{Location, PackageReader};
pub use url::{BucketUrl, GitUrl, RegistryUrl, SourceKind, SourceUrl};
pub use validate::{Outcome, StageReport, Validation, validate};

use std::time::Duration;

use crate::outbound::{self, Limits, Outbound, TlsSettings};

/// The largest index that is read, in bytes, as it comes and unpacked; the largest public ones have 30 MB.
pub const LARGEST_INDEX: u64 = 256 << 20;

/// The most versions that one repository may have.
pub const MOST_VERSIONS: u64 = 200_000;

/// How long one answer may take: a large index over a slow line.
const LONGEST_ANSWER: Duration = Duration::from_secs(300);

/// A foreign repository. Cheap to clone; clones share their connections, and what they read last of a git repository: make
/// one for a task, and drop it afterwards.
#[derive(Clone, Debug)]
pub struct Source {
    url: SourceUrl,
    access: Access,
    credentials: Credentials,
    /// For the repository's own scheme, host and port.
    own: Outbound,
    /// For everything else it names: without the client certificate.
    other: Outbound,
    git: git::Cache,
}

impl Source {
    /// A source behind `client`, whose rules hold for every request.
    ///
    /// # Errors
    ///
    /// A [`Failure`] of [`Stage::Url`]: certificates that are none, credentials that do not fit the kind.
    pub fn new(
        url: SourceUrl,
        access: Access,
        credentials: Credentials,
        client: &Outbound,
    ) -> Result<Self, Failure> {
        let tls = access::tls_settings(&access, &credentials);
        let own = client.with_tls(&tls)?;
        let other = match tls.identity {
            Some(_) => client.with_tls(&TlsSettings { identity: None, ..tls })?,
            None => own.clone(),
        };
        Ok(Self { url, access, credentials, own, other, git: git::Cache::default() })
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &SourceUrl {
        &self.url
    }

    /// Lists what the repository has, unless `previous` tells that it is as it was then.
    ///
    /// `known` is waited for only when something may have changed. Items that it contains are listed as [`Item::Known`] and neither read nor fetched, so that a large repository
    /// with a small change costs little. The list is whole only when [`Listing::next`] has answered `None`.
    ///
    /// # Errors
    ///
    /// A [`Failure`], before the listing or from [`Listing::next`]; what was listed before one is void.
    pub async fn fetch(
        &self,
        previous: Option<&Validator>,
        known: impl IntoFuture<Output = Known, IntoFuture: Send>,
    ) -> Result<Fetched, Failure> {
        let known = known.into_future();
        let scope = self.scope();
        let previous = previous.filter(|previous| previous.scope == scope);
        match &self.url {
            SourceUrl::Http(base) => helm::fetch(self, base, previous, known).await,
            SourceUrl::S3(url) => bucket::fetch(self, url, previous, known).await,
            SourceUrl::Oci(url) => oci::fetch(self, url, previous, known).await,
            SourceUrl::Git(url) => git::fetch(self, url, previous, known).await,
        }
    }

    /// Begins to fetch a package, of at most `limit` bytes. The caller compares its digest with the entry's.
    ///
    /// # Errors
    ///
    /// A [`Failure`]; one may also come from the reader.
    pub async fn open(&self, location: &Location, limit: u64) -> Result<PackageReader, Failure> {
        match location {
            Location::Url { url } => helm::open(self, url, limit).await,
            Location::Object { key } => bucket::open(self, key, limit).await,
            Location::Blob { repository, digest } => oci::open(self, repository, digest, limit).await,
            Location::Chart { host, repository, reference } => {
                oci::open_chart(self, host, repository, reference, limit).await
            }
            Location::Tree { commit, path, version } => {
                git::open(self, commit, path, version.as_deref(), limit).await
            }
        }
    }

    /// What a validator belongs to: another place or another folder is another repository.
    fn scope(&self) -> String {
        let Access { reference, sub_path, tags_as_versions, region, .. } = &self.access;
        let part = |option: &Option<String>| option.clone().unwrap_or_default();
        let parts = [part(reference), part(sub_path), part(region), tags_as_versions.to_string()];
        format!("{} {}", self.url, parts.join(" "))
    }

    /// The client for `url`, with the credentials if they are bound to it.
    fn client_for(&self, url: &reqwest::Url) -> Result<(&Outbound, Option<outbound::Credentials>), Failure> {
        if self.url.is_at(url) {
            Ok((&self.own, self.credentials.for_http(&url::host_and_port(url))?))
        } else {
            Ok((&self.other, None))
        }
    }
}

/// The limits of an answer of at most `body` bytes.
fn limits(body: u64) -> Limits {
    Limits { total: LONGEST_ANSWER, body, ..Limits::default() }
}
