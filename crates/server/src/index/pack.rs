//! A file without a name that fragments are appended to.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use crate::transport::FileRange;

/// Where in a pack something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// In bytes from the beginning.
    pub(super) offset: u64,
    /// In bytes.
    pub(super) length: u64,
}

/// An append-only file in the cache directory, gone from it at once and from the disk with its last user.
pub(super) struct Pack {
    file: Arc<File>,
    length: u64,
}

impl Pack {
    /// An empty pack.
    pub(super) fn create(directory: &Path) -> io::Result<Self> {
        Ok(Self { file: Arc::new(tempfile::tempfile_in(directory)?), length: 0 })
    }

    /// Bytes in use and not.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Adds bytes at the end. Earlier ones never change, so answers being sent stay what they were.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<Slot> {
        self.file.write_all_at(bytes, self.length)?;
        let slot = Slot { offset: self.length, length: bytes.len() as u64 };
        self.length += slot.length;
        Ok(slot)
    }

    /// Reads what was appended.
    pub(super) fn read(&self, slot: Slot) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(slot.length).map_err(io::Error::other)?];
        self.file.read_exact_at(&mut bytes, slot.offset)?;
        Ok(bytes)
    }

    /// The part of the file that `slot` names.
    pub(super) fn range(&self, slot: Slot) -> FileRange {
        FileRange { file: self.file.clone(), offset: slot.offset, length: slot.length }
    }
}

/// Joins slots that follow each other in the pack, so that a document costs as few system calls as it can.
pub(super) fn joined(slots: impl Iterator<Item = Slot>) -> Vec<Slot> {
    let mut joined: Vec<Slot> = Vec::new();
    for slot in slots {
        match joined.last_mut() {
            Some(last) if last.offset + last.length == slot.offset => last.length += slot.length,
            _ => joined.push(slot),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appended_bytes_stay_and_neighbours_join() {
        let directory = tempfile::tempdir().unwrap();
        let mut pack = Pack::create(directory.path()).unwrap();
        let first = pack.append(b"one").unwrap();
        let second = pack.append(b"two").unwrap();
        let third = pack.append(b"three").unwrap();
        assert_eq!(pack.read(second).unwrap(), b"two");
        assert_eq!(pack.length(), 11);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
        let whole = Slot { offset: 0, length: 11 };
        assert_eq!(joined([first, second, third].into_iter()), [whole]);
        assert_eq!(joined([second, first, third].into_iter()), [second, first, third]);
    }
}
