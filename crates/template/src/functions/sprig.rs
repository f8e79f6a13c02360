//! The functions of sprig 3.3.0.

mod dates;
mod semver;

use super::Functions;

impl Functions {
    /// The functions of sprig.
    #[must_use]
    pub fn sprig() -> Self {
        let mut functions = Self::default();
        for add in [dates::add, semver::add] {
            add(&mut functions);
        }
        functions
    }

    /// The functions for durations that Helm has from 4.3 on.
    pub fn add_durations(&mut self) {
        dates::add_durations(self);
    }
}
