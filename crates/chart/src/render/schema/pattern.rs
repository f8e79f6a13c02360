//! Regular expressions of Go, which run in linear time, by the engine here, which does too.

use regex::{Regex, RegexBuilder};

/// The most memory one compiled pattern may take, in bytes.
const LARGEST_PATTERN: usize = 4 << 20;

/// Compiles a pattern in Go's syntax.
///
/// # Errors
/// What is wrong, in Go's words for the usual mistakes.
pub(crate) fn compile(pattern: &str) -> Result<Regex, String> {
    let translated = Translator { rest: pattern, out: String::new(), open_groups: 0 }.run()?;
    RegexBuilder::new(&translated).size_limit(LARGEST_PATTERN).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => syntax("expression too large", pattern),
        _ => syntax("invalid syntax", pattern),
    })
}

fn syntax(problem: &str, part: &str) -> String {
    format!("error parsing regexp: {problem}: `{part}`")
}

/// Checks the format `regex`.
pub(crate) fn check(text: &str) -> Result<(), String> {
    compile(text).map(drop)
}

/// Rewrites what the two syntaxes read differently.
struct Translator<'p> {
    rest: &'p str,
    out: String,
    open_groups: usize,
}

/// The classes that Go limits to ASCII: outside and inside of brackets.
const CLASSES: [(char, &str, &str); 6] = [
    ('d', "[0-9]", "0-9"),
    ('D', "[^0-9]", "[^0-9]"),
    ('w', "[0-9A-Za-z_]", "0-9A-Za-z_"),
    ('W', "[^0-9A-Za-z_]", "[^0-9A-Za-z_]"),
    ('s', "[\\t\\n\\f\\r ]", "\\t\\n\\f\\r "),
    ('S', "[^\\t\\n\\f\\r ]", "[^\\t\\n\\f\\r ]"),
];

