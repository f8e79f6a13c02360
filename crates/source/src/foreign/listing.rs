//! What a repository has.

use std::collections::HashSet;
use std::sync::Arc;

use chandlery_chart::{IndexEntry, Timestamp};
use chandlery_core::Digest;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::{Failure, Location, MOST_VERSIONS};

/// What [`super::Source::fetch`] found.
#[derive(Debug)]
pub enum Fetched {
    /// The repository is as it was. The validator may be a newer one for the same content: keep it.
    Unchanged(Validator),
    /// It may have changed.
    Changed(Listing),
}

/// What tells whether a repository has changed. Opaque; kept as JSON between two syncs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Validator {
    /// The place that it is about.
    pub(super) scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) etag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_modified: Option<String>,
    /// Of the content, or of what lists it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) digest: Option<Digest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) commit: Option<String>,
}

/// The fingerprints of what the caller has, from [`Package::fingerprint`].
#[derive(Clone, Debug, Default)]
pub struct Known(Arc<HashSet<Digest>>);

impl Known {
    /// Whether it has this one.
    #[must_use]
    pub fn contains(&self, fingerprint: &Digest) -> bool {
        self.0.contains(fingerprint)
    }
}

impl IntoFuture for Known {
    type Output = Self;
    type IntoFuture = std::future::Ready<Self>;

    /// Known at once; others look it up when they are asked.
    fn into_future(self) -> Self::IntoFuture {
        std::future::ready(self)
    }
}

impl FromIterator<Digest> for Known {
    fn from_iter<I: IntoIterator<Item = Digest>>(fingerprints: I) -> Self {
        Self(Arc::new(fingerprints.into_iter().collect()))
    }
}

/// One item of a listing.
#[derive(Debug)]
pub enum Item {
    /// A version that is new, or whose entry has changed.
    Package(Box<Package>),
    /// A version that the caller has with this fingerprint.
    Known(Digest),
    /// An entry that is left out.
    Skipped(Skipped),
}

/// An entry that is left out of a listing; the others are not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Skipped {
    /// The chart, file, tag or folder.
    pub name: String,
    /// The version, as far as there is one.
    pub version: String,
    /// Why.
    pub reason: String,
}

/// What a package is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PackageKind {
    /// A Helm chart.
    Chart,
    /// A `KubeVela` addon.
    Addon,
}

impl PackageKind {
    /// What the annotations of an entry say.
    pub(super) fn of(entry: &IndexEntry) -> Self {
        if entry.metadata.annotations.contains_key("addon.name") { Self::Addon } else { Self::Chart }
    }
}

/// A version of a chart or addon in a foreign repository.
#[derive(Clone, Debug)]
pub struct Package {
    /// Chart or addon.
    pub kind: PackageKind,
    /// The name under which the repository lists it: for Helm this is the chart's name, whatever the metadata says.
    pub name: String,
    /// The version as the repository spells it.
    pub version: String,
    /// The package's sha256 as the repository spells it; empty where only the package itself can tell it.
    pub digest: String,
    /// When it was made.
    pub created: Timestamp,
    /// What the chart says of itself: [`chandlery_chart::Metadata`] as JSON. Text, because whoever takes it keeps text,
    /// and the parts of the value are best freed by the thread that made them.
    pub metadata: String,
    /// Equal for equal entries. Stable between releases of Chandlery as far as possible: a change costs a new read.
    pub fingerprint: Digest,
    /// Where the package is, or why it cannot be fetched.
    pub location: Result<Location, String>,
}

impl Package {
    /// The package of an entry.
    pub(super) fn new(
        kind: PackageKind,
        name: String,
        entry: IndexEntry,
        fingerprint: Digest,
        location: Result<Location, String>,
    ) -> Self {
        /// Most have less; not to grow the text halves the time it takes to write it.
        const EXPECTED: usize = 1024;
        let mut metadata = Vec::with_capacity(EXPECTED);
        serde_json::to_writer(&mut metadata, &entry.metadata).expect("metadata has texts for keys");
        let metadata = String::from_utf8(metadata).expect("JSON is text");
        let (version, digest, created) = (entry.metadata.version, entry.digest, entry.created);
        Self { kind, name, version, digest, created, metadata, fingerprint, location }
    }
}

/// How much there was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Charts and addons.
    pub charts: u64,
    /// Versions as Helm counts them: also those listed twice, and those whose package cannot be fetched.
    pub versions: u64,
    /// Of the versions, those that are listed a second time and were skipped.
    pub duplicates: u64,
    /// Of the versions, those whose package cannot be fetched.
    pub unreachable: u64,
    /// Entries that Helm drops too.
    pub invalid: u64,
    /// Bytes that were read to list them, unpacked.
    pub bytes: u64,
}

/// The items of a repository, as they are read.
#[derive(Debug)]
pub struct Listing {
    validator: Validator,
    receiver: mpsc::Receiver<Message>,
    counts: Option<Counts>,
}

/// What goes from the one who reads to the one who stores.
#[derive(Debug)]
enum Message {
    Items(Vec<Item>),
    End(Counts),
    Failed(Failure),
}

