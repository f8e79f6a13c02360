//! `chandlery create`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use chandlery_chart::starter_files;

use crate::error::usage;
use crate::local::create_folder;
use crate::output::say;

/// Make the folder of a new chart: a web application that runs without root, ready to install and to change.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery create mychart\n  chandlery create charts/shop")]
pub(crate) struct CreateArguments {
    /// The chart's name, or a path that ends in it.
    #[arg(value_name = "NAME")]
    path: PathBuf,
}

impl CreateArguments {
    pub(crate) fn run(&self) -> Result<()> {
        let name = self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        check_name(name)?;
        create_folder(&self.path)?;
        let is_empty = fs::read_dir(&self.path).is_ok_and(|mut entries| entries.next().is_none());
        if !is_empty {
            return Err(usage(format!("{} is not empty", self.path.display())));
        }
        for (path, text) in starter_files(name) {
            let path = self.path.join(path);
            if let Some(folder) = path.parent() {
                create_folder(folder)?;
            }
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
        say(&format!("created {}", self.path.display()));
        Ok(())
    }
}

/// A name that a chart can have, and the objects that it makes.
fn check_name(name: &str) -> Result<()> {
    const LONGEST: usize = 53;
    let is_letter = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    let begins_well = name.starts_with(|letter: char| letter.is_ascii_lowercase());
    if begins_well && name.chars().all(is_letter) && !name.ends_with('-') && name.len() <= LONGEST {
        return Ok(());
    }
    Err(usage(format!(
        "{name:?} is no good name for a chart: take lower-case letters, digits and '-', at most {LONGEST}, a letter first"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let long = "a".repeat(54);
        let cases = [
            ("shop", true),
            ("a1-b", true),
            ("", false),
            ("Shop", false),
            ("1a", false),
            ("a-", false),
            (&long, false),
        ];
        for (name, expected) in cases {
            assert_eq!(check_name(name).is_ok(), expected, "{name:?}");
        }
    }
}
