//! Versions as the library of Helm and sprig (Masterminds/semver 3) reads and orders them.
//!
//! Rules: `v1`, `1.2` and `01.2.3` are versions; build metadata is kept but does not order; the text given is what is
//! shown again. The chart crate's tests hold the answers of the real library to some thousand texts.

mod constraint;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

pub use constraint::{Constraint, ConstraintError};

/// The longest version text that is read, in bytes (the limit of Masterminds/semver 3.5).
const LONGEST_VERSION: usize = 256;

/// A loose semantic version.
///
/// Equality and order are those of precedence: `1.0` equals `v1.0.0+build`. [`Version::as_str`] keeps the text given.
#[derive(Clone, Debug)]
pub struct Version {
    major: u64,
    minor: u64,
    patch: u64,
    prerelease: String,
    build: String,
    original: String,
}

/// A text that is not a version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct VersionError(Cow<'static, str>);

impl VersionError {
    const fn fixed(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

const NOT_A_VERSION: VersionError = VersionError::fixed("invalid semantic version");

impl Version {
    /// The text the version was read from.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.original
    }

    /// The first number.
    #[must_use]
    pub fn major(&self) -> u64 {
        self.major
    }

    /// The second number, 0 if it was left out.
    #[must_use]
    pub fn minor(&self) -> u64 {
        self.minor
    }

    /// The third number, 0 if it was left out.
    #[must_use]
    pub fn patch(&self) -> u64 {
        self.patch
    }

    /// What stands between `-` and `+`, empty for a release.
    #[must_use]
    pub fn prerelease(&self) -> &str {
        &self.prerelease
    }

    /// What stands after `+`, without meaning for the order.
    #[must_use]
    pub fn build(&self) -> &str {
        &self.build
    }

    /// Whether the version has a prerelease part.
    #[must_use]
    pub fn is_prerelease(&self) -> bool {
        !self.prerelease.is_empty()
    }

    /// The full form: three numbers, prerelease and build, without a leading `v`.
    #[must_use]
    pub fn to_canonical(&self) -> String {
        let mut text = format!("{}.{}.{}", self.major, self.minor, self.patch);
        for (sign, part) in [('-', &self.prerelease), ('+', &self.build)] {
            if !part.is_empty() {
                text.push(sign);
                text.push_str(part);
            }
        }
        text
    }
}

impl Version {
    /// The version with the first number raised, the others zero, and no prerelease and build; `None` at the largest.
    #[must_use]
    pub fn next_major(&self) -> Option<Self> {
        Some(self.with_numbers(self.major.checked_add(1)?, 0, 0))
    }

    /// The version with the second number raised, the third zero, and no prerelease and build; `None` at the largest.
    #[must_use]
    pub fn next_minor(&self) -> Option<Self> {
        Some(self.with_numbers(self.major, self.minor.checked_add(1)?, 0))
    }

    /// The release of a prerelease; of a release the version with the third number raised; `None` at the largest.
    #[must_use]
    pub fn next_patch(&self) -> Option<Self> {
        let patch = if self.is_prerelease() { self.patch } else { self.patch.checked_add(1)? };
        Some(self.with_numbers(self.major, self.minor, patch))
    }

    /// The version with another prerelease part, without its `-`; none if empty.
    ///
    /// # Errors
    /// [`VersionError`] when the text is no prerelease.
    pub fn with_prerelease(&self, prerelease: &str) -> Result<Self, VersionError> {
        if !prerelease.is_empty() {
            check_identifiers(prerelease, "invalid prerelease string")?;
            check_prerelease(prerelease)?;
        }
        Ok(Self { prerelease: prerelease.to_owned(), ..self.clone() }.with_original())
    }

    /// The version with another build part, without its `+`; none if empty.
    ///
    /// # Errors
    /// [`VersionError`] when the text is no build part.
    pub fn with_build(&self, build: &str) -> Result<Self, VersionError> {
        if !build.is_empty() {
            check_identifiers(build, "invalid metadata string")?;
        }
        Ok(Self { build: build.to_owned(), ..self.clone() }.with_original())
    }

    fn with_numbers(&self, major: u64, minor: u64, patch: u64) -> Self {
        let (prerelease, build, original) = (String::new(), String::new(), self.original.clone());
        Self { major, minor, patch, prerelease, build, original }.with_original()
    }

    /// The canonical form becomes the text given, with the `v` that stood before it.
    fn with_original(mut self) -> Self {
        let prefix = if self.original.starts_with('v') { "v" } else { "" };
        self.original = format!("{prefix}{}", self.to_canonical());
        self
    }
}

fn check_identifiers(text: &str, problem: &'static str) -> Result<(), VersionError> {
    if text.split('.').all(is_identifier) { Ok(()) } else { Err(VersionError::fixed(problem)) }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        if text.len() > LONGEST_VERSION {
            return Err(VersionError::fixed("version string is too long (max 256 bytes)"));
        }
        let numbers_end = text.find(['-', '+']).unwrap_or(text.len());
        let (core, rest) = text.split_at(numbers_end);
        let core = core.strip_prefix('v').unwrap_or(core);
        let numbers: Vec<&str> = core.split('.').collect();
        if numbers.len() > 3 || !numbers.iter().all(|digits| is_number(digits)) {
            return Err(NOT_A_VERSION);
        }
        let (prerelease, build) = split_suffix(rest)?;
        let number = |index: usize| numbers.get(index).map_or(Ok(0), |digits| parse_number(digits));
        let (major, minor, patch) = (number(0)?, number(1)?, number(2)?);
        check_prerelease(prerelease)?;
        Ok(Self {
            major,
            minor,
            patch,
            prerelease: prerelease.to_owned(),
            build: build.to_owned(),
            original: text.to_owned(),
        })
    }
}

