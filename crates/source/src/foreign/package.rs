//! Where a package is, and its bytes.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Code, Failure, Stage};
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
}

/// The place of a package cannot be read.
pub(super) fn lost(reason: &str) -> Failure {
    let advice = "Synchronise the repository: the place was kept by another version or was changed.";
    Failure::new(Stage::SamplePackage, Code::Unexpected, format!("the package is nowhere: {reason}"), advice)
}

/// The bytes of a package as they come.
#[derive(Debug)]
pub struct PackageReader {
    body: Body,
    /// What the server says, in bytes.
    length: Option<u64>,
}

#[derive(Debug)]
enum Body {
    Answer(Box<Response>),
}

impl PackageReader {
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
