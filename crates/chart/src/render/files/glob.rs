//! The patterns of `.Files.Glob`: those of the Go package gobwas/glob with `/` as separator.

use std::iter::Peekable;
use std::str::Chars;

use regex::{Regex, RegexBuilder};

/// The longest pattern that is compiled, in bytes, and the most memory it may take.
const LONGEST: usize = 4 << 10;
const COMPILED: usize = 1 << 20;

/// The pattern, or none if it is not one.
pub(super) fn compile(pattern: &str) -> Option<Regex> {
    if pattern.len() > LONGEST {
        return None;
    }
    let mut expression = String::from("^(?:");
    translate(&mut pattern.chars().peekable(), 0, &mut expression)?;
    expression.push_str(")$");
    RegexBuilder::new(&expression).dot_matches_new_line(true).size_limit(COMPILED).build().ok()
}

/// Translates up to the end, or up to the bracket that ends the alternatives it is in.
fn translate(pattern: &mut Peekable<Chars<'_>>, depth: usize, expression: &mut String) -> Option<()> {
    while let Some(character) = pattern.next() {
        match character {
            '*' if pattern.next_if_eq(&'*').is_some() => expression.push_str(".*"),
            '*' => expression.push_str("[^/]*"),
            '?' => expression.push_str("[^/]"),
            '[' => class(pattern, expression)?,
            '{' => {
                expression.push_str("(?:");
                translate(pattern, depth + 1, expression)?;
                expression.push(')');
            }
            '}' if depth > 0 => return Some(()),
            ',' if depth > 0 => expression.push('|'),
            '\\' => literal(pattern.next()?, expression),
            other => literal(other, expression),
        }
    }
    // Brackets that are not closed end here.
    Some(())
}

/// `[abc]`, `[a-z]`, either with `!` in front.
fn class(pattern: &mut Peekable<Chars<'_>>, expression: &mut String) -> Option<()> {
    expression.push_str(if pattern.next_if_eq(&'!').is_some() { "[^" } else { "[" });
    let mut members = Vec::new();
    loop {
        match pattern.next()? {
            ']' => break,
            '\\' => members.push(pattern.next()?),
            other => members.push(other),
        }
    }
    match members[..] {
        [] => return None,
        [low, '-', high] if low <= high => {
            literal(low, expression);
            expression.push('-');
            literal(high, expression);
        }
        [_, '-', ..] => return None,
        _ => members.iter().for_each(|&member| literal(member, expression)),
    }
    expression.push(']');
    Some(())
}

fn literal(character: char, expression: &mut String) {
    if character.is_ascii_punctuation() {
        expression.push('\\');
    }
    expression.push(character);
}

#[cfg(test)]
mod tests {
    use super::compile;

    #[test]
    fn patterns() {
        let cases: &[(&str, &[&str], &[&str])] = &[
            ("conf/*.yaml", &["conf/x.yaml"], &["conf/sub/y.yaml", "conf/x.yml", "x.yaml"]),
            ("conf/**.yaml", &["conf/x.yaml", "conf/sub/y.yaml"], &["x.yaml"]),
            ("**", &["a", "a/b"], &[]),
            ("a?c", &["abc"], &["a/c", "ac"]),
            ("[a-c]x", &["ax", "cx"], &["dx", "-x"]),
            ("[!ab]x", &["cx"], &["ax"]),
            ("{a,b/*}.txt", &["a.txt", "b/c.txt"], &["c.txt"]),
            ("a\\*", &["a*"], &["ab"]),
            ("x{a,b*", &["xa", "xbc"], &["x", "xb/c"]),
        ];
        for (pattern, matching, others) in cases {
            let compiled = compile(pattern).unwrap();
            for path in *matching {
                assert!(compiled.is_match(path), "{pattern} {path}");
            }
            for path in *others {
                assert!(!compiled.is_match(path), "{pattern} {path}");
            }
        }
        for pattern in ["[", "[]", "a\\", "[z-a]"] {
            assert!(compile(pattern).is_none(), "{pattern}");
        }
    }
}
