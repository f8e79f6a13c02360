//! Limits for templates that nobody vouches for.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::error::Error;

/// How much an execution may use.
///
/// The defaults are at least six times what any public chart needs, and small enough that whatever reaches one has taken
/// neither much time nor much memory.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Steps: one per evaluated node, loop turn and item that a function makes, and one per few bytes that a function
    /// reads. A step takes some ten nanoseconds; what takes longer takes more of them.
    pub steps: u64,
    /// Bytes of all strings and items that functions and output make, whether still in use or not: what is in use is
    /// never more than this. One text or list may take an eighth of it.
    pub bytes: u64,
    /// Bytes of the texts that templates become.
    pub output_bytes: u64,
    /// Templates that wait for one another, by `template` or by functions that execute templates.
    pub depth: usize,
    /// Wall time.
    pub time: Duration,
    /// Bytes of one regular expression, compiled.
    pub regex_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            steps: 20_000_000,
            bytes: 192 << 20,
            output_bytes: 64 << 20,
            depth: 5_000,
            time: Duration::from_secs(30),
            regex_bytes: 1 << 20,
        }
    }
}

/// What is left of the limits, shared by everything one execution does.
#[derive(Debug)]
pub struct Budget {
    limits: Limits,
    steps: Cell<u64>,
    bytes: Cell<u64>,
    output_bytes: Cell<u64>,
    depth: Cell<usize>,
    next_look_at_clock: Cell<u64>,
    start: Instant,
}

/// Bytes that a function reads in about the time of a step.
const BYTES_PER_STEP: usize = 16;

/// The part of all bytes that one text may have: what a function makes of it is a few times as long at most, and often
/// claimed when it is there.
const LARGEST_PART: u64 = 8;

/// Steps between two looks at the clock.
const STEPS_PER_LOOK: u64 = 4096;

impl Budget {
    /// A full budget; time runs from now.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            steps: Cell::new(0),
            bytes: Cell::new(0),
            output_bytes: Cell::new(0),
            depth: Cell::new(0),
            next_look_at_clock: Cell::new(STEPS_PER_LOOK),
            start: Instant::now(),
        }
    }

    /// The limits it began with.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Takes steps.
    ///
    /// # Errors
    /// A limit error when no steps or no time are left.
    #[inline]
    pub fn spend(&self, steps: u64) -> Result<(), Error> {
        let spent = self.steps.get().saturating_add(steps);
        self.steps.set(spent);
        if spent <= self.limits.steps && spent < self.next_look_at_clock.get() {
            return Ok(());
        }
        self.look_closer(spent)
    }

    /// Are the steps spent too many, or the time over?
    #[cold]
    fn look_closer(&self, spent: u64) -> Result<(), Error> {
        if spent > self.limits.steps {
            return Err(Error::limit(format!("the templates took more than {} steps", self.limits.steps)));
        }
        self.next_look_at_clock.set(spent + STEPS_PER_LOOK);
        if self.start.elapsed() > self.limits.time {
            let seconds = self.limits.time.as_secs_f64();
            return Err(Error::limit(format!("the templates took longer than {seconds} s")));
        }
        Ok(())
    }

    /// Takes the bytes of one text or list, before it is made.
    ///
    /// # Errors
    /// A limit error when not as many are left, or it would be too large.
    #[inline]
    pub fn claim(&self, bytes: usize) -> Result<(), Error> {
        self.check_part(bytes)?;
        self.claim_many(bytes)
    }

    /// Is a text or list of so many bytes too large? For what grows and is claimed bit by bit.
    ///
    /// # Errors
    /// A limit error when it is.
    #[inline]
    pub fn check_part(&self, bytes: usize) -> Result<(), Error> {
        let largest = self.limits.bytes / LARGEST_PART;
        if bytes as u64 > largest {
            return Err(Error::limit(format!("a text or list would have more than {largest} bytes")));
        }
        Ok(())
    }

    /// Takes the bytes of many texts, lists or maps, before they are made.
    ///
    /// # Errors
    /// A limit error when not as many are left.
    #[inline]
    pub fn claim_many(&self, bytes: usize) -> Result<(), Error> {
        let limit = self.limits.bytes;
        let claimed = self.bytes.get().saturating_add(bytes as u64);
        if claimed > limit {
            return Err(Error::limit(format!(
                "the templates made more than {limit} bytes of text and lists"
            )));
        }
        self.bytes.set(claimed);
        Ok(())
    }

    /// Takes steps for bytes that are read, and not made: hashed, searched, compared.
    ///
    /// # Errors
    /// As of [`Budget::spend`].
    pub fn read(&self, bytes: usize) -> Result<(), Error> {
        self.spend((bytes / BYTES_PER_STEP) as u64)
    }

    /// Are so many bytes of output, above those of finished templates, too many?
    ///
    /// # Errors
    /// A limit error when they are.
    pub(crate) fn check_output(&self, bytes: usize) -> Result<(), Error> {
        let limit = self.limits.output_bytes;
        if self.output_bytes.get().saturating_add(bytes as u64) > limit {
            return Err(Error::limit(format!("the templates wrote more than {limit} bytes")));
        }
        Ok(())
    }

    /// Counts the output of a template that was not called by another one.
    pub(crate) fn finish_output(&self, bytes: usize) {
        if self.depth.get() == 0 {
            self.output_bytes.set(self.output_bytes.get().saturating_add(bytes as u64));
        }
    }

    /// Goes one template deeper, until [`Budget::leave`].
    ///
    /// # Errors
    /// A limit error when it is too deep.
    pub(crate) fn enter(&self) -> Result<(), Error> {
        if self.depth.get() >= self.limits.depth {
            return Err(Error::limit(format!("exceeded maximum template depth ({})", self.limits.depth)));
        }
        self.depth.set(self.depth.get() + 1);
        Ok(())
    }

    pub(crate) fn leave(&self) {
        self.depth.set(self.depth.get() - 1);
    }

    /// The steps and the bytes taken so far.
    #[must_use]
    pub fn used(&self) -> (u64, u64) {
        (self.steps.get(), self.bytes.get())
    }
}
