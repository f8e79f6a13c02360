//! Go's fmt: values as `%v` and the other verbs print them.

use crate::value::Value;

/// The value as `%v` prints it.
#[must_use]
pub fn display(value: &Value) -> String {
    value.type_name().into_owned()
}
