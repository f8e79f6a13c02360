//! Lists: all of these make new ones and leave their arguments alone.

use super::cast::to_int;
use super::deep::deep_equal;
use super::support::{NIL_DEREFERENCE, claim_items, made_list, slice_items};
use crate::error::Error;
use crate::exec::Call;
use crate::function::Rest;
use crate::functions::Functions;
use crate::value::{Element, List, Value};

pub(super) fn add(functions: &mut Functions) {
    for name in ["list", "tuple"] {
        functions.add(name, |call: &mut Call<'_>, items: Rest<Value>| made_list(call, items.0));
    }
    for name in ["append", "push", "mustAppend", "mustPush"] {
        functions.add(name, append);
    }
    for name in ["prepend", "mustPrepend"] {
        functions.add(name, prepend);
    }
    for name in ["first", "mustFirst"] {
        functions.add(name, |list: Value| end("find first on", &list, |items| items.first().cloned()));
    }
    for name in ["last", "mustLast"] {
        functions.add(name, |list: Value| end("find last on", &list, |items| items.last().cloned()));
    }
    add_parts(functions);
    for name in ["uniq", "mustUniq"] {
        functions.add(name, uniq);
    }
    for name in ["without", "mustWithout"] {
        functions.add(name, without);
    }
    for name in ["has", "mustHas"] {
        functions.add(name, has);
    }
    for name in ["slice", "mustSlice"] {
        functions.add(name, slice);
    }
    for name in ["chunk", "mustChunk"] {
        functions.add(name, chunk);
    }
    functions.add("concat", concat);
}

/// The functions that leave items out or turn them round: name, what cannot be done, and how.
fn add_parts(functions: &mut Functions) {
    type Transform = fn(&mut Vec<Value>);
    let parts: [(_, _, Transform); 4] = [
        (["rest", "mustRest"], "find rest on", |items| {
            items.drain(..items.len().min(1));
        }),
        (["initial", "mustInitial"], "find initial on", |items| {
            items.pop();
        }),
        (["reverse", "mustReverse"], "find reverse on", |items| items.reverse()),
        (["compact", "mustCompact"], "compact on", |items| items.retain(Value::is_true)),
    ];
    for (names, verb, transform) in parts {
        for name in names {
            functions.add(name, move |call: &mut Call<'_>, list: Value| {
                let mut items = items(call, verb, &list)?;
                if items.is_empty() && verb.starts_with("find ") && verb != "find reverse on" {
                    return Ok(List::nil(Element::Any));
                }
                transform(&mut items);
                Ok::<_, Error>(List::new(items))
            });
        }
    }
}

/// The items of a list; `verb` is what cannot be done with anything else.
fn items(call: &Call<'_>, verb: &str, list: &Value) -> Result<Vec<Value>, Error> {
    if let Value::List(list) = list {
        claim_items(call, list.len())?;
    }
    slice_items(list).ok_or_else(|| no_list(verb, list))
}

fn no_list(verb: &str, value: &Value) -> Error {
    if value.is_nil() {
        return Error::message(NIL_DEREFERENCE);
    }
    Error::message(format!("Cannot {verb} type {}", value.kind()))
}

fn append(call: &mut Call<'_>, list: Value, item: Value) -> Result<List, Error> {
    let mut items = items(call, "push on", &list)?;
    items.push(item);
    Ok(List::new(items))
}

fn prepend(call: &mut Call<'_>, list: Value, item: Value) -> Result<List, Error> {
    let mut items = items(call, "prepend on", &list)?;
    items.insert(0, item);
    Ok(List::new(items))
}

/// The item at an end; nil when there is none.
fn end(verb: &str, list: &Value, pick: impl Fn(&[Value]) -> Option<Value>) -> Result<Value, Error> {
    let picked = match list {
        Value::List(list) => pick(&list.items()),
        other => pick(&slice_items(other).ok_or_else(|| no_list(verb, other))?),
    };
    Ok(picked.unwrap_or_default())
}

