//! Secrets that are kept in files.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// The longest secret that is read, in bytes: keys and tokens are far smaller, a wrong file is often larger.
const LONGEST_SECRET: usize = 64 << 10;

/// Reads a secret from a file, without the line end that editors and `echo` put after it.
///
/// # Errors
/// The file cannot be read, is empty, is not text or is too long to be a secret.
pub(crate) fn read_secret_file(path: &Path) -> Result<String> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        bail!("{} is empty: it must hold the secret", path.display());
    }
    if secret.len() > LONGEST_SECRET {
        bail!("{} is too long for a secret", path.display());
    }
    Ok(secret.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_are_no_part_of_a_secret() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        for (content, expected) in [
            ("abc", Some("abc")),
            ("abc\n", Some("abc")),
            ("a b \r\n", Some("a b ")),
            ("\n", None),
            ("", None),
        ] {
            std::fs::write(&path, content).unwrap();
            assert_eq!(read_secret_file(&path).ok().as_deref(), expected, "{content:?}");
        }
        assert!(read_secret_file(&directory.path().join("absent")).is_err());
    }
}
