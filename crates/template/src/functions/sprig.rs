//! The functions of sprig 3.3.0: their names, types, results and error texts, without those that reach outside
//! (`env`, `expandenv`, `getHostByName`).

#![expect(clippy::needless_pass_by_value, reason = "a call hands its arguments over")]

mod case;
mod cast;
mod crypto;
mod dates;
mod decimal;
mod deep;
mod dicts;
mod encoding;
mod json;
mod lists;
mod logic;
mod math;
mod merge;
mod paths;
mod quote;
mod random;
mod regex;
mod semver;
mod strings;
mod support;
#[cfg(test)]
mod tests;
mod types;
mod unicode;
mod url;
mod wrap;

pub(crate) use dates::duration;
pub use dates::parse_time;

use super::Functions;

impl Functions {
    /// The functions of sprig.
    #[must_use]
    pub fn sprig() -> Self {
        let mut functions = Self::default();
        for add in [
            case::add,
            cast::add,
            crypto::add,
            dates::add,
            deep::add,
            dicts::add,
            encoding::add,
            json::add,
            lists::add,
            logic::add,
            math::add,
            merge::add,
            paths::add,
            quote::add,
            random::add,
            regex::add,
            semver::add,
            strings::add,
            types::add,
            url::add,
            wrap::add,
        ] {
            add(&mut functions);
        }
        functions
    }

    /// The functions for durations that Helm has from 4.3 on.
    pub fn add_durations(&mut self) {
        dates::add_durations(self);
    }
}
