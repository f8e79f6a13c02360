//! Rows and bytes together.

use std::time::{Duration, Instant};

use chandlery_core::{Digest, Error, Result};
use jiff::Timestamp;
use tokio::sync::OnceCell;

use crate::db::blobs::{self, BlobUse, Gone};
use crate::db::packages::{PublishOutcome, PublishRequest, record};
use crate::{Blobs, Database, FinishedBlob, StoreSettings, Transaction};

/// All durable state of an installation.
#[derive(Debug)]
pub struct Store {
    database: Database,
    blobs: Blobs,
    instance_id: String,
    /// Set once it is known that the blob store belongs to this database.
    claimed: OnceCell<()>,
}

/// How long an upload waits for garbage collection to finish with the very bytes it brings.
const DELETION_TIME_LIMIT: Duration = Duration::from_secs(10);

/// How often it looks.
const DELETION_POLL: Duration = Duration::from_millis(20);

/// Bytes that were put this long ago are put again before rows refer to them. Tombstones stay longer than this (see
/// `garbage.rs`), so that bytes deleted in between cannot go unnoticed.
pub(crate) const PUT_VALIDITY: Duration = Duration::from_secs(10 * 60);

impl Store {
    /// Opens both halves, making what is missing, and brings the schema up to date.
    ///
    /// An object store that does not answer now is no error; uploads will say so.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database or a directory cannot be used; [`Error::Conflict`] when the blob store
    /// belongs to another installation.
    pub async fn open(settings: &StoreSettings) -> Result<Self> {
        let database = Database::open(&settings.database).await?;
        let blobs = Blobs::open(&settings.blobs, &settings.temporary_directory).await?;
        let instance_id = database.instance_id().await?;
        let store = Self { database, blobs, instance_id, claimed: OnceCell::new() };
        match store.claim_blobs().await {
            Err(cause @ Error::Unavailable { .. }) => {
                tracing::warn!(error = ?cause, "the blob store does not answer, going on without it");
            }
            outcome => outcome?,
        }
        Ok(store)
    }

    /// The rows.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The bytes.
    #[must_use]
    pub fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    /// The identity of this installation, made once, the same for all its replicas.
    #[must_use]
    pub fn instance_id(&self) -> &str {
        &self.instance_id
    }

    /// Makes sure that the blob store belongs to this database: two databases over one blob store would collect each
    /// other's blobs as garbage.
    pub(crate) async fn claim_blobs(&self) -> Result<()> {
        let claim = async {
            if self.blobs.read_marker().await?.is_none() {
                self.blobs.write_marker(&self.instance_id).await?;
            }
            // Read back: of two that found no marker, one wrote last.
            match self.blobs.read_marker().await? {
                Some(owner) if owner == self.instance_id => Ok(()),
                owner => Err(Error::Conflict(format!(
                    "the blob store belongs to the installation {}, and this database to {}: use a directory or a \
                     prefix of its own for each",
                    owner.unwrap_or_default(),
                    self.instance_id
                ))),
            }
        };
        self.claimed.get_or_try_init(|| claim).await.map(drop)
    }

    /// Publishes an upload: its bytes to their place, then all its rows in one transaction. When this returns, the
    /// upload is durable and visible; on an error no row has changed.
    ///
    /// `blobs` are the bytes that the request's digests name.
    ///
    /// # Errors
    /// As [`packages::record`](crate::packages::record), and [`Error::Unavailable`] for faults that may pass: a full
    /// disk, a database or blob store that does not answer. Only when the connection to the database is lost in the
    /// commit itself it is unknown whether it happened.
    pub async fn publish(&self, request: &PublishRequest, blobs: &[FinishedBlob]) -> Result<PublishOutcome> {
        check_complete(request, blobs)?;
        let transaction = self.begin_with(blobs).await?;
        match record(&transaction, request).await {
            Ok(outcome) => transaction.commit().await.map(|()| outcome),
            Err(cause) => {
                // The cause is worth more than a failing rollback, which happens by itself as well.
                let _ = transaction.rollback().await;
                Err(cause)
            }
        }
    }

    /// Brings bytes to their place and begins a transaction whose rows may refer to them.
    ///
    /// # Errors
    /// [`Error::Unavailable`] for faults that may pass: a full disk, a database or blob store that does not answer.
    pub async fn begin_with(&self, blobs: &[FinishedBlob]) -> Result<Transaction> {
        self.claim_blobs().await?;
        let began = Instant::now();
        let mut put_at = self.put(blobs).await?;
        let mut revived: Vec<Gone> = Vec::new();
        loop {
            let transaction = self.database.begin().await?;
            match touch_all(&transaction, blobs, &revived).await? {
                // From here on the rows are locked: nobody removes the bytes before the transaction ends.
                Ok(()) if put_at.elapsed() < PUT_VALIDITY => return Ok(transaction),
                Ok(()) => {
                    transaction.rollback().await?;
                    put_at = self.put(blobs).await?;
                }
                Err(gone) => {
                    transaction.rollback().await?;
                    self.wait_or_put_back(&gone, blobs, began).await?;
                    revived.retain(|other| other.digest != gone.digest);
                    revived.push(gone);
                }
            }
        }
    }

    /// Puts blobs side by side, and says since when they can be relied on.
    async fn put(&self, blobs: &[FinishedBlob]) -> Result<Instant> {
        let began = Instant::now();
        futures_util::future::try_join_all(blobs.iter().map(|blob| self.blobs.put(blob))).await?;
        Ok(began)
    }

    /// What an upload does about bytes that garbage collection deleted: wait while that goes on, then put them back.
    async fn wait_or_put_back(&self, gone: &Gone, blobs: &[FinishedBlob], began: Instant) -> Result<()> {
        if began.elapsed() > DELETION_TIME_LIMIT {
            return Err(Error::Unavailable {
                what: "the package's place in the blob store (an old copy is being removed)".to_owned(),
                source: None,
            });
        }
        if gone.in_progress {
            tokio::time::sleep(DELETION_POLL).await;
            return Ok(());
        }
        let blob = blobs.iter().find(|blob| *blob.digest() == gone.digest);
        let blob = blob.ok_or_else(|| Error::internal("an upload misses bytes"))?;
        self.blobs.put(blob).await
    }
}

/// Records that all of these are needed, in the order of their digests, so that two who bring the same never wait for
/// each other.
async fn touch_all(
    transaction: &Transaction,
    blobs: &[FinishedBlob],
    revived: &[Gone],
) -> Result<Result<(), Gone>> {
    let mut uses: Vec<BlobUse> =
        blobs.iter().map(|blob| BlobUse { digest: *blob.digest(), size: blob.size() }).collect();
    uses.sort_by_key(|blob| blob.digest);
    for blob in &uses {
        let back = revived.iter().find(|gone| gone.digest == blob.digest);
        if let Err(gone) = blobs::touch(transaction, blob, back, Timestamp::now()).await? {
            return Ok(Err(gone));
        }
    }
    Ok(Ok(()))
}

/// Rows must not refer to bytes that nobody brought.
fn check_complete(request: &PublishRequest, blobs: &[FinishedBlob]) -> Result<()> {
    let brought =
        |digest: &Digest, size: u64| blobs.iter().any(|blob| blob.digest() == digest && blob.size() == size);
    let package = request.package.as_ref().is_none_or(|file| brought(&file.digest, file.size));
    let provenance = request.provenance.as_ref().is_none_or(|file| brought(&file.digest, file.size));
    match package && provenance {
        true => Ok(()),
        false => Err(Error::internal("an upload's bytes are not those its rows refer to")),
    }
}
