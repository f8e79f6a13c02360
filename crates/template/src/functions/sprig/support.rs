//! What many of the functions share: reading values and texts as Go does, and claiming what is made.

use crate::error::Error;
use crate::exec::Call;
use crate::format::try_display;
use crate::value::{Element, List, Text, Value};

/// What Go says when `nil` is used where a value is needed.
pub(super) const NIL_DEREFERENCE: &str = "runtime error: invalid memory address or nil pointer dereference";

/// How deep values may nest in functions that walk them. Go walks until its stack is full, which ends the process.
const MAX_DEPTH: usize = 1000;

/// Walks one level deeper, on a further piece of stack when this one is nearly used up.
///
/// # Errors
/// What the walk fails with, or a limit error below [`MAX_DEPTH`].
pub(super) fn deeper<T>(depth: usize, walk: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    if depth >= MAX_DEPTH {
        return Err(Error::limit(format!("a value nests deeper than {MAX_DEPTH} levels, or holds itself")));
    }
    stacker::maybe_grow(64 * 1024, 1024 * 1024, walk)
}

/// The text of a value: strings and bytes as they are, everything else as `%v` prints it.
pub(super) fn strval(call: &Call<'_>, value: &Value) -> Result<Text, Error> {
    match value {
        Value::Bytes(bytes) => Ok(Text::from(&**bytes)),
        other => printed(call, other),
    }
}

/// The value as `%v` prints it.
pub(super) fn printed(call: &Call<'_>, value: &Value) -> Result<Text, Error> {
    match value {
        Value::String(text) => Ok(text.clone()),
        other => try_display(other, call.budget()),
    }
}

/// The items of a slice of any type; nothing when the value is none.
pub(super) fn slice_items(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::List(list) => Some(list.items().clone()),
        Value::Bytes(bytes) => Some(bytes.iter().map(|&byte| byte.into()).collect()),
        Value::Object(object) if object.kind() == "slice" => match object.to_plain() {
            Value::List(list) => Some(list.items().clone()),
            _ => None,
        },
        _ => None,
    }
}

/// The texts of the items that are not nil; of a value that is no slice, its own text.
pub(super) fn strings(call: &Call<'_>, value: &Value) -> Result<Vec<Text>, Error> {
    match (value, slice_items(value)) {
        (_, Some(items)) => {
            items.iter().filter(|item| !item.is_nil()).map(|item| strval(call, item)).collect()
        }
        (Value::Nil, None) => Ok(Vec::new()),
        (other, None) => Ok(vec![strval(call, other)?]),
    }
}

/// A text that a function made.
pub(super) fn made(call: &Call<'_>, bytes: impl AsRef<[u8]> + Into<Text>) -> Result<Text, Error> {
    call.budget().claim(bytes.as_ref().len())?;
    Ok(bytes.into())
}

/// A part of a text: the text itself when nothing was cut off.
pub(super) fn part(call: &Call<'_>, whole: &Text, part: &[u8]) -> Result<Text, Error> {
    if part == &**whole { Ok(whole.clone()) } else { made(call, part) }
}

/// Claims the steps and bytes of a list, before it is made.
pub(super) fn claim_items(call: &Call<'_>, items: usize) -> Result<(), Error> {
    const LIST: usize = 160;
    call.budget().claim(items.saturating_mul(size_of::<Value>()).saturating_add(LIST))?;
    call.budget().spend(items as u64)
}

/// Claims the steps and bytes of a map, before it is made.
pub(super) fn claim_entries(call: &Call<'_>, entries: usize) -> Result<(), Error> {
    const MAP: usize = 640;
    const ENTRY: usize = 96;
    call.budget().claim(entries.saturating_mul(ENTRY).saturating_add(MAP))?;
    call.budget().spend(entries as u64)
}

/// Claims the steps and bytes of so many texts apart from their characters, before they are made.
pub(super) fn claim_texts(call: &Call<'_>, texts: usize) -> Result<(), Error> {
    const TEXT: usize = 32;
    claim_items(call, texts)?;
    call.budget().claim(texts.saturating_mul(TEXT))
}

/// A `[]interface {}` that a function made.
pub(super) fn made_list(call: &Call<'_>, items: Vec<Value>) -> Result<List, Error> {
    claim_items(call, items.len())?;
    Ok(List::new(items))
}

/// A `[]string` that a function made.
pub(super) fn made_strings(call: &Call<'_>, texts: Vec<Text>) -> Result<List, Error> {
    claim_items(call, texts.len())?;
    call.budget().claim(texts.iter().map(|text| text.len()).sum())?;
    Ok(List::of(Element::Of("string"), texts.into_iter().map(Value::String).collect()))
}

/// The characters of a text with their lengths in it, as Go's `range` gives them: each byte that is not UTF-8 is one
/// U+FFFD.
pub(super) fn runes(text: &[u8]) -> impl Iterator<Item = (char, usize)> + '_ {
    text.utf8_chunks().flat_map(|chunk| {
        let valid = chunk.valid().chars().map(|character| (character, character.len_utf8()));
        valid.chain(chunk.invalid().iter().map(|_| (char::REPLACEMENT_CHARACTER, 1)))
    })
}

/// A text with each character replaced.
pub(super) fn map_runes(text: &[u8], mut map: impl FnMut(char) -> char) -> Vec<u8> {
    let mut mapped = Vec::with_capacity(text.len());
    let mut buffer = [0; 4];
    for (character, _) in runes(text) {
        mapped.extend_from_slice(map(character).encode_utf8(&mut buffer).as_bytes());
    }
    mapped
}

/// Go's message for an `interface {}` that holds something else than a type assertion wants.
pub(super) fn conversion(value: &Value, wanted: &str) -> Error {
    let found = if value.is_nil() { "nil".into() } else { value.type_name() };
    Error::message(format!("interface conversion: interface {{}} is {found}, not {wanted}"))
}
