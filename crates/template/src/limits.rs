//! Limits for templates that nobody vouches for.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::error::Error;

/// How much an execution may use. The defaults are far above what public charts need.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Steps: one per evaluated node, loop turn and item that a function makes.
    pub steps: u64,
    /// Bytes of all strings and items that functions and output make, whether still in use or not.
    pub bytes: u64,
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
            steps: 200_000_000,
            bytes: 1 << 30,
            depth: 5_000,
            time: Duration::from_secs(30),
            regex_bytes: 4 << 20,
        }
    }
}

/// What is left of the limits, shared by everything one execution does.
#[derive(Debug)]
pub struct Budget {
    limits: Limits,
    steps: Cell<u64>,
    bytes: Cell<u64>,
    depth: Cell<usize>,
    next_look_at_clock: Cell<u64>,
    start: Instant,
}

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
    pub fn spend(&self, steps: u64) -> Result<(), Error> {
        let spent = self.steps.get().saturating_add(steps);
        self.steps.set(spent);
        if spent > self.limits.steps {
            return Err(Error::limit(format!("the templates took more than {} steps", self.limits.steps)));
        }
        if spent >= self.next_look_at_clock.get() {
            self.next_look_at_clock.set(spent + STEPS_PER_LOOK);
            if self.start.elapsed() > self.limits.time {
                let seconds = self.limits.time.as_secs_f64();
                return Err(Error::limit(format!("the templates took longer than {seconds} s")));
            }
        }
        Ok(())
    }

    /// Takes bytes, before they are made.
    ///
    /// # Errors
    /// A limit error when not as many are left.
    pub fn claim(&self, bytes: usize) -> Result<(), Error> {
        let claimed = self.bytes.get().saturating_add(bytes as u64);
        if claimed > self.limits.bytes {
            return Err(Error::limit(format!(
                "the templates made more than {} bytes of text and lists",
                self.limits.bytes
            )));
        }
        self.bytes.set(claimed);
        Ok(())
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
