//! Bytes, named by their sha256.
//!
//! In: [`Blobs::begin`] → [`TempBlob::write`]… → [`TempBlob::finish`] → validation by the caller →
//! [`Blobs::put`] (by way of [`Store::publish`](crate::Store::publish)). Out: [`Blobs::open`].

mod file_system;
mod key;
mod object_store;
mod reader;
mod temporary;
mod upload;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use chandlery_core::{Digest, Error, Result};
use jiff::Timestamp;

pub use key::StorageKey;
pub use reader::{BlobReader, BlobStream};
pub use upload::{BlobSource, FinishedBlob, TempBlob};

use crate::{BlobsUrl, error};
use file_system::FileSystem;
use object_store::ObjectStore;
use temporary::TemporaryDirectory;

/// The store of bytes. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Blobs {
    backend: Backend,
    temporary: Arc<TemporaryDirectory>,
}

#[derive(Clone, Debug)]
enum Backend {
    FileSystem(Arc<FileSystem>),
    ObjectStore(ObjectStore),
}

/// A blob that lies in the store, as listed for garbage collection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoredBlob {
    pub(crate) digest: Digest,
    pub(crate) size: u64,
    pub(crate) modified_at: Timestamp,
}

impl Blobs {
    /// Opens a blob store, makes the directories it needs, and removes what uploads of dead processes left behind.
    /// An object store is not contacted.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a directory cannot be written.
    pub async fn open(url: &BlobsUrl, temporary_directory: &Path) -> Result<Self> {
        let (backend, temporary) = match url {
            BlobsUrl::FileSystem(root) => {
                let file_system = FileSystem::open(root.clone()).await?;
                (Backend::FileSystem(Arc::new(file_system)), root.join("tmp"))
            }
            _ => (Backend::ObjectStore(ObjectStore::open(url)?), temporary_directory.to_owned()),
        };
        let temporary = blocking(move || TemporaryDirectory::open(&temporary)).await?;
        Ok(Self { backend, temporary: Arc::new(temporary) })
    }

    /// Begins to take in bytes, at most `limit` of them.
    #[must_use]
    pub fn begin(&self, limit: u64) -> TempBlob {
        let stays_here = matches!(self.backend, Backend::FileSystem(_));
        TempBlob::new(Arc::clone(&self.temporary), limit, stays_here)
    }

    /// Takes in bytes that are in memory already.
    ///
    /// # Errors
    /// As [`TempBlob::write`].
    pub async fn begin_with(&self, bytes: Bytes) -> Result<FinishedBlob> {
        if let Some(blob) = FinishedBlob::of_few(&bytes) {
            return Ok(blob);
        }
        let mut upload = self.begin(u64::MAX);
        upload.write(bytes).await?;
        upload.finish().await
    }

    /// Brings a blob to its place and makes it durable; does little when it is there already. May be repeated.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the disk is full or the object store does not answer.
    pub async fn put(&self, blob: &FinishedBlob) -> Result<()> {
        match &self.backend {
            Backend::FileSystem(file_system) => file_system.put(&self.temporary, blob).await,
            Backend::ObjectStore(object_store) => object_store.put(blob).await,
        }
    }

    /// Opens a blob of `size` bytes (rows know it), whole or the bytes `range` of it.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not there; [`Error::Invalid`] when the range does not lie in it;
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn open_blob(
        &self,
        digest: &Digest,
        size: u64,
        range: Option<Range<u64>>,
    ) -> Result<BlobReader> {
        let range = range.unwrap_or(0..size);
        if range.start > range.end || range.end > size {
            return Err(Error::invalid("range", format!("does not lie in the {size} bytes of the blob")));
        }
        match &self.backend {
            Backend::FileSystem(file_system) => file_system.open_blob(digest, size, &range),
            Backend::ObjectStore(object_store) => object_store.open_blob(digest, range).await,
        }
    }

    /// Reads a whole blob of `size` bytes.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when it has more than `limit` bytes, else as [`Blobs::open_blob`].
    pub async fn read_all(&self, digest: &Digest, size: u64, limit: u64) -> Result<Bytes> {
        if size > limit {
            return Err(Error::TooLarge { what: format!("the blob {digest}"), limit });
        }
        self.open_blob(digest, size, None).await?.read_all().await
    }

    /// The size of a blob in bytes, or `None` when it is not there.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        match &self.backend {
            Backend::FileSystem(file_system) => file_system.size(digest).await,
            Backend::ObjectStore(object_store) => object_store.size(digest).await,
        }
    }

    /// Whether a blob is there.
    ///
    /// # Errors
    /// As [`Blobs::size`].
    pub async fn exists(&self, digest: &Digest) -> Result<bool> {
        Ok(self.size(digest).await?.is_some())
    }

    /// Whether the store answers, for readiness probes.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not.
    pub async fn check(&self) -> Result<()> {
        self.read_marker().await.map(drop)
    }

    /// Removes a blob; no error when it is not there. Only garbage collection may (see `garbage.rs`).
    pub(crate) async fn delete(&self, digest: &Digest) -> Result<()> {
        match &self.backend {
            Backend::FileSystem(file_system) => file_system.delete(digest).await,
            Backend::ObjectStore(object_store) => object_store.delete(digest).await,
        }
    }

    /// The blobs whose digests begin with the byte `shard`.
    pub(crate) async fn list_shard(&self, shard: u8) -> Result<Vec<StoredBlob>> {
        match &self.backend {
            Backend::FileSystem(file_system) => file_system.list_shard(shard).await,
            Backend::ObjectStore(object_store) => object_store.list_shard(shard).await,
        }
    }

    /// The installation this store belongs to, if it was claimed.
    pub(crate) async fn read_marker(&self) -> Result<Option<String>> {
        match &self.backend {
            Backend::FileSystem(file_system) => file_system.read_marker().await,
            Backend::ObjectStore(object_store) => object_store.read_marker().await,
        }
    }

    /// Writes down which installation this store belongs to.
    pub(crate) async fn write_marker(&self, instance_id: &str) -> Result<()> {
        match &self.backend {
            Backend::FileSystem(file_system) => {
                file_system.write_marker(&self.temporary, instance_id.to_owned()).await
            }
            Backend::ObjectStore(object_store) => object_store.write_marker(instance_id.to_owned()).await,
        }
    }
}

/// Runs file work on a thread that may block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

/// A fault of the files that packages are kept in.
fn file_error(cause: std::io::Error) -> Error {
    error::file("package storage", cause)
}
