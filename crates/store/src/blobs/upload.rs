//! Bytes on their way in: hashed as they come, kept in memory while they are few, in a file when they are many.

use std::io::{self, Read, Seek, SeekFrom, Write as _};
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use chandlery_core::{Digest, Error, Result, Sha256Hasher};
use tokio::task::JoinHandle;

use super::file_error;
use super::temporary::{TemporaryDirectory, TemporaryFile};

/// Uploads up to this size stay in memory until they are put (charts have 10 to 200 KB); larger ones go to a file in
/// pieces of this size. An upload holds at most two such pieces.
const PIECE: usize = 1 << 20;

/// Uploads above this size go to a file and the disk while they are hashed and checked; below it that saves less than
/// handing them to another thread costs.
const LARGE: usize = 128 << 10;

/// An upload being received. Dropped before [`finish`](Self::finish) it leaves nothing behind.
#[derive(Debug)]
pub struct TempBlob {
    directory: Arc<TemporaryDirectory>,
    limit: u64,
    size: u64,
    piece: Vec<u8>,
    spill: Spill,
    /// Whether the blob ends up in a file next to the temporary one.
    stays_here: bool,
}

/// The part of an upload that went to a file, if any did.
#[derive(Debug)]
enum Spill {
    None,
    /// A piece is being hashed and written while the next one is received.
    Writing(JoinHandle<io::Result<Box<Spilled>>>),
    /// A write failed; nothing more can be done.
    Failed,
}

struct Spilled {
    file: TemporaryFile,
    written: u64,
    hasher: Sha256Hasher,
    /// The memory of the piece before, to be filled again.
    spare: Vec<u8>,
}

impl std::fmt::Debug for Spilled {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Spilled").field("file", &self.file).field("written", &self.written).finish()
    }
}

impl Spilled {
    /// Hashes and writes a piece, and asks the system to bring it to the disk already.
    fn append(&mut self, piece: Vec<u8>) -> io::Result<()> {
        self.hasher.update(&piece);
        self.file.file.write_all_at(&piece, self.written)?;
        start_write_back(&self.file.file, self.written, piece.len());
        self.written += piece.len() as u64;
        self.spare = piece;
        self.spare.clear();
        Ok(())
    }
}

/// Starts writing a range to the disk without waiting for it, so that the final sync finds little left to do.
///
/// On Linux the advice "not needed" does just that for pages that are dirty (mm/fadvise.c); as advice it cannot fail
/// in a way that matters.
fn start_write_back(file: &std::fs::File, offset: u64, length: usize) {
    let length = std::num::NonZeroU64::new(length as u64);
    let _ = rustix::fs::fadvise(file, offset, length, rustix::fs::Advice::DontNeed);
}

impl TempBlob {
    pub(super) fn new(directory: Arc<TemporaryDirectory>, limit: u64, stays_here: bool) -> Self {
        Self { directory, limit, size: 0, piece: Vec::new(), spill: Spill::None, stays_here }
    }

    /// Bytes received.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when there are more than the limit; [`Error::Unavailable`] when the disk is full. After an
    /// error the upload can only be dropped.
    pub async fn write(&mut self, bytes: impl AsRef<[u8]>) -> Result<()> {
        let mut bytes = bytes.as_ref();
        self.size += bytes.len() as u64;
        if self.size > self.limit {
            return Err(Error::TooLarge { what: "the upload".to_owned(), limit: self.limit });
        }
        while self.piece.len() + bytes.len() > PIECE {
            let (fits, rest) = bytes.split_at(PIECE - self.piece.len());
            self.piece.extend_from_slice(fits);
            bytes = rest;
            self.spill_piece().await?;
        }
        if self.piece.capacity() < PIECE && self.piece.len() + bytes.len() > LARGE {
            // Memory that is not used is not resident; growing step by step would copy all of it over and over.
            self.piece.reserve_exact(PIECE - self.piece.len());
        }
        self.piece.extend_from_slice(bytes);
        Ok(())
    }

    /// Hands the piece to a writing thread, once the piece before is written.
    async fn spill_piece(&mut self) -> Result<()> {
        let mut spilled = self.written().await?;
        let spare = spilled.as_mut().map(|spilled| std::mem::take(&mut spilled.spare)).unwrap_or_default();
        let piece = std::mem::replace(&mut self.piece, spare);
        let directory = Arc::clone(&self.directory);
        self.spill = Spill::Writing(tokio::task::spawn_blocking(move || {
            let mut spilled = match spilled {
                Some(spilled) => spilled,
                None => Box::new(Spilled {
                    file: directory.create()?,
                    written: 0,
                    hasher: Sha256Hasher::new(),
                    spare: Vec::new(),
                }),
            };
            spilled.append(piece)?;
            Ok(spilled)
        }));
        Ok(())
    }

