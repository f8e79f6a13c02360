//! How a command fails: the message and the exit code.

use std::process::ExitCode;

use crate::output::{neutralise, say};

/// The command was called wrongly: exit code 2, as for a flag that does not exist.
#[derive(Debug)]
pub(crate) struct UsageError(pub(crate) String);

impl std::fmt::Display for UsageError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

/// A [`UsageError`] as an [`anyhow::Error`].
pub(crate) fn usage(text: impl Into<String>) -> anyhow::Error {
    anyhow::Error::new(UsageError(text.into()))
}

/// The command did what it could and reported the rest itself: exit code 1 without a further message.
#[derive(Debug)]
pub(crate) struct AlreadyReported;

impl std::fmt::Display for AlreadyReported {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("failed, see above")
    }
}

impl std::error::Error for AlreadyReported {}

/// Prints the error and picks the exit code: 2 for usage, 1 for everything else.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    if error.is::<AlreadyReported>() {
        return ExitCode::from(1);
    }
    // The message may quote what a server or a file said.
    let message: Vec<String> = format!("{error:#}").split('\n').map(neutralise).collect();
    say(&format!("error: {}", message.join("\n")));
    ExitCode::from(if error.is::<UsageError>() { 2 } else { 1 })
}
