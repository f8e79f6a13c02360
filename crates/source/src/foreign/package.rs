//! Where a package is, and its bytes.

use bytes::Bytes;
use chandlery_core::{Digest, Sha256Hasher};
use futures_util::TryStreamExt as _;
use serde::{Deserialize, Serialize};

use super::{Code, Failure, Stage, bucket};
use crate::outbound::Response;

/// Where a package is. Kept as JSON beside the version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "kind")]
pub enum Location {
    /// At a URL with `http` or `https`, absolute.
    Url {
        /// The URL.
        url: String,
    },
    /// An object of the bucket.
    Object {
        /// Its key, below the prefix of the repository's URL.
        key: String,
    },
    /// A blob of the registry.
    Blob {
        /// The repository in the registry.
        repository: String,
        /// The digest with its algorithm.
        digest: String,
    },
    /// A chart of a registry that need not be the repository itself: an index names it.
    Chart {
        /// The registry, with its port where one is written.
        host: String,
        /// The repository in the registry.
        repository: String,
        /// A tag, or the digest of a manifest with its algorithm.
        reference: String,
    },
    /// A file, or a folder to be packaged, at a commit of the git repository.
    Tree {
        /// The commit.
        commit: String,
        /// The path from the root.
        path: String,
        /// The version that the package gets, where a tag tells it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        version: Option<String>,
    },
}

/// The place of a package cannot be read.
pub(super) fn lost(reason: &str) -> Failure {
    let advice = "Synchronise the repository: the place was kept by another version or was changed.";
    Failure::new(Stage::SamplePackage, Code::Unexpected, format!("the package is nowhere: {reason}"), advice)
}

/// The bytes of a package as they come.
pub struct PackageReader {
    body: Body,
    /// What the server says, in bytes.
    length: Option<u64>,
    /// What the bytes were promised to be, and those that came.
    promise: Option<(Digest, Sha256Hasher)>,
}

enum Body {
    Answer(Box<Response>),
    Object(Box<opendal::BufferStream>, u64),
    Whole(Option<Bytes>),
}

impl std::fmt::Debug for PackageReader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PackageReader").field("length", &self.length).finish_non_exhaustive()
    }
}

impl PackageReader {
    /// An object, of which at most `limit` bytes are read.
    pub(super) fn of_object(stream: opendal::BufferStream, length: u64, limit: u64) -> Self {
        Self { body: Body::Object(Box::new(stream), limit), length: Some(length), promise: None }
    }

    /// A package that was made here.
    pub(super) fn of_bytes(bytes: Vec<u8>) -> Self {
        let length = Some(bytes.len() as u64);
        Self { body: Body::Whole(Some(bytes.into())), length, promise: None }
    }

    pub(super) fn of_answer(answer: Response) -> Self {
        let length = answer.headers().get(http::header::CONTENT_LENGTH);
        let length = length.and_then(|value| value.to_str().ok()?.parse().ok());
        Self { body: Body::Answer(Box::new(answer)), length, promise: None }
    }

    /// The same, failing at its end unless the bytes have this digest.
    pub(super) fn expecting(self, digest: Digest) -> Self {
        Self { promise: Some((digest, Sha256Hasher::new())), ..self }
    }

    /// How many bytes the server announces.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// The next bytes, `None` at the end.
    ///
    /// # Errors
    ///
    /// A [`Failure`] when the connection ends early, when there are more bytes than the limit, or when they are not those
    /// that a registry promised.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        let next = self.next().await?;
        match (&next, &mut self.promise) {
            (Some(bytes), Some((_, hasher))) => hasher.update(bytes),
            (None, promise) => promise.take().map_or(Ok(()), |(digest, hasher)| kept(digest, hasher))?,
            (Some(_), None) => {}
        }
        Ok(next)
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        match &mut self.body {
            Body::Answer(answer) => Ok(answer.chunk().await?),
            Body::Whole(bytes) => Ok(bytes.take()),
            Body::Object(stream, left) => {
                let next = stream.try_next().await.map_err(|error| bucket::unread(&error))?;
                let Some(bytes) = next.map(|buffer| buffer.to_bytes()) else { return Ok(None) };
                *left = left.checked_sub(bytes.len() as u64).ok_or_else(bucket::too_large)?;
                Ok(Some(bytes))
            }
        }
    }

    /// The whole package.
    ///
    /// # Errors
    ///
    /// Those of [`PackageReader::chunk`].
    pub async fn bytes(mut self) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

/// Whether the bytes that came are those that were promised.
fn kept(promised: Digest, hasher: Sha256Hasher) -> Result<(), Failure> {
    let came = hasher.finish();
    if came == promised {
        return Ok(());
    }
    let cause = format!("the sha256 of what the registry sent is {came}, and its manifest says {promised}");
    Err(Failure::content(cause, "The registry is broken, or something on the way changes what it sends."))
}
