//! Bytes on their way out.

use std::fmt;
use std::fs::File;
use std::io;
use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use chandlery_core::{Error, Result};
use futures_util::{Stream, TryStreamExt as _};

use super::file_system::read_range;
use super::{blocking, file_error};

/// A stream of bytes from an object store.
pub type BlobStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// An open blob, or the part of one that was asked for.
pub enum BlobReader {
    /// A part of a local file, to be sent by the kernel. It stays readable when the blob is deleted meanwhile.
    File {
        /// The file.
        file: File,
        /// Where the part begins, in bytes.
        offset: u64,
        /// How many bytes it has.
        length: u64,
    },
    /// A stream from an object store, whose first bytes have arrived.
    Stream {
        /// The bytes.
        stream: BlobStream,
        /// How many there will be.
        length: u64,
    },
}

impl BlobReader {
    /// The number of bytes to come.
    #[must_use]
    pub fn length(&self) -> u64 {
        match self {
            Self::File { length, .. } | Self::Stream { length, .. } => *length,
        }
    }

    /// Reads all bytes into memory.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store fails on the way, or has fewer bytes than it should.
    pub async fn read_all(self) -> Result<Bytes> {
        let length = self.length();
        let bytes = match self {
            Self::File { file, offset, length } => {
                blocking(move || read_range(file, offset, length).map_err(file_error)).await?.into()
            }
            Self::Stream { mut stream, length } => {
                let mut bytes = BytesMut::with_capacity(usize::try_from(length).unwrap_or(0));
                while let Some(piece) = stream.try_next().await.map_err(file_error)? {
                    bytes.extend_from_slice(&piece);
                }
                bytes.freeze()
            }
        };
        match bytes.len() as u64 == length {
            true => Ok(bytes),
            false => Err(Error::internal(format!("a blob ends after {} of {length} bytes", bytes.len()))),
        }
    }
}

impl fmt::Debug for BlobReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::File { .. } => "File",
            Self::Stream { .. } => "Stream",
        };
        formatter.debug_struct(kind).field("length", &self.length()).finish_non_exhaustive()
    }
}