impl Listing {
    /// The next items, `None` when the listing is whole.
    ///
    /// # Errors
    ///
    /// A [`Failure`]; everything listed before is void.
    pub async fn next(&mut self) -> Result<Option<Vec<Item>>, Failure> {
        if self.counts.is_some() {
            return Ok(None);
        }
        match self.receiver.recv().await {
            Some(Message::Items(items)) => Ok(Some(items)),
            Some(Message::End(counts)) => {
                self.counts = Some(counts);
                Ok(None)
            }
            Some(Message::Failed(failure)) => Err(failure),
            None => Err(Failure::internal("the listing ended before its end")),
        }
    }

    /// What to keep for the next time, once the items are stored.
    #[must_use]
    pub fn validator(&self) -> &Validator {
        &self.validator
    }

    /// How much there was; `None` before the end.
    #[must_use]
    pub fn counts(&self) -> Option<Counts> {
        self.counts
    }
}

/// So many items go together, so that waking the reader costs little.
const BATCH: usize = 512;

/// So many batches wait at most: a reader that is faster than the database does not fill the memory.
const BATCHES: usize = 2;

/// The side of a listing that reads.
pub(super) struct Writer {
    sender: mpsc::Sender<Message>,
    batch: Vec<Item>,
    pub(super) counts: Counts,
    chart: Option<String>,
    versions: HashSet<String>,
}

/// Nobody wants the listing any more.
#[derive(Debug)]
pub(super) struct Abandoned;

/// A listing and the side that fills it.
pub(super) fn channel(validator: Validator) -> (Writer, Listing) {
    let (sender, receiver) = mpsc::channel(BATCHES);
    let writer = Writer {
        sender,
        batch: Vec::new(),
        counts: Counts::default(),
        chart: None,
        versions: HashSet::new(),
    };
    (writer, Listing { validator, receiver, counts: None })
}

impl Writer {
    /// Counts a version of a chart. All versions of a chart come one after the other.
    pub(super) fn count_version(&mut self, chart: &str) -> Result<(), Failure> {
        self.counts.versions += 1;
        if self.chart.as_deref() != Some(chart) {
            self.chart = Some(chart.to_owned());
            self.versions.clear();
            self.counts.charts += 1;
        }
        if self.counts.versions > MOST_VERSIONS {
            let cause = format!("the repository has more than {MOST_VERSIONS} versions");
            return Err(Failure::parse(cause, "Split the repository, or keep fewer versions in it."));
        }
        Ok(())
    }

    /// Adds a version, or that it is listed twice. It was counted before.
    pub(super) fn add_package(&mut self, package: Package) {
        let version = &package.version;
        if !self.versions.insert(version.clone()) {
            self.counts.duplicates += 1;
            let reason = "the version is listed twice; the first one is used".to_owned();
            let skipped = Skipped { name: package.name, version: version.clone(), reason };
            return self.batch.push(Item::Skipped(skipped));
        }
        self.counts.unreachable += u64::from(package.location.is_err());
        self.batch.push(Item::Package(Box::new(package)));
    }

    /// Adds a version that the caller has.
    pub(super) fn add_known(&mut self, fingerprint: Digest) {
        self.batch.push(Item::Known(fingerprint));
    }

    /// Adds what is left out.
    pub(super) fn add_skipped(&mut self, name: &str, version: &str, reason: impl Into<String>) {
        self.counts.invalid += 1;
        let (name, version) = (name.to_owned(), version.to_owned());
        self.batch.push(Item::Skipped(Skipped { name, version, reason: reason.into() }));
    }

    /// Hands over what has gathered if that is enough. For threads that may wait.
    pub(super) fn hand_over_blocking(&mut self) -> Result<(), Abandoned> {
        if self.batch.len() < BATCH {
            return Ok(());
        }
        let items = std::mem::take(&mut self.batch);
        self.sender.blocking_send(Message::Items(items)).map_err(|_| Abandoned)
    }

    /// Hands over what has gathered if that is enough.
    pub(super) async fn hand_over(&mut self) -> Result<(), Abandoned> {
        if self.batch.len() < BATCH {
            return Ok(());
        }
        let items = std::mem::take(&mut self.batch);
        self.sender.send(Message::Items(items)).await.map_err(|_| Abandoned)
    }

    /// Ends the listing, whole or not.
    pub(super) async fn end(mut self, outcome: Result<(), Failure>) {
        for message in self.last_messages(outcome) {
            // Nobody may want it any more.
            let _ = self.sender.send(message).await;
        }
    }

    /// Ends the listing, whole or not. For threads that may wait.
    pub(super) fn end_blocking(mut self, outcome: Result<(), Failure>) {
        for message in self.last_messages(outcome) {
            // Nobody may want it any more.
            let _ = self.sender.blocking_send(message);
        }
    }

    fn last_messages(&mut self, outcome: Result<(), Failure>) -> Vec<Message> {
        match outcome {
            Ok(()) => vec![Message::Items(std::mem::take(&mut self.batch)), Message::End(self.counts)],
            Err(failure) => vec![Message::Failed(failure)],
        }
    }
}
