//! A tar reader: ustar, pax and GNU names as Go's `archive/tar` reads them, without sparse files.

use super::gunzip::Gunzip;
use super::header::{self, BLOCK_BYTES, Header, Kind, PaxRecords};
use super::{ArchiveError, limits::Budget};

/// The longest pax or GNU name record that is read (the limit of Go's reader).
const LONGEST_RECORD: u64 = 1 << 20;

/// Inflated bytes that may follow the end of the archive and are still read for the sake of the checksum: tar programs
/// pad to 10 KiB.
const PADDING_BYTES: usize = 64 << 10;

/// The entries of a tar archive, in order.
pub(super) struct TarReader<'a> {
    gunzip: Gunzip<'a>,
    /// Bytes of the current entry's content that were not read yet.
    remaining: u64,
    /// Zero bytes that follow the content.
    padding: u64,
}

impl<'a> TarReader<'a> {
    pub(super) fn new(gunzip: Gunzip<'a>) -> Self {
        Self { gunzip, remaining: 0, padding: 0 }
    }

    /// The next file, directory or other thing; headers that only describe it are merged into it.
    pub(super) fn next_entry(&mut self, budget: &mut Budget<'_>) -> Result<Option<Header>, ArchiveError> {
        let mut records = PaxRecords::default();
        loop {
            self.skip(budget)?;
            let mut block = [0; BLOCK_BYTES];
            if !self.read_block(&mut block, budget)? {
                return Ok(None);
            }
            budget.count_entry()?;
            let mut header = header::parse(&block)?;
            self.remaining = header.size;
            self.padding = header.size.next_multiple_of(BLOCK_BYTES as u64) - header.size;
            match header.kind {
                Kind::GlobalRecords => {}
                Kind::Records => records = PaxRecords::parse(&self.read_record(budget)?)?,
                Kind::LongName => records.set_path(header::until_nul(&self.read_record(budget)?)),
                Kind::LongLink => drop(self.read_record(budget)?),
                _ => {
                    records.apply(&mut header)?;
                    return Ok(Some(header));
                }
            }
        }
    }

    /// The whole content of the current entry, whose size the caller has checked.
    pub(super) fn read_content(&mut self, budget: &mut Budget<'_>) -> Result<Vec<u8>, ArchiveError> {
        let mut content = vec![0; usize::try_from(self.remaining).unwrap_or_default()];
        let mut filled = 0;
        while filled < content.len() {
            let bytes = self.gunzip.read(&mut content[filled..], budget)?;
            if bytes == 0 {
                return Err(ArchiveError::Truncated { entry: None });
            }
            filled += bytes;
        }
        self.remaining = 0;
        Ok(content)
    }

    /// Skips what is left of the current entry.
    pub(super) fn skip(&mut self, budget: &mut Budget<'_>) -> Result<(), ArchiveError> {
        let mut bytes = self.remaining + self.padding;
        while bytes > 0 {
            let available = self.gunzip.available(budget)?.len();
            if available == 0 {
                return Err(ArchiveError::Truncated { entry: None });
            }
            let step = usize::try_from(bytes).unwrap_or(usize::MAX).min(available);
            self.gunzip.consume(step);
            bytes -= step as u64;
        }
        (self.remaining, self.padding) = (0, 0);
        Ok(())
    }

    /// Reads on for a little to see whether the checksum fits. Helm does not look; a store that keeps the bytes should.
    /// Other faults after the end of the archive are nobody's concern, as with Helm.
    pub(super) fn check_end(&mut self, budget: &mut Budget<'_>) -> Result<(), ArchiveError> {
        let mut read = 0;
        while read < PADDING_BYTES {
            match self.gunzip.available(budget).map(<[u8]>::len) {
                Ok(0) => break,
                Ok(bytes) => {
                    self.gunzip.consume(bytes);
                    read += bytes;
                }
                Err(error @ (ArchiveError::Checksum | ArchiveError::Io { .. })) => return Err(error),
                Err(_) => break,
            }
        }
        Ok(())
    }

    fn read_record(&mut self, budget: &mut Budget<'_>) -> Result<Vec<u8>, ArchiveError> {
        if self.remaining > LONGEST_RECORD {
            return Err(ArchiveError::TarHeader { entry: None });
        }
        self.read_content(budget)
    }

    /// Fills the block with the next header; `false` at the end: two blocks of zeros, or no more bytes.
    fn read_block(
        &mut self,
        block: &mut [u8; BLOCK_BYTES],
        budget: &mut Budget<'_>,
    ) -> Result<bool, ArchiveError> {
        if !self.fill_block(block, budget)? {
            return Ok(false);
        }
        if *block != [0; BLOCK_BYTES] {
            return Ok(true);
        }
        if self.fill_block(block, budget)? && *block != [0; BLOCK_BYTES] {
            return Err(ArchiveError::TarHeader { entry: None });
        }
        Ok(false)
    }

    fn fill_block(
        &mut self,
        block: &mut [u8; BLOCK_BYTES],
        budget: &mut Budget<'_>,
    ) -> Result<bool, ArchiveError> {
        let mut filled = 0;
        while filled < BLOCK_BYTES {
            let available = self.gunzip.available(budget)?;
            if available.is_empty() {
                return if filled == 0 { Ok(false) } else { Err(ArchiveError::Truncated { entry: None }) };
            }
            let bytes = available.len().min(BLOCK_BYTES - filled);
            block[filled..filled + bytes].copy_from_slice(&available[..bytes]);
            self.gunzip.consume(bytes);
            filled += bytes;
        }
        Ok(true)
    }
}