impl Translator<'_> {
    fn run(mut self) -> Result<String, String> {
        let pattern = self.rest;
        let mut may_repeat = false;
        while let Some(next) = self.next() {
            let before = may_repeat;
            may_repeat = true;
            match next {
                '\\' => self.escape(false)?,
                '[' => self.class()?,
                '(' => {
                    self.group()?;
                    may_repeat = false;
                }
                ')' if self.open_groups == 0 => return Err(syntax("unexpected )", pattern)),
                ')' => {
                    self.open_groups -= 1;
                    self.out.push(')');
                }
                '|' => {
                    self.out.push('|');
                    may_repeat = false;
                }
                '*' | '+' | '?' if !before => {
                    return Err(syntax("missing argument to repetition operator", &next.to_string()));
                }
                '*' | '+' | '?' => {
                    self.out.push(next);
                    self.after_repetition(next)?;
                }
                '{' => self.counted(before)?,
                '}' => self.out.push_str("\\}"),
                other => self.out.push(other),
            }
        }
        if self.open_groups > 0 {
            return Err(syntax("missing closing )", pattern));
        }
        Ok(self.out)
    }

    fn next(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let next = characters.next();
        self.rest = characters.as_str();
        next
    }

    /// One `?` may follow; Go refuses two repetitions in a row, which here would be allowed.
    fn after_repetition(&mut self, first: char) -> Result<(), String> {
        if let Some(rest) = self.rest.strip_prefix('?') {
            self.rest = rest;
            self.out.push('?');
        }
        match self.rest.chars().next() {
            Some(second @ ('*' | '+' | '?')) => {
                Err(syntax("invalid nested repetition operator", &format!("{first}{second}")))
            }
            _ => Ok(()),
        }
    }

    /// `{2,5}` repeats; every other brace is a brace.
    fn counted(&mut self, may_repeat: bool) -> Result<(), String> {
        let end = self.rest.find('}').filter(|end| is_count(&self.rest[..*end]));
        let Some(end) = end else {
            self.out.push_str("\\{");
            return Ok(());
        };
        let count = &self.rest[..end];
        let shown = format!("{{{count}}}");
        if !may_repeat {
            return Err(syntax("missing argument to repetition operator", &shown));
        }
        let mut bounds = count.split(',').map(|bound| bound.parse::<u32>().ok());
        let least = bounds.next().flatten();
        let most = bounds.next().map_or(least, |most| most.or(least));
        if least.is_none_or(|least| least > 1000) || most.is_none_or(|most| most > 1000) || most < least {
            return Err(syntax("invalid repeat count", &shown));
        }
        self.out.push_str(&shown);
        self.rest = &self.rest[end + 1..];
        self.after_repetition('}')
    }

    fn group(&mut self) -> Result<(), String> {
        self.open_groups += 1;
        self.out.push('(');
        let Some(after) = self.rest.strip_prefix('?') else { return Ok(()) };
        let is_named = after.starts_with("P<")
            || after.starts_with('<') && !after.starts_with("<=") && !after.starts_with("<!");
        let end = after.find([':', ')']).unwrap_or(after.len());
        let are_flags = after[..end].chars().all(|flag| "imsU-".contains(flag)) && end < after.len();
        let head = match after.find('>').filter(|_| is_named) {
            Some(bracket) => bracket + 1,
            // The parenthesis that ends flags alone closes the group.
            None if are_flags => end + usize::from(after[end..].starts_with(':')),
            None => 0,
        };
        if head > 0 {
            self.out.push('?');
            self.out.push_str(&after[..head]);
            self.rest = &after[head..];
            return Ok(());
        }
        let shown: String = self.rest.chars().take(if after.starts_with('<') { 3 } else { 2 }).collect();
        Err(syntax("invalid or unsupported Perl syntax", &format!("({shown}")))
    }

    fn escape(&mut self, in_class: bool) -> Result<(), String> {
        let Some(next) = self.next() else {
            return Err("error parsing regexp: trailing backslash at end of expression: ``".to_owned());
        };
        if let Some((_, outside, inside)) = CLASSES.iter().find(|(letter, ..)| *letter == next) {
            self.out.push_str(if in_class { inside } else { outside });
            return Ok(());
        }
        match next {
            'b' | 'B' if !in_class => self.out.push_str(&format!("(?-u:\\{next})")),
            'Q' if !in_class => {
                let end = self.rest.find("\\E").unwrap_or(self.rest.len());
                self.out.push_str(&regex::escape(&self.rest[..end]));
                self.rest = self.rest.get(end + 2..).unwrap_or_default();
            }
            'A' | 'z' if !in_class => self.out.push_str(&format!("\\{next}")),
            'a' | 'f' | 'n' | 'r' | 't' | 'v' | 'x' | 'p' | 'P' => self.out.push_str(&format!("\\{next}")),
            '0'..='7' if next == '0' || self.rest.starts_with(|c: char| ('0'..='7').contains(&c)) => {
                self.octal(next);
            }
            letter if letter.is_ascii_alphanumeric() || !letter.is_ascii() => {
                return Err(syntax("invalid escape sequence", &format!("\\{letter}")));
            }
            mark => self.push_literal(mark),
        }
        Ok(())
    }

    fn octal(&mut self, first: char) {
        let digits: String =
            self.rest.chars().take(2).take_while(|digit| ('0'..='7').contains(digit)).collect();
        self.rest = &self.rest[digits.len()..];
        let code = u32::from_str_radix(&format!("{first}{digits}"), 8).unwrap_or_default();
        self.out.push_str(&format!("\\x{{{code:x}}}"));
    }

    fn push_literal(&mut self, mark: char) {
        let mut buffer = [0; 4];
        let text: &str = mark.encode_utf8(&mut buffer);
        self.out.push_str(&regex::escape(text));
    }

    fn class(&mut self) -> Result<(), String> {
        let start = self.rest;
        self.out.push('[');
        if let Some(rest) = self.rest.strip_prefix('^') {
            self.rest = rest;
            self.out.push('^');
        }
        let mut is_first = true;
        loop {
            let at = self.rest;
            match self.next() {
                None => return Err(syntax("missing closing ]", &format!("[{start}"))),
                Some(']') if !is_first => break,
                Some('[') if at.starts_with("[:") && at.contains(":]") => {
                    let end = at.find(":]").map_or(at.len(), |end| end + 2);
                    self.out.push_str(&at[..end]);
                    self.rest = &at[end..];
                }
                Some('\\') => self.escape(true)?,
                Some('-') => self.out.push_str(if self.is_range(at, start, is_first) { "-" } else { "\\-" }),
                Some(mark @ ('[' | ']' | '&' | '~' | '^')) => self.out.push_str(&format!("\\{mark}")),
                Some(other) => self.out.push(other),
            }
            is_first = false;
        }
        self.out.push(']');
        Ok(())
    }

    /// Whether the dash at the start of `at` stands between two characters.
    fn is_range(&self, at: &str, start: &str, is_first: bool) -> bool {
        let before = &start[..start.len() - at.len()];
        let is_after_class = CLASSES.iter().any(|(letter, ..)| before.ends_with(&format!("\\{letter}")));
        !is_first && !self.rest.starts_with(']') && !is_after_class
    }
}

