//! Texts in quotation marks: `quote`, `squote`.

use super::support::{made, printed, strval};
use crate::error::Error;
use crate::exec::Call;
use crate::format::quote;
use crate::function::Rest;
use crate::functions::Functions;
use crate::value::{Text, Value};

pub(super) fn add(functions: &mut Functions) {
    functions.add("quote", |call: &mut Call<'_>, values: Rest<Value>| {
        each(call, &values, |call, quoted, value| {
            push_quoted(quoted, &strval(call, value)?);
            Ok(())
        })
    });
    functions.add("squote", |call: &mut Call<'_>, values: Rest<Value>| {
        each(call, &values, |call, quoted, value| {
            quoted.push(b'\'');
            quoted.extend_from_slice(&printed(call, value)?);
            quoted.push(b'\'');
            Ok(())
        })
    });
}

/// All values but nil, with spaces between.
fn each(
    call: &Call<'_>,
    values: &Rest<Value>,
    push: impl Fn(&Call<'_>, &mut Vec<u8>, &Value) -> Result<(), Error>,
) -> Result<Text, Error> {
    let mut quoted = Vec::new();
    for value in values.0.iter().filter(|value| !value.is_nil()) {
        if !quoted.is_empty() {
            quoted.push(b' ');
        }
        push(call, &mut quoted, value)?;
    }
    made(call, quoted)
}

fn push_quoted(quoted: &mut Vec<u8>, text: &[u8]) {
    if text.iter().any(|byte| !matches!(byte, b' '..=b'~') || matches!(byte, b'"' | b'\\')) {
        quoted.extend_from_slice(quote(text).as_bytes());
        return;
    }
    quoted.reserve(text.len() + 2);
    quoted.push(b'"');
    quoted.extend_from_slice(text);
    quoted.push(b'"');
}
