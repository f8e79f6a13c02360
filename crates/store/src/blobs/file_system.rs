//! Blobs as files. A file in its place is whole and on the disk: temp file, sync, rename, sync of the directory.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chandlery_core::{Digest, Error, Result};
use jiff::Timestamp;

use super::temporary::{TemporaryDirectory, TemporaryFile};
use super::upload::{Content, FinishedBlob};
use super::{BlobReader, StorageKey, StoredBlob, blocking, file_error};

#[derive(Debug)]
pub(super) struct FileSystem {
    root: PathBuf,
}

impl FileSystem {
    /// Makes all directories at once, so that no upload has to make one durable.
    pub(super) async fn open(root: PathBuf) -> Result<Self> {
        blocking(move || {
            fs::create_dir_all(&root).map_err(file_error)?;
            let file_system = Self { root };
            file_system.create_shards().map_err(file_error)?;
            Ok(file_system)
        })
        .await
    }

    fn path(&self, key: StorageKey) -> PathBuf {
        self.root.join(key.to_string())
    }

    fn create_shards(&self) -> io::Result<()> {
        // The last one is made last: when it exists, all do.
        if self.path(StorageKey::Shard(u8::MAX)).is_dir() {
            return Ok(());
        }
        for shard in 0..=u8::MAX {
            fs::create_dir_all(self.path(StorageKey::Shard(shard)))?;
        }
        let shards = self.root.join("blobs/sha256");
        for directory in [shards.as_path(), &self.root.join("blobs"), &self.root] {
            sync_directory(directory)?;
        }
        Ok(())
    }

    pub(super) async fn put(&self, temporary: &Arc<TemporaryDirectory>, blob: &FinishedBlob) -> Result<()> {
        let target = self.path(StorageKey::Blob(*blob.digest()));
        let early = blob.take_early_file().await?;
        let (temporary, blob) = (Arc::clone(temporary), blob.clone());
        blocking(move || put_file(&temporary, &blob, early.as_ref(), &target).map_err(file_error)).await
    }

    /// Opens on the caller's thread: handing two short system calls to another one costs more than they do.
    pub(super) fn open_blob(&self, digest: &Digest, size: u64, range: &Range<u64>) -> Result<BlobReader> {
        let path = self.path(StorageKey::Blob(*digest));
        let file = File::open(&path).map_err(|cause| missing_or(digest, cause))?;
        let found = file.metadata().map_err(file_error)?.len();
        if found != size {
            return Err(Error::internal(format!("blob {digest} has {found} bytes, not {size}")));
        }
        Ok(BlobReader::File { file, offset: range.start, length: range.end - range.start })
    }

    pub(super) async fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        let path = self.path(StorageKey::Blob(*digest));
        blocking(move || match fs::metadata(path) {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(file_error(cause)),
        })
        .await
    }

    pub(super) async fn delete(&self, digest: &Digest) -> Result<()> {
        let path = self.path(StorageKey::Blob(*digest));
        blocking(move || match fs::remove_file(path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(file_error(cause)),
            _ => Ok(()),
        })
        .await
    }

    pub(super) async fn list_shard(&self, shard: u8) -> Result<Vec<StoredBlob>> {
        let directory = self.path(StorageKey::Shard(shard));
        blocking(move || list_directory(&directory).map_err(file_error)).await
    }

    pub(super) async fn read_marker(&self) -> Result<Option<String>> {
        let path = self.path(StorageKey::Instance);
        blocking(move || match fs::read_to_string(path) {
            Ok(text) => Ok(Some(text.trim().to_owned())),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(file_error(cause)),
        })
        .await
    }

    pub(super) async fn write_marker(&self, temporary: &Arc<TemporaryDirectory>, text: String) -> Result<()> {
        let (temporary, root) = (Arc::clone(temporary), self.root.clone());
        let target = self.path(StorageKey::Instance);
        blocking(move || {
            write_and_place(&temporary, text.as_bytes(), &target).map_err(file_error)?;
            sync_directory(&root).map_err(file_error)
        })
        .await
    }
}

fn missing_or(digest: &Digest, cause: io::Error) -> Error {
    match cause.kind() {
        io::ErrorKind::NotFound => Error::not_found(format_args!("blob {digest}")),
        _ => file_error(cause),
    }
}

fn put_file(
    temporary: &TemporaryDirectory,
    blob: &FinishedBlob,
    early: Option<&TemporaryFile>,
    target: &Path,
) -> io::Result<()> {
    let in_place = fs::metadata(target).is_ok_and(|metadata| metadata.len() == blob.size());
    if !in_place {
        match (&blob.content, early) {
            (Content::Memory(_), Some(file)) => file.place(target)?,
            (Content::Memory(bytes), None) => write_and_place(temporary, bytes, target)?,
            (Content::File(file), _) if !file.is_placed() => file.place(target)?,
            // It was in its place and is gone: collected as garbage. Its bytes live as long as it is open.
            (Content::File(file), _) => copy_and_place(temporary, &file.file, target)?,
        }
    }
    // Also when somebody else placed it: they may not have come to this yet, and crash before they do.
    target.parent().map_or(Ok(()), sync_directory)
}

fn write_and_place(temporary: &TemporaryDirectory, bytes: &[u8], target: &Path) -> io::Result<()> {
    let mut file = temporary.create()?;
    file.file.write_all(bytes)?;
    file.place(target)
}

fn copy_and_place(temporary: &TemporaryDirectory, source: &File, target: &Path) -> io::Result<()> {
    let mut copy = temporary.create()?;
    let mut piece = vec![0; 1 << 20];
    let mut position = 0;
    loop {
        let count = source.read_at(&mut piece, position)?;
        if count == 0 {
            return copy.place(target);
        }
        copy.file.write_all(&piece[..count])?;
        position += count as u64;
    }
}

fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

fn list_directory(directory: &Path) -> io::Result<Vec<StoredBlob>> {
    let mut blobs = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        // Whatever else lies there is not ours to touch.
        let Some(digest) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
        match entry.metadata() {
            Ok(metadata) => {
                let modified_at = Timestamp::try_from(metadata.modified()?).unwrap_or(Timestamp::UNIX_EPOCH);
                blobs.push(StoredBlob { digest, size: metadata.len(), modified_at });
            }
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            Err(cause) => return Err(cause),
        }
    }
    Ok(blobs)
}

/// Reads a part of a file.
pub(super) fn read_range(file: File, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    use std::io::Seek as _;
    let mut file = file;
    file.seek(io::SeekFrom::Start(offset))?;
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}