/// Whether a text is what may stand between the braces of a repetition.
fn is_count(text: &str) -> bool {
    let (least, most) = text.split_once(',').unwrap_or((text, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    !least.is_empty() && is_number(least) && is_number(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_patterns() {
        let cases = [
            (r"^\d+$", "12", true),
            (r"^\d+$", "١", false),
            (r"^\w+$", "é", false),
            (r"^[\w.-]+$", "a-b.c_", true),
            (r"^[^\s]+$", "a b", false),
            (r"^{{.*}}$", "{{ x }}", true),
            (r"^a{2}$", "aa", true),
            (r"^a{,2}$", "a{,2}", true),
            (r"^[a-z[]$", "[", true),
            (r"^[]a]$", "]", true),
            (r"^[a&&b]$", "&", true),
            (r"\<x\>", "<x>", true),
            (r"^\Qa.b\E$", "a.b", true),
            (r"^[[:alpha:]_]+$", "ab_", true),
            (r"^[-a]$", "-", true),
            (r"^[a-]$", "-", true),
            (r"^[\d-z]$", "-", true),
            (r"^(?i)abc$", "ABC", true),
            (r"^(?:a|b)*?$", "abab", true),
            (r"\bx\b", "a x b", true),
            (r"^\/a\-b$", "/a-b", true),
            (r"^\pL+$", "é", true),
            ("^a$", "a\n", false),
            (r"^\x41\101$", "AA", true),
            ("^(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", false),
        ];
        for (pattern, text, expected) in cases {
            let regex = compile(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
            assert_eq!(regex.is_match(text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn refused_patterns() {
        let cases = [
            ("(", "missing closing ): `(`"),
            ("a)", "unexpected ): `a)`"),
            ("[a", "missing closing ]: `[a`"),
            ("*a", "missing argument to repetition operator: `*`"),
            ("a**", "invalid nested repetition operator: `**`"),
            ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
            ("(?!a)", "invalid or unsupported Perl syntax: `(?!`"),
            (r"\y", r"invalid escape sequence: `\y`"),
            (r"(a)\1", r"invalid escape sequence: `\1`"),
            ("a{1001}", "invalid repeat count: `{1001}`"),
            ("a{2,1}", "invalid repeat count: `{2,1}`"),
            (r"a\", "trailing backslash at end of expression: ``"),
        ];
        for (pattern, error) in cases {
            let expected = Err(format!("error parsing regexp: {error}"));
            assert_eq!(compile(pattern).map(drop), expected, "{pattern}");
        }
    }
}