    /// Waits for the piece being written, and takes what is in the file so far.
    async fn written(&mut self) -> Result<Option<Box<Spilled>>> {
        match std::mem::replace(&mut self.spill, Spill::Failed) {
            Spill::None => Ok(None),
            Spill::Writing(writing) => writing.await.map_err(Error::internal)?.map(Some).map_err(file_error),
            Spill::Failed => Err(Error::internal("an upload goes on after it failed")),
        }
    }

    /// Ends the upload: its size and digest are known now, and it can be read and put.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the disk is full.
    pub async fn finish(mut self) -> Result<FinishedBlob> {
        if matches!(self.spill, Spill::None) {
            let bytes = Bytes::from(std::mem::take(&mut self.piece));
            let written = (self.stays_here && bytes.len() > LARGE)
                .then(|| Arc::new(EarlyFile::write(Arc::clone(&self.directory), bytes.clone())));
            if let Some(mut blob) = FinishedBlob::of_few(&bytes) {
                blob.written = written;
                return Ok(blob);
            }
        }
        self.spill_piece().await?;
        let Some(spilled) = self.written().await? else {
            return Err(Error::internal("a spilled upload has no file"));
        };
        let digest = spilled.hasher.finish();
        let content = Content::File(Arc::new(spilled.file));
        Ok(FinishedBlob { digest, size: self.size, content, written: None })
    }

    /// [`finish`](Self::finish), for bytes that must have a certain digest.
    ///
    /// # Errors
    /// [`Error::Invalid`] when they have another one.
    pub async fn finish_as(self, expected: &Digest) -> Result<FinishedBlob> {
        let blob = self.finish().await?;
        match blob.digest() == expected {
            true => Ok(blob),
            false => Err(Error::invalid(
                "digest",
                format!("the bytes received have the sha256 {}, not {expected}", blob.digest()),
            )),
        }
    }
}

/// An upload that is complete but not yet in its place. It may be read any number of times. Dropped before it was
/// put, it leaves nothing behind. Cheap to clone.
#[derive(Clone, Debug)]
pub struct FinishedBlob {
    digest: Digest,
    size: u64,
    pub(super) content: Content,
    written: Option<Arc<EarlyFile>>,
}

#[derive(Clone, Debug)]
pub(super) enum Content {
    Memory(Bytes),
    File(Arc<TemporaryFile>),
}

impl FinishedBlob {
    /// Bytes that are few enough to stay in memory, as an upload without copying them.
    pub(super) fn of_few(bytes: &Bytes) -> Option<Self> {
        let few = bytes.len() <= PIECE;
        few.then(|| Self {
            digest: Digest::of(bytes),
            size: bytes.len() as u64,
            content: Content::Memory(bytes.clone()),
            written: None,
        })
    }

    /// The file that the bytes in memory were written to ahead of time, for whoever asks first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the disk is full.
    pub(super) async fn take_early_file(&self) -> Result<Option<TemporaryFile>> {
        let writing = self.written.as_ref().and_then(|written| written.take());
        let Some(writing) = writing else { return Ok(None) };
        writing.await.map_err(Error::internal)?.map(Some).map_err(file_error)
    }

    /// The sha256 of the bytes.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The number of bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The bytes, if there are so few (up to a MiB) that they are in memory.
    #[must_use]
    pub fn bytes(&self) -> Option<&Bytes> {
        match &self.content {
            Content::Memory(bytes) => Some(bytes),
            Content::File(_) => None,
        }
    }

    /// Reads the bytes from the beginning. Blocking when they are in a file: not for async threads then.
    #[must_use]
    pub fn reader(&self) -> BlobSource {
        BlobSource { blob: self.clone(), position: 0 }
    }
}

/// A file that is being written and brought to the disk while its digest, and so its place, is not known yet.
#[derive(Debug)]
struct EarlyFile(Mutex<Option<JoinHandle<io::Result<TemporaryFile>>>>);

impl EarlyFile {
    fn write(directory: Arc<TemporaryDirectory>, bytes: Bytes) -> Self {
        let writing = tokio::task::spawn_blocking(move || {
            let mut file = directory.create()?;
            file.file.write_all(&bytes)?;
            file.sync()?;
            Ok(file)
        });
        Self(Mutex::new(Some(writing)))
    }

    fn take(&self) -> Option<JoinHandle<io::Result<TemporaryFile>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A reader of a [`FinishedBlob`] with a position of its own. Unbuffered.
#[derive(Debug)]
pub struct BlobSource {
    blob: FinishedBlob,
    position: u64,
}

impl Read for BlobSource {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match &self.blob.content {
            Content::Memory(bytes) => {
                let start = usize::try_from(self.position).unwrap_or(usize::MAX).min(bytes.len());
                (&bytes[start..]).read(buffer)?
            }
            Content::File(file) => file.file.read_at(buffer, self.position)?,
        };
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for BlobSource {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.blob.size.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}