fn contains(call: &Call<'_>, items: &[Value], wanted: &Value) -> Result<bool, Error> {
    for item in items {
        if deep_equal(call.budget(), wanted, item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn uniq(call: &mut Call<'_>, list: Value) -> Result<List, Error> {
    let mut seen: Vec<Value> = Vec::new();
    for item in items(call, "find uniq on", &list)? {
        if !contains(call, &seen, &item)? {
            seen.push(item);
        }
    }
    Ok(List::new(seen))
}

fn without(call: &mut Call<'_>, list: Value, omitted: Rest<Value>) -> Result<List, Error> {
    let mut kept = Vec::new();
    for item in items(call, "find without on", &list)? {
        if !contains(call, &omitted.0, &item)? {
            kept.push(item);
        }
    }
    Ok(List::new(kept))
}

fn has(call: &mut Call<'_>, wanted: Value, list: Value) -> Result<bool, Error> {
    match &list {
        Value::Nil => Ok(false),
        Value::List(list) => contains(call, &list.items(), &wanted),
        other => contains(call, &items(call, "find has on", other)?, &wanted),
    }
}

fn concat(call: &mut Call<'_>, lists: Rest<Value>) -> Result<List, Error> {
    let mut all = Vec::new();
    for list in &lists.0 {
        if !list.is_nil() && list.kind() != "slice" {
            return Err(Error::message(format!("Cannot concat type {} as list", list.kind())));
        }
        all.extend(items(call, "concat", list)?);
    }
    Ok(if all.is_empty() { List::nil(Element::Any) } else { List::new(all) })
}

/// The items from a place to another; of an empty list nil, as in Go.
fn slice(call: &mut Call<'_>, list: Value, indices: Rest<Value>) -> Result<Value, Error> {
    if !list.is_nil() && list.kind() != "slice" {
        return Err(Error::message(format!("list should be type of slice or array but {}", list.kind())));
    }
    let items = items(call, "slice", &list)?;
    if items.is_empty() {
        return Ok(Value::Nil);
    }
    let start = usize::try_from(indices.0.first().map_or(0, to_int));
    let end = indices.0.get(1).map_or(Ok(items.len()), |end| usize::try_from(to_int(end)));
    let range = start.ok().zip(end.ok()).filter(|(start, end)| start <= end && *end <= items.len());
    let (start, end) =
        range.ok_or_else(|| Error::message("reflect.Value.Slice: slice index out of bounds"))?;
    let cut = items[start..end].to_vec();
    Ok(match &list {
        Value::Bytes(bytes) => Value::Bytes(bytes.slice(start..end)),
        Value::List(list) => List::of(list.element(), cut).into(),
        _ => List::new(cut).into(),
    })
}

fn out_of_range() -> Error {
    Error::message("runtime error: makeslice: len out of range")
}

/// Lists of `size` items each, the last of what is left.
fn chunk(call: &mut Call<'_>, size: isize, list: Value) -> Result<List, Error> {
    let items = items(call, "chunk", &list).map_err(|error| match list.is_nil() {
        true => error,
        false => Error::message(format!("Cannot chunk type {}", list.kind())),
    })?;
    // Go reckons in float64, which decides what sizes below 1 do.
    let chunks = ((items.len() as f64 - 1.0) / size as f64).floor() + 1.0;
    if !(0.0..1e15).contains(&chunks) {
        return Err(out_of_range());
    }
    let chunks = match usize::try_from(size) {
        Ok(size) => items.chunks(size.max(1)).map(<[Value]>::to_vec).collect(),
        // The one chunk is as long as the rest of a division, or as the size if there is none.
        Err(_) if chunks >= 1.0 && items.len() % size.unsigned_abs() == 0 => return Err(out_of_range()),
        Err(_) if chunks >= 1.0 => vec![items],
        Err(_) => Vec::new(),
    };
    let chunks = chunks.into_iter().map(|chunk| Value::List(List::new(chunk))).collect();
    Ok(List::of(Element::Of("[]interface {}"), chunks))
}
