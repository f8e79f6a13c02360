//! An answer on disk until it is whole, and what it says unpacked.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom, Write as _};
use std::pin::pin;

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt as _, stream};

use super::{Failure, LARGEST_INDEX};
use crate::outbound::{OutboundError, Response};

/// A whole body, as it came.
pub(super) struct Spooled {
    file: File,
    length: u64,
}

/// How a body is packed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Packing {
    None,
    Gzip,
    Zstandard,
}

impl Packing {
    /// By the first bytes: servers also store packed files without saying so, and say so of files that are not.
    fn of(beginning: &[u8]) -> Self {
        match beginning {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstandard,
            _ => Self::None,
        }
    }
}

/// Reads an answer to its end. Only a whole body comes back: a connection that ends before the announced length, or
/// without the last chunk, is an error.
pub(super) async fn spool(answer: Response) -> Result<Spooled, Failure> {
    let chunks = stream::try_unfold(answer, |mut answer| async move {
        Ok::<_, Failure>(answer.chunk().await?.map(|bytes| (bytes, answer)))
    });
    spool_stream(chunks, LARGEST_INDEX).await
}

/// Keeps a stream of at most `limit` bytes.
pub(super) async fn spool_stream(
    chunks: impl Stream<Item = Result<Bytes, Failure>>,
    limit: u64,
) -> Result<Spooled, Failure> {
    let mut chunks = pin!(chunks);
    let mut file = tempfile::tempfile().map_err(|error| on_disk(&error))?;
    let mut length = 0;
    while let Some(bytes) = chunks.try_next().await? {
        length += bytes.len() as u64;
        if length > limit {
            return Err(too_large(limit));
        }
        // The file is in the page cache: this does not wait for a disk.
        file.write_all(&bytes).map_err(|error| on_disk(&error))?;
    }
    Ok(Spooled { file, length })
}

fn too_large(limit: u64) -> Failure {
    OutboundError::TooLarge { origin: "the server".to_owned(), limit }.into()
}

fn on_disk(error: &io::Error) -> Failure {
    Failure::internal(format!("the answer cannot be kept on disk: {error}"))
}

impl Spooled {
    /// The body unpacked, at most [`LARGEST_INDEX`] bytes. For threads that may wait.
    pub(super) fn unpack(mut self) -> Result<Vec<u8>, Failure> {
        let mut beginning = [0; 4];
        self.rewind()?;
        let read = self.file.read(&mut beginning).map_err(|error| on_disk(&error))?;
        let packing = Packing::of(&beginning[..read]);
        let expected = self.unpacked_length(packing)?;
        self.rewind()?;
        let reader = io::BufReader::with_capacity(64 << 10, &self.file);
        match packing {
            Packing::None => read_all(reader, expected),
            Packing::Gzip => read_all(flate2::bufread::MultiGzDecoder::new(reader), expected),
            Packing::Zstandard => {
                let decoder = zstd::Decoder::with_buffer(reader).map_err(|error| on_disk(&error))?;
                read_all(decoder, expected)
            }
        }
    }

    fn rewind(&mut self) -> Result<(), Failure> {
        self.file.seek(SeekFrom::Start(0)).map(drop).map_err(|error| on_disk(&error))
    }

    /// A guess that spares growing the buffer: gzip has the length of its last member at its end.
    fn unpacked_length(&mut self, packing: Packing) -> Result<u64, Failure> {
        if packing != Packing::Gzip || self.length < 18 {
            return Ok(self.length);
        }
        let mut end = [0; 4];
        let read = self.file.seek(SeekFrom::End(-4)).and_then(|_| self.file.read_exact(&mut end));
        read.map_err(|error| on_disk(&error))?;
        // Deflate packs at most 1032 to 1; more is a lie.
        Ok(u64::from(u32::from_le_bytes(end)).min(self.length * 1032))
    }
}

fn read_all(reader: impl Read, expected: u64) -> Result<Vec<u8>, Failure> {
    let expected = usize::try_from(expected.min(LARGEST_INDEX)).unwrap_or_default();
    let mut bytes = Vec::with_capacity(expected + 1);
    let read = reader.take(LARGEST_INDEX + 1).read_to_end(&mut bytes);
    read.map_err(|error| {
        Failure::content(
            format!("the answer is packed and cannot be unpacked: {error}"),
            "The file at the server is damaged or was cut: make it anew there.",
        )
    })?;
    if bytes.len() as u64 > LARGEST_INDEX {
        return Err(too_large(LARGEST_INDEX));
    }
    Ok(bytes)
}
