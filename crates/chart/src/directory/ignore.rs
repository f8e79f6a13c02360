//! `.helmignore`: which files of a directory are not part of the chart.

use super::glob::Pattern;
use crate::archive::ArchiveError;

/// What Helm always leaves out: files right under `templates/` whose name begins with a dot.
const BUILT_IN: &str = "templates/.?*";

/// The rules of a `.helmignore`, in order, and the built-in one.
#[derive(Clone, Debug)]
pub(super) struct IgnoreRules {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Rule {
    pattern: Pattern,
    negated: bool,
    directories_only: bool,
    /// Whether the whole path is compared, not only its last part.
    whole_path: bool,
}

impl Default for IgnoreRules {
    fn default() -> Self {
        Self { rules: vec![parse_rule(BUILT_IN).expect("the built-in pattern is sound")] }
    }
}

impl IgnoreRules {
    /// Reads the file.
    ///
    /// # Errors
    /// [`ArchiveError::Ignore`] for `**` and for malformed patterns.
    pub(super) fn parse(text: &str) -> Result<Self, ArchiveError> {
        let mut rules = Vec::new();
        for (index, line) in text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let rule = parse_rule(line).map_err(|reason| ArchiveError::Ignore { line: index + 1, reason })?;
            rules.push(rule);
        }
        rules.extend(Self::default().rules);
        Ok(Self { rules })
    }

    /// Whether the path is left out. Rules count in order, and a negated one that does *not* match leaves the path out
    /// at once, so that `!keep` alone leaves out everything else: that is how Helm does it.
    pub(super) fn ignores(&self, path: &str, is_directory: bool) -> bool {
        self.rules.iter().any(|rule| {
            let wrong_kind = rule.directories_only && !is_directory;
            if rule.negated { wrong_kind || !rule.matches(path) } else { !wrong_kind && rule.matches(path) }
        })
    }
}

impl Rule {
    fn matches(&self, path: &str) -> bool {
        let name = if self.whole_path { path } else { path.rsplit('/').next().unwrap_or(path) };
        self.pattern.matches(name)
    }
}

fn parse_rule(line: &str) -> Result<Rule, String> {
    if line.contains("**") {
        return Err("double-star (**) syntax is not supported".to_owned());
    }
    let malformed = || "syntax error in pattern".to_owned();
    // Helm checks the line as a whole before it takes it apart.
    Pattern::parse(line).ok_or_else(malformed)?;
    let (negated, rest) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest));
    let (directories_only, rest) = rest.strip_suffix('/').map_or((false, rest), |rest| (true, rest));
    let whole_path = rest.contains('/');
    let pattern = Pattern::parse(rest.strip_prefix('/').unwrap_or(rest)).ok_or_else(malformed)?;
    Ok(Rule { pattern, negated, directories_only, whole_path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_as_helm_reads_them() {
        let cases = [
            ("helm.txt", "helm.txt", false, true),
            ("helm.*", "rudder.txt", false, false),
            ("*.txt", "cargo/a.txt", false, true),
            ("cargo/*.txt", "cargo/a.txt", false, true),
            ("cargo/*.txt", "mast/a.txt", false, false),
            ("ru[c-e]?er.txt", "rudder.txt", false, true),
            ("cargo/", "cargo", true, true),
            ("cargo/", "cargo", false, false),
            ("cargo/", "mast", true, false),
            ("/a.txt", "a.txt", false, true),
            ("/a.txt", "cargo/a.txt", false, false),
            ("/cargo/a.txt", "cargo/a.txt", false, true),
            ("!helm.txt", "helm.txt", false, false),
            ("!helm.txt", "tiller.txt", false, true),
            ("!cargo/", "mast", true, true),
            ("!cargo/", "cargo", false, true),
            ("*.md\n!README.md", "README.md", false, true),
            ("!README.md\n*.md", "README.md", false, true),
            ("\u{feff}# comment\n\n  a.txt  \n", "a.txt", false, true),
            ("", "templates/.hidden", false, true),
            ("", "templates/sub/.hidden", false, false),
            ("", ".hidden", false, false),
        ];
        for (text, path, is_directory, expected) in cases {
            let rules = IgnoreRules::parse(text).unwrap();
            assert_eq!(rules.ignores(path, is_directory), expected, "{text:?} {path}");
        }
        for (bad, message) in [
            ("a\nfoo/**/bar", ".helmignore line 2: double-star (**) syntax is not supported"),
            ("[z-", ".helmignore line 1: syntax error in pattern"),
        ] {
            assert_eq!(IgnoreRules::parse(bad).unwrap_err().to_string(), message);
        }
    }
}
