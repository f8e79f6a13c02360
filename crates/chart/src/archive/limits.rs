//! What an archive may cost, and the count of what it has cost.

use super::ArchiveError;

/// Everything that bounds reading a chart, archive or directory. The defaults are Helm's where Helm has any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all files together, those inside nested archives included. Helm: 100 MiB.
    pub total_bytes: u64,
    /// Bytes of one file, this many included. Helm: 5 MiB.
    pub file_bytes: u64,
    /// Entries of all kinds in the archive and those nested in it. Helm has no limit; the largest public charts have
    /// a few thousand.
    pub entries: u64,
    /// Inflated bytes per packed byte, once [`Limits::free_bytes`] are used up. Text packs at most 100 to 1.
    pub ratio: u64,
    /// Inflated bytes below which [`Limits::ratio`] does not count, so that a small file of zeros passes.
    pub free_bytes: u64,
    /// Charts inside charts, as directories or archives. Helm has no limit; real charts have 4.
    pub depth: usize,
    /// Bytes of one path.
    pub path_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            total_bytes: 100 << 20,
            file_bytes: 5 << 20,
            entries: 50_000,
            ratio: 200,
            free_bytes: 16 << 20,
            depth: 16,
            path_bytes: 1024,
        }
    }
}

/// What is left of the [`Limits`] for one chart and all charts nested in it.
pub(crate) struct Budget<'a> {
    pub(crate) limits: &'a Limits,
    file_bytes: u64,
    inflated_bytes: u64,
    packed_bytes: u64,
    entries: u64,
}

impl<'a> Budget<'a> {
    pub(crate) fn new(limits: &'a Limits) -> Self {
        Self { limits, file_bytes: 0, inflated_bytes: 0, packed_bytes: 0, entries: 0 }
    }

    /// Counts one more entry of any kind.
    pub(crate) fn count_entry(&mut self) -> Result<(), ArchiveError> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(ArchiveError::TooManyEntries { limit: self.limits.entries });
        }
        Ok(())
    }

    /// Counts a file of `size` bytes before any of it is read.
    pub(crate) fn count_file(&mut self, path: &str, size: u64) -> Result<(), ArchiveError> {
        if size > self.limits.file_bytes {
            return Err(ArchiveError::FileTooLarge { entry: path.to_owned(), limit: self.limits.file_bytes });
        }
        self.file_bytes += size;
        if self.file_bytes > self.limits.total_bytes {
            return Err(ArchiveError::TooLarge { limit: self.limits.total_bytes });
        }
        Ok(())
    }

    /// Counts bytes that were read from the packed source; those of nested archives were counted with the outer one.
    pub(super) fn count_packed(&mut self, bytes: usize) {
        self.packed_bytes += bytes as u64;
    }

    /// Counts bytes that came out of an inflater.
    pub(super) fn count_inflated(&mut self, bytes: usize) -> Result<(), ArchiveError> {
        self.inflated_bytes += bytes as u64;
        let packs_too_well = self.inflated_bytes > self.limits.free_bytes
            && self.inflated_bytes / self.limits.ratio.max(1) > self.packed_bytes;
        if packs_too_well {
            return Err(ArchiveError::RatioTooHigh { limit: self.limits.ratio });
        }
        Ok(())
    }

    /// Refuses the chart at this depth of nesting (the outermost is at 0) when it is too deep.
    pub(crate) fn check_depth(&self, depth: usize) -> Result<(), ArchiveError> {
        if depth > self.limits.depth {
            return Err(ArchiveError::TooDeep { limit: self.limits.depth });
        }
        Ok(())
    }
}
