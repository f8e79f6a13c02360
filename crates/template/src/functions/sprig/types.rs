//! The types and kinds of values, by the names Go gives them.

use crate::functions::Functions;
use crate::value::{Text, Value};

pub(super) fn add(functions: &mut Functions) {
    functions.add("typeOf", |value: Value| value.type_name());
    functions.add("typeIs", |name: Text, value: Value| name == *value.type_name());
    functions.add("typeIsLike", |name: Text, value: Value| {
        let found = value.type_name();
        name == *found || found.strip_prefix('*').is_some_and(|found| name == *found)
    });
    functions.add("kindOf", |value: Value| value.kind());
    functions.add("kindIs", |name: Text, value: Value| name == *value.kind());
}
