//! Version ranges in the grammar of Masterminds/semver 3.

use std::cmp::Ordering;
use std::str::FromStr;

use super::{Version, compare_prereleases};

/// The longest constraint that is read, in bytes (Masterminds/semver 3.5).
const LONGEST_CONSTRAINT: usize = 512;

/// The most alternatives separated by `||` (Masterminds/semver 3.5).
const MOST_ALTERNATIVES: usize = 32;

/// A range of versions: alternatives (`||`) of comparisons that must all hold (separated by spaces or commas).
///
/// `=`, `!=`, `>`, `<`, `>=`, `=>`, `<=`, `=<`, `~`, `~>`, `^`, hyphen ranges and the wild cards `x`, `X`, `*` work.
/// Prereleases match only where a comparison of the same alternative names one.
#[derive(Clone, Debug)]
pub struct Constraint {
    alternatives: Vec<Vec<Comparison>>,
}

/// A text that is not a version range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConstraintError {
    /// The text breaks the grammar.
    #[error("improper constraint: {0}")]
    Improper(String),
    /// The grammar holds, but a version in it is none, as `1x`.
    #[error("constraint parser error")]
    Unparsable,
    /// The text is longer than 512 bytes.
    #[error("constraint string is too long (max {LONGEST_CONSTRAINT} bytes)")]
    TooLong,
    /// There are more than 32 alternatives.
    #[error("too many constraint groups (max {MOST_ALTERNATIVES})")]
    TooManyAlternatives,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    Tilde,
    Caret,
}

/// The spellings of the operators; a longer one stands before its own beginning.
const OPERATORS: &[(&str, Operator)] = &[
    ("!=", Operator::NotEqual),
    (">=", Operator::GreaterOrEqual),
    ("=>", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    ("=<", Operator::LessOrEqual),
    ("~>", Operator::Tilde),
    ("=", Operator::Equal),
    (">", Operator::Greater),
    ("<", Operator::Less),
    ("~", Operator::Tilde),
    ("^", Operator::Caret),
];

/// Where the wild card of a comparison's version begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wildcard {
    None,
    Major,
    Minor,
    Patch,
}

#[derive(Clone, Debug)]
struct Comparison {
    operator: Operator,
    version: Version,
    wildcard: Wildcard,
}

impl Constraint {
    /// Whether the version lies in the range.
    #[must_use]
    pub fn matches(&self, version: &Version) -> bool {
        self.alternatives.iter().any(|comparisons| {
            let prereleases_allowed = comparisons.iter().any(|comparison| comparison.version.is_prerelease());
            (prereleases_allowed || !version.is_prerelease())
                && comparisons.iter().all(|comparison| comparison.matches(version))
        })
    }
}

impl Comparison {
    fn matches(&self, version: &Version) -> bool {
        match self.operator {
            Operator::Equal if self.wildcard == Wildcard::None => version == &self.version,
            Operator::Equal | Operator::Tilde => self.tilde(version),
            Operator::NotEqual => self.not_equal(version),
            Operator::Greater => self.greater(version),
            Operator::Less => version < &self.version,
            Operator::GreaterOrEqual => version >= &self.version,
            Operator::LessOrEqual => self.less_or_equal(version),
            Operator::Caret => self.caret(version),
        }
    }

    /// The order of the major, then the minor number against the comparison's.
    fn compare_minor(&self, version: &Version) -> Ordering {
        (version.major, version.minor).cmp(&(self.version.major, self.version.minor))
    }

    /// With `x` in the patch a prerelease differs from a release; with `x` for the minor the major alone decides, and
    /// `!=*` excludes only what equals `0.0.0`.
    fn not_equal(&self, version: &Version) -> bool {
        match self.wildcard {
            Wildcard::Minor => version.major != self.version.major,
            Wildcard::Patch => {
                self.compare_minor(version).is_ne()
                    || prereleases_differ(&version.prerelease, &self.version.prerelease)
            }
            Wildcard::None | Wildcard::Major => version != &self.version,
        }
    }

