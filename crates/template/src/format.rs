//! Go's fmt: values as `%v` and the other verbs print them.

use crate::value::Value;

/// The value as `%v` prints it.
#[must_use]
pub fn display(value: &Value) -> String {
    value.type_name().into_owned()
}

/// The text as `%q` prints it.
pub(crate) fn quote(text: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(text))
}

/// Writes the value as `%v` prints it.
pub(crate) fn write_display(out: &mut Vec<u8>, value: &Value) {
    out.extend_from_slice(display(value).as_bytes());
}