fn is_number(digits: &str) -> bool {
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Reads the digits of one number: leading zeros allowed, at most `u64::MAX`.
fn parse_number(digits: &str) -> Result<u64, VersionError> {
    digits.parse().map_err(|_| {
        VersionError(Cow::Owned(format!(
            "error parsing version segment: strconv.ParseUint: parsing \"{digits}\": value out of range"
        )))
    })
}

/// Splits `-prerelease+build`, both optional, into its checked parts.
fn split_suffix(rest: &str) -> Result<(&str, &str), VersionError> {
    let (before_build, build) = match rest.split_once('+') {
        Some((_, "")) => return Err(NOT_A_VERSION),
        Some((before, build)) => (before, build),
        None => (rest, ""),
    };
    let prerelease = match before_build.strip_prefix('-') {
        Some("") => return Err(NOT_A_VERSION),
        Some(prerelease) => prerelease,
        None => "",
    };
    for part in [prerelease, build] {
        if !part.is_empty() && !part.split('.').all(is_identifier) {
            return Err(NOT_A_VERSION);
        }
    }
    Ok((prerelease, build))
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Refuses numeric prerelease identifiers with a leading zero, the one place where zeros matter.
fn check_prerelease(prerelease: &str) -> Result<(), VersionError> {
    let zero_led = |part: &str| {
        part.len() > 1 && part.starts_with('0') && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if prerelease.split('.').any(zero_led) {
        return Err(VersionError::fixed("version segment starts with 0"));
    }
    Ok(())
}

/// Orders two prerelease texts; the empty one is the release and comes last.
fn compare_prereleases(left: &str, right: &str) -> Ordering {
    match (left.is_empty(), right.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let (mut left_parts, mut right_parts) = (left.split('.'), right.split('.'));
    loop {
        let order = match (left_parts.next(), right_parts.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(left), Some(right)) => compare_identifiers(left, right),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Orders two identifiers: numbers by value and before words, words bytewise; what overflows `u64` is a word.
fn compare_identifiers(left: &str, right: &str) -> Ordering {
    match (left.parse::<u64>(), right.parse::<u64>()) {
        (Ok(left), Ok(right)) => left.cmp(&right),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => left.cmp(right),
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.major, self.minor, self.patch)
            .cmp(&(other.major, other.minor, other.patch))
            .then_with(|| compare_prereleases(&self.prerelease, &other.prerelease))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.original)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loose_texts() {
        let cases = [
            ("1", "1.0.0"),
            ("v1", "1.0.0"),
            ("1.2", "1.2.0"),
            ("01.2.3", "1.2.3"),
            ("v1.2.3-rc.1+b.7", "1.2.3-rc.1+b.7"),
            ("1-a", "1.0.0-a"),
            ("1.0.0--x", "1.0.0--x"),
            ("1.0.0+a-b", "1.0.0+a-b"),
            ("18446744073709551615.0.0", "18446744073709551615.0.0"),
        ];
        for (text, canonical) in cases {
            let version: Version = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((version.as_str(), version.to_canonical().as_str()), (text, canonical));
        }
        let too_long = format!("1.0.0-{}", "a".repeat(LONGEST_VERSION));
        let bad = [
            "",
            "v",
            "V1",
            "1.2.3.4",
            "latest",
            "1.0.0+a_b",
            "1.0.0_x",
            "1.",
            ".1",
            "1..2",
            " 1",
            "1 ",
            "1.0.0-",
            "1.0.0+",
            "1.0.0-01",
            "1.0.0-a..b",
            "1.0.0+a+b",
            "-1",
            "+1",
            "1.2.x",
            "١.٢.٣",
            "18446744073709551616.0.0",
            &too_long,
        ];
        for text in bad {
            assert!(text.parse::<Version>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn next_versions_keep_the_v() {
        let next = |text: &str| {
            let version: Version = text.parse().unwrap();
            let texts = [version.next_major(), version.next_minor(), version.next_patch()]
                .map(|next| next.map(|next| next.as_str().to_owned()).unwrap_or_default());
            texts.join(" ")
        };
        assert_eq!(next("v1.2.3-a+b"), "v2.0.0 v1.3.0 v1.2.3");
        assert_eq!(next("1.2+b"), "2.0.0 1.3.0 1.2.1");
        assert_eq!(next("18446744073709551615.0.0-a"), " 18446744073709551615.1.0 18446744073709551615.0.0");
    }

    #[test]
    fn other_suffixes() {
        let version: Version = "v1.2".parse().unwrap();
        assert_eq!(version.with_prerelease("a.1").unwrap().as_str(), "v1.2.0-a.1");
        assert_eq!(version.with_build("01").unwrap().as_str(), "v1.2.0+01");
        let texts =
            [version.with_prerelease("a_b"), version.with_prerelease("01"), version.with_build("a..b")]
                .map(|result| result.unwrap_err().to_string());
        assert_eq!(
            texts,
            ["invalid prerelease string", "version segment starts with 0", "invalid metadata string"]
        );
    }
}