    /// `>11` wants 12, `>11.1` wants 11.2.
    fn greater(&self, version: &Version) -> bool {
        match self.wildcard {
            Wildcard::Minor => version.major > self.version.major,
            Wildcard::Patch => self.compare_minor(version).is_gt(),
            Wildcard::None | Wildcard::Major => version > &self.version,
        }
    }

    /// `<=11` takes all of 11, `<=11.1` all of 11.1; `<=*` is `<=0.0.x`.
    fn less_or_equal(&self, version: &Version) -> bool {
        match self.wildcard {
            Wildcard::None => version <= &self.version,
            Wildcard::Minor => version.major <= self.version.major,
            Wildcard::Major | Wildcard::Patch => self.compare_minor(version).is_le(),
        }
    }

    /// At least this version, with the same minor (with `x` for the minor: the same major); `~0.0.0` and `~*` take all.
    fn tilde(&self, version: &Version) -> bool {
        if version < &self.version {
            return false;
        }
        let zero = (self.version.major, self.version.minor, self.version.patch) == (0, 0, 0);
        match self.wildcard {
            Wildcard::None | Wildcard::Major if zero => true,
            Wildcard::Minor => version.major == self.version.major,
            _ => self.compare_minor(version).is_eq(),
        }
    }

    /// At least this version, with the same leftmost number that is not zero.
    fn caret(&self, version: &Version) -> bool {
        if version < &self.version {
            return false;
        }
        let same_major = version.major == self.version.major;
        if self.version.major > 0 || self.wildcard == Wildcard::Minor {
            return same_major;
        }
        if self.version.minor > 0 || self.wildcard == Wildcard::Patch {
            return same_major && version.minor == self.version.minor;
        }
        same_major && version.minor == 0 && version.patch == self.version.patch
    }
}

/// Whether two prerelease texts differ; two releases count as equal.
fn prereleases_differ(left: &str, right: &str) -> bool {
    compare_prereleases(left, right).is_ne()
}

impl FromStr for Constraint {
    type Err = ConstraintError;

    fn from_str(text: &str) -> Result<Self, ConstraintError> {
        if text.len() > LONGEST_CONSTRAINT {
            return Err(ConstraintError::TooLong);
        }
        let rewritten = rewrite_hyphen_ranges(text);
        let groups: Vec<&str> = rewritten.split("||").collect();
        if groups.len() > MOST_ALTERNATIVES {
            return Err(ConstraintError::TooManyAlternatives);
        }
        let alternatives = groups.into_iter().map(parse_comparisons).collect::<Result<_, _>>()?;
        Ok(Self { alternatives })
    }
}

/// The characters `\s` of RE2.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0c)
}

fn skip_spaces(text: &str, from: usize) -> usize {
    from + text.as_bytes()[from..].iter().take_while(|&&byte| is_space(byte)).count()
}

/// The parts of a version as a constraint spells it; each number may be a wild card.
struct Spelling<'a> {
    numbers: [&'a str; 3],
    /// With its leading `-`, or empty.
    prerelease: &'a str,
    text: &'a str,
    end: usize,
}

/// Reads a version with wild cards at `from`. `|` counts as a digit here, as it does in the library, and fails later.
fn scan_version(text: &str, from: usize) -> Option<Spelling<'_>> {
    let bytes = text.as_bytes();
    let run = |start: usize, accept: fn(u8) -> bool| {
        start + bytes[start..].iter().take_while(|&&byte| accept(byte)).count()
    };
    let digit = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'|' | b'x' | b'X' | b'*');
    let mut numbers = [""; 3];
    let mut position = from + usize::from(bytes.get(from) == Some(&b'v'));
    for (index, number) in numbers.iter_mut().enumerate() {
        let start = match (index, bytes.get(position)) {
            (0, _) => position,
            (_, Some(b'.')) => position + 1,
            _ => break,
        };
        let end = run(start, digit);
        if end == start {
            if index == 0 {
                return None;
            }
            break;
        }
        *number = &text[start..end];
        position = end;
    }
    let prerelease_end = scan_identifiers(bytes, position, b'-');
    let prerelease = &text[position..prerelease_end];
    let end = scan_identifiers(bytes, prerelease_end, b'+');
    Some(Spelling { numbers, prerelease, text: &text[from..end], end })
}

