//! Blobs as objects: an S3-compatible bucket, or memory.

use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chandlery_core::{Digest, Error, Result};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use opendal::layers::{RetryLayer, TimeoutLayer};
use opendal::{ErrorKind, HttpTransporter, Operator, Writer, services};
use opendal_http_transport_reqwest::ReqwestTransport;

use super::temporary::TemporaryFile;
use super::upload::{Content, FinishedBlob};
use super::{BlobReader, StorageKey, StoredBlob, blocking, file_error};
use crate::{BlobsUrl, error};

/// One request that carries no bytes, and one piece of bytes, may take this long.
const REQUEST_TIME_LIMIT: Duration = Duration::from_secs(10);
const PIECE_TIME_LIMIT: Duration = Duration::from_secs(30);

/// Attempts after the first; with pauses of 0.1, 0.4 and 1.6 seconds.
const RETRIES: usize = 3;

/// A part of a multipart upload. S3 wants at least 5 MiB.
const PART: u64 = 8 << 20;

/// S3 allows 10,000 parts; larger blobs get larger parts.
const MOST_PARTS: u64 = 9_000;

#[derive(Clone, Debug)]
pub(super) struct ObjectStore {
    operator: Operator,
}

impl ObjectStore {
    pub(super) fn open(url: &BlobsUrl) -> Result<Self> {
        let operator = match url {
            BlobsUrl::S3 { .. } => Operator::new(s3_service(url)).map(with_http),
            _ => Operator::new(services::Memory::default()),
        };
        let operator = operator.map_err(error::object_store)?;
        let time_limits =
            TimeoutLayer::new().with_timeout(REQUEST_TIME_LIMIT).with_io_timeout(PIECE_TIME_LIMIT);
        let retries = RetryLayer::new()
            .with_max_times(RETRIES)
            .with_min_delay(Duration::from_millis(100))
            .with_factor(4.0)
            .with_jitter();
        // A retry is outside the limit, so that each attempt has one.
        Ok(Self { operator: operator.layer(time_limits).layer(retries) })
    }

    pub(super) async fn put(&self, blob: &FinishedBlob) -> Result<()> {
        let key = StorageKey::Blob(*blob.digest()).to_string();
        match &blob.content {
            Content::Memory(bytes) => {
                self.operator.write(&key, bytes.clone()).await.map(drop).map_err(error::object_store)
            }
            Content::File(file) => {
                if self.size(blob.digest()).await? == Some(blob.size()) {
                    return Ok(());
                }
                self.put_parts(&key, file, blob.size()).await
            }
        }
    }

    async fn put_parts(&self, key: &str, file: &Arc<TemporaryFile>, size: u64) -> Result<()> {
        let part = PART.max(size.div_ceil(MOST_PARTS));
        let chunk = usize::try_from(part).map_err(Error::internal)?;
        let writer = self.operator.writer_with(key).chunk(chunk).concurrent(2).await;
        let mut writer = writer.map_err(error::object_store)?;
        match copy_parts(&mut writer, file, size, part).await {
            Ok(()) => Ok(()),
            Err(failure) => {
                // The failure is what matters; a part that stays is the bucket's life-cycle rule's to remove.
                let _ = writer.abort().await;
                Err(failure)
            }
        }
    }

    pub(super) async fn open_blob(&self, digest: &Digest, range: Range<u64>) -> Result<BlobReader> {
        let length = range.end - range.start;
        if length == 0 {
            let size = self.size(digest).await?;
            let empty = || BlobReader::Stream { stream: stream::empty().boxed(), length: 0 };
            return size.map(|_| empty()).ok_or_else(|| Error::not_found(format_args!("blob {digest}")));
        }
        let key = StorageKey::Blob(*digest).to_string();
        let reader = self.operator.reader(&key).await.map_err(error::object_store)?;
        let mut bytes = reader.into_bytes_stream(range).await.map_err(error::object_store)?;
        // The request is only made now: a blob that is missing shows before anybody is promised bytes.
        let first = bytes.try_next().await.map_err(read_error)?.unwrap_or_default();
        let stream = stream::once(async { Ok(first) }).chain(bytes).boxed();
        Ok(BlobReader::Stream { stream, length })
    }

