//! JSON: values to texts and back.

use crate::error::{Error, ErrorKind};
use crate::exec::Call;
use crate::functions::Functions;
use crate::json::{JsonStyle, from_json, to_json};
use crate::value::{Text, Value};

pub(super) fn add(functions: &mut Functions) {
    let plain = JsonStyle::default();
    let pretty = JsonStyle { indent: Some("  "), ..plain };
    let raw = JsonStyle { raw_html: true, ..plain };
    for (name, style) in [("toJson", plain), ("toPrettyJson", pretty)] {
        functions.add(name, move |call: &mut Call<'_>, value: Value| forgiven(encode(call, &value, style)));
    }
    for (name, style) in
        [("mustToJson", plain), ("mustToPrettyJson", pretty), ("mustToRawJson", raw), ("toRawJson", raw)]
    {
        functions.add(name, move |call: &mut Call<'_>, value: Value| encode(call, &value, style));
    }
    functions.add("fromJson", |call: &mut Call<'_>, text: Text| forgiven(decode(call, &text)));
    functions.add("mustFromJson", |call: &mut Call<'_>, text: Text| decode(call, &text));
}

/// What failed is empty, unless a limit was reached.
fn forgiven<T: Default>(result: Result<T, Error>) -> Result<T, Error> {
    match result {
        Err(error) if error.kind() != ErrorKind::Limit => Ok(T::default()),
        other => other,
    }
}

fn encode(call: &Call<'_>, value: &Value, style: JsonStyle) -> Result<String, Error> {
    to_json(value, style, call.budget())
}

/// A parsed text takes a multiple of its length: most where it opens maps and lists.
fn decode(call: &Call<'_>, text: &Text) -> Result<Value, Error> {
    let bytes_of = |byte: &u8| match byte {
        b'{' => 400,
        b'[' | b',' | b':' => 96,
        _ => 4,
    };
    call.budget().claim_many(text.iter().map(bytes_of).sum())?;
    from_json(text)
}