/// The end of `sign` and dot-separated identifiers at `from`, or `from` if there are none.
fn scan_identifiers(bytes: &[u8], from: usize, sign: u8) -> usize {
    if bytes.get(from) != Some(&sign) {
        return from;
    }
    let mut end = from;
    let mut start = from + 1;
    loop {
        let length =
            bytes[start..].iter().take_while(|&&byte| byte.is_ascii_alphanumeric() || byte == b'-').count();
        if length == 0 {
            return end;
        }
        end = start + length;
        if bytes.get(end) != Some(&b'.') {
            return end;
        }
        start = end + 1;
    }
}

/// Writes each `A - B` as `>= A, <= B `.
fn rewrite_hyphen_ranges(text: &str) -> String {
    let mut rewritten = String::with_capacity(text.len());
    let mut copied = 0;
    let mut position = 0;
    while position < text.len() {
        match scan_hyphen_range(text, position) {
            Some((low, high, end)) => {
                rewritten.push_str(&text[copied..position]);
                rewritten.push_str(&format!(">= {low}, <= {high} "));
                (position, copied) = (end, end);
            }
            None => position += text[position..].chars().next().map_or(1, char::len_utf8),
        }
    }
    rewritten.push_str(&text[copied..]);
    rewritten
}

/// Reads spaces, a version, spaces, `-`, spaces, a version, spaces.
fn scan_hyphen_range(text: &str, from: usize) -> Option<(&str, &str, usize)> {
    let low = scan_version(text, skip_spaces(text, from))?;
    let hyphen = skip_spaces(text, low.end);
    let after_hyphen = hyphen + 1;
    if hyphen == low.end || text.as_bytes().get(hyphen) != Some(&b'-') {
        return None;
    }
    let high_start = skip_spaces(text, after_hyphen);
    if high_start == after_hyphen {
        return None;
    }
    let high = scan_version(text, high_start)?;
    Some((low.text, high.text, skip_spaces(text, high.end)))
}

/// Reads one alternative: comparisons separated by spaces or by a comma.
fn parse_comparisons(group: &str) -> Result<Vec<Comparison>, ConstraintError> {
    let improper = || ConstraintError::Improper(group.to_owned());
    let mut spellings = Vec::new();
    let mut position = skip_spaces(group, 0);
    loop {
        let (operator, after_operator) = OPERATORS
            .iter()
            .find(|(spelling, _)| group[position..].starts_with(spelling))
            .map_or((Operator::Equal, position), |(spelling, operator)| {
                (*operator, position + spelling.len())
            });
        let spelling = scan_version(group, skip_spaces(group, after_operator)).ok_or_else(improper)?;
        let after_spaces = skip_spaces(group, spelling.end);
        let end = spelling.end;
        spellings.push((operator, spelling));
        match group.as_bytes().get(after_spaces) {
            None => break,
            Some(b',') => position = skip_spaces(group, after_spaces + 1),
            Some(_) if after_spaces > end => position = after_spaces,
            Some(_) => return Err(improper()),
        }
    }
    // Numbers are only read when the whole form holds.
    spellings.iter().map(|(operator, spelling)| build_comparison(*operator, spelling)).collect()
}

fn build_comparison(operator: Operator, spelling: &Spelling<'_>) -> Result<Comparison, ConstraintError> {
    let [major, minor, patch] = spelling.numbers;
    let prerelease = spelling.prerelease;
    let is_wild = |number: &str| matches!(number, "" | "x" | "X" | "*");
    let (wildcard, text) = if is_wild(major) {
        (Wildcard::Major, format!("0.0.0{prerelease}"))
    } else if is_wild(minor) {
        (Wildcard::Minor, format!("{major}.0.0{prerelease}"))
    } else if is_wild(patch) {
        (Wildcard::Patch, format!("{major}.{minor}.0{prerelease}"))
    } else {
        (Wildcard::None, spelling.text.to_owned())
    };
    let version = text.parse().map_err(|_| ConstraintError::Unparsable)?;
    Ok(Comparison { operator, version, wildcard })
}
