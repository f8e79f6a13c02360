//! Cutting, searching, replacing and joining texts.

use std::collections::HashSet;

use memchr::memmem;

use super::support::{
    claim_entries, claim_texts, made, made_strings, map_runes, part, printed, runes, strings, strval,
};
use super::unicode::{to_lower, to_upper};
use crate::error::Error;
use crate::exec::Call;
use crate::function::Rest;
use crate::functions::Functions;
use crate::value::{List, Map, MapType, Text, Value};

pub(super) fn add(functions: &mut Functions) {
    functions.add("hello", || "Hello!");
    functions.add("toString", |call: &mut Call<'_>, value: Value| strval(call, &value));
    functions.add("toStrings", to_strings);
    functions.add("upper", |call: &mut Call<'_>, text: Text| {
        made(call, mapped(&text, u8::to_ascii_uppercase, to_upper))
    });
    functions.add("lower", |call: &mut Call<'_>, text: Text| {
        made(call, mapped(&text, u8::to_ascii_lowercase, to_lower))
    });
    functions.add("contains", |part: Text, text: Text| memmem::find(&text, &part).is_some());
    functions.add("hasPrefix", |prefix: Text, text: Text| text.starts_with(&prefix));
    functions.add("hasSuffix", |suffix: Text, text: Text| text.ends_with(&suffix));
    functions.add("plural", |one: Text, many: Text, count: isize| if count == 1 { one } else { many });
    add_cuts(functions);
    functions.add("repeat", |call: &mut Call<'_>, count: isize, text: Text| repeat(call, count, &text));
    functions.add("indent", |call: &mut Call<'_>, spaces: isize, text: Text| indent(call, spaces, &text, ""));
    functions
        .add("nindent", |call: &mut Call<'_>, spaces: isize, text: Text| indent(call, spaces, &text, "\n"));
    functions.add("replace", replace);
    functions.add("cat", cat);
    functions.add("join", join);
    functions.add("split", |call: &mut Call<'_>, separator: Text, text: Text| {
        numbered(call, &text, &separator, -1)
    });
    functions.add("splitn", |call: &mut Call<'_>, separator: Text, count: isize, text: Text| {
        numbered(call, &text, &separator, count)
    });
    functions.add("splitList", |call: &mut Call<'_>, separator: Text, text: Text| {
        let parts = split(call, &text, &separator, -1)?;
        made_strings(call, parts.into_iter().map(Text::from).collect())
    });
    functions.add("sortAlpha", sort_alpha);
}

fn add_cuts(functions: &mut Functions) {
    functions.add("trim", |call: &mut Call<'_>, text: Text| part(call, &text, trim_space(&text)));
    for name in ["trimAll", "trimall"] {
        functions
            .add(name, |call: &mut Call<'_>, set: Text, text: Text| part(call, &text, trim_set(&text, &set)));
    }
    functions.add("trimSuffix", |call: &mut Call<'_>, suffix: Text, text: Text| {
        part(call, &text, text.strip_suffix(&*suffix).unwrap_or(&text))
    });
    functions.add("trimPrefix", |call: &mut Call<'_>, prefix: Text, text: Text| {
        part(call, &text, text.strip_prefix(&*prefix).unwrap_or(&text))
    });
    functions.add("trunc", |call: &mut Call<'_>, length: isize, text: Text| {
        part(call, &text, trunc(length, &text))
    });
    functions.add("substr", |call: &mut Call<'_>, start: isize, end: isize, text: Text| {
        part(call, &text, substr(start, end, &text)?)
    });
    functions.add(
        "abbrev",
        |call: &mut Call<'_>, width: isize, text: Text| {
            if width < 4 { Ok(text) } else { made(call, abbreviate(&text, 0, width)) }
        },
    );
    functions.add("abbrevboth", |call: &mut Call<'_>, left: isize, right: isize, text: Text| {
        if right < 4 || left > 0 && right < 7 { Ok(text) } else { made(call, abbreviate(&text, left, right)) }
    });
}

/// A text with its letters replaced: byte by byte when it is ASCII.
fn mapped(text: &[u8], ascii: fn(&u8) -> u8, other: fn(char) -> char) -> Vec<u8> {
    if text.is_ascii() { text.iter().map(ascii).collect() } else { map_runes(text, other) }
}

