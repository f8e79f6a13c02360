//! A gzip reader that counts what it costs and tells its faults apart.

use std::io::{self, Read};
use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

use flate2::{Decompress, FlushDecompress, Status};

use super::{ArchiveError, limits::Budget};

/// Packed bytes read at once.
const INPUT_BYTES: usize = 32 << 10;

/// Inflated bytes offered at once.
const OUTPUT_BYTES: usize = 64 << 10;

/// The fixed part of a member's header (RFC 1952 section 2.3).
const HEADER_BYTES: usize = 10;

const FLAG_HEADER_CRC: u8 = 1 << 1;
const FLAG_EXTRA: u8 = 1 << 2;
const FLAG_NAME: u8 = 1 << 3;
const FLAG_COMMENT: u8 = 1 << 4;

/// Inflates the members of a gzip stream one after the other, as Go's reader does.
pub(super) struct Gunzip<'a> {
    source: &'a mut dyn Read,
    /// Whether the source is the outermost one, whose bytes count as packed.
    outermost: bool,
    scratch: Loan,
    input_start: usize,
    input_end: usize,
    packed_bytes: u64,
    output_start: usize,
    output_end: usize,
    checksum: crc32fast::Hasher,
    member_bytes: u32,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Inside a member.
    Body,
    /// Behind the last compressed byte of a member. What follows is looked at only when somebody asks for it, because
    /// nobody minds bytes after the end of a package.
    Trailer,
    /// At the end of the source.
    Ended,
}

/// The buffers of an inflater. They are kept for the next one: making them anew for each package costs time, and holes
/// of their size among small allocations cost far more memory than they have.
struct Scratch {
    input: Vec<u8>,
    output: Vec<u8>,
    inflate: Decompress,
}

/// The scratch that is not in use, at most [`MOST_KEPT`] of some 150 KB each.
static KEPT: Mutex<Vec<Scratch>> = Mutex::new(Vec::new());

const MOST_KEPT: usize = 8;

/// Scratch that goes back when it is dropped.
struct Loan(Option<Scratch>);

impl Loan {
    fn take() -> Self {
        let kept = KEPT.lock().ok().and_then(|mut kept| kept.pop());
        Self(Some(kept.unwrap_or_else(|| Scratch {
            input: vec![0; INPUT_BYTES],
            output: vec![0; OUTPUT_BYTES],
            inflate: Decompress::new(false),
        })))
    }
}

impl Deref for Loan {
    type Target = Scratch;

    fn deref(&self) -> &Scratch {
        self.0.as_ref().expect("it is there until it is dropped")
    }
}

impl DerefMut for Loan {
    fn deref_mut(&mut self) -> &mut Scratch {
        self.0.as_mut().expect("it is there until it is dropped")
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        let Some(mut scratch) = self.0.take() else { return };
        scratch.inflate.reset(false);
        if let Ok(mut kept) = KEPT.lock()
            && kept.len() < MOST_KEPT
        {
            kept.push(scratch);
        }
    }
}

impl<'a> Gunzip<'a> {
    /// Reads the first member's header.
    pub(super) fn open(
        source: &'a mut dyn Read,
        outermost: bool,
        budget: &mut Budget<'_>,
    ) -> Result<Self, ArchiveError> {
        let mut gunzip = Self {
            source,
            outermost,
            scratch: Loan::take(),
            input_start: 0,
            input_end: 0,
            packed_bytes: 0,
            output_start: 0,
            output_end: 0,
            checksum: crc32fast::Hasher::new(),
            member_bytes: 0,
            state: State::Body,
        };
        if !gunzip.read_header(budget)? {
            return Err(ArchiveError::Empty);
        }
        Ok(gunzip)
    }

    /// The next inflated bytes, empty only at the end of the last member.
    pub(super) fn available(&mut self, budget: &mut Budget<'_>) -> Result<&[u8], ArchiveError> {
        while self.output_start == self.output_end {
            match self.state {
                State::Body => self.fill(budget)?,
                State::Trailer => self.end_member(budget)?,
                State::Ended => break,
            }
        }
        Ok(&self.scratch.output[self.output_start..self.output_end])
    }

    /// Drops bytes that [`Self::available`] offered.
    pub(super) fn consume(&mut self, bytes: usize) {
        self.output_start += bytes;
    }

    /// Fills the start of `into` with the next inflated bytes and tells how many these are: none only at the end of the
    /// last member. Much is inflated to where it goes, little by way of the reader's own buffer.
    pub(super) fn read(&mut self, into: &mut [u8], budget: &mut Budget<'_>) -> Result<usize, ArchiveError> {
        if self.output_start < self.output_end || into.len() < OUTPUT_BYTES {
            let available = self.available(budget)?;
            let bytes = available.len().min(into.len());
            into[..bytes].copy_from_slice(&available[..bytes]);
            self.consume(bytes);
            return Ok(bytes);
        }
        let mut bytes = 0;
        while bytes == 0 {
            match self.state {
                State::Body => bytes = self.inflate(into, budget)?,
                State::Trailer => self.end_member(budget)?,
                State::Ended => break,
            }
        }
        Ok(bytes)
    }