    pub(super) async fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        match self.operator.stat(&StorageKey::Blob(*digest).to_string()).await {
            Ok(metadata) => Ok(Some(metadata.content_length())),
            Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(error::object_store(cause)),
        }
    }

    pub(super) async fn delete(&self, digest: &Digest) -> Result<()> {
        self.operator.delete(&StorageKey::Blob(*digest).to_string()).await.map_err(error::object_store)
    }

    pub(super) async fn list_shard(&self, shard: u8) -> Result<Vec<StoredBlob>> {
        let directory = StorageKey::Shard(shard).to_string();
        let entries = self.operator.list(&directory).await.map_err(error::object_store)?;
        let stored = |entry: &opendal::Entry| {
            let modified = entry.metadata().last_modified();
            Some(StoredBlob {
                digest: entry.name().parse().ok()?,
                size: entry.metadata().content_length(),
                modified_at: modified.map_or(Timestamp::UNIX_EPOCH, opendal::raw::Timestamp::into_inner),
            })
        };
        Ok(entries.iter().filter_map(stored).collect())
    }

    pub(super) async fn read_marker(&self) -> Result<Option<String>> {
        match self.operator.read(&StorageKey::Instance.to_string()).await {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes.to_bytes()).trim().to_owned())),
            Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(error::object_store(cause)),
        }
    }

    pub(super) async fn write_marker(&self, text: String) -> Result<()> {
        let written = self.operator.write(&StorageKey::Instance.to_string(), text).await;
        written.map(drop).map_err(error::object_store)
    }
}

fn s3_service(url: &BlobsUrl) -> services::S3 {
    let BlobsUrl::S3 { bucket, prefix, endpoint, region, path_style, credentials } = url else {
        return services::S3::default();
    };
    let environment = || std::env::var("AWS_REGION").or_else(|_| std::env::var("AWS_DEFAULT_REGION"));
    let region = region.clone().or_else(|| environment().ok());
    let region = region.as_deref().unwrap_or("us-east-1");
    let mut service = services::S3::default().bucket(bucket).root(&format!("/{prefix}")).region(region);
    if let Some(endpoint) = endpoint {
        service = service.endpoint(endpoint);
    }
    if !path_style {
        service = service.enable_virtual_host_style();
    }
    if let Some(access) = credentials {
        service = service.access_key_id(&access.access_key_id).secret_access_key(&access.secret_access_key);
        if let Some(token) = &access.session_token {
            service = service.session_token(token);
        }
    }
    service
}

/// Gives an operator a client for HTTP, with TLS by ring as everywhere in Chandlery; a provider that the program
/// installed before stays.
fn with_http(operator: Operator) -> Operator {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let transport = HttpTransporter::new(ReqwestTransport::default());
    let context = operator.context().with_http_transport(transport);
    operator.with_context(context)
}

async fn copy_parts(writer: &mut Writer, file: &Arc<TemporaryFile>, size: u64, part: u64) -> Result<()> {
    let mut position = 0;
    while position < size {
        let length = usize::try_from(part.min(size - position)).map_err(Error::internal)?;
        let file = Arc::clone(file);
        let piece = blocking(move || {
            let mut piece = vec![0; length];
            file.file.read_exact_at(&mut piece, position).map_err(file_error)?;
            Ok(Bytes::from(piece))
        })
        .await?;
        writer.write(piece).await.map_err(error::object_store)?;
        position += length as u64;
    }
    writer.close().await.map(drop).map_err(error::object_store)
}

/// Streams wrap the store's error into one of I/O.
fn read_error(cause: std::io::Error) -> Error {
    match cause.kind() {
        std::io::ErrorKind::NotFound => Error::not_found("blob"),
        _ => Error::unavailable("the blob store", cause),
    }
}
