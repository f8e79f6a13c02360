//! The one rule of virtual repositories: which members a chart comes from, and which of them has a version.
//!
//! A name that is reserved, or that any hosted member has, comes from hosted members only: nobody elsewhere can publish
//! something newer under it. That holds for every caller, also for one who may not read the hosted member: such a caller
//! gets nothing, and not the chart of a stranger. All other names come from all members. Of a version that several
//! members have, the first one counts.

use std::collections::HashSet;

use chandlery_api::ShadowedBecause;
use chandlery_core::{Error, Result};
use glob::{MatchOptions, Pattern};

/// Members that a virtual repository may have: the bits of [`Members`].
pub(crate) const MOST_MEMBERS: usize = u32::BITS as usize;

/// Patterns of reserved names.
const MOST_PATTERNS: usize = 100;

/// Some members of a virtual repository, by their places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Members(u32);

impl Members {
    /// The one at this place.
    pub(crate) fn at(place: usize) -> Self {
        debug_assert!(place < MOST_MEMBERS, "{place}");
        Self(1 << place)
    }

    /// Whether the one at this place is one of them.
    pub(crate) fn contains(self, place: usize) -> bool {
        self.0 & Self::at(place).0 != 0
    }

    /// These and others.
    pub(crate) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those of them that are among others.
    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those of them that are not among others.
    pub(crate) fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Whether there is none.
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many there are.
    pub(crate) fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// Their places in order.
    pub(crate) fn places(self) -> impl Iterator<Item = usize> {
        (0..MOST_MEMBERS).filter(move |place| self.contains(*place))
    }
}

impl FromIterator<usize> for Members {
    fn from_iter<I: IntoIterator<Item = usize>>(places: I) -> Self {
        places.into_iter().fold(Self::default(), |members, place| members.or(Self::at(place)))
    }
}

/// Names that never come from external members.
#[derive(Debug, Default)]
pub(crate) struct Reserved(Vec<Pattern>);

impl Reserved {
    /// No name is reserved.
    pub(crate) const fn none() -> Self {
        Self(Vec::new())
    }

    /// Reads patterns that somebody wants.
    ///
    /// # Errors
    /// [`Error::Invalid`] for text that is no pattern, and for too many.
    pub(crate) fn new(patterns: &[String]) -> Result<Self> {
        if patterns.len() > MOST_PATTERNS {
            return Err(Error::invalid("reserved", format!("has more than {MOST_PATTERNS} patterns")));
        }
        let read = |text: &String| {
            if text.is_empty() {
                return Err(Error::invalid("reserved", "an empty pattern matches nothing"));
            }
            Pattern::new(text)
                .map_err(|error| Error::invalid("reserved", format!("{text:?} is no pattern: {error}")))
        };
        patterns.iter().map(read).collect::<Result<_>>().map(Self)
    }

    /// The patterns as they were written.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.0.iter().map(|pattern| pattern.as_str().to_owned()).collect()
    }

    /// The first pattern that a name matches. `Acme-web` looks like `acme-web`, so it is taken for it.
    pub(crate) fn matching(&self, chart: &str) -> Option<&str> {
        const ANY_CASE: MatchOptions = MatchOptions {
            case_sensitive: false,
            require_literal_separator: false,
            require_literal_leading_dot: false,
        };
        self.0.iter().find(|pattern| pattern.matches_with(chart, ANY_CASE)).map(Pattern::as_str)
    }
}

/// What decides where charts come from, for one caller.
pub(crate) struct Rule<'a> {
    /// The members that are pushed to.
    pub(crate) hosted: Members,
    /// The members that the caller may read.
    pub(crate) readable: Members,
    /// Names that never come from others than `hosted`.
    pub(crate) reserved: &'a Reserved,
}