fn trim_space(text: &[u8]) -> &[u8] {
    if !text.is_ascii() {
        return trim_runes(text, char::is_whitespace);
    }
    let is_space = |byte: &u8| matches!(byte, b'\t'..=b'\r' | b' ');
    let start = text.iter().position(|byte| !is_space(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !is_space(byte)).map_or(start, |last| last + 1);
    &text[start..end]
}

fn trim_set<'a>(text: &'a [u8], set: &[u8]) -> &'a [u8] {
    let set: HashSet<char> = runes(set).map(|(character, _)| character).collect();
    trim_runes(text, |character| set.contains(&character))
}

fn trim_runes(text: &[u8], is_cut: impl Fn(char) -> bool) -> &[u8] {
    let mut start = None;
    let mut end = 0;
    let mut at = 0;
    for (character, length) in runes(text) {
        if !is_cut(character) {
            start.get_or_insert(at);
            end = at + length;
        }
        at += length;
    }
    start.map_or(&[], |start| &text[start..end])
}

/// The first bytes, or with a negative length the last.
fn trunc(length: isize, text: &[u8]) -> &[u8] {
    let kept = length.unsigned_abs();
    if kept >= text.len() {
        text
    } else if length < 0 {
        &text[text.len() - kept..]
    } else {
        &text[..kept]
    }
}

fn substr(start: isize, end: isize, text: &[u8]) -> Result<&[u8], Error> {
    let out = |range: String| Error::message(format!("runtime error: slice bounds out of range [{range}"));
    let length = text.len();
    let Ok(start) = usize::try_from(start) else {
        let cut = usize::try_from(end).map_err(|_| out(format!(":{end}]")))?;
        return text.get(..cut).ok_or_else(|| out(format!(":{end}] with length {length}")));
    };
    match usize::try_from(end) {
        Ok(end) if end <= length => text.get(start..end).ok_or_else(|| out(format!("{start}:{end}]"))),
        _ => text.get(start..).ok_or_else(|| out(format!("{start}:{length}]"))),
    }
}

/// At most `width` bytes from about `offset` on, with dots where something is left out. The width is at least 4, and 7
/// with an offset.
fn abbreviate(text: &[u8], offset: isize, width: isize) -> Vec<u8> {
    let Some(shown) =
        usize::try_from(width).ok().and_then(|width| width.checked_sub(3)).filter(|&shown| shown > 0)
    else {
        return Vec::new();
    };
    if text.len() <= shown + 3 {
        return text.to_vec();
    }
    let offset = usize::try_from(offset).unwrap_or(0).min(text.len() - shown);
    if offset <= 4 {
        return [&text[..shown], b"..."].concat();
    }
    if offset + shown < text.len() {
        return [b"...", &*abbreviate(&text[offset..], 0, shown.cast_signed())].concat();
    }
    [b"...", &text[text.len() - shown..]].concat()
}

fn repeat(call: &Call<'_>, count: isize, text: &[u8]) -> Result<Text, Error> {
    let count = usize::try_from(count).map_err(|_| Error::message("strings: negative Repeat count"))?;
    call.budget().claim(count.saturating_mul(text.len()))?;
    Ok(text.repeat(if text.is_empty() { 0 } else { count }).into())
}

fn indent(call: &Call<'_>, spaces: isize, text: &[u8], before: &str) -> Result<Text, Error> {
    let spaces = usize::try_from(spaces).map_err(|_| Error::message("strings: negative Repeat count"))?;
    let lines = 1 + memchr::memchr_iter(b'\n', text).count();
    let length = lines.saturating_mul(spaces).saturating_add(text.len() + before.len());
    call.budget().claim(length)?;
    let mut indented = Vec::with_capacity(length);
    indented.extend_from_slice(before.as_bytes());
    indented.resize(indented.len() + spaces, b' ');
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', text) {
        indented.extend_from_slice(&text[start..=end]);
        indented.resize(indented.len() + spaces, b' ');
        start = end + 1;
    }
    indented.extend_from_slice(&text[start..]);
    Ok(indented.into())
}

fn replace(call: &mut Call<'_>, old: Text, new: Text, text: Text) -> Result<Text, Error> {
    if old.is_empty() {
        return insert_between(call, &new, &text);
    }
    let places: Vec<usize> = memmem::find_iter(&text, &*old).collect();
    if places.is_empty() {
        return Ok(text);
    }
    let length =
        (text.len() - places.len() * old.len()).saturating_add(places.len().saturating_mul(new.len()));
    call.budget().claim(length)?;
    let mut replaced = Vec::with_capacity(length);
    let mut start = 0;
    for place in places {
        replaced.extend_from_slice(&text[start..place]);
        replaced.extend_from_slice(&new);
        start = place + old.len();
    }
    replaced.extend_from_slice(&text[start..]);
    Ok(replaced.into())
}

