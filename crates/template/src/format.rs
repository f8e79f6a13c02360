//! Go's fmt: values as `%v` and the other verbs print them.

mod float;
mod printable;
mod printer;
mod quote;
mod runes;
mod sprintf;
mod style;

pub(crate) use float::{Layout, push_float};
pub(crate) use printable::is_printable;
pub use quote::quote;
pub(crate) use runes::runes;
pub use sprintf::sprintf;

use crate::error::Error;
use crate::limits::{Budget, Limits};
use crate::value::{Text, Value};
use printer::Printer;

/// Bytes after which [`display`] stops.
const DISPLAY_BYTES: u64 = 16 << 20;

/// The value as `%v` prints it, for messages and small values: what comes after 16 MiB is left out, and so is what
/// is nested deeper than 10,000 levels.
#[must_use]
pub fn display(value: &Value) -> Text {
    if let Value::String(text) = value {
        return text.clone();
    }
    let budget = Budget::new(Limits { bytes: DISPLAY_BYTES, ..Limits::default() });
    let mut output = Vec::new();
    // The text so far is the answer when a limit ends it.
    let _ = write_display(&mut output, value, &budget);
    output.into()
}

/// The value as `%v` prints it.
///
/// # Errors
/// A limit error when the text has no room in the budget or the value is nested deeper than 10,000 levels.
pub fn try_display(value: &Value, budget: &Budget) -> Result<Text, Error> {
    if let Value::String(text) = value {
        return Ok(text.clone());
    }
    let mut output = Vec::new();
    write_display(&mut output, value, budget)?;
    Ok(output.into())
}

/// Appends the value as `%v` prints it.
///
/// # Errors
/// A limit error when the text has no room in the budget or the value is nested deeper than 10,000 levels.
pub fn write_display(output: &mut Vec<u8>, value: &Value, budget: &Budget) -> Result<(), Error> {
    Printer::new(output, budget).print(value, 'v')
}

/// The values as `fmt.Sprint` prints them: with a space between two that are no strings.
///
/// # Errors
/// A limit error; see [`write_display`].
pub fn sprint(values: &[Value], budget: &Budget) -> Result<Text, Error> {
    let mut output = Vec::new();
    let mut after_text = true;
    for value in values {
        let is_text = is_text(value);
        if !is_text && !after_text {
            output.push(b' ');
        }
        write_display(&mut output, value, budget)?;
        after_text = is_text;
    }
    Ok(output.into())
}

/// The values as `fmt.Sprintln` prints them: with spaces between them and a newline at the end.
///
/// # Errors
/// A limit error; see [`write_display`].
pub fn sprintln(values: &[Value], budget: &Budget) -> Result<Text, Error> {
    let mut output = Vec::new();
    for (place, value) in values.iter().enumerate() {
        if place > 0 {
            output.push(b' ');
        }
        write_display(&mut output, value, budget)?;
    }
    output.push(b'\n');
    Ok(output.into())
}

fn is_text(value: &Value) -> bool {
    value.kind() == "string"
}

#[cfg(test)]
mod tests;