    fn fill(&mut self, budget: &mut Budget<'_>) -> Result<(), ArchiveError> {
        let mut output = std::mem::take(&mut self.scratch.output);
        let inflated = self.inflate(&mut output, budget);
        self.scratch.output = output;
        (self.output_start, self.output_end) = (0, inflated?);
        Ok(())
    }

    /// Inflates once, and tells how many bytes it made.
    fn inflate(&mut self, output: &mut [u8], budget: &mut Budget<'_>) -> Result<usize, ArchiveError> {
        if self.input_start == self.input_end && !self.read_input(budget)? {
            return Err(ArchiveError::Truncated { entry: None });
        }
        let Scratch { input, inflate, .. } = &mut *self.scratch;
        let (packed_before, inflated_before) = (inflate.total_in(), inflate.total_out());
        let input = &input[self.input_start..self.input_end];
        let status = inflate.decompress(input, output, FlushDecompress::None);
        let packed = usize::try_from(inflate.total_in() - packed_before).expect("at most the input");
        let inflated = usize::try_from(inflate.total_out() - inflated_before).expect("at most the output");
        self.input_start += packed;
        let status = status.map_err(|_| ArchiveError::Corrupt { offset: self.position() })?;
        self.checksum.update(&output[..inflated]);
        self.member_bytes =
            self.member_bytes.wrapping_add(u32::try_from(inflated).expect("at most the output"));
        budget.count_inflated(inflated)?;
        match status {
            Status::StreamEnd => self.state = State::Trailer,
            Status::BufError if packed == 0 && inflated == 0 => {
                return Err(ArchiveError::Corrupt { offset: self.position() });
            }
            Status::Ok | Status::BufError => {}
        }
        Ok(inflated)
    }

    fn position(&self) -> u64 {
        self.packed_bytes - (self.input_end - self.input_start) as u64
    }

    /// Checks the trailer and begins the next member, if there is one.
    fn end_member(&mut self, budget: &mut Budget<'_>) -> Result<(), ArchiveError> {
        let mut trailer = [0; 8];
        self.read_exact(&mut trailer, budget)?;
        let (checksum, length) = trailer.split_at(4);
        let computed = std::mem::take(&mut self.checksum).finalize();
        if checksum != computed.to_le_bytes() || length != self.member_bytes.to_le_bytes() {
            return Err(ArchiveError::Checksum);
        }
        self.member_bytes = 0;
        self.scratch.inflate.reset(false);
        self.state = if self.read_header(budget)? { State::Body } else { State::Ended };
        Ok(())
    }

    /// Reads a member's header; `false` when the source ends before it.
    fn read_header(&mut self, budget: &mut Budget<'_>) -> Result<bool, ArchiveError> {
        if self.input_start == self.input_end && !self.read_input(budget)? {
            return Ok(false);
        }
        let mut header = [0; HEADER_BYTES];
        self.read_exact(&mut header, budget)?;
        let flags = header[3];
        if !header.starts_with(&[0x1f, 0x8b, 8]) {
            return Err(ArchiveError::NotGzip);
        }
        if flags & FLAG_EXTRA != 0 {
            let mut length = [0; 2];
            self.read_exact(&mut length, budget)?;
            for _ in 0..u16::from_le_bytes(length) {
                self.read_byte(budget)?;
            }
        }
        for flag in [FLAG_NAME, FLAG_COMMENT] {
            if flags & flag != 0 {
                while self.read_byte(budget)? != 0 {}
            }
        }
        if flags & FLAG_HEADER_CRC != 0 {
            self.read_exact(&mut [0; 2], budget)?;
        }
        Ok(true)
    }

    fn read_exact(&mut self, into: &mut [u8], budget: &mut Budget<'_>) -> Result<(), ArchiveError> {
        for byte in into {
            *byte = self.read_byte(budget)?;
        }
        Ok(())
    }

    fn read_byte(&mut self, budget: &mut Budget<'_>) -> Result<u8, ArchiveError> {
        if self.input_start == self.input_end && !self.read_input(budget)? {
            return Err(ArchiveError::Truncated { entry: None });
        }
        let byte = self.scratch.input[self.input_start];
        self.input_start += 1;
        Ok(byte)
    }

    /// Reads more packed bytes; `false` at the end of the source.
    fn read_input(&mut self, budget: &mut Budget<'_>) -> Result<bool, ArchiveError> {
        (self.input_start, self.input_end) = (0, 0);
        let bytes = loop {
            match self.source.read(&mut self.scratch.input) {
                Ok(bytes) => break bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(ArchiveError::Io { what: "the package".to_owned(), source }),
            }
        };
        self.input_end = bytes;
        self.packed_bytes += bytes as u64;
        if self.outermost {
            budget.count_packed(bytes);
        }
        Ok(bytes > 0)
    }
}
