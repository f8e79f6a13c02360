//! Where a package is, and its bytes.

use bytes::Bytes;
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
        Self { body: Body::Object(Box::new(stream), limit), length: Some(length) }
    }

    /// A package that was made here.
    pub(super) fn of_bytes(bytes: Vec<u8>) -> Self {
        let length = Some(bytes.len() as u64);
        Self { body: Body::Whole(Some(bytes.into())), length }
    }

    pub(super) fn of_answer(answer: Response) -> Self {
        let length = answer.headers().get(http::header::CONTENT_LENGTH);
        let length = length.and_then(|value| value.to_str().ok()?.parse().ok());
        Self { body: Body::Answer(Box::new(answer)), length }
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
    /// A [`Failure`] when the connection ends early, or when there are more bytes than the limit.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
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