/// Before each character and at the end.
fn insert_between(call: &Call<'_>, new: &[u8], text: &[u8]) -> Result<Text, Error> {
    let length = new.len().saturating_mul(runes(text).count() + 1).saturating_add(text.len());
    call.budget().claim(length)?;
    let mut replaced = Vec::with_capacity(length);
    let mut at = 0;
    for (_, size) in runes(text) {
        replaced.extend_from_slice(new);
        replaced.extend_from_slice(&text[at..at + size]);
        at += size;
    }
    replaced.extend_from_slice(new);
    Ok(replaced.into())
}

fn cat(call: &mut Call<'_>, values: Rest<Value>) -> Result<Text, Error> {
    let texts: Vec<Text> = values
        .0
        .iter()
        .filter(|value| !value.is_nil())
        .map(|value| printed(call, value))
        .collect::<Result<_, _>>()?;
    joined(call, &texts, b" ")
}

fn join(call: &mut Call<'_>, separator: Text, values: Value) -> Result<Text, Error> {
    joined(call, &strings(call, &values)?, &separator)
}

fn joined(call: &Call<'_>, texts: &[Text], separator: &[u8]) -> Result<Text, Error> {
    let separators = separator.len().saturating_mul(texts.len().saturating_sub(1));
    let length = texts.iter().map(|text| text.len()).sum::<usize>().saturating_add(separators);
    call.budget().claim(length)?;
    let mut joined = Vec::with_capacity(length);
    for (index, text) in texts.iter().enumerate() {
        if index > 0 {
            joined.extend_from_slice(separator);
        }
        joined.extend_from_slice(text);
    }
    Ok(joined.into())
}

fn to_strings(call: &mut Call<'_>, values: Value) -> Result<List, Error> {
    match &values {
        Value::List(list) if values.type_name() == "[]string" => Ok(list.clone()),
        other => made_strings(call, strings(call, other)?),
    }
}

/// A `[]string` is sorted in place, as in Go: whoever shares it sees it sorted.
fn sort_alpha(call: &mut Call<'_>, values: Value) -> Result<List, Error> {
    let is_slice = values.kind() == "slice";
    let sorted =
        if is_slice { to_strings(call, values)? } else { made_strings(call, vec![strval(call, &values)?])? };
    sorted.items_mut().sort_by(|left, right| left.as_text().cmp(&right.as_text()));
    Ok(sorted)
}

/// The parts between separators, at most `count` when it is not negative; with an empty separator the characters.
fn split<'a>(
    call: &Call<'_>,
    text: &'a [u8],
    separator: &[u8],
    count: isize,
) -> Result<Vec<&'a [u8]>, Error> {
    let most = usize::try_from(count).unwrap_or(usize::MAX);
    if most == 0 {
        return Ok(Vec::new());
    }
    let separators =
        if separator.is_empty() { text.len() } else { memmem::find_iter(text, separator).count() };
    claim_texts(call, most.min(separators))?;
    if separator.is_empty() {
        return Ok(characters(text, most));
    }
    let mut parts = Vec::new();
    let mut start = 0;
    for place in memmem::find_iter(text, separator).take(most - 1) {
        parts.push(&text[start..place]);
        start = place + separator.len();
    }
    parts.push(&text[start..]);
    Ok(parts)
}

/// The characters; the last of `most` holds the rest.
fn characters(text: &[u8], most: usize) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut at = 0;
    for (_, size) in runes(text) {
        if parts.len() + 1 == most {
            parts.push(&text[at..]);
            break;
        }
        parts.push(&text[at..at + size]);
        at += size;
    }
    parts
}

/// The parts as a `map[string]string` with the keys `_0`, `_1`, ….
fn numbered(call: &Call<'_>, text: &[u8], separator: &[u8], count: isize) -> Result<Map, Error> {
    let parts = split(call, text, separator, count)?;
    claim_entries(call, parts.len())?;
    call.budget().claim(text.len())?;
    let entries = parts.into_iter().enumerate();
    let entries = entries.map(|(index, part)| (Text::from(format!("_{index}")), Value::String(part.into())));
    Ok(Map::of(MapType::Strings, entries.collect()))
}
