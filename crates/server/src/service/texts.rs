//! What people may write into names and descriptions.

use chandlery_core::{Error, Result};

/// The longest name for people, in characters.
const LONGEST_NAME: usize = 200;

/// The longest description, in characters.
const LONGEST_DESCRIPTION: usize = 4000;

/// Checks a name for people: one line.
pub(crate) fn check_name(field: &str, text: &str) -> Result<()> {
    check(field, text, LONGEST_NAME, char::is_control)
}

/// Checks a description: lines of text.
pub(crate) fn check_description(field: &str, text: &str) -> Result<()> {
    check(field, text, LONGEST_DESCRIPTION, |letter| {
        letter.is_control() && !matches!(letter, '\n' | '\r' | '\t')
    })
}

fn check(field: &str, text: &str, longest: usize, forbidden: fn(char) -> bool) -> Result<()> {
    if text.chars().count() > longest {
        return Err(Error::invalid(field, format!("is longer than {longest} characters")));
    }
    if text.chars().any(forbidden) {
        return Err(Error::invalid(field, "contains control characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_limits() {
        assert!(check_name("name", "Größe 企业空间").is_ok());
        assert!(check_description("description", "two\nlines").is_ok());
        for bad in ["a\nb", "a\0b", &"a".repeat(201)] {
            assert_eq!(check_name("name", bad).unwrap_err().code(), "invalid", "{bad:?}");
        }
        for bad in ["a\0b", "\u{1b}[0m", &"a".repeat(4001)] {
            assert_eq!(check_description("description", bad).unwrap_err().code(), "invalid", "{bad:?}");
        }
    }
}
