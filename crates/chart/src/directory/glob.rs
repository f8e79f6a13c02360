//! Shell patterns as Go's `filepath.Match` reads them.

/// A compiled pattern: `*` and `?` (not `/`), classes, `\` escapes.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    /// Each chunk with whether a `*` stands before it.
    chunks: Vec<(bool, Vec<Unit>)>,
}

#[derive(Clone, Debug)]
enum Unit {
    Literal(char),
    /// Any character but `/`.
    Any,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Pattern {
    /// Compiles a pattern; `None` if it is malformed.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut chunks: Vec<(bool, Vec<Unit>)> = Vec::new();
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let unit = match character {
                '*' => {
                    if !matches!(chunks.last(), Some((true, units)) if units.is_empty()) {
                        chunks.push((true, Vec::new()));
                    }
                    continue;
                }
                '?' => Unit::Any,
                '[' => parse_class(&mut characters)?,
                '\\' => Unit::Literal(characters.next()?),
                literal => Unit::Literal(literal),
            };
            if chunks.is_empty() {
                chunks.push((false, Vec::new()));
            }
            chunks.last_mut()?.1.push(unit);
        }
        Some(Self { chunks })
    }

    /// Whether the whole name matches. As in Go, a chunk is taken where it matches first, without going back.
    pub(crate) fn matches(&self, name: &str) -> bool {
        let mut rest = name;
        for (index, (star, units)) in self.chunks.iter().enumerate() {
            let is_last = index + 1 == self.chunks.len();
            if *star && units.is_empty() {
                return !rest.contains('/');
            }
            match find_chunk(*star, units, rest, is_last) {
                Some(after) => rest = after,
                None => return false,
            }
        }
        rest.is_empty()
    }
}

/// What follows the first place where the chunk matches; a last chunk must match up to the end.
fn find_chunk<'n>(star: bool, units: &[Unit], name: &'n str, is_last: bool) -> Option<&'n str> {
    let accept = |rest: &str| !is_last || rest.is_empty();
    let mut start = name;
    loop {
        if let Some(rest) = match_chunk(units, start).filter(|rest| accept(rest)) {
            return Some(rest);
        }
        let mut characters = start.chars();
        match characters.next() {
            Some(skipped) if star && skipped != '/' => start = characters.as_str(),
            _ => return None,
        }
    }
}

fn match_chunk<'n>(units: &[Unit], name: &'n str) -> Option<&'n str> {
    let mut characters = name.chars();
    for unit in units {
        let character = characters.next()?;
        let matches = match unit {
            Unit::Literal(literal) => character == *literal,
            Unit::Any => character != '/',
            Unit::Class { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&character)) != *negated
            }
        };
        if !matches {
            return None;
        }
    }
    Some(characters.as_str())
}

/// Reads a class after its `[`.
fn parse_class(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Unit> {
    let negated = characters.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    loop {
        if !ranges.is_empty() && characters.next_if_eq(&']').is_some() {
            return Some(Unit::Class { negated, ranges });
        }
        let low = parse_class_character(characters)?;
        let high = match characters.next_if_eq(&'-') {
            Some(_) => parse_class_character(characters)?,
            None => low,
        };
        ranges.push((low, high));
    }
}

/// A character of a class; a bare `-` or `]` is malformed.
fn parse_class_character(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<char> {
    match characters.next()? {
        '-' | ']' => None,
        '\\' => characters.next(),
        character => Some(character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of Go's own behaviour for patterns in use.
    #[test]
    fn matches_as_go() {
        let cases = [
            ("abc", "abc", true),
            ("*", "abc", true),
            ("*c", "abc", true),
            ("a*", "a", true),
            ("a*", "ab/c", false),
            ("a*/b", "abc/b", true),
            ("a*/b", "a/c/b", false),
            ("a*b*c*d*e*/f", "axbxcxdxe/f", true),
            ("a*b?c*x", "abxbbxdbxebxczzx", true),
            ("a*b?c*x", "abxbbxdbxebxczzy", false),
            ("ab[c]", "abc", true),
            ("ab[b-d]", "abc", true),
            ("ab[^c]", "abc", false),
            ("ab[^e-g]", "abc", true),
            ("a\\*b", "a*b", true),
            ("a\\*b", "ab", false),
            ("a?b", "a☺b", true),
            ("a???b", "a☺b", false),
            ("[a-ζ]*", "α", true),
            ("a?b", "a/b", false),
            ("a*b", "a/b", false),
            ("[\\]a]", "]", true),
            ("[\\-]", "-", true),
            ("[x\\-]", "-", true),
            ("*x", "xxx", true),
            ("*[^q]*b", "a/ab", false),
            ("**", "a", true),
            ("", "", true),
            ("", "a", false),
        ];
        for (pattern, name, expected) in cases {
            let compiled = Pattern::parse(pattern).unwrap_or_else(|| panic!("{pattern}"));
            assert_eq!(compiled.matches(name), expected, "{pattern} {name}");
        }
        for malformed in ["[]a]", "[-]", "[x-]", "[-x]", "[a-b-c]", "[", "[^", "[^bc", "a[", "\\", "[z-"] {
            assert!(Pattern::parse(malformed).is_none(), "{malformed}");
        }
    }
}
