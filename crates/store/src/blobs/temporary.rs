//! Files of uploads on their way, and what remains of dead processes.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use chandlery_core::Result;

use super::file_error;

/// The name of the lock file in a session's directory.
const LOCK: &str = "lock";

/// A directory of this process for its uploads. It belongs to whoever holds the lock in it, not to a process number:
/// containers that share a volume all have number 1.
#[derive(Debug)]
pub(super) struct TemporaryDirectory {
    session: PathBuf,
    next: AtomicU64,
    /// Held until the process ends, however it ends.
    _lock: File,
}

impl TemporaryDirectory {
    /// Makes a session's directory below `root`, and removes those whose processes are dead.
    pub(super) fn open(root: &Path) -> Result<Self> {
        fs::create_dir_all(root).map_err(file_error)?;
        // Nobody may sweep a directory between its making and its locking.
        let gate = File::create(root.join(LOCK)).map_err(file_error)?;
        gate.lock().map_err(file_error)?;
        let session = root.join(uuid::Uuid::new_v4().to_string());
        fs::create_dir(&session).map_err(file_error)?;
        let lock = File::create(session.join(LOCK)).map_err(file_error)?;
        lock.lock().map_err(file_error)?;
        for entry in fs::read_dir(root).map_err(file_error)? {
            let path = entry.map_err(file_error)?.path();
            if path != session && path.is_dir() {
                sweep_if_abandoned(&path).map_err(file_error)?;
            }
        }
        Ok(Self { session, next: AtomicU64::new(0), _lock: lock })
    }

    /// Makes an empty file.
    pub(super) fn create(&self) -> io::Result<TemporaryFile> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.session.join(number.to_string());
        let file = File::options().read(true).write(true).create_new(true).open(&path)?;
        Ok(TemporaryFile { file, path, synced: false, placed: AtomicBool::new(false) })
    }
}

impl Drop for TemporaryDirectory {
    fn drop(&mut self) {
        // What cannot be removed now is swept at the next start.
        let _ = fs::remove_dir_all(&self.session);
    }
}

fn sweep_if_abandoned(session: &Path) -> io::Result<()> {
    let abandoned = match File::open(session.join(LOCK)) {
        Ok(lock) => match lock.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Error(cause)) => return Err(cause),
        },
        // Its process died before it made the lock (the gate keeps us from seeing one that is alive).
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => true,
        Err(cause) => return Err(cause),
    };
    match abandoned {
        true => {
            tracing::info!(session = %session.display(), "removing unfinished uploads of a process that ended");
            fs::remove_dir_all(session)
        }
        false => Ok(()),
    }
}

/// A file that is removed when it is dropped, unless it was moved to its place.
#[derive(Debug)]
pub(super) struct TemporaryFile {
    pub(super) file: File,
    path: PathBuf,
    /// Whether the content is durable and will not change.
    synced: bool,
    placed: AtomicBool,
}

impl TemporaryFile {
    /// Whether [`Self::place`] has moved it.
    pub(super) fn is_placed(&self) -> bool {
        self.placed.load(Ordering::Acquire)
    }

    /// Makes the content durable; nothing may be written afterwards.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        self.synced = true;
        Ok(())
    }

    /// Makes the content durable and moves the file to `target`; the caller makes the directory durable.
    pub(super) fn place(&self, target: &Path) -> io::Result<()> {
        if !self.synced {
            self.file.sync_data()?;
        }
        fs::rename(&self.path, target)?;
        self.placed.store(true, Ordering::Release);
        Ok(())
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        if !self.is_placed() {
            // What cannot be removed now is swept at the next start.
            let _ = fs::remove_file(&self.path);
        }
    }
}