impl Rule<'_> {
    /// The members that a chart comes from, of those that have it (`holders`, among all members).
    pub(crate) fn sources(&self, chart: &str, holders: Members) -> Members {
        let allowed = match self.hosted_only(chart, holders) {
            Some(_) => holders.and(self.hosted),
            None => holders,
        };
        allowed.and(self.readable)
    }

    /// Why a chart does not come from external members; `None` if it may.
    pub(crate) fn hosted_only(&self, chart: &str, holders: Members) -> Option<ShadowedBecause> {
        let own = !holders.and(self.hosted).is_empty();
        let foreign = holders.and(self.hosted) != holders;
        // Patterns cost something, and decide nothing where no external member has the chart.
        if foreign && self.reserved.matching(chart).is_some() {
            Some(ShadowedBecause::Reserved)
        } else {
            own.then_some(ShadowedBecause::OwnName)
        }
    }
}

/// Tells the first of each version from those that come after it. Versions are the same if their texts are, as in one
/// repository.
pub(crate) fn first_of_each<T>(
    items: impl IntoIterator<Item = T>,
    version: impl Fn(&T) -> &str,
) -> (Vec<T>, Vec<T>) {
    let mut seen = HashSet::new();
    items.into_iter().partition(|item| seen.insert(version(item).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(places: &[usize]) -> Members {
        places.iter().copied().collect()
    }

    /// Four members: 0 and 2 are hosted, 1 and 3 are external.
    #[test]
    fn where_charts_come_from() {
        let reserved = Reserved::new(&["acme-*".to_owned(), "vault".to_owned()]).unwrap();
        let everything: &[usize] = &[0, 1, 2, 3];
        type Places = &'static [usize];
        let cases: [(&str, Places, Places, Places); 14] = [
            // The chart, who has it, who the caller reads; where it comes from.
            ("redis", &[1], everything, &[1]),
            ("redis", &[1, 3], everything, &[1, 3]),
            ("redis", &[3], &[0, 1, 2], &[]),
            ("web", &[0], everything, &[0]),
            ("web", &[0, 2], everything, &[0, 2]),
            ("web", &[0, 1, 3], everything, &[0]),
            ("web", &[1, 2, 3], everything, &[2]),
            // A name of a hosted member does not resolve elsewhere for those who may not read that member.
            ("web", &[0, 1], &[1, 2, 3], &[]),
            ("web", &[0, 1, 2], &[1, 2, 3], &[2]),
            // Reserved names never do, whether or not anybody has them.
            ("acme-db", &[1, 3], everything, &[]),
            ("acme-db", &[1, 2], everything, &[2]),
            ("Acme-DB", &[1], everything, &[]),
            ("vault", &[3], everything, &[]),
            ("vault-operator", &[3], everything, &[3]),
        ];
        for (chart, holders, readable, expected) in cases {
            let rule = Rule { hosted: members(&[0, 2]), readable: members(readable), reserved: &reserved };
            assert_eq!(
                rule.sources(chart, members(holders)),
                members(expected),
                "{chart} of {holders:?} for who reads {readable:?}"
            );
        }
    }

    #[test]
    fn versions_are_their_texts() {
        let items = ["1.0.0", "1.0.0+a", "v1.0.0", "1.0.0", "1.0.0+b", "1.0.0+a"];
        let (kept, shadowed) = first_of_each(items, |item| item);
        assert_eq!(kept, ["1.0.0", "1.0.0+a", "v1.0.0", "1.0.0+b"]);
        assert_eq!(shadowed, ["1.0.0", "1.0.0+a"]);
    }

    #[test]
    fn patterns_are_checked() {
        for bad in ["", "***", "[a"] {
            assert!(Reserved::new(&[bad.to_owned()]).is_err(), "{bad:?}");
        }
        assert!(Reserved::new(&vec!["a".to_owned(); MOST_PATTERNS + 1]).is_err());
        let reserved = Reserved::new(&["a?-*".to_owned()]).unwrap();
        let cases = [("ab-c", Some("a?-*")), ("AB-", Some("a?-*")), ("a-c", None), ("xab-c", None)];
        for (name, expected) in cases {
            assert_eq!(reserved.matching(name), expected, "{name}");
        }
    }
}
